"""The store of messages to institutions and of their answers.

A message is written in the transaction that needs it, without personal content, and taken under a lease, so
that a deliverer that dies gives it back. The first answer to a message stands; later ones are only kept.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.tables import messages
from domain.exchange import Answer, MessageKind
from domain.plain import from_plain, to_plain
from domain.records import QueuedMessage

_CLAIM = """
    UPDATE messages m SET leased_until = :lease, attempts = attempts + 1
    FROM (SELECT q.id FROM messages q LEFT JOIN peers p ON p.institution_id = q.institution_id
          WHERE q.state IN ('due', 'taken') AND q.due_at <= :at
            AND (q.leased_until IS NULL OR q.leased_until < :at)
            AND (p.retry_at IS NULL OR p.retry_at <= :at)
          ORDER BY q.due_at, q.id LIMIT :limit FOR UPDATE OF q SKIP LOCKED) due
    WHERE m.id = due.id RETURNING m.*"""

_KEEP = """
    INSERT INTO answers (message_id, answer_id, stands, body, digest, recorded_at)
    SELECT a.message_id, a.answer_id,
           NOT EXISTS (SELECT 1 FROM answers s WHERE s.message_id = a.message_id AND s.stands),
           a.body, a.digest, :at
    FROM jsonb_to_recordset(CAST(:answers AS jsonb)) AS a(message_id uuid, answer_id text, body jsonb, digest text)
    JOIN messages m ON m.id = a.message_id
    ON CONFLICT DO NOTHING"""

_UNSETTLED = """
    SELECT m.*, a.body AS answer FROM answers a JOIN messages m ON m.id = a.message_id
    WHERE a.stands AND a.settled_at IS NULL AND m.state <> 'parked'
    ORDER BY a.recorded_at, m.id LIMIT :limit FOR UPDATE OF a SKIP LOCKED"""


class PostgresMessages:
    """Outbox and answers of one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def write(self, queued: Sequence[QueuedMessage]) -> None:
        rows = [
            {
                "id": message.id,
                "institution_id": message.institution_id,
                "kind": message.kind.value,
                "subject_id": message.subject_id,
                "body": message.body,
                "state": message.state,
                "due_at": message.recorded_at,
                "trouble": "",
                "recorded_at": message.recorded_at,
            }
            for message in queued
        ]
        if rows:
            await self._connection.execute(insert(messages).values(rows))

    async def claim(self, at: dt.datetime, *, limit: int, lease_seconds: float) -> tuple[QueuedMessage, ...]:
        lease = at + dt.timedelta(seconds=lease_seconds)
        rows = await self._connection.execute(text(_CLAIM), {"at": at, "lease": lease, "limit": limit})
        return tuple(sorted((_queued(row) for row in rows), key=lambda message: message.id))

    async def of_subjects(self, subject_ids: Sequence[UUID]) -> tuple[QueuedMessage, ...]:
        query = select(messages).where(messages.c.subject_id.in_(subject_ids)).order_by(messages.c.id)
        return tuple(_queued(row) for row in await self._connection.execute(query))

    async def postpone(self, message_id: UUID, *, until: dt.datetime, counted: bool, trouble: str, state: str) -> None:
        attempts = messages.c.attempts if counted else messages.c.attempts - 1
        await self._connection.execute(
            update(messages)
            .where(messages.c.id == message_id, messages.c.state.in_(("due", "taken")))
            .values(due_at=until, leased_until=None, attempts=attempts, trouble=trouble, state=state)
        )

    async def rest(self, institution_id: str, *, at: dt.datetime, at_least_seconds: float) -> None:
        query = """
            INSERT INTO peers (institution_id, failures, retry_at)
            VALUES (:id, 1, :at + make_interval(secs => greatest(0.5, :least)))
            ON CONFLICT (institution_id) DO UPDATE SET failures = peers.failures + 1,
                retry_at = :at + make_interval(secs =>
                    greatest(least(30, 0.5 * power(2, least(peers.failures, 10))), :least))"""
        asked = {"id": institution_id, "at": at, "least": at_least_seconds}
        await self._connection.execute(text(query), asked)

    async def resume(self, institution_id: str) -> None:
        await self._connection.execute(text("DELETE FROM peers WHERE institution_id = :id"), {"id": institution_id})

    async def keep_answers(self, answers: Sequence[Answer], at: dt.datetime) -> None:
        rows = [
            {
                "message_id": str(answer.message_id),
                "answer_id": answer.answer_id,
                "body": to_plain(answer),
                "digest": answer.digest,
            }
            for answer in answers
        ]
        await self._connection.execute(text(_KEEP), {"answers": json.dumps(rows), "at": at})

    async def answers_of(self, subject_ids: Sequence[UUID]) -> tuple[Answer, ...]:
        query = """
            SELECT a.body FROM answers a JOIN messages m ON m.id = a.message_id
            WHERE a.stands AND m.subject_id = ANY(CAST(:ids AS uuid[])) ORDER BY a.recorded_at, m.id"""
        rows = await self._connection.execute(text(query), {"ids": list(subject_ids)})
        return tuple(from_plain(Answer, row.body) for row in rows)

    async def unsettled(self, *, limit: int) -> tuple[tuple[QueuedMessage, Answer], ...]:
        rows = await self._connection.execute(text(_UNSETTLED), {"limit": limit})
        return tuple((_queued(row), from_plain(Answer, row.answer)) for row in rows)

    async def settled(self, message_ids: Sequence[UUID], state: str, at: dt.datetime) -> None:
        query = """
            WITH done AS (UPDATE answers SET settled_at = :at
                          WHERE message_id = ANY(CAST(:ids AS uuid[])) AND stands RETURNING message_id)
            UPDATE messages m SET state = :state, leased_until = NULL FROM done WHERE m.id = done.message_id"""
        await self._connection.execute(text(query), {"ids": list(message_ids), "state": state, "at": at})

    async def withdraw(self, message_ids: Sequence[UUID]) -> None:
        await self._connection.execute(
            update(messages).where(messages.c.id.in_(message_ids)).values(state="withdrawn", leased_until=None)
        )

    async def park(self, message_id: UUID, trouble: str) -> None:
        # Only what waits can be parked: another deliverer may have brought the message to its end meanwhile.
        waiting = messages.c.state.in_(("due", "taken"))
        parked = update(messages).where(messages.c.id == message_id, waiting)
        await self._connection.execute(parked.values(state="parked", leased_until=None, trouble=trouble))

    async def retry(self, message_id: UUID, at: dt.datetime) -> bool:
        parked = update(messages).where(messages.c.id == message_id, messages.c.state == "parked")
        again = await self._connection.execute(parked.values(state="due", attempts=0, due_at=at))
        return again.rowcount == 1

    async def page(self, state: str | None, *, after: UUID | None, limit: int) -> tuple[QueuedMessage, ...]:
        query = select(messages).order_by(messages.c.id).limit(limit)
        if state is not None:
            query = query.where(messages.c.state == state)
        if after is not None:
            query = query.where(messages.c.id > after)
        return tuple(_queued(row) for row in await self._connection.execute(query))


def _queued(row: Row[Any]) -> QueuedMessage:
    return QueuedMessage(
        id=row.id,
        institution_id=row.institution_id,
        kind=MessageKind(row.kind),
        subject_id=row.subject_id,
        body=row.body,
        state=row.state,
        attempts=row.attempts,
        trouble=row.trouble,
        recorded_at=row.recorded_at,
    )
