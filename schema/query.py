"""Everything that can be asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import strawberry

from domain import errors
from domain.certificates import CertificateOfCoverage
from domain.funding import Allocation, Donation
from domain.people import Identifier
from domain.records import Move, NominationReport, Purpose, Worker
from resolvers import (
    allocations,
    certificates,
    coverage,
    deliveries,
    funding,
    identifiers,
    moves,
    nominations,
    workers,
)
from schema import problems as p
from schema.batches import BatchQueries
from schema.consents import ConsentQueries
from schema.coverage import COVERAGE_PROBLEMS, CoverageResult
from schema.funding import AllocationType, DonationType, MessageType, NominationType
from schema.identifiers import IdentifierInput
from schema.ids import id_of, parts_of, uuid_after
from schema.law_query import LawQuery, optional_money
from schema.moves import MovePlanType, MoveType, WorkerMoveInput
from schema.pages import PAGE, Connection, Page, checked_first, page_of
from schema.problems import or_problem
from schema.request import Info, Request, asking
from schema.reviews import ReviewQueries
from schema.workers import CertificateType, Node, WorkerType

T = TypeVar("T")

MovePlanResult = Annotated[
    MovePlanType
    | p.PurposeNotOpenProblem
    | p.NotFoundProblem
    | p.RuleNotInForceProblem
    | p.RuleUnknownProblem
    | p.ValueMissingProblem
    | p.PeriodInvalidProblem
    | p.CurrencyMismatchProblem,
    strawberry.union("MovePlanResult", description="A move plan, or why there is none."),
]
_PLAN = (
    errors.RuleNotInForce,
    errors.RuleUnknown,
    errors.ValueMissing,
    errors.CurrencyMismatch,
    errors.PeriodInvalid,
    errors.NotFound,
    errors.PurposeNotOpen,
)


@strawberry.type(description="Everything that can be asked. A field that you may not see is null or refused.")
class Query(LawQuery, ReviewQueries, ConsentQueries, BatchQueries):
    @strawberry.field(
        graphql_type=CoverageResult,
        description="Is the person with this identifier covered on a day? For officers; the worker sees the question.",
    )
    async def coverage_on(
        self,
        info: Info,
        identifier: IdentifierInput,
        on: dt.date,
        purpose: Purpose,
        known_at: dt.datetime | None = None,
    ) -> Any:
        return await or_problem(_coverage(info, identifier, on, known_at, purpose), *COVERAGE_PROBLEMS)

    @strawberry.field(graphql_type=WorkerType, description="The worker whose token this is.")
    async def me(self, info: Info) -> Worker:
        return await workers.me(info.context.context)

    @strawberry.field(graphql_type=WorkerType | None, description="A worker whom you may see, else null.")
    async def worker(self, info: Info, id: strawberry.ID, purpose: Purpose | None = None) -> Worker | None:
        return await workers.worker(asking(info, purpose), id_of("Worker", id))

    @strawberry.field(
        graphql_type=WorkerType | None,
        description="The worker who shows a document, if you may see them, else null. The worker sees the question.",
    )
    async def worker_by_identifier(
        self, info: Info, identifier: IdentifierInput, purpose: Purpose | None = None
    ) -> Worker | None:
        return await workers.worker_by_identifier(asking(info, purpose), identifier_of(info.context, identifier))

    @strawberry.field(graphql_type=Connection[WorkerType], description="Workers whom you may see.")
    async def workers(
        self, info: Info, first: int = PAGE, after: str | None = None, purpose: Purpose | None = None
    ) -> Page:
        rows = await workers.workers(
            asking(info, purpose), after=uuid_after("workers", after), limit=checked_first(first) + 1
        )
        return page_of("workers", rows, first, lambda row: row.id)

    @strawberry.field(
        graphql_type=MovePlanResult, description="Where cover can land if a worker moves; nothing is done."
    )
    async def move_plan(self, info: Info, input: WorkerMoveInput, purpose: Purpose | None = None) -> Any:
        return await or_problem(_plan(info, input, purpose), *_PLAN)

    @strawberry.field(graphql_type=MoveType | None, description="A move of a worker whom you may see, else null.")
    async def move(self, info: Info, id: strawberry.ID, purpose: Purpose | None = None) -> Move | None:
        return await _or_none(moves.move_of(asking(info, purpose), id_of("Move", id)))

    @strawberry.field(graphql_type=DonationType | None, description="A donation that you may see, else null.")
    async def donation(self, info: Info, id: strawberry.ID) -> Donation | None:
        return await _or_none(funding.donation(info.context.context, id_of("Donation", id)))

    @strawberry.field(graphql_type=Connection[DonationType], description="Donations that you may see.")
    async def donations(self, info: Info, first: int = PAGE, after: str | None = None) -> Page:
        rows = await funding.donations(
            info.context.context, after=uuid_after("donations", after), limit=checked_first(first) + 1
        )
        return page_of("donations", rows, first, lambda row: row.id)

    @strawberry.field(graphql_type=AllocationType | None, description="An allocation of a donation you may see.")
    async def allocation(self, info: Info, id: strawberry.ID) -> Allocation | None:
        return await _or_none(allocations.allocation(info.context.context, id_of("Allocation", id)))

    @strawberry.field(graphql_type=NominationType | None, description="How a nomination file was taken in.")
    async def nomination(self, info: Info, id: strawberry.ID) -> NominationReport | None:
        return await _or_none(nominations.nomination(info.context.context, id_of("Nomination", id)))

    @strawberry.field(graphql_type=CertificateType | None, description="A certificate by its number.")
    async def certificate(
        self, info: Info, number: str, purpose: Purpose | None = None
    ) -> CertificateOfCoverage | None:
        return await _or_none(certificates.certificate(asking(info, purpose), number))

    @strawberry.field(
        graphql_type=Connection[MessageType], description="Messages to institutions, for the operator's desk."
    )
    async def messages(self, info: Info, state: str | None = None, first: int = PAGE, after: str | None = None) -> Page:
        listing = f"messages/{state or ''}"
        rows = await deliveries.messages_page(
            info.context.context, state, after=uuid_after(listing, after), limit=checked_first(first) + 1
        )
        return page_of(listing, rows, first, lambda row: row.id)

    @strawberry.field(graphql_type=Node | None, description="Any thing that has an id, if you may see it.")
    async def node(self, info: Info, id: strawberry.ID, purpose: Purpose | None = None) -> Any:
        kind, value = parts_of(id)
        read: Callable[..., Awaitable[Any]] | None = {
            "Worker": workers.worker,
            "Donation": funding.donation,
            "Allocation": allocations.allocation,
            "Nomination": nominations.nomination,
        }.get(kind)
        return None if read is None else await _or_none(read(asking(info, purpose), value))


async def _coverage(
    info: Info, given: IdentifierInput, on: dt.date, known_at: dt.datetime | None, purpose: Purpose
) -> Any:
    asked = asking(info, purpose)
    return await coverage.coverage_on(asked, identifier_of(info.context, given), on, known_at, purpose)


async def _plan(info: Info, given: WorkerMoveInput, purpose: Purpose | None) -> Any:
    return await moves.move_plan(asking(info, purpose), move_command(given))


def identifier_of(request: Request, given: IdentifierInput) -> Identifier:
    """The identifier that an input states, checked; raises IdentifierInvalid."""
    return identifiers.identifier_of(request.context, given.kind, given.issuing_state, given.value)


def move_command(given: WorkerMoveInput) -> moves.WorkerMove:
    """The command that an input states."""
    return moves.WorkerMove(
        worker_id=id_of("Worker", given.worker_id),
        to_state=given.to_state,
        move_on=given.move_on,
        contract_months=given.contract_months,
        route=given.route,
        sector=given.sector,
        wage=optional_money(given.wage),
        decided_on=given.decided_on,
        fund_id=None if given.fund_id is None else id_of("Fund", given.fund_id),
    )


async def _or_none(answer: Awaitable[T]) -> T | None:
    """The answer, or null for what does not exist or may not be seen; the two are alike."""
    try:
        return await answer
    except errors.NotFound:
        return None
