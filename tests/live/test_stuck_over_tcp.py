"""Over the real network: who opens a socket and stops reading keeps no server running."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket as sockets
from collections.abc import Callable
from contextlib import AsyncExitStack

from starlette.types import ASGIApp

from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.settings import Settings
from tests.live.listening import Live, serving
from tests.support.clock import SettableClock
from tests.support.scene import OFFICER_ID, Scene, covered_worker

_BUFFER = 4096
_LONG = "a" * 30_000
"""An alias, so that few answers fill every buffer on the way."""
QUERY = f"subscription {{ coverageChanged(purpose: ADMINISTRATION) {{ cursor worker {{ {_LONG}: id }} }} }}"
_WRITE = "INSERT INTO events (kind, subject_id, owner_id) VALUES ('coverage', %s, %s)"


def masked(text: str) -> bytes:
    """A frame of a client, under the mask that changes nothing."""
    body = text.encode()
    length = bytes((128 | len(body),)) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2)
    if len(body) > 65_535:
        length = b"\xff" + len(body).to_bytes(8)
    return b"\x81" + length + b"\0\0\0\0" + body


def opened(port: int) -> sockets.socket:
    """A connection that takes little at a time."""
    found = sockets.socket()
    found.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, _BUFFER)
    found.settimeout(10)
    found.connect(("127.0.0.1", port))
    return found


def stuck_socket(live: Live) -> sockets.socket:
    """Subscribes over a WebSocket, reads the acknowledgement, and nothing ever after."""
    found = opened(live.port)
    key = base64.b64encode(os.urandom(16)).decode()
    found.sendall(
        f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
    )
    # A client says nothing before the handshake is answered.
    read_until(found, b"\r\n\r\n")
    payload = {"authorization": live.token(OFFICER_ID)}
    found.sendall(masked(json.dumps({"type": "connection_init", "payload": payload})))
    read_until(found, b"connection_ack")
    found.sendall(masked(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": QUERY}})))
    return found


def read_until(found: sockets.socket, wanted: bytes) -> None:
    seen = b""
    while wanted not in seen:
        part = found.recv(1024)
        assert part, seen
        seen += part


async def pour(scene: Scene, worker_id: object, *, count: int) -> None:
    """Events one after another, each in a transaction of its own, so that each is answered."""
    for _ in range(count):
        async with scene.superuser.begin() as connection:
            await connection.exec_driver_sql(_WRITE, (worker_id, worker_id))
            await connection.exec_driver_sql("SELECT pg_notify('lingkar_events', '')")


async def test_a_client_that_stops_reading_keeps_no_server_from_stopping(
    build: Callable[[str], ASGIApp],
    database_url: str,
    settings: Settings,
    clock: SettableClock,
    scene: Scene,
) -> None:
    found = await covered_worker(scene)
    issuer = DevelopmentIssuer(settings.keys_folder, environment="development")
    async with AsyncExitStack() as stack:
        # The server is given no limit of its own, so that it ends only if every connection does.
        port = await stack.enter_async_context(serving(build(database_url), timeout_graceful_shutdown=None))
        live = Live(port=port, issuer=issuer, settings=settings, clock=clock)
        stuck = await asyncio.to_thread(stuck_socket, live)
        await asyncio.sleep(0.5)
        await pour(scene, found.id, count=200)

        stopping = asyncio.create_task(stack.pop_all().aclose())
        done, _ = await asyncio.wait((stopping,), timeout=25)
        stuck.close()
        await stopping

    assert done == {stopping}
