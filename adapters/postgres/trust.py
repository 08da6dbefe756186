"""The store of idempotency keys and of the audit chains."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.identity.sealing import Sealer
from adapters.postgres.tables import audit_entries, audit_heads, idempotency_keys
from domain.actors import Actor
from domain.audit import FIRST_HASH, entry_hash


@dataclass(frozen=True, slots=True)
class _Waiting:
    chain: str
    actor: Actor
    action: str
    subject: str
    at: dt.datetime

    def content(self, number: int, previous_hash: bytes) -> dict[str, Any]:
        """What of the entry is hashed, at its place in the chain."""
        return {
            "chain": self.chain,
            "number": number,
            "at": self.at,
            "actor_kind": self.actor.kind.value,
            "actor_id": self.actor.id,
            "action": self.action,
            "subject": self.subject,
            "previous_hash": previous_hash,
        }


class PostgresTrust:
    """Keys and audit entries of one unit of work."""

    def __init__(self, connection: AsyncConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer
        self._waiting: list[_Waiting] = []

    async def claim_key(
        self, actor: Actor, key: str, operation: str, digest: bytes, at: dt.datetime
    ) -> tuple[str, bool, dict[str, Any] | None] | None:
        # A second caller with the same key waits here until the first one's transaction ends.
        query = """
            INSERT INTO idempotency_keys (actor_id, key, operation, digest, recorded_at)
            VALUES (:actor, :key, :operation, :digest, :at) ON CONFLICT (actor_id, key) DO NOTHING
            RETURNING key"""
        kept = self._sealer.blind_index("idempotency", actor.id, digest.hex())
        asked = {"actor": actor.id, "key": key, "operation": operation, "digest": kept, "at": at}
        if (await self._connection.execute(text(query), asked)).one_or_none() is not None:
            return None
        keys = idempotency_keys
        used = select(keys).where(keys.c.actor_id == actor.id, keys.c.key == key)
        row = (await self._connection.execute(used)).one()
        return row.operation, bytes(row.digest) == kept, row.outcome

    async def keep_outcome(self, actor: Actor, key: str, outcome: dict[str, Any]) -> None:
        keys = idempotency_keys
        mine = update(keys).where(keys.c.actor_id == actor.id, keys.c.key == key)
        await self._connection.execute(mine.values(outcome=outcome))

    async def append(self, chain: str, actor: Actor, action: str, subject: str, at: dt.datetime) -> None:
        self._waiting.append(_Waiting(chain, actor, action, subject, at))

    def waiting(self) -> int:
        """How many entries wait for the end of the transaction."""
        return len(self._waiting)

    def forget_after(self, count: int) -> None:
        """Drop the entries of a part of the transaction that was undone."""
        del self._waiting[count:]

    async def write_waiting(self) -> None:
        """Write the entries that wait: the last thing a transaction does, for the head of a chain is a lock."""
        for chain in sorted({entry.chain for entry in self._waiting}):
            await self._write([entry for entry in self._waiting if entry.chain == chain])
        self._waiting.clear()

    async def _write(self, waiting: list[_Waiting]) -> None:
        chain, heads = waiting[0].chain, audit_heads
        start = """INSERT INTO audit_heads (chain, number, hash) VALUES (:chain, 0, :hash)
                   ON CONFLICT (chain) DO NOTHING"""
        await self._connection.execute(text(start), {"chain": chain, "hash": FIRST_HASH})
        head = select(heads).where(heads.c.chain == chain).with_for_update()
        row = (await self._connection.execute(head)).one()
        previous, number, rows = bytes(row.hash), row.number, []
        for entry in waiting:
            number += 1
            content = entry.content(number, previous)
            previous = entry_hash(**content)
            rows.append(content | {"hash": previous})
        await self._connection.execute(insert(audit_entries).values(rows))
        moved = update(heads).where(heads.c.chain == chain).values(number=number, hash=previous)
        await self._connection.execute(moved)
