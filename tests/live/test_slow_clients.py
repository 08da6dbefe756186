"""A client that does not take what it is told is cut off, and told how to go on."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any, cast

from adapters.http.live_limits import SLOW, Connections, StreamLimits
from adapters.http.live_socket import LiveSocket, SocketConnection
from adapters.http.live_stream import StreamConnection
from adapters.live.subscriptions import Subscriptions

LIMITS = StreamLimits(waiting=4)


class StuckPeer:
    """An ASGI server whose client reads nothing; only what ends the connection goes through."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def send(self, message: Any) -> None:
        last = message["type"] == "websocket.close" or message.get("more_body") is False
        if message["type"] in ("websocket.send", "http.response.body") and not last:
            await asyncio.Event().wait()
        self.sent.append(message)


async def until_sent(peer: StuckPeer, count: int) -> None:
    async with asyncio.timeout(5):
        while len(peer.sent) < count:
            await asyncio.sleep(0.01)


async def silence() -> Any:
    await asyncio.Event().wait()


async def test_a_socket_whose_queue_is_full_is_closed_with_4413() -> None:
    peer = StuckPeer()
    socket = LiveSocket(
        cast(Subscriptions, None), cast(Any, None), Connections(LIMITS), lambda: dt.datetime.now(dt.UTC)
    )
    connection = SocketConnection(socket, {"type": "websocket", "headers": []}, peer.send)

    for number in range(LIMITS.waiting + 2):
        connection.offer(f"event {number}")
        await asyncio.sleep(0)
    await until_sent(peer, 1)
    connection.end()

    assert [(message["type"], message["code"]) for message in peer.sent] == [("websocket.close", 4413)]


async def test_a_stream_whose_queue_is_full_ends_with_an_event_that_says_so() -> None:
    peer = StuckPeer()
    connection = StreamConnection(Connections(LIMITS), peer.send, lambda: None)
    connection.expires_in = 60
    serving = asyncio.create_task(connection.serve(silence))
    await asyncio.sleep(0)

    for number in range(LIMITS.waiting + 2):
        connection.offer(f"event {number}", "cursor")
        await asyncio.sleep(0.01)
    await asyncio.wait_for(serving, 5)

    assert peer.sent[0]["type"] == "http.response.start"
    assert f'event: cut\ndata: {{"code": "{SLOW}"' in peer.sent[-1]["body"].decode()
