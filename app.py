"""The composition root: builds the API and the delivery worker from settings. The only file that knows every layer."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import httpx2
import structlog
from graphql import GraphQLError, OperationType
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.requests import Request as HttpRequest
from starlette.routing import WebSocketRoute

import schema
from adapters.access_rules import load_access_rules
from adapters.audit.heads import ChainBroken, sign_daily
from adapters.audit.keys import AuditKeys
from adapters.audit.keys import create_development_keys as create_audit_keys
from adapters.certificates.issuer import CertificateIssuer
from adapters.certificates.key_proof import Nonces
from adapters.certificates.keys import CertificateKeys
from adapters.certificates.keys import create_development_keys as create_certificate_keys
from adapters.certificates.verification import Verification, verify
from adapters.certificates.wallet_metadata import WalletDesk
from adapters.clock import SystemClock
from adapters.countries import ADAPTERS
from adapters.countries.exchange import OUR_SENDER_ID, HttpExchange, InstitutionEndpoint
from adapters.countries.signatures import Keyring, create_development_keys
from adapters.countries.transport import open_client
from adapters.http.audit_door import audit_routes
from adapters.http.certificate_door import certificate_routes
from adapters.http.cost import Charge
from adapters.http.edge import Edge, StraightTo
from adapters.http.export_door import Exported, export_routes
from adapters.http.graphql_door import DoorLimits, GraphQLRequest, Shortcut, graphql_door
from adapters.http.health import health_routes
from adapters.http.live_limits import Caller, CallerOf, Connections, StreamLimits
from adapters.http.live_socket import LiveSocket
from adapters.http.live_stream import LiveStream
from adapters.http.metrics import Metrics
from adapters.http.nomination_door import NominationUpload, nomination_routes
from adapters.http.own_data_door import own_data_routes
from adapters.http.presenting import Presenting, known_or_refused
from adapters.http.quiet_schema import QuietSchema
from adapters.http.refusals import RequestRefused
from adapters.http.verify_page import verify_routes
from adapters.http.wallet_door import WalletDoor, wallet_routes
from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.identity.issuers import TrustedIssuer, read_issuers
from adapters.identity.key_sets import READ_SECONDS
from adapters.identity.rules import CheckedIdentities
from adapters.identity.sealing import KeyFolder, Sealer
from adapters.identity.sealing import create_development_keys as create_sealing_keys
from adapters.identity.tokens import TokenReader
from adapters.live.cursors import Cursors
from adapters.live.hub import Hub, HubLimits
from adapters.live.subscriptions import Subscriptions
from adapters.postgres.audit_archive import AuditArchive
from adapters.postgres.budgets import PostgresLeases
from adapters.postgres.listener import listen
from adapters.postgres.migrate import newest_revision, revision_of
from adapters.postgres.proofs import PostgresProofs
from adapters.postgres.resealing import Resealed, Resealing
from adapters.postgres.rows import new_id
from adapters.postgres.unit_of_work import PostgresDatabase
from adapters.retention import load_retention
from adapters.rulebook import load_rulebook
from adapters.settings import Settings
from domain.access_rules import AccessRules
from domain.actors import Actor, ActorKind
from domain.audit import KeptHead
from domain.budgets import Budget, Spent, partner_of
from domain.certificates import CertificateFacts, Disclosure, StatusPlace
from domain.exports import ExportAsked
from domain.legislation import Rulebook
from domain.live import Event, EventKind, Place, Snapshot
from domain.reads import NotPlannable
from domain.records import Asked, Purpose
from domain.retention import RetentionPeriod
from domain.wallet import WalletOffer
from resolvers import live
from resolvers.certificates import certificate_shown, withdrawn_in
from resolvers.context import Context, Limits
from resolvers.deliveries import deliver_due, end_silent_moves, settle_answers
from resolvers.erasures import RetentionReport, end_what_is_over
from resolvers.exports import worker_export
from resolvers.nominations import NominationSubmit, digest_of, nomination_refusals, nomination_submit
from resolvers.purses import Purses
from resolvers.searches import CountedSearches, Searches, UncountedSearches
from resolvers.wallet import wallet_certificate, wallet_offer_of, wallet_token
from schema.exporting import CoverageExport
from schema.ids import id_of, opaque_id
from schema.limits import DocumentLimits, document_limits, variables_limits
from schema.planning import PlannedReads
from schema.subscription import Changed

_log = structlog.get_logger("lingkar")
_REFUSALS_SHOWN = 100
_IDLE_SECONDS = 0.2
_SWEEP_SECONDS = 30.0
_SEARCH_SECONDS = 3600
"""In which the misses of searches come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What every process of the platform is built from."""

    settings: Settings
    clock: SystemClock
    database: PostgresDatabase
    sealer: Sealer
    rulebook: Rulebook
    identity: CheckedIdentities
    access: AccessRules
    limits: Limits
    retention: tuple[RetentionPeriod, ...]
    searches: Searches = field(default_factory=UncountedSearches)

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
            access=self.access,
            limits=self.limits,
            searches=self.searches,
            offers=WalletDesk(self.settings.address),
            retention=self.retention,
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
        access=load_access_rules(),
        limits=Limits(person_months=settings.person_months, move_answer_days=settings.move_answer_days),
        retention=load_retention(),
    )


def build_api(settings: Settings, database_url: str) -> Starlette:
    """The API as an ASGI application: GraphQL, nomination files, certificates, health; in development GraphiQL too."""
    metrics = Metrics()
    services, charge = _counting(build_services(settings, database_url), metrics)
    outside = open_client(READ_SECONDS)
    callers = who_calls(services, outside)

    async def who(request: HttpRequest) -> Actor:
        return (await callers(request, None)).actor

    def may_send_free(asked: Any) -> bool:
        context: Context = asked.context
        return context.actor.kind.value not in settings.trusted_only

    async def context(request: HttpRequest) -> schema.Request:
        return schema.Request(services.context(await who(request)))

    async def submit(request: HttpRequest, upload: NominationUpload) -> dict[str, Any]:
        return await _submit(services.context(await who(request)), upload)

    issuer = CertificateIssuer(certificate_keys(settings))
    believed = issuer.keys.believed()

    async def show(
        request: HttpRequest, number: str, wanted: frozenset[Disclosure], purpose: Purpose | None
    ) -> CertificateFacts:
        asked = services.context(await who(request))
        asked = replace(asked, asked=Asked(purpose=purpose))
        shown = await certificate_shown(asked, number, wanted)
        return issuer.facts(shown.certificate, shown.person, asked.now)

    async def withdrawn(list_number: int) -> tuple[int, ...] | None:
        return await withdrawn_in(services.context(_SYSTEM), list_number)

    async def is_withdrawn(place: StatusPlace) -> bool | None:
        return place.index in (await withdrawn(place.list_number) or ())

    async def verified(text: str) -> Verification:
        return await verify(text, believed, is_withdrawn, services.clock.now())

    async def own_data(request: HttpRequest) -> dict[str, Any]:
        return await worker_export(services.context(await who(request)))

    archive = AuditArchive(services.database.engine)

    async def heads_of(chain: str, since: dt.date, limit: int) -> Sequence[KeptHead]:
        async with archive.read() as reading:
            return await reading.kept_heads(chain, since=since, limit=limit)

    built = schema.build(QuietSchema)
    document = DocumentLimits()
    limits = DoorLimits(
        document_rules=(document_limits(document),),
        variables_rule=variables_limits(document),
        introspection=settings.development,
        tokens=document.tokens,
        answer_seconds=settings.answer_seconds,
        charge=charge,
        manifest=settings.trusted_documents,
        may_send_free=may_send_free,
        origins=settings.allowed_origins,
    )
    following = build_following(services, callers, built, limits)
    graphql = graphql_door(
        built,
        context=context,
        limits=limits,
        graphiql=settings.development,
        shortcut=planned_shortcut(PlannedReads(built.core, services.database.reads), metrics.not_planned)
        if settings.planned_reads
        else None,
        streams=following.stream,
    )
    export = CoverageExport(built.core, services.database.reads, services.clock.now)

    async def exported(request: HttpRequest, asked: ExportAsked) -> Exported:
        context = services.context(await who(request))
        return export.opened(context, asked), context.actor.institution_id or ""

    routes = [
        WebSocketRoute("/graphql", following.socket),
        *graphql,
        *export_routes(exported, at_once=settings.exports_at_once),
        *nomination_routes(submit, bytes_at_most=settings.upload_bytes),
        *certificate_routes(issuer, show, withdrawn, services.clock.now),
        *audit_routes(audit_keys(settings).public_set(), heads_of),
        *own_data_routes(own_data),
        *verify_routes(verified, services.clock.now),
        *wallet_routes(wallet_door(services, issuer)),
        *health_routes(
            {
                "database": services.database.ready,
                "schema": lambda: _schema_is_newest(services.database),
                "role": services.database.held,
            }
        ),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        shown = metrics.serve(settings.metrics_host, settings.metrics_port) if settings.metrics_port else None
        listening = asyncio.create_task(listen(database_url, following.hub.heard))
        yield
        listening.cancel()
        await following.hub.stop()
        if shown is not None:
            shown.stop()
        await outside.aclose()
        await services.database.close()

    edge = Middleware(Edge, hosts=settings.hosts, seen=metrics.seen)
    straight = Middleware(StraightTo, routes=graphql[:1])
    return Starlette(routes=routes, middleware=[edge, straight], lifespan=lifespan)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveReading:
    """The use cases of the hub, as the platform for all and as each actor for what that actor sees."""

    services: Services

    async def snapshot(self) -> Snapshot:
        return await live.snapshot(self.services.context(_SYSTEM))

    async def after(self, place: Place, upto: Snapshot, kinds: Sequence[EventKind], limit: int) -> tuple[Event, ...]:
        return await live.events_after(self.services.context(_SYSTEM), place, upto, kinds, limit)

    async def seen_of(self, actor: Actor, purpose: Purpose | None, events: Sequence[Event]) -> frozenset[UUID]:
        context = replace(self.services.context(actor), asked=Asked(purpose=purpose))
        return await live.seen_of(context, events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What answers those who follow events."""

    hub: Hub
    socket: LiveSocket
    stream: LiveStream


def build_following(services: Services, callers: CallerOf, built: QuietSchema, limits: DoorLimits) -> Following:
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
        event_of=lambda subject_id, cursor, purpose: Changed(subject_id=subject_id, cursor=cursor, purpose=purpose),
    )
    connections = Connections(
        StreamLimits(connections=settings.live_connections, origins=settings.allowed_origins, hosts=settings.hosts)
    )
    return Following(
        hub=hub,
        socket=LiveSocket(subscriptions, callers, connections, now),
        stream=LiveStream(subscriptions, callers, connections, limits, now),
    )


def wallet_door(services: Services, issuer: CertificateIssuer) -> WalletDoor:
    """What wallets are answered by: the use cases, and the signature over what they give."""

    async def give_token(code: str, transaction_code: str | None) -> str:
        return await wallet_token(services.context(_SYSTEM), code, transaction_code)

    async def offer_of(token: str) -> WalletOffer:
        return await wallet_offer_of(services.context(_SYSTEM), token)

    async def give_credential(offer: WalletOffer, holder_key: dict[str, str], nonce: str) -> str:
        context = services.context(_SYSTEM)
        shown = await wallet_certificate(context, offer, nonce)
        facts = issuer.facts(shown.certificate, shown.person, context.now)
        return issuer.sd_jwt(facts, holder_key, offer.credential)

    return WalletDoor(
        desk=WalletDesk(issuer.keys.issuer),
        nonces=Nonces(issuer.keys.derived("wallet nonces")),
        now=services.clock.now,
        give_token=give_token,
        offer_of=offer_of,
        give_credential=give_credential,
    )


def _counting(services: Services, metrics: Metrics) -> tuple[Services, Charge]:
    """The services with searches counted, and what takes the cost of operations from budgets."""
    purses = Purses(PostgresLeases(services.database.engine))
    settings = services.settings
    budgets = {kind: Budget(units=getattr(settings, f"budget_{kind.value}"), seconds=60) for kind in ActorKind}

    async def charge(asked: Any, cost: int) -> Spent:
        context: Context = asked.context
        return await purses.spend(partner_of(context.actor), budgets[context.actor.kind], cost, context.now)

    def alarm(institution: str) -> None:
        _log.warning("alarm_searches_found_nobody", institution=institution, misses=settings.search_misses)
        metrics.alarm("searches_found_nobody")

    searches = CountedSearches(purses, Budget(units=settings.search_misses, seconds=_SEARCH_SECONDS), alarm)
    return replace(services, searches=searches), charge


def planned_shortcut(planned: PlannedReads, not_planned: Callable[[str], None] | None = None) -> Shortcut:
    """The planned path for the door; what has no plan is logged and counted by reason and left to the executor."""

    async def shortcut(asked: GraphQLRequest, request: Any) -> bytes | None:
        try:
            return await planned.answer(
                asked.checked.text, asked.checked.document, asked.operation, asked.variables, request.context
            )
        except NotPlannable as reason:
            if asked.operation.operation is OperationType.QUERY:
                _log.info("read_not_planned", reason=reason.reason)
                if not_planned is not None:
                    not_planned(reason.reason)
            return None

    return shortcut


async def work(settings: Settings, database_url: str, stop: asyncio.Event) -> None:
    """Deliver messages and settle answers until told to stop; a lost database or institution is waited for."""
    services = build_services(settings, database_url)
    archive, keys = AuditArchive(services.database.engine), audit_keys(settings)
    swept, ended_on = dt.datetime.min.replace(tzinfo=dt.UTC), dt.date.min
    async with open_client(settings.exchange_seconds) as client:
        exchange = build_exchange(services, client)
        while not stop.is_set():
            try:
                now = services.clock.now()
                if (now - swept).total_seconds() >= _SWEEP_SECONDS:
                    # Said first: what fails here is tried again at the next sweep and keeps no message waiting.
                    swept = now
                    await end_silent_moves(services.context(_SYSTEM))
                    await PostgresProofs(services.database.engine).forget_old(now)
                    await _sign_heads(archive, keys, now)
                    if now.date() > ended_on:
                        await end_what_is_over(services.context(_SYSTEM), apply=True)
                        ended_on = now.date()
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


async def reseal(settings: Settings, database_url: str, limit: int, say: Callable[[str], None]) -> Resealed:
    """Bring everything under the newest root key, so many persons at a time; returns what could not be done."""
    services = build_services(settings, database_url)
    resealing = Resealing(services.database.engine, services.sealer)
    try:
        while (done := await resealing.batch(limit, services.clock.now())) != Resealed(keys=0, persons=0):
            say(f"Wrapped {done.keys} keys, sealed {done.persons} persons anew.")
        return await resealing.left()
    finally:
        await services.database.close()


async def retain(settings: Settings, database_url: str, *, apply: bool) -> RetentionReport:
    """End what is over by the retention periods, or only count it."""
    services = build_services(settings, database_url)
    try:
        return await end_what_is_over(services.context(_SYSTEM), apply=apply)
    finally:
        await services.database.close()


async def _sign_heads(archive: AuditArchive, keys: AuditKeys, now: dt.datetime) -> None:
    try:
        await sign_daily(archive, keys, now)
    except ChainBroken as broken:
        # A broken chain is for a person; messages are delivered all the same.
        _log.error("audit_chain_broken", chain=broken.chain)


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


def audit_keys(settings: Settings) -> AuditKeys:
    """The keys by which heads of audit chains are signed; in development the first one is made."""
    if settings.development:
        create_audit_keys(settings.audit_keys_folder)
    return AuditKeys(settings.audit_keys_folder)


def who_calls(services: Services, client: httpx2.AsyncClient) -> CallerOf:
    """Return what says of a request or handshake who asks, and until when, by the issuers of the settings."""
    settings = services.settings
    tokens = TokenReader(
        trusted_issuers(settings, client),
        audience=settings.token_audience,
        proofs=PostgresProofs(services.database.engine),
    )
    presenting = Presenting(
        settings.address, certificate_header=settings.certificate_header, proxies=settings.trusted_proxies
    )

    async def caller_of(connection: HTTPConnection, said: str | None) -> Caller:
        async def read() -> Caller:
            actor, until = await tokens.read_until(presenting(connection, said=said), now=services.clock.now())
            return Caller(actor=actor, expires_at=until)

        return await known_or_refused(read)

    return caller_of


def trusted_issuers(settings: Settings, client: httpx2.AsyncClient) -> list[TrustedIssuer]:
    """The issuers of tokens that are believed: those of the file, or the development issuer."""
    if settings.issuers_file is not None:
        return read_issuers(settings.issuers_file, client, development=settings.development)
    issuer = DevelopmentIssuer(settings.keys_folder, environment=settings.environment)
    return [issuer.trusted(settings.development_issuer)]


_SYSTEM = Actor(id="lingkar-delivery", kind=ActorKind.SYSTEM)


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
