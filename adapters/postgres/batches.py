"""The store of questions about many persons at once: who of them is in sight, and the records that this leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.identity.sealing import Sealer
from adapters.postgres.workers import blind_index_of
from domain.people import Identifier
from domain.records import Purpose

# Each place by id or by blind index; the other one is null. Row security hides the rows, sees_worker the worker.
PLACES = """
    SELECT g.n, g.id AS given_id, g.blind, f.id, sees_worker(f.id) IS TRUE AND f.id IS NOT NULL AS seen
    FROM unnest({ids}, {blinds}) WITH ORDINALITY g(id, blind, n) CROSS JOIN LATERAL (
        SELECT coalesce((SELECT w.id FROM workers w WHERE w.id = g.id),
                        (SELECT i.worker_id FROM identifiers i
                         WHERE i.blind_index = g.blind AND i.superseded_at IS NULL)) AS id OFFSET 0) f"""
_IN_SIGHT = f"""
    SELECT CASE WHEN p.seen THEN p.id END AS id
    FROM ({PLACES.format(ids="CAST(:ids AS uuid[])", blinds="CAST(:blinds AS bytea[])")}) p ORDER BY p.n"""
_LEAVE = """
    SELECT leave_answer_records(CAST(:people AS uuid[]), CAST(:outcomes AS text[]), CAST(:hidden AS uuid[]),
                                CAST(:blinds AS bytea[]), :purpose, :asked_about, CAST(:fields AS text[]))"""


class PostgresBatches:
    """Questions about many persons, of one unit of work."""

    def __init__(self, connection: AsyncConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def in_sight(self, people: Sequence[UUID | Identifier]) -> tuple[UUID | None, ...]:
        asked = {
            "ids": [one if isinstance(one, UUID) else None for one in people],
            "blinds": [self._blind(one) if isinstance(one, Identifier) else None for one in people],
        }
        return tuple(row.id for row in await self._connection.execute(text(_IN_SIGHT), asked))

    async def record_answers(
        self,
        outcomes: Mapping[UUID, str],
        hidden: Sequence[UUID | Identifier],
        *,
        purpose: Purpose | None,
        asked_about: dt.date,
        fields: Sequence[str],
    ) -> None:
        asked = {
            "people": list(outcomes),
            "outcomes": list(outcomes.values()),
            "hidden": [one for one in hidden if isinstance(one, UUID)],
            "blinds": [self._blind(one) for one in hidden if isinstance(one, Identifier)],
            "purpose": "" if purpose is None else purpose.value,
            "asked_about": asked_about,
            "fields": list(fields),
        }
        await self._connection.execute(text(_LEAVE), asked)

    def _blind(self, identifier: Identifier) -> bytes:
        return blind_index_of(self._sealer, identifier)
