"""The composition root: builds the API and the delivery worker from settings. The only file that knows every layer."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from graphql import GraphQLError, OperationType
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

import schema
from adapters.certificates.issuer import CertificateIssuer
from adapters.certificates.keys import CertificateKeys
from adapters.certificates.keys import create_development_keys as create_certificate_keys
from adapters.certificates.verification import Verification, verify
from adapters.clock import SystemClock
from adapters.countries import ADAPTERS
from adapters.countries.exchange import OUR_SENDER_ID, HttpExchange, InstitutionEndpoint
from adapters.countries.signatures import Keyring, create_development_keys
from adapters.countries.transport import open_client
from adapters.http.certificate_door import certificate_routes
from adapters.http.edge import Edge
from adapters.http.graphql_door import DoorLimits, GraphQLRequest, Shortcut, graphql_door
from adapters.http.health import health_routes
from adapters.http.live_limits import Caller, Connections, StreamLimits
from adapters.http.live_socket import LiveSocket
from adapters.http.live_stream import LiveStream
from adapters.http.nomination_door import NominationUpload, nomination_routes
from adapters.http.quiet_schema import QuietSchema
from adapters.http.refusals import RequestRefused, Unauthenticated
from adapters.http.verify_page import verify_routes
from adapters.identity.rules import CheckedIdentities
from adapters.identity.sealing import KeyFolder, Sealer
from adapters.identity.sealing import create_development_keys as create_sealing_keys
from adapters.identity.tokens import DevelopmentIssuer, TokenReader, TokenRefused
from adapters.identity.trusted_keys import TrustedIssuer
from adapters.live.cursors import Cursors
from adapters.live.hub import Hub, HubLimits
from adapters.live.subscriptions import Subscriptions
from adapters.postgres.listener import listen
from adapters.postgres.migrate import newest_revision, revision_of
from adapters.postgres.rows import new_id
from adapters.postgres.unit_of_work import PostgresDatabase
from adapters.rulebook import load_rulebook
from adapters.settings import Settings
from domain.actors import Actor, ActorKind
from domain.certificates import CertificateFacts, Disclosure, StatusPlace
from domain.legislation import Rulebook
from domain.live import Event, EventKind, Place, Snapshot
from domain.reads import NotPlannable
from resolvers import live
from resolvers.certificates import certificate_shown, withdrawn_in
from resolvers.context import Context, Limits
from resolvers.deliveries import deliver_due, end_silent_moves, settle_answers
from resolvers.nominations import NominationSubmit, digest_of, nomination_refusals, nomination_submit
from schema.ids import id_of, opaque_id
from schema.limits import DocumentLimits, document_limits, variables_limits
from schema.planning import PlannedReads
from schema.subscription import Changed

_log = structlog.get_logger("lingkar")
_REFUSALS_SHOWN = 100
_IDLE_SECONDS = 0.2
_SWEEP_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What every process of the platform is built from."""

    settings: Settings
    clock: SystemClock
    database: PostgresDatabase
    rulebook: Rulebook
    identity: CheckedIdentities
    sealer: Sealer
    limits: Limits

    def context(self, actor: Actor) -> Context:
        """The surroundings of one request of an actor, at this instant."""
        return Context(
            actor=actor,
            now=self.clock.now(),
            database=self.database,
            rulebook=self.rulebook,
            identity=self.identity,
            new_id=new_id,
            reached=frozenset(self.settings.institutions),
            limits=self.limits,
        )


def build_services(settings: Settings, database_url: str) -> Services:
    """Build what a process needs; reads the rule files and keys, connects lazily."""
    folder = settings.keys_folder
    keys = create_sealing_keys(folder) if settings.development else KeyFolder(folder)
    sealer = Sealer(keys)
    return Services(
        settings=settings,
        clock=SystemClock(),
        database=PostgresDatabase(database_url, sealer, pool_size=settings.database_pool),
        sealer=sealer,
        rulebook=load_rulebook(),
        identity=CheckedIdentities(),
        limits=Limits(person_months=settings.person_months, move_answer_days=settings.move_answer_days),
    )


def build_api(settings: Settings, database_url: str) -> Starlette:
    """The API as an ASGI application: GraphQL, nomination files, certificates, health; in development GraphiQL too."""
    services = build_services(settings, database_url)
    tokens = TokenReader(
        [TrustedIssuer(issuer=settings.token_issuer, keys=issuer_keys(settings))], audience=settings.token_audience
    )

    async def context(request: HttpRequest) -> schema.Request:
        return schema.Request(services.context(_actor(tokens, request, services.clock.now())))

    async def submit(request: HttpRequest, upload: NominationUpload) -> dict[str, Any]:
        return await _submit(services.context(_actor(tokens, request, services.clock.now())), upload)

    issuer = CertificateIssuer(certificate_keys(settings))
    believed = issuer.keys.believed()

    async def show(request: HttpRequest, number: str, wanted: frozenset[Disclosure]) -> CertificateFacts:
        asked = services.context(_actor(tokens, request, services.clock.now()))
        shown = await certificate_shown(asked, number, wanted)
        return issuer.facts(shown.certificate, shown.person, asked.now)

    async def withdrawn(list_number: int) -> tuple[int, ...] | None:
        return await withdrawn_in(services.context(_SYSTEM), list_number)

    async def is_withdrawn(place: StatusPlace) -> bool | None:
        return place.index in (await withdrawn(place.list_number) or ())

    async def verified(text: str) -> Verification:
        return await verify(text, believed, is_withdrawn, services.clock.now())

    async def keys(_: HttpRequest) -> Response:
        return JSONResponse(issuer_keys(settings))

    built = schema.build(QuietSchema)
    document = DocumentLimits()
    limits = DoorLimits(
        document_rules=(document_limits(document),),
        variables_rule=variables_limits(document),
        introspection=settings.development,
        tokens=document.tokens,
        answer_seconds=settings.answer_seconds,
    )
    following = build_following(services, tokens, built, limits)
    routes = [
        WebSocketRoute("/graphql", following.socket),
        *graphql_door(
            built,
            context=context,
            limits=limits,
            graphiql=settings.development,
            shortcut=planned_shortcut(PlannedReads(built.core, services.database.reads))
            if settings.planned_reads
            else None,
            streams=following.stream,
        ),
        *nomination_routes(submit, bytes_at_most=settings.upload_bytes),
        *certificate_routes(issuer, show, withdrawn, services.clock.now),
        *verify_routes(verified, services.clock.now),
        *health_routes({"database": services.database.ready, "schema": lambda: _schema_is_newest(services.database)}),
        *([Route("/.well-known/jwks.json", keys)] if settings.development else []),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        listening = asyncio.create_task(listen(database_url, following.hub.heard))
        yield
        listening.cancel()
        await following.hub.stop()
        await services.database.close()

    return Starlette(routes=routes, middleware=[Middleware(Edge)], lifespan=lifespan)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveReading:
    """The use cases of the hub, as the platform for all and as each actor for what that actor sees."""

    services: Services

    async def snapshot(self) -> Snapshot:
        return await live.snapshot(self.services.context(_SYSTEM))

    async def after(self, place: Place, upto: Snapshot, kinds: Sequence[EventKind], limit: int) -> tuple[Event, ...]:
        return await live.events_after(self.services.context(_SYSTEM), place, upto, kinds, limit)

    async def seen_of(self, actor: Actor, events: Sequence[Event]) -> frozenset[UUID]:
        return await live.seen_of(self.services.context(actor), events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What answers those who follow events."""

    hub: Hub
    socket: LiveSocket
    stream: LiveStream


def build_following(services: Services, tokens: TokenReader, built: QuietSchema, limits: DoorLimits) -> Following:
    """The hub of this process, and its two doors."""
    settings, now = services.settings, services.clock.now
    hub = Hub(
        LiveReading(services=services),
        Cursors(services.sealer),
        now,
        HubLimits(donor_seconds=settings.donor_event_seconds),
    )
    subscriptions = Subscriptions(
        built,
        hub,
        limits,
        request_of=lambda actor: schema.Request(services.context(actor)),
        event_of=lambda subject_id, cursor: Changed(subject_id=subject_id, cursor=cursor),
    )

    def caller_of(authorization: str | None) -> Caller:
        actor = _actor_of(tokens, authorization, now())
        return Caller(actor=actor, expires_at=tokens.expiry(authorization))

    connections = Connections(
        StreamLimits(connections=settings.live_connections, allowed_origins=settings.allowed_origins)
    )
    return Following(
        hub=hub,
        socket=LiveSocket(subscriptions, caller_of, connections, now),
        stream=LiveStream(subscriptions, caller_of, connections, limits, now),
    )


def planned_shortcut(planned: PlannedReads) -> Shortcut:
    """The planned path for the door; what has no plan is logged by reason and left to the executor."""

    async def shortcut(asked: GraphQLRequest, request: Any) -> bytes | None:
        try:
            return await planned.answer(
                asked.checked.text, asked.checked.document, asked.operation, asked.variables, request.context
            )
        except NotPlannable as reason:
            if asked.operation.operation is OperationType.QUERY:
                _log.info("read_not_planned", reason=reason.reason)
            return None

    return shortcut


async def work(settings: Settings, database_url: str, stop: asyncio.Event) -> None:
    """Deliver messages and settle answers until told to stop; a lost database or institution is waited for."""
    services = build_services(settings, database_url)
    swept = dt.datetime.min.replace(tzinfo=dt.UTC)
    async with open_client(settings.exchange_seconds) as client:
        exchange = build_exchange(services, client)
        while not stop.is_set():
            try:
                now = services.clock.now()
                if (now - swept).total_seconds() >= _SWEEP_SECONDS:
                    await end_silent_moves(services.context(_SYSTEM))
                    swept = now
                busy = await deliver_due(services.context(_SYSTEM), exchange)
                busy += await settle_answers(services.context(_SYSTEM))
            except Exception as error:
                # The kind alone is logged: an error's text can hold values. The work is done again from the tables.
                _log.error("work_interrupted", error=type(error).__qualname__)
                busy = 0
                await asyncio.sleep(1)
            if not busy:
                await asyncio.sleep(_IDLE_SECONDS)
    await services.database.close()


def build_exchange(services: Services, client: Any) -> HttpExchange:
    """The exchange with the institutions that the settings name."""
    settings = services.settings
    owners = [OUR_SENDER_ID, *settings.institutions]
    folder = settings.exchange_keys_folder
    keyring = create_development_keys(folder, owners) if settings.development else Keyring(folder)
    return HttpExchange(
        client=client,
        clock=services.clock,
        signer=keyring.signer(OUR_SENDER_ID),
        endpoints={
            institution: InstitutionEndpoint(
                base_url=address.rstrip("/"), public_key=keyring.public_key(institution), sender_id=institution
            )
            for institution, address in settings.institutions.items()
        },
        adapters=ADAPTERS,
        total_seconds=settings.exchange_seconds,
    )


def certificate_keys(settings: Settings) -> CertificateKeys:
    """The keys by which certificates are signed; in development the first one is made."""
    if settings.development:
        create_certificate_keys(settings.certificate_keys_folder)
    return CertificateKeys(settings.certificate_keys_folder, settings.address)


def issuer_keys(settings: Settings) -> dict[str, Any]:
    """The public keys by which tokens are believed: the configured issuer's, or the development issuer's."""
    if settings.issuer_keys_file is not None:
        keys: dict[str, Any] = json.loads(settings.issuer_keys_file.read_text())
        return keys
    return DevelopmentIssuer(settings.keys_folder, environment=settings.environment).public_keys()


_SYSTEM = Actor(id="lingkar-delivery", kind=ActorKind.SYSTEM)


def _actor(tokens: TokenReader, request: HttpRequest, now: dt.datetime) -> Actor:
    given = request.headers.getlist("authorization")
    return _actor_of(tokens, given[0] if len(given) == 1 else None, now)


def _actor_of(tokens: TokenReader, authorization: str | None, now: dt.datetime) -> Actor:
    try:
        return tokens.read(authorization, now=now)
    except TokenRefused as refused:
        raise Unauthenticated(refused.fault.value) from None


async def _submit(context: Context, upload: NominationUpload) -> dict[str, Any]:
    try:
        fund_id = id_of("Fund", upload.fund)
    except GraphQLError as refused:
        raise RequestRefused("BAD_USER_INPUT", refused.message) from None
    command = NominationSubmit(
        fund_id=fund_id,
        scheme_id=upload.scheme_id,
        segment_id=upload.segment_id,
        on=upload.on,
        file_digest=digest_of(upload.lines),
    )
    report = await nomination_submit(context, upload.key, command, upload.lines)
    rows = await nomination_refusals(context, report.id, after_line=0, limit=_REFUSALS_SHOWN)
    return {
        "nomination": {
            "id": opaque_id("Nomination", report.id),
            "rowsAccepted": report.rows_accepted,
            "rowsRefused": report.rows_refused,
        },
        "refusals": [{"line": row.line, "code": row.code, "reason": row.reason} for row in rows],
    }


async def _schema_is_newest(database: PostgresDatabase) -> None:
    async with database.engine.connect() as connection:
        revision = await connection.run_sync(revision_of)
    if revision != newest_revision():
        raise RuntimeError("the database stands at another revision than this program needs")
