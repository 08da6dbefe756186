"""The store of moves and their steps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.tables import move_steps, moves
from domain.errors import StateConflict
from domain.move_steps import ENDED, MoveStep, StepTaken
from domain.moves import MovePlan
from domain.plain import from_plain, to_plain
from domain.records import Move


class PostgresMoves:
    """Moves of one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, move: Move) -> None:
        question = move.plan.question
        row = insert(moves).values(
            id=move.id,
            worker_id=move.worker_id,
            from_state=question.from_state.value,
            to_state=question.to_state.value,
            move_on=question.move_on,
            plan=to_plain(move.plan),
            allocation_id=move.allocation_id,
            recorded_at=move.recorded_at,
        )
        try:
            await self._connection.execute(row)
        except IntegrityError as broken:
            # Another move of this worker, paid by another fund, was announced since it was looked for.
            raise StateConflict(what="worker", state="already moving", needed="no open move") from broken
        for step in move.steps:
            await self.take_step(step)

    async def take_step(self, step: StepTaken) -> None:
        await self._connection.execute(
            insert(move_steps).values(
                move_id=step.move_id,
                step=step.step.value,
                evidence=step.evidence,
                simulated=step.simulated,
                taken_at=step.taken_at,
            )
        )
        if step.step in ENDED:
            ended = update(moves).where(moves.c.id == step.move_id).values(ended_at=step.taken_at)
            await self._connection.execute(ended)

    async def moves(self, move_ids: Sequence[UUID], *, lock: bool = False) -> Mapping[UUID, Move]:
        if lock:
            held = select(moves.c.id).where(moves.c.id.in_(move_ids)).order_by(moves.c.id).with_for_update()
            await self._connection.execute(held)
        found = await self._read("m.id = ANY(CAST(:ids AS uuid[]))", list(move_ids))
        return {move.id: move for move in found}

    async def moves_of(self, worker_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Move, ...]]:
        found: dict[UUID, list[Move]] = {}
        for move in await self._read("m.worker_id = ANY(CAST(:ids AS uuid[]))", list(worker_ids)):
            found.setdefault(move.worker_id, []).append(move)
        return {worker_id: tuple(made) for worker_id, made in found.items()}

    async def _read(self, condition: str, ids: list[UUID]) -> list[Move]:
        query = f"""
            SELECT m.*, (SELECT jsonb_agg(jsonb_build_object(
                       'move_id', t.move_id, 'step', t.step, 'evidence', t.evidence,
                       'simulated', t.simulated, 'taken_at', t.taken_at) ORDER BY t.taken_at, t.step)
                   FROM move_steps t WHERE t.move_id = m.id) AS steps
            FROM moves m WHERE {condition} ORDER BY m.id"""
        rows = await self._connection.execute(text(query), {"ids": ids})
        return [_move(row) for row in rows]

    async def open_move_of(self, worker_id: UUID) -> UUID | None:
        query = select(moves.c.id).where(moves.c.worker_id == worker_id, moves.c.ended_at.is_(None))
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def unanswered_since(self, before: dt.datetime) -> tuple[UUID, ...]:
        query = """
            SELECT m.id FROM moves m JOIN move_steps t ON t.move_id = m.id
            WHERE m.ended_at IS NULL GROUP BY m.id HAVING max(t.taken_at) < :before ORDER BY m.id"""
        rows = await self._connection.execute(text(query), {"before": before})
        return tuple(row.id for row in rows)


def _move(row: Row[Any]) -> Move:
    steps = tuple(from_plain(StepTaken, step) for step in row.steps)
    order = list(MoveStep)
    return Move(
        id=row.id,
        worker_id=row.worker_id,
        plan=from_plain(MovePlan, row.plan),
        allocation_id=row.allocation_id,
        steps=tuple(sorted(steps, key=lambda step: (step.taken_at, order.index(step.step)))),
        recorded_at=row.recorded_at,
    )
