"""Connections on which the planned path runs one prepared statement for one answer.

They are psycopg's, driven below its cursors: parameters go as text, the one value of the answer comes as the bytes
that PostgreSQL wrote, and nothing is decoded on the way. Each connection is in autocommit, so that a statement is its
own transaction.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import psycopg
from psycopg import generators, pq
from sqlalchemy import make_url

_STATEMENTS_MAX = 100
"""Prepared statements of one connection; the one that was not used for longest is given up."""


class StatementFailed(Exception):
    """PostgreSQL refused a statement; `state` is its SQLSTATE, empty if the connection was lost."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the statement failed with {state or 'a lost connection'}")
        self.state = state


class Wire:
    """One connection and the statements that are prepared on it."""

    def __init__(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        self._connection = connection
        self._prepared: OrderedDict[str, bytes] = OrderedDict()
        self._made = 0

    @property
    def usable(self) -> bool:
        return bool(self._connection.pgconn.transaction_status == pq.TransactionStatus.IDLE)

    async def value(
        self, query: str, values: Sequence[bytes | None], settings: Mapping[str, str] | None = None
    ) -> bytes | None:
        """Run a statement that gives one value; raises StatementFailed, and then nothing of it was kept.

        settings: of the database session, that hold for this statement alone; they cost no round trip more.
        """
        name = await self._named(query)
        if settings:
            return await self._value_under(settings, name, values)
        self._connection.pgconn.send_query_prepared(name, values)
        return (await self._result()).get_value(0, 0)

    async def _value_under(
        self, settings: Mapping[str, str], name: bytes, values: Sequence[bytes | None]
    ) -> bytes | None:
        # What stands between two synchronisations of a pipeline is one transaction, and the settings are local to it.
        places = (f"set_config(${2 * n + 1}, ${2 * n + 2}, true)" for n in range(len(settings)))
        before = await self._named(f"SELECT {', '.join(places)}")
        given = [text.encode() for pair in settings.items() for text in pair]
        connection = self._connection.pgconn
        commands = deque[Callable[[], None]](
            (
                lambda: connection.send_query_prepared(before, given),
                lambda: connection.send_query_prepared(name, values),
                connection.pipeline_sync,
            )
        )
        connection.enter_pipeline_mode()
        try:
            results = await self._piped(commands)
        finally:
            if connection.transaction_status != pq.TransactionStatus.UNKNOWN:
                connection.exit_pipeline_mode()
        return [_checked(result) for result in results[:2]][1].get_value(0, 0)

    async def _piped(self, commands: deque[Callable[[], None]]) -> list[pq.abc.PGresult]:
        """Send commands and read until the synchronisation that ends them is confirmed."""
        connection, found = self._connection.pgconn, list[pq.abc.PGresult]()
        try:
            for results in await self._connection.wait(generators.pipeline_communicate(connection, commands)):
                found += results
            while not found or found[-1].status != pq.ExecStatus.PIPELINE_SYNC:
                found += await self._connection.wait(generators.fetch_many(connection))
        except psycopg.OperationalError:
            raise StatementFailed("") from None
        return found

    async def _named(self, query: str) -> bytes:
        """The name of a statement, prepared if it is not yet."""
        name = self._prepared.get(query)
        if name is None:
            return await self._prepare(query)
        self._prepared.move_to_end(query)
        return name

    async def close(self) -> None:
        await self._connection.close()

    async def _prepare(self, query: str) -> bytes:
        if len(self._prepared) >= _STATEMENTS_MAX:
            _, given_up = self._prepared.popitem(last=False)
            self._connection.pgconn.send_query_params(b"DEALLOCATE " + given_up, None)
            await self._result()
        self._made += 1
        name = b"plan_%d" % self._made
        self._connection.pgconn.send_prepare(name, query.encode())
        await self._result()
        self._prepared[query] = name
        return name

    async def _result(self) -> pq.abc.PGresult:
        try:
            results: list[pq.abc.PGresult] = await self._connection.wait(generators.execute(self._connection.pgconn))
        except psycopg.OperationalError:
            raise StatementFailed("") from None
        return _checked(results[-1])


def _checked(result: pq.abc.PGresult) -> pq.abc.PGresult:
    if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        raise StatementFailed((result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode())
    return result


class Wires:
    """A pool of wires, opened when they are first needed; the one used last is used next."""

    def __init__(self, url: str, *, size: int, options: str) -> None:
        self._address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._options = options
        self._free: list[Wire] = []
        self._places = asyncio.Semaphore(size)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Wire]:
        """A wire for one answer. Raises psycopg.OperationalError if none can be opened."""
        async with self._places:
            wire = self._free.pop() if self._free else await self._opened()
            try:
                yield wire
            finally:
                if wire.usable:
                    self._free.append(wire)
                else:
                    await wire.close()

    async def close(self) -> None:
        while self._free:
            await self._free.pop().close()

    async def _opened(self) -> Wire:
        connection = await psycopg.AsyncConnection.connect(
            self._address, autocommit=True, options=self._options, connect_timeout=5
        )
        return Wire(connection)
