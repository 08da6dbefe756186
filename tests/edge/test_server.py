"""The real server over real sockets: heads that are too large or never end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp

from adapters.http.edge import server_settings
from adapters.http.protocol import PEER_KEY, GuardedProtocol
from tests.edge.small_door import small_door


class HastyProtocol(GuardedProtocol):
    """The protocol with less patience, so that the tests need little."""

    head_seconds = 0.2


async def serving(app: ASGIApp, settings: dict[str, object]) -> AsyncIterator[int]:
    """Serve on a free port of this machine until the test ends."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, **settings))  # type: ignore[arg-type]
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await running


@pytest.fixture
async def port() -> AsyncIterator[int]:
    settings = {**server_settings(), "http": HastyProtocol, "log_config": None, "lifespan": "off"}
    async for number in serving(small_door().app, settings):
        yield number


async def said(port: int, *parts: bytes) -> bytes:
    """Send the parts and return everything that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


HEAD = b"GET /livez HTTP/1.1\r\nhost: lingkar.test\r\n"
CLOSE = b"connection: close\r\n"


async def test_an_ordinary_request_is_answered(port: int) -> None:
    answer = await said(port, HEAD + CLOSE + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 200")
    assert b"\r\nserver:" not in answer.lower()


async def test_two_requests_on_one_connection_are_both_answered(port: int) -> None:
    answer = await said(port, HEAD + b"\r\n", HEAD + CLOSE + b"\r\n")

    assert answer.count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize(
    "headers", [b"a: b\r\n" * 10_000, b"a: " + b"b" * 100_000 + b"\r\n"], ids=["ten_thousand", "a_hundred_kb"]
)
async def test_a_head_with_too_much_in_it_is_answered_with_431_and_closed(port: int, headers: bytes) -> None:
    answer = await said(port, HEAD, headers)

    # The peer may reset the connection, because it closes without reading what is still coming.
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431")


async def test_a_few_headers_too_many_are_answered_with_431(port: int) -> None:
    answer = await said(port, HEAD + b"a: b\r\n" * 64 + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 431")


async def test_a_header_line_without_an_end_is_answered_with_431(port: int) -> None:
    answer = await said(port, HEAD + b"a: " + b"b" * 16_000, b"b" * 1_000)

    assert answer.startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("head", [b"", b"GET", HEAD], ids=["silence", "half_a_line", "half_a_head"])
async def test_a_connection_whose_head_never_ends_is_closed(port: int, head: bytes) -> None:
    assert await said(port, head) == b""


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        HEAD + b"content-length: 5\r\ncontent-length: 6\r\n\r\n",
        HEAD + b"content-length: -1\r\n\r\n",
        HEAD + b"content-length: 0x18\r\n\r\n",
        HEAD + b"transfer-encoding : chunked\r\n\r\n",
        HEAD + b"content-length: +24\r\n\r\n",
        HEAD + b"a: b\x00c\r\n\r\n",
        HEAD + b"a: b\rc\r\n\r\n",
        HEAD + b"a: b\r\n c\r\n\r\n",
    ],
)
async def test_a_head_that_two_servers_could_read_differently_is_refused_and_closed(port: int, head: bytes) -> None:
    answer = await said(port, head)

    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


async def test_who_is_connected_stays_known_whatever_a_header_says() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = f"{scope['client'][0]} {scope[PEER_KEY]}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    settings = {**server_settings(), "log_config": None, "lifespan": "off"}
    async for port in serving(app, settings):
        answer = await said(port, HEAD + b"x-forwarded-for: 10.9.9.9\r\n" + CLOSE + b"\r\n")

        assert b"10.9.9.9 127.0.0.1" in answer


@pytest.mark.parametrize("hosts", [b"", b"host: lingkar.test\r\nhost: lingkar.test\r\n"], ids=["none", "two"])
async def test_a_head_without_exactly_one_host_is_refused(port: int, hosts: bytes) -> None:
    answer = await said(port, b"GET /livez HTTP/1.1\r\n" + hosts + CLOSE + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 400")
