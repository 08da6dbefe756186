"""The coverage question: is this person covered, here, on this day, for which branches, who paid, until when?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from domain.determination import CoverageDetermination, determine
from domain.errors import PersonNotVisible, Refusal
from domain.people import Identifier
from domain.records import Purpose
from resolvers.context import Context, permit
from resolvers.purposes import OF_COVERS, check_purpose, withheld_of
from resolvers.traces import answered

_NOTHING_SEEN = "not_visible"
_NOBODY = UUID(int=0)


async def coverage_on(
    context: Context, identifier: Identifier, on: dt.date, known_at: dt.datetime | None, purpose: Purpose
) -> CoverageDetermination:
    """Answer for the person with this identifier, if the officer's institution has a reason to ask.

    known_at: what was known at that instant; now if None. Two statements: the answer and the trace that the
    worker sees. Raises PersonNotVisible, alike for nobody and for a person the institution may not see; the
    question is recorded in both cases. Raises PurposeNotOpen for a purpose that is not an
    officer's, SearchesSpent after too many questions about nobody.
    """
    permit(context, "coverageOn")
    context = replace(context, asked=replace(context.asked, purpose=purpose))
    check_purpose(context, "coverage")
    await context.searches.begin(context.actor, context.now)
    async with context.writing() as work:
        seen = await work.coverage.spells_of_identifier(identifier, known_at or context.now)
        determination = None if seen is None else determine(seen[1], on)
        await work.workers.record_access(
            worker_id=None if seen is None else seen[0],
            identifier=identifier,
            purpose=purpose,
            asked_about=on,
            outcome=_NOTHING_SEEN if determination is None else determination.outcome.value,
            fields=answered(context, "coverage") if determination is not None else (),
        )
    if determination is None:
        context.searches.missed(context.actor)
        raise PersonNotVisible(institution=context.actor.institution_id or "")
    return _opened(context, determination)


async def coverage_of_people(
    context: Context,
    people: Sequence[UUID | Identifier | Refusal],
    on: dt.date,
    known_at: dt.datetime | None,
    purpose: Purpose,
) -> tuple[CoverageDetermination | Refusal, ...]:
    """Answer for each place of a list of persons; a place that is refused already stays refused.

    Three statements, however many places. A person at two places is answered twice and leaves one record; whoever is
    not visible leaves theirs as in coverage_on. Raises PurposeNotOpen for a purpose that is not the actor's,
    SearchesSpent after too many questions about nobody.
    """
    permit(context, "coverageOf")
    context = replace(context, asked=replace(context.asked, purpose=purpose))
    check_purpose(context, "coverage")
    await context.searches.begin(context.actor, context.now)
    asked = tuple(one for one in people if not isinstance(one, Refusal))
    async with context.writing() as work:
        seen = dict(zip(asked, await work.batches.in_sight(asked), strict=True))
        ids = tuple(dict.fromkeys(found for found in seen.values() if found is not None))
        spells = await work.coverage.spells_of(ids, known_at or context.now)
        answers = {worker_id: determine(spells.get(worker_id, ()), on) for worker_id in ids}
        await work.batches.record_answers(
            {worker_id: answer.outcome.value for worker_id, answer in answers.items()},
            [one for one, found in seen.items() if found is None],
            purpose=purpose,
            asked_about=on,
            fields=answered(context, "coverage"),
        )
    context.searches.missed(context.actor, sum(found is None for found in seen.values()))
    opened = {worker_id: _opened(context, answer) for worker_id, answer in answers.items()}
    hidden = PersonNotVisible(institution=context.actor.institution_id or "")
    return tuple(one if isinstance(one, Refusal) else opened.get(seen[one] or _NOBODY, hidden) for one in people)


def for_export(context: Context, purpose: Purpose) -> Context:
    """The surroundings of an export of all workers in sight; for officers, and purposes that open coverage of lists.

    Raises NotPermitted, PurposeNotOpen.
    """
    permit(context, "exports")
    context = replace(context, asked=replace(context.asked, purpose=purpose))
    check_purpose(context, "workers")
    check_purpose(context, "coverage")
    return context


async def coverage_of(
    context: Context, worker_ids: Sequence[UUID], on: dt.date, known_at: dt.datetime | None
) -> Mapping[UUID, CoverageDetermination]:
    """The answer for workers already in sight (a worker's own, or a page an officer or operator may see)."""
    permit(context, "worker.coverageOn")
    check_purpose(context, "coverage")
    async with context.reading() as work:
        spells = await work.coverage.spells_of(worker_ids, known_at or context.now)
    return {worker_id: _opened(context, determine(spells.get(worker_id, ()), on)) for worker_id in worker_ids}


def _opened(context: Context, determination: CoverageDetermination) -> CoverageDetermination:
    """The answer with what the purpose does not open named, so that it is not told."""
    withheld = withheld_of(context, OF_COVERS)
    untold = tuple(refusal.field for refusal in withheld)
    covers = tuple(replace(cover, withheld=untold) for cover in determination.covers)
    return replace(determination, covers=covers, withheld=withheld)
