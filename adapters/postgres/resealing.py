"""Changing root keys: keys of persons are wrapped anew, and values from before there were such keys are sealed anew.

In batches, each a transaction of its own; rows that somebody works on are left for later. What was done stays done, so
that a run that was stopped is begun again. Meanwhile everything opens, by the older keys.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.identity.sealing import Sealer
from adapters.postgres.who_asks import AS_SYSTEM
from adapters.postgres.workers import person_sealer

_OLDER = "wrapped_key IS NOT NULL AND substring(wrapped_key FROM 2 FOR 1) <> :newest"
_BEFORE = r"substring(w.sealed_person FOR 1) = '\x01'::bytea"

_OLDER_KEYS = f"""
    SELECT worker_id, state, wrapped_key FROM person_keys WHERE {_OLDER}
    ORDER BY worker_id LIMIT :limit FOR UPDATE SKIP LOCKED"""
_WRAP = """
    UPDATE person_keys k SET wrapped_key = n.wrapped
    FROM unnest(CAST(:workers AS uuid[]), CAST(:wrapped AS bytea[])) AS n(worker_id, wrapped)
    WHERE k.worker_id = n.worker_id"""
_PERSONS_BEFORE = rf"""
    SELECT w.id, w.home_state, w.sealed_person, k.wrapped_key, k.worker_id AS keyed,
           (SELECT array_agg(i.id ORDER BY i.id) FROM identifiers i
            WHERE i.worker_id = w.id AND substring(i.sealed_value FOR 1) = '\x01'::bytea) AS ids,
           (SELECT array_agg(i.sealed_value ORDER BY i.id) FROM identifiers i
            WHERE i.worker_id = w.id AND substring(i.sealed_value FOR 1) = '\x01'::bytea) AS sealed
    FROM workers w LEFT JOIN person_keys k ON k.worker_id = w.id
    WHERE {_BEFORE} AND (k.worker_id IS NULL OR k.wrapped_key IS NOT NULL)
    ORDER BY w.id LIMIT :limit FOR UPDATE OF w SKIP LOCKED"""
_GIVE_KEYS = """
    INSERT INTO person_keys (worker_id, state, wrapped_key, recorded_at)
    SELECT n.worker_id, n.state, n.wrapped, :at
    FROM unnest(CAST(:workers AS uuid[]), CAST(:states AS text[]), CAST(:wrapped AS bytea[]))
         AS n(worker_id, state, wrapped)"""
_SEAL_PERSONS = """
    UPDATE workers w SET sealed_person = n.sealed
    FROM unnest(CAST(:rows AS uuid[]), CAST(:sealed AS bytea[])) AS n(id, sealed) WHERE w.id = n.id"""
_SEAL_IDENTIFIERS = """
    UPDATE identifiers i SET sealed_value = n.sealed
    FROM unnest(CAST(:rows AS uuid[]), CAST(:sealed AS bytea[])) AS n(id, sealed) WHERE i.id = n.id"""
_LEFT = f"""
    SELECT (SELECT count(*) FROM person_keys WHERE {_OLDER}) AS keys,
           (SELECT count(*) FROM workers w LEFT JOIN person_keys k ON k.worker_id = w.id
            WHERE {_BEFORE} AND k.destroyed_at IS NULL) AS persons"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """How many keys are wrapped by older root keys, and how many persons' values are sealed by none of their own."""

    keys: int
    persons: int


class Resealing:
    """Brings everything under the newest root key, batch by batch."""

    def __init__(self, engine: AsyncEngine, sealer: Sealer) -> None:
        self._engine = engine
        self._sealer = sealer

    async def batch(self, limit: int, at: dt.datetime) -> Resealed:
        """Do the next persons, at most so many of either sort; returns how many were done."""
        async with self._engine.begin() as connection:
            await connection.execute(AS_SYSTEM)
            persons = await self._seal_persons(connection, limit, at)
            keys = await self._wrap_keys(connection, limit)
        return Resealed(keys=keys, persons=persons)

    async def left(self) -> Resealed:
        """What is still to be done."""
        async with self._engine.begin() as connection:
            await connection.execute(AS_SYSTEM)
            row = (await connection.execute(text(_LEFT), {"newest": self._newest})).one()
            return Resealed(keys=row.keys, persons=row.persons)

    @property
    def _newest(self) -> bytes:
        return bytes([self._sealer.newest_id])

    async def _wrap_keys(self, connection: AsyncConnection, limit: int) -> int:
        asked = {"newest": self._newest, "limit": limit}
        rows = (await connection.execute(text(_OLDER_KEYS), asked)).all()
        if rows:
            wrapped = [self._sealer.rewrapped(bytes(row.wrapped_key), row.worker_id, row.state) for row in rows]
            await connection.execute(text(_WRAP), {"workers": [row.worker_id for row in rows], "wrapped": wrapped})
        return len(rows)

    async def _seal_persons(self, connection: AsyncConnection, limit: int, at: dt.datetime) -> int:
        rows = (await connection.execute(text(_PERSONS_BEFORE), {"limit": limit})).all()
        if not rows:
            return 0
        given: list[tuple[UUID, str, bytes]] = []
        persons: dict[UUID, bytes] = {}
        values: dict[UUID, bytes] = {}
        for row in rows:
            self._seal_person(row, given, persons, values)
        workers, states, wrapped = ([one[part] for one in given] for part in range(3))
        await connection.execute(text(_GIVE_KEYS), {"workers": workers, "states": states, "wrapped": wrapped, "at": at})
        for statement, sealed in ((_SEAL_PERSONS, persons), (_SEAL_IDENTIFIERS, values)):
            await connection.execute(text(statement), {"rows": list(sealed), "sealed": list(sealed.values())})
        return len(rows)

    def _seal_person(
        self,
        row: Row[Any],
        given: list[tuple[UUID, str, bytes]],
        persons: dict[UUID, bytes],
        values: dict[UUID, bytes],
    ) -> None:
        if row.keyed is None:
            sealer, wrapped = self._sealer.new_person(row.id, row.home_state)
            given.append((row.id, row.home_state, wrapped))
        else:
            sealer = person_sealer(self._sealer, row.wrapped_key, row.id, row.home_state)
        place: dict[str, Any] = {"table": "workers", "column": "sealed_person", "row": row.id}
        persons[row.id] = sealer.seal(sealer.open(bytes(row.sealed_person), **place), **place)
        for identifier_id, blob in zip(row.ids or (), row.sealed or (), strict=True):
            place = {"table": "identifiers", "column": "sealed_value", "row": identifier_id}
            values[identifier_id] = sealer.seal(sealer.open(bytes(blob), **place), **place)
