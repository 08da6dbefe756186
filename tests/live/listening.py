"""The real server on a free port, and clients that follow events over its socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from adapters.http.edge import server_settings
from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.settings import Settings
from domain.actors import Actor
from tests.support.clock import SettableClock
from tests.support.scene import Scene

PROTOCOL = Subprotocol("graphql-transport-ws")
COVERAGE = "subscription { coverageChanged(purpose: ADMINISTRATION) { cursor worker { id } } }"
CASES = "subscription { caseChanged(purpose: ADMINISTRATION) { cursor move { id step } } }"
DONATIONS = "subscription { donationChanged { cursor donation { id statement { available { amount } } } } }"
PATIENCE = 10.0


@asynccontextmanager
async def serving(app: ASGIApp, port: int = 0, **changes: Any) -> AsyncIterator[int]:
    """Serve on a port of this machine until the block ends."""
    settings = {**server_settings(), "log_config": None, "timeout_graceful_shutdown": 1, **changes}
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, **settings))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


@dataclass(eq=False)
class Socket:
    """One client of the socket: what it got, by subscription."""

    connection: ClientConnection
    got: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)

    async def say(self, message: object) -> None:
        await self.connection.send(message if isinstance(message, str) else json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        """The next message, whatever it is."""
        async with asyncio.timeout(PATIENCE):
            heard: dict[str, Any] = json.loads(await self.connection.recv())
        return heard

    async def subscribe(self, query: str, id: str = "1", **variables: Any) -> None:
        """Subscribe, and wait until the server has taken it: it answers in order."""
        await self.say({"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables}})
        await self.settled()

    async def settled(self) -> None:
        """Until the server has taken everything that was said, the beginning of a subscription included."""
        for _ in range(3):
            await self.say({"type": "ping"})
            while (await self.hear_or_keep())["type"] != "pong":
                pass
            await asyncio.sleep(0.02)

    async def hear_or_keep(self) -> dict[str, Any]:
        heard = await self.hear()
        if heard["type"] in ("next", "error", "complete"):
            self.got.put_nowait(heard)
        return heard

    async def told(self) -> dict[str, Any]:
        """The next answer of any subscription."""
        while self.got.empty():
            await self.hear_or_keep()
        return self.got.get_nowait()

    async def data(self) -> dict[str, Any]:
        """The data of the next event, without the name of its field."""
        message = await self.told()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (value,) = message["payload"]["data"].values()
        found: dict[str, Any] = value
        return found

    async def silent(self, seconds: float = 0.6) -> bool:
        """Whether nothing comes for a while."""
        try:
            async with asyncio.timeout(seconds):
                await self.told()
        except TimeoutError:
            return True
        return False

    async def ticked(self) -> None:
        """Until what was done before the subscription has been told."""
        while not await self.silent():
            pass

    async def closed(self) -> int:
        """The code with which the server closes."""
        async with asyncio.timeout(PATIENCE):
            await self.connection.wait_closed()
        assert self.connection.close_code is not None
        return self.connection.close_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A served platform."""

    port: int
    issuer: DevelopmentIssuer
    settings: Settings
    clock: SettableClock

    def token(self, actor: Actor, seconds: int = 3600) -> str:
        return "Bearer " + self.issuer.issue(
            actor,
            now=self.clock.now(),
            lifetime_seconds=seconds,
            audience=self.settings.token_audience,
            issuer=self.settings.development_issuer,
        )

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"

    @asynccontextmanager
    async def silent_socket(self, **options: Any) -> AsyncIterator[Socket]:
        """A connection that has said nothing yet."""
        async with connect(self.address, subprotocols=[PROTOCOL], compression=None, **options) as connection:
            yield Socket(connection)

    @asynccontextmanager
    async def socket(self, actor: Actor, *, seconds: int = 3600, **options: Any) -> AsyncIterator[Socket]:
        """A connection that has said who it is; its first cursor is `begun_at` of the acknowledgement."""
        async with self.silent_socket(**options) as socket:
            await socket.say({"type": "connection_init", "payload": {"authorization": self.token(actor, seconds)}})
            acknowledged = await socket.hear()
            assert acknowledged["type"] == "connection_ack", acknowledged
            yield socket


@dataclass
class Told:
    """Everything that a client was told, over all of its connections, with the cursor to go on from."""

    subjects: list[str] = field(default_factory=list)
    cursor: str | None = None

    def add(self, value: dict[str, Any]) -> Self:
        self.cursor = value["cursor"]
        (thing,) = [part for name, part in value.items() if name != "cursor"]
        self.subjects.append(thing["id"])
        return self


async def nudge(scene: Scene, worker_id: object) -> None:
    """Something of a worker's cover is written again: an event, by the trigger that writes all of them."""
    async with scene.superuser.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO coverage_spells (worker_id, scheme_id, institution_id, branch, days, extent, state, "
            "funder_kind, fund_id, reasons_id, rules_hash, recorded_at, superseded_at) "
            "SELECT worker_id, scheme_id, institution_id, branch, days, extent, state, funder_kind, fund_id, "
            "reasons_id, rules_hash, recorded_at, recorded_at FROM coverage_spells WHERE worker_id = %s LIMIT 1",
            (worker_id,),
        )
