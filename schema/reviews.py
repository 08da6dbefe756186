"""Reviews in the contract: workers object to questions about them, operators look and say what they found."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import strawberry

from domain import errors
from domain.reviews import ObjectionCode, ReviewKind, ReviewOutcome
from resolvers import reviews
from schema import problems as p
from schema.ids import id_of, number_of, opaque_id, opaque_number, uuid_after
from schema.pages import PAGE, Connection, Page, checked_first, page_of
from schema.problems import or_problem
from schema.request import Info
from schema.scalars import IdempotencyKey


@strawberry.type(name="Review", description="An access to a person that an operator has to look at, or looked at.")
class ReviewType:
    id: strawberry.ID = strawberry.field(resolver=lambda root: strawberry.ID(opaque_id("Review", root.id)))
    kind: ReviewKind
    worker_id: strawberry.ID = strawberry.field(
        resolver=lambda root: strawberry.ID(opaque_id("Worker", root.worker_id))
    )
    access_record_id: strawberry.ID = strawberry.field(
        resolver=lambda root: strawberry.ID(opaque_number("AccessRecord", root.access_record_id))
    )
    institution_id: str = strawberry.field(description="Who asked.")
    purpose: str = strawberry.field(description="For what they said they asked.")
    fields: list[str] = strawberry.field(description="Names of the fields that were answered.")
    code: str = strawberry.field(description="Why the worker objects; empty for an emergency.")
    reason: str | None = strawberry.field(description="What the officer said in an emergency.")
    recorded_at: dt.datetime
    outcome: ReviewOutcome | None = strawberry.field(description="What was found; null while nobody looked.")
    closed_at: dt.datetime | None


@strawberry.type(description="The objection that operators find on their desk.")
class AccessRecordObjectPayload:
    review_id: strawberry.ID


@strawberry.type(description="The review that is closed.")
class ReviewClosePayload:
    review_id: strawberry.ID


AccessRecordObjectResult = Annotated[
    AccessRecordObjectPayload | p.IdempotencyConflictProblem | p.StateConflictProblem | p.NotFoundProblem,
    strawberry.union("AccessRecordObjectResult"),
]
ReviewCloseResult = Annotated[
    ReviewClosePayload | p.IdempotencyConflictProblem | p.StateConflictProblem | p.NotFoundProblem,
    strawberry.union("ReviewCloseResult"),
]
_PROBLEMS = (errors.IdempotencyConflict, errors.NotFound, errors.StateConflict)


@strawberry.type
class ReviewQueries:
    @strawberry.field(
        graphql_type=Connection[ReviewType],
        description="Accesses to persons that somebody has to look at, for the operator's desk.",
    )
    async def reviews(self, info: Info, closed: bool = False, first: int = PAGE, after: str | None = None) -> Page:
        listing = f"reviews/{closed}"
        rows = await reviews.reviews(
            info.context.context, closed=closed, after=uuid_after(listing, after), limit=checked_first(first) + 1
        )
        return page_of(listing, rows, first, lambda row: row.id)


@strawberry.type
class ReviewMutations:
    @strawberry.mutation(
        graphql_type=AccessRecordObjectResult,
        description="Object to a question about yourself; an operator will look at it. Workers.",
    )
    async def access_record_object(
        self, info: Info, idempotency_key: IdempotencyKey, access_record_id: strawberry.ID, code: ObjectionCode
    ) -> Any:
        async def act() -> AccessRecordObjectPayload:
            command = reviews.AccessRecordObject(
                access_record_id=number_of("AccessRecord", access_record_id), code=code
            )
            made = await reviews.access_record_object(info.context.context, idempotency_key, command)
            return AccessRecordObjectPayload(review_id=strawberry.ID(opaque_id("Review", made)))

        return await or_problem(act(), *_PROBLEMS)

    @strawberry.mutation(
        graphql_type=ReviewCloseResult, description="Say what you found about an access to a person. Operators."
    )
    async def review_close(
        self, info: Info, idempotency_key: IdempotencyKey, review_id: strawberry.ID, outcome: ReviewOutcome
    ) -> Any:
        async def act() -> ReviewClosePayload:
            command = reviews.ReviewClose(review_id=id_of("Review", review_id), outcome=outcome)
            await reviews.review_close(info.context.context, idempotency_key, command)
            return ReviewClosePayload(review_id=review_id)

        return await or_problem(act(), *_PROBLEMS)
