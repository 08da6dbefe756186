"""Traces: whoever reads about a worker who is not themselves leaves a record that the worker sees."""

from __future__ import annotations

from uuid import UUID

from domain.actors import ActorKind
from domain.stores import UnitOfWork
from resolvers.context import Context
from resolvers.purposes import refusal_of_field

_REACHED = (
    ("worker.coverageOn", "coverage"),
    ("worker.moves", "move"),
    ("worker.certificates", "certificate"),
)


async def trace(context: Context, work: UnitOfWork, worker_id: UUID, thing: str) -> None:
    """Record that the actor reads a thing about a worker; nothing when workers look at themselves.

    It is written before the answer leaves, in the transaction that reads: without a record there is no answer.
    """
    if context.actor.kind in (ActorKind.WORKER, ActorKind.SYSTEM):
        return
    await work.workers.record_access(
        worker_id=worker_id,
        identifier=None,
        purpose=context.asked.purpose,
        asked_about=None,
        outcome="read",
        fields=answered(context, thing),
    )


def answered(context: Context, thing: str) -> tuple[str, ...]:
    """The names of the fields that are answered about a thing; of the thing itself if nobody named its fields.

    What hangs on a worker has one name, whichever way it is reached.
    """
    names = [f"{thing}.{name}" for name in context.asked.fields] or [thing]
    plain = [_named(name) for name in names]
    return tuple(dict.fromkeys(name for name in plain if refusal_of_field(context, name) is None))


def _named(name: str) -> str:
    for reached, own in _REACHED:
        if name == reached or name.startswith(f"{reached}."):
            return own + name.removeprefix(reached)
    return name
