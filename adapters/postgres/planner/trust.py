"""The planner's side of trust: who sees which rows, and the trace that a look at a person leaves.

Both are the functions of the database that every other read asks; who asks, when and for what is told to the session
in the statement's own round trip, so that row security holds plans like everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.postgres.planner.pieces import quoted
from adapters.postgres.planner.statement import Statement
from adapters.postgres.who_asks import settings_of
from domain.actors import Actor, ActorKind
from domain.reads import Question

_NOBODY = "ARRAY[]::uuid[]"


def visible_worker(worker: str) -> str:
    """The condition under which the actor sees the worker whose id an expression names."""
    return f"sees_worker({worker})"


def visible_page(after: str, limit: int) -> str:
    """The query of a page of the workers whom the actor may see, in the order of their ids."""
    return f"SELECT w.* FROM workers_in_sight({after}, {limit}) seen(id) JOIN workers w ON w.id = seen.id ORDER BY w.id"


def visible_donation(statement: Statement, donation: str) -> str:
    """The condition under which the actor sees a row of `donations`: donors their own, operators all."""
    if statement.kind is ActorKind.OPERATOR:
        return "true"
    if statement.kind is ActorKind.DONOR:
        return f"{donation}.donor_id = {statement.parameter(None, 'actor_subject', 'uuid')}"
    return "false"


def actor_values(actor: Actor) -> Mapping[str, object]:
    """What conditions compare with."""
    return {"actor_subject": actor.subject_id}


def actor_settings(question: Question) -> Mapping[str, str]:
    """What the session is told of the question for one statement."""
    return settings_of(question.actor, question.now, question.purpose)


def leave_traces(statement: Statement, rows: str, answered: Sequence[str]) -> None:
    """Record a look at each worker of a query; nothing when workers look at themselves."""
    if statement.kind in (ActorKind.WORKER, ActorKind.SYSTEM):
        return
    purpose = "coalesce(asked_for(), '')"
    people = f"ARRAY(SELECT s.id FROM {rows} s ORDER BY s.id)"
    _leave(statement, f"{people}, NULL, {purpose}, NULL, 'read', {names(answered)}")


def leave_answer(statement: Statement, answer: str, blind: str, on: str, answered: Sequence[str]) -> None:
    """Record a question about the one person of a query that says whether they are `seen` and `covered`.

    blind: by what a person who may not be seen learns of the question.
    """
    outcome = "CASE WHEN a.seen IS NOT TRUE THEN 'not_visible' WHEN a.covered THEN 'covered' ELSE 'not_covered' END"
    person = f"CASE WHEN a.seen THEN ARRAY[a.id] ELSE {_NOBODY} END, CASE WHEN a.seen IS NOT TRUE THEN {blind} END"
    fields = f"CASE WHEN a.seen THEN {names(answered)} ELSE {names(())} END"
    _leave(statement, f"{person}, asked_for(), {on}, {outcome}, {fields}", f"FROM {answer} a")


def leave_answers(statement: Statement, answers: str, on: str, answered: Sequence[str]) -> None:
    """Record a question about each person of a query with what was asked for (`given_id` or `blind`), whether they
    are `seen`, and whether they are `covered`."""
    shown, not_shown = "FILTER (WHERE a.seen)", "FILTER (WHERE NOT a.seen)"
    outcomes = f"array_agg(CASE WHEN a.covered THEN 'covered' ELSE 'not_covered' END) {shown}"
    hidden = f"array_agg(a.given_id) {not_shown}, array_agg(a.blind) {not_shown}"
    looks = f"array_agg(a.id) {shown}, {outcomes}, {hidden}, coalesce(asked_for(), ''), {on}, {names(answered)}"
    statement.traces.append(statement.cte("trace", f"SELECT leave_answer_records({looks}) FROM {answers} a", kept=True))


def names(given: Sequence[str]) -> str:
    """A list of fixed words as SQL."""
    return f"ARRAY[{', '.join(quoted(name) for name in given)}]::text[]"


def _leave(statement: Statement, looks: str, source: str = "") -> None:
    statement.traces.append(statement.cte("trace", f"SELECT leave_access_records({looks}) {source}", kept=True))
