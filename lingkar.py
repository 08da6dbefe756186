"""The command line: `python -m lingkar COMMAND`. Each command starts from app.py."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
import uvicorn
from graphql import lexicographic_sort_schema, print_schema

import schema
from adapters.certificates.counter import CounterTrouble, checked
from adapters.certificates.keys import rotate_keys
from adapters.clock import SystemClock
from adapters.countries.exchange import OUR_SENDER_ID
from adapters.countries.signatures import create_development_keys as create_exchange_keys
from adapters.country_pages import PageRefused, country_pages
from adapters.docs import check_docs
from adapters.http.edge import server_settings
from adapters.http.quiet_schema import QuietSchema
from adapters.identity.invented import invented_nominations
from adapters.identity.sealing import create_development_keys as create_sealing_keys
from adapters.identity.tokens import DevelopmentIssuer
from adapters.logs import configure_logs
from adapters.postgres.embedded import start as start_embedded
from adapters.postgres.migrate import migrate
from adapters.postgres.roles import APP, DELIVERY, OWNER, prepare_roles, url_as
from adapters.processes import Supervisor, free_port
from adapters.rule_schema import agreements_schema, rule_file_schema
from adapters.rulebook import load_rulebook
from adapters.settings import Settings
from app import build_api, build_services, certificate_keys, work
from domain.actors import Actor, ActorKind
from domain.audit import broken_at
from domain.countries import MemberState
from journey.play import Stage, play
from sandbox.institutions import INSTITUTIONS
from schema.ids import parts_of

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
figures_cli = typer.Typer(no_args_is_help=True, help="The counts that are kept beside the facts.")
audit_cli = typer.Typer(no_args_is_help=True, help="The audit chains.")
cli.add_typer(audit_cli, name="audit")
cli.add_typer(figures_cli, name="figures")
keys_cli = typer.Typer(no_args_is_help=True, help="The keys by which certificates are signed.")
cli.add_typer(keys_cli, name="keys")

_ROOT = Path(__file__).resolve().parent
_TOKEN_SECONDS = 86_400
_FIRST_SANDBOX_PORT = 8101
_SANDBOXES = {state: rules().institution_id for state, rules in INSTITUTIONS.items()}


@cli.command()
def serve() -> None:
    """Serve the API."""
    settings = _settings()
    url = _database_url(settings, APP)
    uvicorn.run(
        build_api(settings, url),
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


@cli.command(name="check-docs")
def check_docs_command() -> None:
    """Check that links in the documents lead somewhere and that every code and setting is described."""
    faults = check_docs(_ROOT)
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)


@audit_cli.command(name="verify")
def audit_verify() -> None:
    """Recompute every audit chain; exits with 1 and the entry's number where one is broken."""
    settings = _settings()
    services = build_services(settings, _database_url(settings, APP))

    async def verify() -> bool:
        whole = True
        context = services.context(Actor(id="lingkar-audit", kind=ActorKind.OPERATOR))
        async with context.reading() as unit:
            for chain in await unit.trust.chains():
                entries = await unit.trust.chain(chain)
                broken = broken_at(entries)
                whole = whole and broken is None
                state = "whole" if broken is None else f"broken at entry {broken}"
                typer.echo(f"{chain}: {len(entries)} entries, {state}")
        await services.database.close()
        return whole

    if not asyncio.run(verify()):
        raise typer.Exit(1)


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
def keys_export() -> None:
    """Print the public keys, with which anyone checks certificates without a network."""
    typer.echo(json.dumps(certificate_keys(_settings()).public_set(), indent=1))


@keys_cli.command(name="rotate")
def keys_rotate() -> None:
    """Make the next signing key; of the older ones only the public half is kept. Restart the API afterwards."""
    typer.echo(f"New certificates are signed by {rotate_keys(_settings().certificate_keys_folder)} after a restart.")


@cli.command()
def verify(
    file: Annotated[Path, typer.Argument(help="PDF, picture of the QR code, or text of a certificate.")],
    offline: Annotated[bool, typer.Option(help="Use --keys alone; withdrawal is then not known.")] = False,
    keys: Annotated[Path | None, typer.Option(help="Public keys, as `keys export` prints them.")] = None,
    platform: Annotated[str, typer.Option(help="Address of the platform to ask; the public one if left out.")] = "",
) -> None:
    """Say of a certificate of coverage whether it is valid; exits with 0 if it is, else with 1."""
    if offline and keys is None:
        raise typer.BadParameter("Without a network the public keys come from a file: --keys FILE.")
    address = None if offline else platform or _settings().address
    try:
        valid, said = asyncio.run(checked(file, keys_file=keys, platform=address, now=SystemClock().now()))
    except CounterTrouble as trouble:
        typer.echo(str(trouble), err=True)
        raise typer.Exit(2) from None
    typer.echo(said)
    if not valid:
        raise typer.Exit(1)


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
    issuer = DevelopmentIssuer(settings.keys_folder, environment=settings.environment)
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
        issuer=settings.token_issuer,
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
