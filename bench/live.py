"""How fast an event reaches everyone who follows it, and what a connection costs: 5,000 sockets in one process.

`make bench-live`. Ours: officers of one institution, each with a hundred connections, follow coverage; an event of a
worker whom they see is committed; each connection is told with the worker read anew for each officer, and the read
leaves its trace. Reference: a bare ASGI application that sends the same bytes to as many sockets when it is told to.
Alternating rounds; medians. Client, both servers and the database each have a process of their own.
"""

from __future__ import annotations

import asyncio
import base64
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import uvicorn
from sqlalchemy import make_url

from adapters.clock import SystemClock
from adapters.http.edge import server_settings
from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.postgres.embedded import start
from adapters.postgres.migrate import migrate
from adapters.processes import free_port
from adapters.settings import Settings
from app import build_services
from bench import bulk
from domain.actors import Actor, ActorKind
from domain.countries import MemberState

CONNECTIONS = int(os.environ.get("BENCH_LIVE_CONNECTIONS", "5000"))
OFFICERS = 50
ROUNDS = 7
_QUERY = "subscription { coverageChanged(purpose: ADMINISTRATION) { cursor worker { id homeState } } }"
_ENROL = """
    INSERT INTO enrolments (worker_id, scheme_id, segment_id, institution_id, first_day, funder_kind, reference,
                            simulated, recorded_at)
    SELECT id, 'ID.JKK', 'bpu', 'ID.BPJSTK', '2025-07-01', 'corporate', 'bench', true, now() FROM workers
    RETURNING worker_id"""
_EVENT = "INSERT INTO events (kind, subject_id, owner_id) VALUES ('coverage', %(id)s, %(id)s)"


def main() -> None:
    """Measure, or be one of the two servers."""
    os.environ.setdefault("LINGKAR_ENVIRONMENT", "development")
    if sys.argv[1:2] == ["reference"]:
        uvicorn.run(reference, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", **server_settings())
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (CONNECTIONS * 3, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with tempfile.TemporaryDirectory() as folder, start(Path(folder) / "postgres") as cluster:
        cluster.ensure_database("bench")
        url = cluster.url("bench")
        migrate(url)
        settings = Settings().model_copy(update={"var_folder": Path(folder)})
        bulk.WORKERS = 10
        asyncio.run(_prepared(settings, url))
        with _server("lingkar", "serve", folder=folder, url=url) as ours, _server("bench.live", "reference") as bare:
            asyncio.run(_measure(settings, url, ours, bare))


async def _prepared(settings: Settings, url: str) -> None:
    services = build_services(settings, url)
    await bulk._prepared(services, 1)
    await services.database.close()


# --- the reference ----------------------------------------------------------------------------------------

_sockets: set[Any] = set()


async def reference(scope: Any, receive: Any, send: Any) -> None:
    """Accept sockets; send the body of each POST to all of them."""
    if scope["type"] == "http":
        body = (await receive())["body"].decode()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        for each in tuple(_sockets):
            await each({"type": "websocket.send", "text": body})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        _sockets.add(send)
        while (await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": '{"type":"connection_ack"}'})
        _sockets.discard(send)


@contextmanager
def _server(module: str, command: str, *, folder: str = "", url: str = "") -> Iterator[tuple[int, int]]:
    """The process id and port of a server in a process of its own."""
    port = free_port(0)
    settings = {"VAR_FOLDER": folder, "DATABASE_URL": url, "PORT": str(port), "LIVE_CONNECTIONS": str(CONNECTIONS)}
    named = {f"LINGKAR_{name}": value for name, value in settings.items() if value}
    arguments = [command] if command == "serve" else [command, str(port)]
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], env=os.environ | named, stdout=sys.stderr)
    try:
        yield process.pid, port
    finally:
        process.terminate()
        process.wait()


# --- the client -------------------------------------------------------------------------------------------


class Client(asyncio.Protocol):
    """As little of a WebSocket as there can be: it counts what it is told, and answers pings."""

    def __init__(self, crowd: Crowd, *said: str) -> None:
        self._crowd = crowd
        self._said = said
        self._left = b""
        self._open = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        head = f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{self._crowd.port}\r\nUpgrade: websocket\r\n"
        head += f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        transport.write(f"{head}Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self._left += data
        if not self._open:
            head, found, self._left = self._left.partition(b"\r\n\r\n")
            if not found:
                self._left = head
                return
            assert b" 101 " in head, head
            self._open = True
            for text in self._said:
                self._write(0x81, text.encode())
        while (frame := self._frame()) is not None:
            self._take(*frame)

    def _frame(self) -> tuple[int, bytes] | None:
        if len(self._left) < 4:
            return None
        length, begin = self._left[1] & 127, 2
        if length == 126:
            length, begin = int.from_bytes(self._left[2:4]), 4
        if len(self._left) < begin + length:
            return None
        frame = self._left[0] & 15, self._left[begin : begin + length]
        self._left = self._left[begin + length :]
        return frame

    def _take(self, opcode: int, body: bytes) -> None:
        if opcode == 9:
            self._write(0x8A, body)
        elif b'"connection_ack"' in body:
            self._crowd.acknowledged += 1
        elif b'"next"' in body:
            self._crowd.told(body)

    def _write(self, first: int, body: bytes) -> None:
        length = bytes((128 | len(body),)) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2)
        self._transport.write(bytes((first,)) + length + b"\0\0\0\0" + body)


class Crowd:
    """All connections to one server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.acknowledged = 0
        self.last = b""
        self._told = 0
        self._all = asyncio.Event()

    async def connect(self, messages: Sequence[tuple[str, ...]]) -> None:
        loop = asyncio.get_running_loop()
        for begin in range(0, len(messages), 100):
            wave = messages[begin : begin + 100]
            await asyncio.gather(
                *(loop.create_connection(partial(Client, self, *said), "127.0.0.1", self.port) for said in wave)
            )
        async with asyncio.timeout(120):
            while self.acknowledged < len(messages):
                await asyncio.sleep(0.05)
        await asyncio.sleep(3)

    def told(self, body: bytes) -> None:
        self._told += 1
        self.last = body
        if self._told == CONNECTIONS:
            self._all.set()

    async def everyone_told(self) -> None:
        async with asyncio.timeout(120):
            await self._all.wait()
        self._all.clear()
        self._told = 0


def _resident_kib(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def _measure(settings: Settings, url: str, ours: tuple[int, int], bare: tuple[int, int]) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    sides = []
    for (process, port), said in ((ours, _messages(settings)), (bare, [("{}",)] * CONNECTIONS)):
        await _until_answering(port)
        before = _resident_kib(process)
        crowd = Crowd(port)
        await crowd.connect(said)
        print(f"port {port}: {(_resident_kib(process) - before) / CONNECTIONS:.1f} KiB for each connection")
        sides.append(crowd)
    followers, listeners = sides
    times: tuple[list[float], list[float]] = ([], [])
    async with await psycopg.AsyncConnection.connect(plain) as connection, httpx2.AsyncClient() as client:
        rows = await (await connection.execute(_ENROL)).fetchall()
        await connection.commit()
        for number in range(ROUNDS + 1):
            await connection.execute(_EVENT, {"id": rows[number % len(rows)][0]})
            await connection.execute("SELECT pg_notify('lingkar_events', '')")
            began = time.perf_counter()
            await connection.commit()
            await followers.everyone_told()
            one = time.perf_counter() - began
            began = time.perf_counter()
            await client.post(f"http://127.0.0.1:{listeners.port}/", content=followers.last)
            await listeners.everyone_told()
            two = time.perf_counter() - began
            if number:
                times[0].append(one)
                times[1].append(two)
                print(f"round {number}: ours {one * 1000:.0f} ms, bare broadcaster {two * 1000:.0f} ms", flush=True)
    print(f"live ratio {statistics.median(times[1]) / statistics.median(times[0]):.2f} of a bare broadcaster")


def _messages(settings: Settings) -> list[tuple[str, ...]]:
    issuer = DevelopmentIssuer(settings.keys_folder, environment="development")
    tokens = []
    for number in range(OFFICERS):
        officer = Actor(
            id=f"officer-{number}", kind=ActorKind.OFFICER, member_state=MemberState.ID, institution_id="ID.BPJSTK"
        )
        tokens.append(
            issuer.issue(
                officer,
                now=SystemClock().now(),
                lifetime_seconds=3600,
                audience=settings.token_audience,
                issuer=settings.development_issuer,
            )
        )
    subscribe = f'{{"id":"1","type":"subscribe","payload":{{"query":"{_QUERY}"}}}}'
    init = '{{"type":"connection_init","payload":{{"authorization":"Bearer {}"}}}}'
    return [(init.format(tokens[number % OFFICERS]), subscribe) for number in range(CONNECTIONS)]


async def _until_answering(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            except OSError:
                await asyncio.sleep(0.1)


if __name__ == "__main__":
    main()
