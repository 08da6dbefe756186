"""The planner's side of trust: who sees which rows, and the trace that a look at a person leaves.

The conditions are those of every other read; what is compiled in depends on the kind of actor only, the actor's
ids are parameters of each run.
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.postgres.planner.statement import Statement
from adapters.postgres.visibility import parameters, visible
from domain.actors import Actor, ActorKind

_KINDS = {"actor_institution": "text", "actor_state": "text", "actor_subject": "uuid"}


def visible_worker(statement: Statement, worker: str) -> str:
    """The condition under which the actor sees the worker whose id an expression names."""
    return statement.numbered(visible(statement.actor, worker), _KINDS)


def visible_page(statement: Statement, after: str, limit: int) -> str:
    """The query of a page of the workers whom the actor may see, in the order of their ids.

    An officer's workers are few among all: they are found from both reasons to see one, each in order and no further
    than the page, instead of asking of every worker. What `visible` says still decides about each row.
    """
    seen = f"SELECT w.* FROM workers w WHERE {visible_worker(statement, 'w.id')} AND w.id > {after}"
    if statement.kind is ActorKind.OFFICER:
        reasons = (
            "enrolments WHERE institution_id = :actor_institution",
            f"moves m WHERE from_state = :actor_state AND {_MADE_OR_OPEN}",
            f"moves m WHERE to_state = :actor_state AND {_MADE_OR_OPEN}",
        )
        each = " UNION ".join(
            f"(SELECT DISTINCT worker_id FROM {reason} AND worker_id > {after} ORDER BY worker_id LIMIT {limit})"
            for reason in reasons
        )
        seen += f" AND w.id IN ({statement.numbered(each, _KINDS)})"
    return f"{seen} ORDER BY w.id LIMIT {limit}"


_MADE_OR_OPEN = """(m.ended_at IS NULL OR EXISTS (
    SELECT FROM move_steps done WHERE done.move_id = m.id AND done.step = 'completed' OFFSET 0))"""


def visible_donation(statement: Statement, donation: str) -> str:
    """The condition under which the actor sees a row of `donations`: donors their own, operators all."""
    if statement.kind is ActorKind.OPERATOR:
        return "true"
    if statement.kind is ActorKind.DONOR:
        return statement.numbered(f"{donation}.donor_id = :actor_subject", _KINDS)
    return "false"


def actor_values(actor: Actor) -> Mapping[str, object]:
    """What the conditions compare with, and what traces say of the actor."""
    return {
        "actor_subject": actor.subject_id,
        **parameters(actor),
        "institution": actor.institution_id or "lingkar",
        "kind": actor.kind.value,
        "actor": actor.id,
    }


def actor_settings(actor: Actor) -> Mapping[str, str]:
    """What the database session is told of the actor for one statement, for policies of rows; there are none yet."""
    return {}


def leave_traces(statement: Statement, rows: str) -> None:
    """Record a look at each worker of a query; nothing when workers look at themselves."""
    if statement.kind in (ActorKind.WORKER, ActorKind.SYSTEM):
        return
    record_access(
        statement,
        f"SELECT s.id, '' AS purpose, NULL::date AS asked_about, 'read' AS outcome, ARRAY['worker'] AS fields "
        f"FROM {rows} s ORDER BY s.id",
    )


def record_access(statement: Statement, looks: str) -> None:
    """Insert access records of a query that gives worker id, purpose, day asked about, outcome and fields."""
    statement.leaves_traces = True
    said = ", ".join(statement.parameter(None, name, "text") for name in ("institution", "kind", "actor"))
    at = statement.parameter(None, "now", "timestamptz")
    statement.cte(
        "trace",
        f"""INSERT INTO access_records (worker_id, purpose, asked_about, outcome, fields, institution_id, actor_kind,
                actor_id, recorded_at)
            SELECT looks.*, {said}, {at} FROM ({looks}) looks""",
    )
