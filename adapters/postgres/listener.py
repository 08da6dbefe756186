"""The one connection of a process that hears when events are committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy import make_url

from adapters.postgres.events import CHANNEL

_log = structlog.get_logger("lingkar.live")
_AGAIN_SECONDS = 0.5


async def listen(url: str, heard: Callable[[], None]) -> None:
    """Call `heard` for every notification, and after every connection for what nobody listened to; never ends.

    url: as SQLAlchemy names the database. It must lead to the server itself: a pooler in transaction mode and a
    standby take no LISTEN. What is heard says only that there is something to read, so that nothing is lost with a
    connection that breaks.
    """
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                plain, autocommit=True, connect_timeout=5, application_name="lingkar-listener", keepalives_idle=30
            ) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                heard()
                async for _ in connection.notifies():
                    heard()
        except psycopg.Error as error:
            _log.warning("listener_lost", error=type(error).__qualname__)
        await asyncio.sleep(_AGAIN_SECONDS)
