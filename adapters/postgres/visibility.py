"""Which workers an actor may see, as one SQL condition that every read of a worker carries.

An officer sees a worker enrolled at their institution, or one who moves (or moved) to or from their state;
a move that ended without being made is no reason any more. A worker sees themselves. Operators and the
platform see all, but no statement of theirs returns a name. A donor sees no worker.
"""

from __future__ import annotations

from domain.actors import Actor, ActorKind

_OFFICER = """(
    EXISTS (SELECT 1 FROM enrolments seen
            WHERE seen.worker_id = {worker} AND seen.institution_id = :actor_institution)
    OR EXISTS (SELECT 1 FROM moves seen
               WHERE seen.worker_id = {worker} AND :actor_state IN (seen.from_state, seen.to_state)
                 AND (seen.ended_at IS NULL OR EXISTS (
                      SELECT 1 FROM move_steps done WHERE done.move_id = seen.id AND done.step = 'completed')))
)"""

_CONDITIONS = {
    ActorKind.OFFICER: _OFFICER,
    ActorKind.WORKER: "{worker} = :actor_subject",
    ActorKind.OPERATOR: "true",
    ActorKind.SYSTEM: "true",
    ActorKind.DONOR: "false",
}


def visible(actor: Actor, worker: str) -> str:
    """The condition under which an actor sees the worker whose id a SQL expression names."""
    return _CONDITIONS[actor.kind].format(worker=worker)


def parameters(actor: Actor) -> dict[str, object]:
    """The parameters that the actor's condition uses, and no others."""
    if actor.kind is ActorKind.OFFICER:
        state = actor.member_state.value if actor.member_state else None
        return {"actor_institution": actor.institution_id, "actor_state": state}
    if actor.kind is ActorKind.WORKER:
        return {"actor_subject": actor.subject_id}
    return {}
