"""Subscriptions as server-sent events: chosen by Accept, one for each request, resumed by the id of the last event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from schema.ids import opaque_id
from tests.live.listening import COVERAGE, Live, nudge
from tests.support.scene import OFFICER_ID, OPERATOR, Scene, covered_worker

STREAM = "text/event-stream"


@asynccontextmanager
async def stream(live: Live, query: str, actor: Any = OPERATOR, **headers: str) -> AsyncIterator[httpx2.Response]:
    named = {"authorization": live.token(actor), "accept": STREAM} | {
        k.replace("_", "-"): v for k, v in headers.items()
    }
    async with (
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{live.port}", timeout=10) as client,
        client.stream("POST", "/graphql", json={"query": query}, headers=named) as response,
    ):
        yield response


async def blocks(response: httpx2.Response) -> AsyncIterator[dict[str, str]]:
    """The events of a stream, without signs of life."""
    block: dict[str, str] = {}
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        if name and not line.startswith(":"):
            block[name] = value
        elif not line and block:
            yield block
            block = {}


async def test_events_come_one_by_one_with_their_cursor_as_id(live: Live, scene: Scene) -> None:
    found = await covered_worker(scene)
    async with stream(live, COVERAGE) as response:
        told = blocks(response)
        begun = await anext(told)

        await nudge(scene, found.id)
        event = await anext(told)

        assert response.headers["content-type"].startswith(STREAM)
        assert set(begun) == {"id"}
        assert event["event"] == "next"
        assert opaque_id("Worker", found.id) in event["data"]
        assert event["id"] in event["data"]


async def test_last_event_id_resumes_behind_the_event(live: Live, scene: Scene) -> None:
    found = await covered_worker(scene)
    async with stream(live, COVERAGE) as response:
        begun = await anext(blocks(response))
    await nudge(scene, found.id)

    async with stream(live, COVERAGE, last_event_id=begun["id"]) as response:
        told = blocks(response)
        await anext(told)

        assert opaque_id("Worker", found.id) in (await anext(told))["data"]


async def test_a_client_that_names_json_first_gets_json(live: Live) -> None:
    accept = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"
    async with stream(live, "{ memberStates { code } }", accept=accept) as response:
        await response.aread()

    assert response.status_code == 200
    assert "data" in response.json()


@pytest.mark.parametrize(
    ("query", "headers", "status", "code"),
    [
        (COVERAGE, {"authorization": "Bearer a.b.c"}, 401, "UNAUTHENTICATED"),
        (COVERAGE, {"origin": "https://evil.example"}, 403, "CSRF_BLOCKED"),
        (COVERAGE, {"origin": "null"}, 403, "CSRF_BLOCKED"),
        (COVERAGE, {"last_event_id": "bm90IG91cnM"}, 400, "BAD_USER_INPUT"),
        ("{ memberStates { code } }", {}, 400, "OPERATION_RESOLUTION_FAILURE"),
        ("subscription { coverageChanged {", {}, 400, "GRAPHQL_PARSE_FAILED"),
        ("subscription { donationChanged { cursor } }", {}, 403, "FORBIDDEN"),
        (COVERAGE, {"accept": "application/json, text/event-stream"}, 200, "OPERATION_RESOLUTION_FAILURE"),
    ],
)
async def test_a_stream_that_cannot_begin_is_refused_with_a_code(
    live: Live, query: str, headers: dict[str, str], status: int, code: str
) -> None:
    async with stream(live, query, OFFICER_ID, **headers) as response:
        await response.aread()

    assert response.status_code == status
    assert response.json()["errors"][0]["extensions"]["code"] == code


async def test_a_client_that_goes_away_is_followed_no_more(live: Live, scene: Scene) -> None:
    found = await covered_worker(scene)
    async with stream(live, COVERAGE, OFFICER_ID) as response:
        await anext(blocks(response))
    await asyncio.sleep(0.3)
    before = await scene.counts()

    await nudge(scene, found.id)
    await asyncio.sleep(0.5)

    assert (await scene.counts())["access_records"] == before["access_records"]
