"""Units of work over PostgreSQL: one transaction with every store on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from adapters.identity.sealing import Sealer
from adapters.postgres.certificates import PostgresCertificates
from adapters.postgres.contributions import PostgresContributions
from adapters.postgres.coverage import PostgresCoverage
from adapters.postgres.events import PostgresEvents
from adapters.postgres.funding import PostgresFunding
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.messages import PostgresMessages
from adapters.postgres.moves import PostgresMoves
from adapters.postgres.nominations import PostgresNominations
from adapters.postgres.planner import PostgresReads
from adapters.postgres.remittances import PostgresRemittances
from adapters.postgres.trust import PostgresTrust
from adapters.postgres.workers import PostgresWorkers
from domain.errors import TryAgain
from domain.stores import UnitOfWork


@contextmanager
def _momentary() -> Iterator[None]:
    """Say of a lost connection, a lock, a time limit or a full pool that trying again may help."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as failed:
        raise TryAgain(type(failed).__name__) from failed


class PostgresUnitOfWork:
    """The stores of one transaction."""

    def __init__(self, connection: AsyncConnection, sealer: Sealer) -> None:
        self._connection = connection
        self.workers = PostgresWorkers(connection, sealer)
        self.coverage = PostgresCoverage(connection, sealer)
        self.funding = PostgresFunding(connection)
        self.nominations = PostgresNominations(connection, sealer)
        self.contributions = PostgresContributions(connection)
        self.remittances = PostgresRemittances(connection, sealer)
        self.ledger = PostgresLedger(connection)
        self.moves = PostgresMoves(connection)
        self.certificates = PostgresCertificates(connection)
        self.messages = PostgresMessages(connection)
        self.events = PostgresEvents(connection)
        self.trust = PostgresTrust(connection, sealer)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[object]:
        waiting = self.trust.waiting()
        try:
            with _momentary():
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
    async def write(self) -> AsyncIterator[UnitOfWork]:
        with _momentary():
            async with self.engine.begin() as connection:
                unit = PostgresUnitOfWork(connection, self._sealer)
                yield unit
                await unit.trust.write_waiting()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[UnitOfWork]:
        with _momentary():
            async with self._reading.begin() as connection:
                yield PostgresUnitOfWork(connection, self._sealer)

    async def ready(self) -> None:
        """Ask the database for an answer; raises if there is none."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.reads.close()
        await self.engine.dispose()
