"""The store of erasures: what hinders one, carrying it out, and whose time is over."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.tables import erasures
from domain.retention import ErasureFacts, ErasureReason

_UNSETTLED = "JOIN ledger_pendings p ON p.transfer_id = r.pending_transfer_id WHERE p.settled < p.amount"

# An enrolment without a last day is no cover: what is paid or lasts is in the spells, which know their end.
_FACTS = rf"""
    SELECT w.id, k.destroyed_at IS NOT NULL AS erased,
           k.worker_id IS NOT NULL AND substring(w.sealed_person FOR 1) = '\x02'::bytea AND NOT EXISTS (
               SELECT FROM identifiers i
               WHERE i.worker_id = w.id AND substring(i.sealed_value FOR 1) <> '\x02'::bytea) AS keyed,
           EXISTS (SELECT FROM coverage_spells s WHERE s.worker_id = w.id AND s.superseded_at IS NULL
                   AND (upper_inf(s.days) OR upper(s.days) > :today)) AS cover_stands,
           EXISTS (SELECT FROM moves m WHERE m.worker_id = w.id AND m.ended_at IS NULL) AS move_open,
           EXISTS (SELECT FROM contribution_months c JOIN remittances r ON r.id = c.remittance_id {_UNSETTLED}
                   AND c.worker_id = w.id AND c.superseded_at IS NULL)
           OR EXISTS (SELECT FROM allocations a JOIN remittances r ON r.allocation_id = a.id {_UNSETTLED}
                      AND a.worker_id = w.id) AS money_open,
           greatest(
               (SELECT max(e.last_day) FROM enrolments e WHERE e.worker_id = w.id AND e.superseded_at IS NULL),
               (SELECT max(upper(s.days)) - 1 FROM coverage_spells s
                WHERE s.worker_id = w.id AND s.superseded_at IS NULL),
               (SELECT CAST(max(c.month) + interval '1 month' AS date) - 1 FROM contribution_months c
                WHERE c.worker_id = w.id AND c.superseded_at IS NULL)) AS last_use
    FROM workers w LEFT JOIN person_keys k ON k.worker_id = w.id"""

# Nobody finds the person by a number any more; the index of a number could still be guessed by who has its secret.
_FORGET = """
    UPDATE identifiers SET blind_index = uuid_send(gen_random_uuid()), superseded_at = coalesce(superseded_at, :at)
    WHERE worker_id = :worker"""

_OVER = f"""
    SELECT f.id FROM ({_FACTS} WHERE w.recorded_at < :before) f
    WHERE f.keyed AND NOT (f.erased OR f.cover_stands OR f.move_open OR f.money_open) AND f.last_use < :before
    ORDER BY f.id LIMIT :limit"""


class PostgresErasures:
    """Erasures of one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def facts(self, worker_id: UUID, today: dt.date) -> ErasureFacts:
        # Who is erased is not given money or a move at the same time, and is erased once.
        lock = "SELECT workers_locked(ARRAY[CAST(:worker AS uuid)])"
        await self._connection.execute(text(lock), {"worker": worker_id})
        one = text(f"{_FACTS} WHERE w.id = :worker")
        row = (await self._connection.execute(one, {"worker": worker_id, "today": today})).one()
        known = {name: value for name, value in row._mapping.items() if name != "id"}
        return ErasureFacts(worker_id=worker_id, **known)

    async def erase(self, worker_id: UUID, reason: ErasureReason, at: dt.datetime) -> None:
        destroy = "UPDATE person_keys SET wrapped_key = NULL, destroyed_at = :at WHERE worker_id = :worker"
        for statement in (destroy, _FORGET):
            await self._connection.execute(text(statement), {"worker": worker_id, "at": at})
        row = insert(erasures).values(worker_id=worker_id, reason=reason.value, recorded_at=at)
        await self._connection.execute(row)

    async def over(self, before: dt.date, today: dt.date, *, limit: int) -> tuple[UUID, ...]:
        asked = {"before": before, "today": today, "limit": limit}
        rows = await self._connection.execute(text(_OVER), asked)
        return tuple(row.id for row in rows)

    async def delete_keys(self, before: dt.date) -> int:
        delete = "DELETE FROM idempotency_keys WHERE recorded_at < :before"
        return (await self._connection.execute(text(delete), {"before": before})).rowcount

    async def count_keys(self, before: dt.date) -> int:
        count = "SELECT count(*) FROM idempotency_keys WHERE recorded_at < :before"
        return int((await self._connection.execute(text(count), {"before": before})).scalar_one())
