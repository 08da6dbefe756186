"""Connections on which the planned path runs one prepared statement for one answer.

They are psycopg's, driven below its cursors: parameters go as text, the one value of the answer comes as the bytes
that PostgreSQL wrote, and nothing is decoded on the way. Each connection stays in pipeline mode, in which what stands
before a synchronisation is one transaction and one round trip, and its socket stays registered with the event loop:
registering it for each statement, as psycopg's own waiting does, costs more than the statement.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import psycopg
from psycopg import pq
from sqlalchemy import make_url

_STATEMENTS_MAX = 100
"""Prepared statements of one connection; the one that was not used for longest is given up."""
_CANCEL_SECONDS = 1.0


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
        self._pgconn = connection.pgconn
        self._pgconn.enter_pipeline_mode()
        self._round = _Round(self._pgconn)

    @property
    def usable(self) -> bool:
        return bool(self._round.open and self._pgconn.transaction_status == pq.TransactionStatus.IDLE)

    async def value(
        self, query: str, values: Sequence[bytes | None], settings: Mapping[str, str] | None = None
    ) -> bytes | None:
        """Run a statement that gives one value; raises StatementFailed, and then nothing of it was kept.

        settings: of the database session, that hold for this statement alone; they cost no round trip more.
        """
        name = self._prepared.get(query) or await self._prepare(query)
        before = await self._settings(len(settings)) if settings else None
        if settings and before:
            # The settings are local to the transaction, which is what stands before the synchronisation.
            given = [text.encode() for pair in settings.items() for text in pair]
            self._pgconn.send_query_prepared(before, given)
        self._pgconn.send_query_prepared(name, values)
        self._prepared.move_to_end(query)
        return (await self._done())[-1].get_value(0, 0)

    async def close(self) -> None:
        self._round.end()
        await self._connection.close()

    async def _settings(self, count: int) -> bytes:
        """The name of the statement that makes some settings."""
        query = f"SELECT {', '.join(f'set_config(${2 * n + 1}, ${2 * n + 2}, true)' for n in range(count))}"
        return self._prepared.get(query) or await self._prepare(query)

    async def _prepare(self, query: str) -> bytes:
        if len(self._prepared) >= _STATEMENTS_MAX:
            _, given_up = self._prepared.popitem(last=False)
            self._pgconn.send_query_params(b"DEALLOCATE " + given_up, None)
        self._made += 1
        name = b"plan_%d" % self._made
        self._pgconn.send_prepare(name, query.encode())
        await self._done()
        self._prepared[query] = name
        return name

    async def _done(self) -> list[pq.abc.PGresult]:
        """What the commands since the last synchronisation gave, now that they are committed."""
        try:
            results = await self._round.run()
        except asyncio.CancelledError:
            with suppress(psycopg.Error):
                await self._connection.cancel_safe(timeout=_CANCEL_SECONDS)
            raise
        for result in results:
            if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
                raise StatementFailed((result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode())
        return results


class _Round:
    """One synchronisation after the other on a connection, driven by the event loop."""

    def __init__(self, pgconn: pq.abc.PGconn) -> None:
        self._pgconn = pgconn
        self._loop = asyncio.get_running_loop()
        self._socket = pgconn.socket
        self._results: list[pq.abc.PGresult] = []
        self._waiting: asyncio.Future[list[pq.abc.PGresult]] | None = None
        self._writing = False
        self.open = True
        self._loop.add_reader(self._socket, self._read)

    async def run(self) -> list[pq.abc.PGresult]:
        """Synchronise: send what was given to the connection, and gather its results."""
        self._results = []
        self._waiting = self._loop.create_future()
        try:
            self._pgconn.pipeline_sync()
            self._write()
        except psycopg.OperationalError:
            self._lost()
        return await self._waiting

    def end(self) -> None:
        """Listen to the connection no more."""
        if self.open:
            self.open = False
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)

    def _write(self) -> None:
        """Send what fits; the rest when the socket takes more."""
        unsent = bool(self._pgconn.flush())
        if unsent and not self._writing:
            self._loop.add_writer(self._socket, self._write_on)
        elif self._writing and not unsent:
            self._loop.remove_writer(self._socket)
        self._writing = unsent

    def _write_on(self) -> None:
        try:
            self._write()
        except psycopg.OperationalError:
            self._lost()

    def _read(self) -> None:
        try:
            self._pgconn.consume_input()
            self._take()
        except psycopg.OperationalError:
            self._lost()

    def _take(self) -> None:
        """Take the results that have arrived whole; between those of two commands stands a None."""
        nothing = 0
        while self._waiting and nothing < 2 and not self._pgconn.is_busy():
            result = self._pgconn.get_result()
            if result is None:
                nothing += 1
            elif result.status == pq.ExecStatus.PIPELINE_SYNC:
                self._answer()
            else:
                nothing = 0
                self._results.append(result)

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting and not waiting.done():
            waiting.set_result(self._results)

    def _lost(self) -> None:
        self.end()
        waiting, self._waiting = self._waiting, None
        if waiting and not waiting.done():
            waiting.set_exception(StatementFailed(""))


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
