"""The command line: `python -m lingkar COMMAND`. Each command starts from app.py."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import typer
import uvicorn
from graphql import lexicographic_sort_schema, print_schema

import schema
from adapters.access_pages import who_may_what
from adapters.access_rules import load_access_rules
from adapters.audit.bundle import NothingToExport, export_bundle
from adapters.audit.forms import KeptHeadsUnreadable
from adapters.audit.heads import ChainBroken, sign_asked, verified
from adapters.audit.keys import AuditKeys
from adapters.audit.keys import rotate_keys as rotate_audit_keys
from adapters.certificates.counter import CounterTrouble, checked, saved_status
from adapters.certificates.keys import rotate_keys
from adapters.clock import SystemClock
from adapters.countries.exchange import OUR_SENDER_ID
from adapters.countries.signatures import create_development_keys as create_exchange_keys
from adapters.country_pages import PageRefused, country_pages
from adapters.docs import check_docs
from adapters.http.edge import server_settings
from adapters.http.quiet_schema import QuietSchema
from adapters.http.trusted_documents import ManifestRefused
from adapters.identity.development_issuer import DevelopmentIssuer, NotDevelopment
from adapters.identity.invented import invented_nominations
from adapters.identity.sealing import add_root_key
from adapters.identity.sealing import create_development_keys as create_sealing_keys
from adapters.logs import configure_logs
from adapters.postgres.audit_archive import AuditArchive, ChainsHidden
from adapters.postgres.embedded import start as start_embedded
from adapters.postgres.migrate import migrate
from adapters.postgres.roles import APP, DELIVERY, OWNER, prepare_roles, url_as
from adapters.processes import Supervisor, free_port
from adapters.rule_schema import agreements_schema, rule_file_schema
from adapters.rulebook import load_rulebook
from adapters.settings import Settings
from app import audit_keys, build_api, build_services, certificate_keys, reseal, retain, work
from domain.actors import Actor, ActorKind
from domain.countries import MemberState
from journey.play import Stage, play
from sandbox.institutions import INSTITUTIONS
from sandbox.issuer import IssuerDesk
from sandbox.issuer_clients import Client, Clients
from sandbox.issuer_routes import issuer_application
from schema.ids import parts_of

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
figures_cli = typer.Typer(no_args_is_help=True, help="The counts that are kept beside the facts.")
audit_cli = typer.Typer(no_args_is_help=True, help="The audit chains.")
cli.add_typer(audit_cli, name="audit")
cli.add_typer(figures_cli, name="figures")
keys_cli = typer.Typer(
    no_args_is_help=True, help="The keys by which certificates and heads of audit chains are signed."
)
cli.add_typer(keys_cli, name="keys")
issuer_cli = typer.Typer(invoke_without_command=True, help="The development issuer; without a command, serve it.")
cli.add_typer(issuer_cli, name="issuer")

T = TypeVar("T")


class KeyPurpose(Enum):
    """What signing keys are for; no key serves two purposes."""

    CERTIFICATES = "certificates"
    AUDIT = "audit"


_ROOT = Path(__file__).resolve().parent
_TOKEN_SECONDS = 86_400
_FIRST_SANDBOX_PORT = 8101
_SANDBOXES = {state: rules().institution_id for state, rules in INSTITUTIONS.items()}


@cli.command()
def serve() -> None:
    """Serve the API."""
    settings = _settings()
    url = _database_url(settings, APP)
    try:
        api = build_api(settings, url)
    except ManifestRefused as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(2) from None
    uvicorn.run(
        api,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        **server_settings(),
    )


@cli.command(name="work")
def work_command() -> None:
    """Deliver messages to institutions and settle their answers, until stopped."""
    settings = _settings()

    async def until_stopped() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await work(settings, _database_url(settings, DELIVERY), stop)

    asyncio.run(until_stopped())


@cli.command(name="migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema."""
    settings = _settings()
    migrate(_database_url(settings, OWNER))
    typer.echo("The database has the newest schema.")


@cli.command()
def token(
    kind: Annotated[ActorKind, typer.Option(help="Kind of actor.")],
    state: Annotated[str, typer.Option(help="Member state of an officer, for example MY.")] = "",
    institution: Annotated[str, typer.Option(help="Institution of an officer, for example MY.SOCSO.")] = "",
    subject: Annotated[str, typer.Option(help="Id (UUID or the API's opaque id) of a donor or worker.")] = "",
) -> None:
    """Issue a development token that is good for a day."""
    if kind is ActorKind.OFFICER and not (state and institution):
        raise typer.BadParameter("An officer's token names --state and --institution, for example MY and MY.SOCSO.")
    if kind in (ActorKind.DONOR, ActorKind.WORKER) and not subject:
        raise typer.BadParameter(f"A {kind.value}'s token names --subject, the id that the API gave them.")
    typer.echo(_issued(_settings(), kind, state, institution, subject))


@cli.command(name="schema")
def schema_command(check: Annotated[bool, typer.Option(help="Only compare schema.graphql.")] = False) -> None:
    """Print the schema into schema.graphql, or check that it is the printed one."""
    printed = print_schema(lexicographic_sort_schema(schema.build(QuietSchema).core)) + "\n"
    _write({_ROOT / "schema.graphql": printed}, "schema", check)


@cli.command(name="rule-schema")
def rule_schema_command(check: Annotated[bool, typer.Option(help="Only compare the files.")] = False) -> None:
    """Write the JSON Schemas of rule files into docs/reference, or check that they are what the loader takes."""
    folder = _ROOT / "docs" / "reference"
    printed = {
        folder / "rule-file.schema.json": rule_file_schema(),
        folder / "agreements.schema.json": agreements_schema(),
    }
    _write(printed, "rule-schema", check)


@cli.command(name="country-pages")
def country_pages_command(check: Annotated[bool, typer.Option(help="Only compare the pages.")] = False) -> None:
    """Write what the rule files say into docs/countries, or check that the pages still say it."""
    try:
        pages = country_pages(load_rulebook(), _ROOT / "docs" / "countries")
    except PageRefused as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from None
    _write(pages, "country-pages", check)


@cli.command(name="who-may-what")
def who_may_what_command(check: Annotated[bool, typer.Option(help="Only compare the page.")] = False) -> None:
    """Write the access policy as a table, or check that the page still says what the policy decides."""
    page = _ROOT / "docs" / "reference" / "who-may-what.md"
    _write({page: who_may_what(load_access_rules().decisions)}, "who-may-what", check)


@cli.command(name="check-docs")
def check_docs_command() -> None:
    """Check that links in the documents lead somewhere and that every code and setting is described."""
    faults = check_docs(_ROOT)
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)


@audit_cli.command(name="verify")
def audit_verify(
    heads: Annotated[
        list[Path] | None, typer.Option(help="Heads that were kept elsewhere, as /audit/heads/… gives.")
    ] = None,
) -> None:
    """Recompute every audit chain against its heads; exits with 1 and the first bad entry where one is broken."""
    found = _audited(lambda archive, keys: verified(archive, keys, heads or []))
    for one in found:
        typer.echo(one.text)
    if any(one.faults for one in found):
        raise typer.Exit(1)


@audit_cli.command(name="sign")
def audit_sign() -> None:
    """Sign the head of every chain that grew; the worker does so once a day."""
    signed = _audited(lambda archive, keys: sign_asked(archive, keys, SystemClock().now()))
    typer.echo(f"Signed: {', '.join(signed) or 'none, for none grew since the last time'}.")


@audit_cli.command(name="export")
def audit_export(
    file: Annotated[Path, typer.Argument(help="The bundle to write, a zip.")],
    institution: Annotated[str, typer.Option(help="Whose chain, for example MY.SOCSO, or lingkar.")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day, UTC.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, UTC.")],
) -> None:
    """Write a part of a chain into a bundle that anyone verifies by the script in it."""
    days = first.date(), last.date()
    exported = _audited(lambda archive, keys: export_bundle(archive, keys, institution, *days, file))
    typer.echo(
        f"Entries {exported.first} to {exported.last}, signed through entry {exported.signed_through}.\n"
        f"Check them with: unzip {file.name} verify_audit.py && python verify_audit.py {file.name}"
    )


@figures_cli.command(name="verify")
def figures_verify() -> None:
    """Count the months of every donation again; exits with 1 and the months where what is kept is something else."""
    settings = _settings()
    services = build_services(settings, _database_url(settings, APP))

    async def verify() -> bool:
        context = services.context(Actor(id="lingkar-figures", kind=ActorKind.OPERATOR))
        async with context.reading() as unit:
            differing = await unit.funding.months_counted_otherwise()
        for donation_id, month in differing:
            typer.echo(f"{donation_id} {month}: counted otherwise than kept")
        await services.database.close()
        return not differing

    if not asyncio.run(verify()):
        raise typer.Exit(1)
    typer.echo("every month is counted as kept")


@keys_cli.command(name="export")
def keys_export(purpose: Annotated[KeyPurpose, typer.Option(help="What they sign.")] = KeyPurpose.CERTIFICATES) -> None:
    """Print the public keys, with which anyone checks certificates or heads without a network."""
    settings = _settings()
    keys = audit_keys(settings) if purpose is KeyPurpose.AUDIT else certificate_keys(settings)
    typer.echo(json.dumps(keys.public_set(), indent=1))


@keys_cli.command(name="rotate")
def keys_rotate(purpose: Annotated[KeyPurpose, typer.Option(help="What they sign.")] = KeyPurpose.CERTIFICATES) -> None:
    """Make the next signing key; of the older ones only the public half is kept. Restart API and worker afterwards."""
    settings = _settings()
    if purpose is KeyPurpose.AUDIT:
        made = rotate_audit_keys(settings.audit_keys_folder)
    else:
        made = rotate_keys(settings.certificate_keys_folder)
    typer.echo(f"New {purpose.value} are signed by {made} after a restart.")


@keys_cli.command(name="reseal")
def keys_reseal(
    new_root: Annotated[bool, typer.Option("--new-root", help="Make the next root key first.")] = False,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Persons in one transaction.")] = 1_000,
) -> None:
    """Bring the keys of all persons under the newest root key, while everything runs; a stopped run is begun again."""
    settings = _settings()
    if new_root:
        typer.echo(f"Made root-{add_root_key(settings.keys_folder)}.key.")
    left = asyncio.run(reseal(settings, _database_url(settings, OWNER), batch, typer.echo))
    typer.echo(f"Left: {left.keys} keys under older root keys, {left.persons} persons without a key of their own.")
    if left.keys + left.persons:
        raise typer.Exit(1)


@cli.command()
def retention(
    apply: Annotated[bool, typer.Option("--apply/--dry-run", help="End what is over, or only count it.")] = False,
) -> None:
    """End what is over by domain/access/retention.yaml, at most a hundred persons; the worker does so once a day."""
    settings = _settings()
    report = asyncio.run(retain(settings, _database_url(settings, DELIVERY), apply=apply))
    did = "Erased {}, deleted {}." if apply else "To be erased: {}, to be deleted: {}. Nothing was changed."
    typer.echo(did.format(f"{report.persons} persons", f"{report.keys} idempotency keys"))


@issuer_cli.callback()
def issuer_serve(command: typer.Context) -> None:
    """Serve the development issuer: discovery, keys, tokens for clients, sign-in of invented people."""
    if command.invoked_subcommand is not None:
        return
    settings = _settings()
    desk = IssuerDesk(
        _development_issuer(settings),
        Clients(settings.clients_folder),
        address=settings.development_issuer,
        audience=settings.token_audience,
        now=SystemClock().now,
    )
    listens = urlsplit(settings.development_issuer)
    typer.echo(f"The development issuer listens on {settings.development_issuer}. Ctrl-C stops it.")
    uvicorn.run(
        issuer_application(desk),
        host=listens.hostname or "127.0.0.1",
        port=listens.port or 80,
        log_level="warning",
        **server_settings(),
    )


@issuer_cli.command(name="client")
def issuer_client(
    name: Annotated[str, typer.Argument(help="Name of the client, such as socso-batch.")],
    kind: Annotated[ActorKind | None, typer.Option(help="Kind of actor that its own tokens name.")] = None,
    state: Annotated[MemberState | None, typer.Option(help="Member state of an officer.")] = None,
    institution: Annotated[str | None, typer.Option(help="Institution of an officer.")] = None,
    redirect_uri: Annotated[list[str] | None, typer.Option(help="Where people come back to who signed in.")] = None,
) -> None:
    """Make a client of the development issuer; with a kind it gets a key, whose file is named."""
    settings = _settings()
    _development_issuer(settings)
    client = Client(name=name, kind=kind, state=state, institution=institution, redirect_uris=tuple(redirect_uri or ()))
    typer.echo(Clients(settings.clients_folder).add(client, with_key=kind is not None))


@issuer_cli.command(name="rotate")
def issuer_rotate(
    revoke: Annotated[bool, typer.Option(help="End what older keys signed, too.")] = False,
) -> None:
    """Sign by a new key from now on; what older keys signed stays valid unless they are revoked."""
    issuer = _development_issuer(_settings())
    typer.echo(f"New tokens are signed by {issuer.rotate()}.")
    if revoke:
        typer.echo(f"Revoked keys: {issuer.revoke_older()}. The API sees it within a minute.")


@cli.command()
def verify(
    file: Annotated[Path | None, typer.Argument(help="PDF, picture of the QR code, or text of a certificate.")] = None,
    offline: Annotated[bool, typer.Option(help="Use --keys and --status alone, and no network.")] = False,
    keys: Annotated[Path | None, typer.Option(help="Public keys, as `keys export` prints them.")] = None,
    status: Annotated[Path | None, typer.Option(help="With --offline: lists saved by --save-status.")] = None,
    save_status: Annotated[Path | None, typer.Option(help="Save the lists of withdrawn certificates here.")] = None,
    platform: Annotated[str, typer.Option(help="Address of the platform to ask; the public one if left out.")] = "",
) -> None:
    """Say of a certificate of coverage whether it is valid; exits with 0 if it is, else with 1."""
    if offline and keys is None:
        raise typer.BadParameter("Without a network the public keys come from a file: --keys FILE.")
    if status is not None and not offline:
        raise typer.BadParameter("A saved list is for --offline; with a network the platform is asked.")
    if (file is None) == (save_status is None):
        raise typer.BadParameter("Name a file to check, or --save-status FILE to save the lists, and not both.")
    address = None if offline else platform or _settings().address
    try:
        if save_status is not None:
            return _save_status(save_status, address)
        assert file is not None, "refused above"
        now = SystemClock().now()
        valid, said = asyncio.run(checked(file, keys_file=keys, platform=address, now=now, saved_lists=status))
    except CounterTrouble as trouble:
        typer.echo(str(trouble), err=True)
        raise typer.Exit(2) from None
    typer.echo(said)
    if not valid:
        raise typer.Exit(1)


def _save_status(file: Path, address: str | None) -> None:
    if address is None:
        raise typer.BadParameter("Lists are saved from the platform: leave out --offline.")
    saved = asyncio.run(saved_status(address))
    file.write_text(saved, encoding="utf-8")
    typer.echo(f"{len(saved.split())} list(s) saved in {file}. They are good for a day.")


@cli.command()
def journey() -> None:
    """Start everything, play the journey from Indonesia to Malaysia, stop everything; exits with 0 or 1."""
    with _platform() as (stage, _):
        kept = play(stage)
    raise typer.Exit(0 if kept else 1)


@cli.command()
def run() -> None:
    """Start everything, play the journey, and go on serving until Ctrl-C."""
    # A shell that starts commands in the background has them ignore Ctrl-C; this one always ends by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with _platform() as (stage, supervisor):
            kept = play(stage)
            if not kept:
                typer.echo("The journey did not go as promised; see above.", err=True)
            for institution, address in stage.institutions.items():
                typer.echo(f"{institution}, simulated, on {address}")
            typer.echo(f"\nServing on {stage.address}/graphql (GraphiQL in a browser). Ctrl-C stops everything.")
            supervisor.wait()
    except KeyboardInterrupt:
        typer.echo("\nStopped.")


@contextmanager
def _platform() -> Iterator[tuple[Stage, Supervisor]]:
    """Database, migrations, the sandbox institutions, the delivery worker and the API, each in its own process."""
    os.environ.setdefault("LINGKAR_ENVIRONMENT", "development")
    settings = _settings()
    var = settings.var_folder.resolve()
    with ExitStack() as stack:
        url = settings.database_url
        if not url:
            typer.echo("Starting the embedded database …")
            cluster = stack.enter_context(start_embedded(var / "postgres"))
            cluster.ensure_database("lingkar")
            url = cluster.url("lingkar")
        else:
            prepare_roles(url)
        migrate(url_as(OWNER, url))
        supervisor = stack.enter_context(Supervisor(var / "log"))
        institutions = {}
        ports: dict[str, int] = {}
        for preferred, institution in enumerate(_SANDBOXES.values(), _FIRST_SANDBOX_PORT):
            ports[institution] = free_port(preferred)
            institutions[institution] = f"http://127.0.0.1:{ports[institution]}"
        api_port = free_port(settings.port)
        environment = {
            "LINGKAR_ENVIRONMENT": settings.environment,
            "LINGKAR_DATABASE_URL": url_as(APP, url),
            "LINGKAR_VAR_FOLDER": str(var),
            "LINGKAR_INSTITUTIONS": json.dumps(institutions),
            "LINGKAR_PORT": str(api_port),
        }
        # What several processes read is made before the first of them starts.
        create_sealing_keys(settings.keys_folder)
        DevelopmentIssuer(settings.keys_folder, environment=settings.environment)
        create_exchange_keys(settings.exchange_keys_folder, [OUR_SENDER_ID, *institutions])
        for state, institution in _SANDBOXES.items():
            arguments = ["--state", state, "--port", str(ports[institution]), "--data", str(var / "sandbox")]
            keys = ["--keys", str(settings.exchange_keys_folder.resolve())]
            supervisor.spawn(f"sandbox-{state}", [sys.executable, "-m", "sandbox", *arguments, *keys])
        delivering = environment | {"LINGKAR_DATABASE_URL": url_as(DELIVERY, url)}
        supervisor.spawn("worker", [sys.executable, "-m", "lingkar", "work"], delivering)
        supervisor.spawn("api", [sys.executable, "-m", "lingkar", "serve"], environment)
        stage = Stage(
            address=f"http://{settings.host}:{api_port}",
            institutions=institutions,
            issue_token=lambda kind, state, subject: _issued(
                settings, ActorKind(kind), state, _officers_institution(state), subject
            ),
            nominate=lambda count, refused, seed: list(invented_nominations(count, seed=seed, refused=refused)),
            seed=secrets.randbits(48),
        )
        yield stage, supervisor


def _audited(act: Callable[[AuditArchive, AuditKeys], Coroutine[Any, Any, T]]) -> T:
    """Carry out what needs the chains and their keys; what it refuses ends the command with 2."""
    settings = _settings()
    services = build_services(settings, _database_url(settings, DELIVERY))

    async def acted() -> T:
        archive = AuditArchive(services.database.engine)
        try:
            await archive.check_sees_entries()
            return await act(archive, audit_keys(settings))
        finally:
            await services.database.close()

    try:
        return asyncio.run(acted())
    except (ChainBroken, ChainsHidden, NothingToExport, KeptHeadsUnreadable) as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(2) from None


def _write(printed: Mapping[Path, str], command: str, check: bool) -> None:
    """Write generated files; to check is to name each that differs, and to exit with 1 if any does."""
    differing = [path for path, text in printed.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in differing:
        if check:
            name = path.relative_to(_ROOT)
            typer.echo(
                f"{name} is not what the code and the rule files say. Run: python -m lingkar {command}", err=True
            )
        else:
            path.write_text(printed[path], "utf-8")
    if check and differing:
        raise typer.Exit(1)


def _development_issuer(settings: Settings) -> DevelopmentIssuer:
    try:
        return DevelopmentIssuer(settings.keys_folder, environment=settings.environment)
    except NotDevelopment as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from None


def _settings() -> Settings:
    settings = Settings()
    configure_logs(as_json=settings.log_json)
    return settings


def _database_url(settings: Settings, role: str) -> str:
    """The address that was set for this process, or the embedded database's for the role it works as."""
    if settings.database_url:
        return settings.database_url
    cluster = start_embedded(settings.var_folder.resolve() / "postgres")
    cluster.ensure_database("lingkar")
    return cluster.url("lingkar", role)


def _issued(settings: Settings, kind: ActorKind, state: str, institution: str, subject: str) -> str:
    issuer = _development_issuer(settings)
    subject_id = None if not subject else _uuid(subject)
    name = f"{kind.value}-{institution or subject_id or 'one'}"
    actor = Actor(
        id=name.replace(" ", "-"),
        kind=kind,
        member_state=MemberState(state) if state else None,
        institution_id=institution or None,
        subject_id=subject_id,
    )
    return issuer.issue(
        actor,
        now=SystemClock().now(),
        lifetime_seconds=_TOKEN_SECONDS,
        audience=settings.token_audience,
        issuer=settings.development_issuer,
    )


def _officers_institution(state: str) -> str:
    """Where the officer of a state works in the journey: at the institution that is simulated, else at the first."""
    if not state or state in _SANDBOXES:
        return _SANDBOXES.get(state, "")
    return next(iter(load_rulebook().legislation(MemberState(state)).institutions))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return parts_of(text)[1]


if __name__ == "__main__":
    cli()
