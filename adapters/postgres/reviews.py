"""The store of what operators have to look at, and of what they found."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.identity.sealing import Sealer
from adapters.postgres.tables import openings
from adapters.postgres.workers import blind_index_of
from domain.actors import Actor
from domain.errors import StateConflict
from domain.people import Identifier
from domain.reviews import ObjectionCode, Opening, Review, ReviewKind, ReviewOutcome

_OBJECT = """
    INSERT INTO reviews (id, kind, worker_id, access_record_id, institution_id, code, recorded_at)
    SELECT :id, 'objection', a.worker_id, a.id, a.institution_id, :code, :at FROM access_records a
    WHERE a.id = :record AND a.worker_id = :worker"""

_PAGE = """
    SELECT r.*, a.purpose, a.fields, o.outcome, o.recorded_at AS closed_at, e.id AS opening_id, e.sealed_reason
    FROM reviews r JOIN access_records a ON a.id = r.access_record_id
    LEFT JOIN openings e ON e.access_record_id = r.access_record_id AND r.kind = 'emergency'
    LEFT JOIN review_outcomes o ON o.review_id = r.id
    WHERE (o.review_id IS NOT NULL) = :closed AND (CAST(:after AS uuid) IS NULL OR r.id > :after)
    ORDER BY r.id LIMIT :limit"""

_CLOSE = """
    INSERT INTO review_outcomes (review_id, outcome, actor_id, recorded_at)
    SELECT r.id, :outcome, :actor, :at FROM reviews r WHERE r.id = :id ON CONFLICT (review_id) DO NOTHING"""


class PostgresReviews:
    """Reviews of one unit of work."""

    def __init__(self, connection: AsyncConnection, sealer: Sealer, actor: Actor) -> None:
        self._connection = connection
        self._sealer = sealer
        self._actor = actor

    async def open_in_emergency(
        self, opening_id: UUID, review_id: UUID, identifier: Identifier, reason: str, closes_at: dt.datetime
    ) -> bool:
        query = "SELECT open_in_emergency(:opening, :review, :blind, :reason, :closes)"
        asked = {
            "opening": opening_id,
            "review": review_id,
            "blind": blind_index_of(self._sealer, identifier),
            "reason": self._sealer.seal(reason, table="openings", column="sealed_reason", row=opening_id),
            "closes": closes_at,
        }
        return (await self._connection.execute(text(query), asked)).scalar_one() is not None

    async def opening(self, opening_id: UUID) -> Opening | None:
        query = select(openings.c.worker_id, openings.c.closes_at).where(openings.c.id == opening_id)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else Opening(worker_id=row.worker_id, closes_at=row.closes_at)

    async def object_to(self, review_id: UUID, access_record_id: int, code: ObjectionCode, at: dt.datetime) -> bool:
        asked = {"id": review_id, "record": access_record_id, "code": code.value, "at": at}
        try:
            kept = await self._connection.execute(text(_OBJECT), asked | {"worker": self._actor.subject_id})
        except IntegrityError as broken:
            needed = "a record to which nobody objected"
            raise StateConflict(what="access record", state="objected to already", needed=needed) from broken
        return kept.rowcount == 1

    async def page(self, *, closed: bool, after: UUID | None, limit: int) -> tuple[Review, ...]:
        rows = await self._connection.execute(text(_PAGE), {"closed": closed, "after": after, "limit": limit})
        return tuple(_review(row, self._reason(row)) for row in rows)

    def _reason(self, row: Row[Any]) -> str | None:
        if row.sealed_reason is None:
            return None
        blob = bytes(row.sealed_reason)
        return self._sealer.open(blob, table="openings", column="sealed_reason", row=row.opening_id)

    async def close(self, review_id: UUID, outcome: ReviewOutcome, at: dt.datetime) -> bool:
        asked = {"id": review_id, "outcome": outcome.value, "actor": self._actor.id, "at": at}
        return (await self._connection.execute(text(_CLOSE), asked)).rowcount == 1


def _review(row: Row[Any], reason: str | None) -> Review:
    return Review(
        id=row.id,
        kind=ReviewKind(row.kind),
        worker_id=row.worker_id,
        access_record_id=row.access_record_id,
        institution_id=row.institution_id,
        purpose=row.purpose,
        fields=tuple(row.fields),
        code=row.code,
        reason=reason,
        recorded_at=row.recorded_at,
        outcome=None if row.outcome is None else ReviewOutcome(row.outcome),
        closed_at=row.closed_at,
    )
