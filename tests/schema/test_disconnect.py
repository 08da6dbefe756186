"""A client that goes away ends its statement in the database, and nothing of it is committed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import psycopg
import pytest
import uvicorn

from adapters.http.edge import server_settings
from tests.support.api import Api
from tests.support.databases import plain_url
from tests.support.scene import OPERATOR, Scene

ACT = """mutation { donorRegister(idempotencyKey: "gone", input: {name: "Gone", funderKind: PERSONAL}) {
  __typename } }"""
PLANNED = "{ donations(first: 5) { edges { node { id } } } }"
ORDINARY = "{ messages(first: 5) { edges { node { id } } } }"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@asynccontextmanager
async def served(api: Api) -> AsyncIterator[int]:
    """The application of the fixture over a real socket."""
    transport: Any = api.client._transport
    assert isinstance(transport, httpx2.ASGITransport)
    settings: Any = {**server_settings(), "log_config": None, "lifespan": "off"}
    server = uvicorn.Server(uvicorn.Config(transport.app, host="127.0.0.1", port=0, **settings))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await running


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("operation", "table"),
    [(ACT, "donors"), (PLANNED, "donations"), (ORDINARY, "messages")],
    ids=["act", "planned", "ordinary"],
)
async def test_a_client_that_goes_away_ends_its_statement_and_nothing_is_kept(
    scene: Scene, api: Api, database_url: str, operation: str, table: str
) -> None:
    body = json.dumps({"query": operation}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nhost: lingkar.test\r\nauthorization: Bearer {api.token(OPERATOR)}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    before = await scene.counts()
    with psycopg.connect(plain_url(database_url), autocommit=True) as direct:

        def waiting() -> int:
            row = direct.execute(WAITING).fetchone()
            assert row is not None
            return int(row[0])

        async with served(api) as port:
            with psycopg.connect(plain_url(database_url)) as holding:
                holding.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(head.encode() + body)
                await writer.drain()
                await until(lambda: waiting() == 1)

                writer.close()
                await until(lambda: waiting() == 0)

                # The lock is still held: the statement did not end because it got what it waited for.
                holding.rollback()
    assert await scene.counts() == before
