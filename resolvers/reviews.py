"""Reviews: a worker objects to a question about them, an operator looks at it and says what they found."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.errors import NotFound, StateConflict
from domain.reviews import ObjectionCode, Review, ReviewOutcome
from domain.stores import UnitOfWork
from resolvers.context import Context, permit
from resolvers.once import once


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRecordObject:
    """Command: a worker objects to a question about them."""

    access_record_id: int
    code: ObjectionCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewClose:
    """Command: an operator looked and says what they found."""

    review_id: UUID
    outcome: ReviewOutcome


async def access_record_object(context: Context, key: str, command: AccessRecordObject) -> UUID:
    """Object to a record about oneself, once; returns the review that operators find on their desk. Workers only.

    Raises NotFound for a record that is not about them, StateConflict for a second objection.
    """
    permit(context, "accessRecordObject")

    async def act(work: UnitOfWork) -> UUID:
        review_id = context.new_id()
        if not await work.reviews.object_to(review_id, command.access_record_id, command.code, context.now):
            raise NotFound(kind="access record")
        return review_id

    return await once(context, "accessRecordObject", key, command, act)


async def reviews(context: Context, *, closed: bool, after: UUID | None, limit: int) -> tuple[Review, ...]:
    """A page of what has to be looked at, or was. Operators only."""
    permit(context, "reviews")
    async with context.reading() as work:
        return await work.reviews.page(closed=closed, after=after, limit=limit)


async def review_close(context: Context, key: str, command: ReviewClose) -> UUID:
    """Say what was found; the worker sees it beside the record. Operators only. Raises StateConflict if closed."""
    permit(context, "reviewClose")

    async def act(work: UnitOfWork) -> UUID:
        if not await work.reviews.close(command.review_id, command.outcome, context.now):
            raise StateConflict(what="review", state="closed or not there", needed="an open review")
        return command.review_id

    return await once(context, "reviewClose", key, command, act)
