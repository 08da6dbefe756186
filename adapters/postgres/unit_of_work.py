"""Units of work over PostgreSQL: one transaction with every store on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from adapters.identity.sealing import Sealer
from adapters.postgres.batches import PostgresBatches
from adapters.postgres.certificates import PostgresCertificates
from adapters.postgres.consents import PostgresConsents
from adapters.postgres.contributions import PostgresContributions
from adapters.postgres.coverage import PostgresCoverage
from adapters.postgres.erasures import PostgresErasures
from adapters.postgres.events import PostgresEvents
from adapters.postgres.exports import PostgresExports
from adapters.postgres.funding import PostgresFunding
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.messages import PostgresMessages
from adapters.postgres.moves import PostgresMoves
from adapters.postgres.nominations import PostgresNominations
from adapters.postgres.planner import PostgresReads
from adapters.postgres.remittances import PostgresRemittances
from adapters.postgres.reviews import PostgresReviews
from adapters.postgres.roles import check_held_by_row_security
from adapters.postgres.trust import PostgresTrust
from adapters.postgres.wallet_offers import PostgresWalletOffers
from adapters.postgres.who_asks import settings_of
from adapters.postgres.workers import PostgresWorkers
from domain.actors import Actor, ActorKind
from domain.errors import NotFound, TryAgain
from domain.records import Purpose
from domain.stores import UnitOfWork


@contextmanager
def _momentary() -> Iterator[None]:
    """Say of a lost connection, a lock, a time limit or a full pool that trying again may help."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, psycopg.OperationalError) as failed:
        raise TryAgain(type(failed).__name__) from failed


_SEE_ALL = (ActorKind.OPERATOR, ActorKind.SYSTEM)
_TELLING = ("23503", "23505", "23P01", "42501")
"""A foreign key, a unique key, an exclusion, row security: what they refuse tells of rows that are hidden."""


@contextmanager
def _alike(actor: Actor) -> Iterator[None]:
    """To whom rows are hidden, a constraint that meets one says what absence says."""
    try:
        yield
    except DBAPIError as broken:
        if actor.kind in _SEE_ALL or getattr(broken.orig, "sqlstate", "") not in _TELLING:
            raise
        raise NotFound(kind="thing") from broken


class PostgresUnitOfWork:
    """The stores of one transaction."""

    def __init__(self, connection: AsyncConnection, sealer: Sealer, actor: Actor) -> None:
        self._connection = connection
        self._actor = actor
        self.workers = PostgresWorkers(connection, sealer, actor)
        self.erasures = PostgresErasures(connection)
        self.exports = PostgresExports(connection)
        self.coverage = PostgresCoverage(connection, sealer)
        self.batches = PostgresBatches(connection, sealer)
        self.funding = PostgresFunding(connection)
        self.nominations = PostgresNominations(connection, sealer)
        self.contributions = PostgresContributions(connection)
        self.remittances = PostgresRemittances(connection, sealer)
        self.ledger = PostgresLedger(connection)
        self.moves = PostgresMoves(connection)
        self.certificates = PostgresCertificates(connection)
        self.wallet_offers = PostgresWalletOffers(connection)
        self.messages = PostgresMessages(connection)
        self.events = PostgresEvents(connection)
        self.trust = PostgresTrust(connection, sealer)
        self.reviews = PostgresReviews(connection, sealer, actor)
        self.consents = PostgresConsents(connection)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[object]:
        waiting = self.trust.waiting()
        try:
            with _momentary(), _alike(self._actor):
                async with self._connection.begin_nested() as nested:
                    yield nested
        except BaseException:
            self.trust.forget_after(waiting)
            raise


class PostgresDatabase:
    """Where units of work come from; one engine, one pool."""

    def __init__(self, url: str, sealer: Sealer, *, pool_size: int = 10, statement_timeout_seconds: float = 60) -> None:
        options = (
            f"-c statement_timeout={int(statement_timeout_seconds * 1000)} -c lock_timeout=15000 "
            "-c idle_in_transaction_session_timeout=120000 -c jit=off -c timezone=UTC -c datestyle=ISO"
        )
        self.reads = PostgresReads(url, sealer, pool_size=pool_size, options=options)
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=True,
            connect_args={"options": options, "connect_timeout": 5},
        )
        self._reading = self.engine.execution_options(postgresql_readonly=True)
        self._sealer = sealer

    @asynccontextmanager
    async def write(self, actor: Actor, at: dt.datetime, purpose: Purpose | None = None) -> AsyncIterator[UnitOfWork]:
        with _momentary(), _alike(actor):
            async with self.engine.begin() as connection:
                await say_who_asks(connection, actor, at, purpose)
                unit = PostgresUnitOfWork(connection, self._sealer, actor)
                yield unit
                await unit.trust.write_waiting()

    @asynccontextmanager
    async def read(self, actor: Actor, at: dt.datetime, purpose: Purpose | None = None) -> AsyncIterator[UnitOfWork]:
        with _momentary():
            async with self._reading.begin() as connection:
                await say_who_asks(connection, actor, at, purpose)
                yield PostgresUnitOfWork(connection, self._sealer, actor)

    async def ready(self) -> None:
        """Ask the database for an answer; raises if there is none."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def held(self) -> None:
        """Raises if row security does not hold the role that this process is connected as."""
        async with self.engine.connect() as connection:
            await check_held_by_row_security(connection)

    async def close(self) -> None:
        await self.reads.close()
        await self.engine.dispose()


async def say_who_asks(connection: AsyncConnection, actor: Actor, at: dt.datetime, purpose: Purpose | None) -> None:
    """Tell the database who asks, when and for what, until the transaction ends; unsaid is nobody, who sees no row.

    The statement travels with BEGIN in one pipeline, so that it costs no round trip of its own.
    """
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None, "the connection of an open unit of work is there"
    said = settings_of(actor, at, purpose)
    told = ", ".join("set_config(%s, %s, true)" for _ in said)
    async with driver.pipeline():
        await driver.execute(f"SELECT {told}", [text for setting in said.items() for text in setting])
