"""The command line: `python -m lingkar COMMAND`. Each command starts from app.py."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
import uvicorn
from graphql import lexicographic_sort_schema, print_schema

import schema
from adapters.clock import SystemClock
from adapters.countries.exchange import OUR_SENDER_ID
from adapters.countries.signatures import create_development_keys as create_exchange_keys
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
from adapters.settings import Settings
from app import build_api, build_services, work
from domain.actors import Actor, ActorKind
from domain.audit import broken_at
from domain.countries import MemberState
from journey.play import Stage, play
from schema.ids import parts_of

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
audit_cli = typer.Typer(no_args_is_help=True, help="The audit chains.")
cli.add_typer(audit_cli, name="audit")

_SCHEMA_FILE = Path(__file__).parent / "schema.graphql"
_TOKEN_SECONDS = 86_400
_SANDBOXES = (("ID", "ID.BPJSTK", 8101), ("MY", "MY.SOCSO", 8102))
_OFFICERS = {"ID": "ID.BPJSTK", "MY": "MY.SOCSO", "TH": "TH.SSO"}


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
    if not check:
        _SCHEMA_FILE.write_text(printed)
    elif not _SCHEMA_FILE.exists() or _SCHEMA_FILE.read_text() != printed:
        typer.echo("schema.graphql is not what the code declares. Run: python -m lingkar schema", err=True)
        raise typer.Exit(1)


@cli.command(name="check-docs")
def check_docs_command() -> None:
    """Check that links in the documents lead somewhere and that every code and setting is described."""
    faults = check_docs(Path(__file__).parent)
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
    """Database, migrations, two sandbox institutions, the delivery worker and the API, each in its own process."""
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
        for _, institution, preferred in _SANDBOXES:
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
        for state, institution, _ in _SANDBOXES:
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
                settings, ActorKind(kind), state, _OFFICERS.get(state, ""), subject
            ),
            nominate=lambda count, refused, seed: list(invented_nominations(count, seed=seed, refused=refused)),
            seed=secrets.randbits(48),
        )
        yield stage, supervisor


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


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return parts_of(text)[1]


if __name__ == "__main__":
    cli()
