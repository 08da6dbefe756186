"""A client that goes away takes its work along."""

from __future__ import annotations

import asyncio
import json

import pytest
from starlette.types import Message
from structlog.testing import capture_logs

from adapters.http.connected import ClientGone, while_connected
from tests.edge.small_door import SmallDoor, small_door


async def gone_while(door: SmallDoor, text: str) -> list[Message]:
    """Ask, and go away as soon as the work has begun; what was still sent."""
    body = json.dumps({"query": text}).encode()
    incoming: asyncio.Queue[Message] = asyncio.Queue()
    incoming.put_nowait({"type": "http.request", "body": body, "more_body": False})
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [("host", "lingkar.test"), ("authorization", "Bearer good"), ("content-type", "application/json")]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/graphql", "raw_path": b"/graphql", "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }  # fmt: skip
    asking = asyncio.create_task(door.app(scope, incoming.get, send))
    while not door.seen.began:
        await asyncio.sleep(0.01)
    incoming.put_nowait({"type": "http.disconnect"})
    await asyncio.wait_for(asking, 5)
    return sent


async def test_the_work_of_a_client_that_has_gone_is_cancelled() -> None:
    door = small_door()

    await gone_while(door, "{ slow }")

    assert door.seen.cancelled


async def test_a_client_that_has_gone_is_no_failure_of_the_server() -> None:
    with capture_logs() as logged:
        sent = await gone_while(small_door(), "{ slow }")

    line = next(line for line in logged if line["event"] == "request_answered")
    assert (line["codes"], line["status"]) == (["CLIENT_GONE"], 499)
    assert not [line for line in logged if line["log_level"] == "error"]
    assert sent[0]["status"] == 499


async def never() -> Message:
    await asyncio.sleep(3600)
    raise AssertionError("nobody waits so long")


async def leaves() -> Message:
    return {"type": "http.disconnect"}


async def test_work_of_a_client_that_stays_ends_as_it_would() -> None:
    with while_connected(never, after_seconds=0):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0)

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_whoever_cancels_the_work_itself_is_not_told_of_a_client() -> None:
    async def work() -> None:
        with while_connected(never, after_seconds=0):
            await asyncio.sleep(3600)

    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_time_limit_around_it_is_still_a_time_limit() -> None:
    async def work() -> None:
        async with asyncio.timeout(0.01):
            with while_connected(never, after_seconds=0):
                await asyncio.sleep(3600)

    with pytest.raises(TimeoutError):
        await work()


async def test_the_client_that_left_is_named_as_the_reason() -> None:
    with pytest.raises(ClientGone), while_connected(leaves, after_seconds=0):
        await asyncio.sleep(3600)
