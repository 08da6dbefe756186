"""Proofs of possession that were taken, so that no process of the platform takes one twice."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_TAKE = text("INSERT INTO proofs_seen (digest, until) VALUES (:digest, :until) ON CONFLICT DO NOTHING")
_FORGET = text("DELETE FROM proofs_seen WHERE until < :now")
# A proof lives for a minute: what a crash of the database could lose is not worth a wait for the disk each time.
_WITHOUT_WAITING = text("SET LOCAL synchronous_commit = off")


class PostgresProofs:
    """The table `proofs_seen`. Raises the driver's errors: without the table no proof is taken."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def first_time(self, digest: bytes, *, until: dt.datetime) -> bool:
        """Whether a proof is seen for the first time; of two processes at the same moment one is told so."""
        async with self._engine.begin() as connection:
            await connection.execute(_WITHOUT_WAITING)
            taken = await connection.execute(_TAKE, {"digest": digest, "until": until})
            return taken.rowcount == 1

    async def forget_old(self, now: dt.datetime) -> None:
        """Take away the proofs that are too old to be taken anyway."""
        async with self._engine.begin() as connection:
            await connection.execute(_FORGET, {"now": now})
