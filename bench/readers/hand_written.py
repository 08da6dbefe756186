"""The limit: SQL written by hand behind the smallest ASGI application there is.

It knows the three questions by name, checks nothing, and sends what PostgreSQL wrote. The driver is asyncpg where it
is installed, which is the fastest there is for this, else psycopg as the platform drives it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from adapters.identity.sealing import Sealer
from adapters.postgres.planner.wire import Wires
from adapters.postgres.workers import blind_index_of
from bench.readers.data import passport
from bench.readers.questions import LIST, POINT, ROLL_UP

Ask = Callable[[str, tuple[Any, ...]], Awaitable[bytes]]
DRIVER = "asyncpg" if find_spec("asyncpg") else "psycopg"
_SETTINGS = {"jit": "off", "timezone": "UTC"}


def application(address: str, sealer: Sealer, pool: int) -> Any:
    """The ASGI application. address: of the database, as libpq takes it."""
    asking: list[Ask] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if not asking:
            asking.append(await _asker(address, pool))
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        answer = await asking[0](*_statement(json.loads(body), sealer))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app


def _statement(asked: dict[str, Any], sealer: Sealer) -> tuple[str, tuple[Any, ...]]:
    given = asked["variables"]
    if "value" in given:
        shown = passport(int(given["value"][1:]))
        return POINT.sql, (blind_index_of(sealer, shown), dt.date.fromisoformat(given["on"]))
    if "first" in given:
        return LIST.sql, (UUID(asked["at"]), dt.date.fromisoformat(given["on"]))
    return ROLL_UP.sql, (UUID(asked["at"]),)


async def _asker(address: str, pool: int) -> Ask:
    return await _asyncpg(address, pool) if DRIVER == "asyncpg" else _psycopg(address, pool)


async def _asyncpg(address: str, pool: int) -> Ask:
    driver: Any = import_module("asyncpg")
    made = await driver.create_pool(address, min_size=pool, max_size=pool, server_settings=_SETTINGS)

    async def ask(query: str, values: tuple[Any, ...]) -> bytes:
        async with made.acquire() as connection:
            found: str = await connection.fetchval(query, *values)
            return found.encode()

    return ask


def _psycopg(address: str, pool: int) -> Ask:
    options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
    wires = Wires(address, size=pool, options=options)

    async def ask(query: str, values: tuple[Any, ...]) -> bytes:
        async with wires.one() as wire:
            found = await wire.value(query, [_text(value) for value in values])
            assert found is not None
            return found

    return ask


def _text(value: Any) -> bytes:
    return b"\\x" + value.hex().encode() if isinstance(value, bytes) else str(value).encode()
