"""Traces: whoever reads about a worker who is not themselves leaves a record that the worker sees."""

from __future__ import annotations

from uuid import UUID

from domain.actors import ActorKind
from domain.stores import UnitOfWork
from resolvers.context import Context


async def trace(context: Context, work: UnitOfWork, worker_id: UUID, *fields: str) -> None:
    """Record that the actor read these fields about a worker; nothing when workers look at themselves."""
    if context.actor.kind in (ActorKind.WORKER, ActorKind.SYSTEM):
        return
    await work.workers.record_access(
        worker_id=worker_id,
        identifier=None,
        purpose=None,
        asked_about=None,
        outcome="read",
        fields=fields,
    )
