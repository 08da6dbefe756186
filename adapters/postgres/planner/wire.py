"""Connections on which the planned path runs one prepared statement for one answer.

They are psycopg's, driven below its cursors: parameters go as text, the one value of the answer comes as the bytes
that PostgreSQL wrote, and nothing is decoded on the way. Each connection is in autocommit, so that a statement is its
own transaction.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psycopg
from psycopg import generators, pq
from sqlalchemy import make_url

_STATEMENTS_MAX = 256
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

    async def value(self, query: str, values: Sequence[bytes | None]) -> bytes | None:
        """Run a statement that gives one value; raises StatementFailed, and then nothing of it was kept."""
        name = self._prepared.get(query)
        if name is None:
            name = await self._prepare(query)
        else:
            self._prepared.move_to_end(query)
        self._connection.pgconn.send_query_prepared(name, values)
        return (await self._result()).get_value(0, 0)

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
        result = results[-1]
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
