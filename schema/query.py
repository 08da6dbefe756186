"""Everything that can be asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import strawberry

from domain import errors
from domain.certificates import CertificateOfCoverage
from domain.contributions import ContributionFacts
from domain.countries import MemberState
from domain.eligibility import PersonFacts
from domain.funding import Allocation, Donation
from domain.legislation import Legislation
from domain.people import Identifier
from domain.records import Move, NominationReport, Purpose, Worker
from domain.schemes import Scheme
from resolvers import allocations, coverage, deliveries, funding, legislation, moves, nominations, workers
from schema import problems as p
from schema.consents import ConsentQueries
from schema.coverage import CoverageDeterminationType
from schema.funding import AllocationType, DonationType, MessageType, NominationType
from schema.ids import id_of, parts_of, uuid_after
from schema.legislation import (
    ContributionQuestion,
    EligibilityQuestion,
    EligibilityType,
    LegislationType,
    PackQuestion,
    Quote,
    RuleChanges,
    SchemeType,
)
from schema.money import MoneyInput, money_of
from schema.moves import MovePlanType, MoveType, WorkerMoveInput
from schema.pages import PAGE, Connection, Page, checked_first, page_of
from schema.problems import or_problem
from schema.request import Info, Request, asking
from schema.reviews import ReviewQueries
from schema.workers import CertificateType, IdentifierInput, Node, WorkerType

T = TypeVar("T")

QuoteResult = Annotated[
    Quote
    | p.RuleNotInForceProblem
    | p.RuleUnknownProblem
    | p.ValueMissingProblem
    | p.CurrencyMismatchProblem
    | p.PeriodInvalidProblem,
    strawberry.union("QuoteResult", description="A quote, or why there is none."),
]
_QUOTE = (
    errors.RuleNotInForce,
    errors.RuleUnknown,
    errors.ValueMissing,
    errors.CurrencyMismatch,
    errors.PeriodInvalid,
)

EligibilityResult = Annotated[
    EligibilityType | p.RuleNotInForceProblem | p.RuleUnknownProblem | p.ValueMissingProblem,
    strawberry.union("EligibilityResult", description="Whether a person may be insured, or why nothing can be said."),
]
RuleChangesResult = Annotated[
    RuleChanges | p.PeriodInvalidProblem | p.RuleUnknownProblem,
    strawberry.union("RuleChangesResult", description="What changes in a period, or why nothing can be said."),
]

CoverageResult = Annotated[
    CoverageDeterminationType | p.PersonNotVisibleProblem | p.IdentifierInvalidProblem | p.PurposeNotOpenProblem,
    strawberry.union("CoverageResult", description="The answer to a coverage question, or why there is none."),
]
_COVERAGE = (errors.PersonNotVisible, errors.IdentifierInvalid, errors.PurposeNotOpen)

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
_PLAN = (*_QUOTE, errors.NotFound, errors.PurposeNotOpen)


@strawberry.type(description="Everything that can be asked. A field that you may not see is null or refused.")
class Query(ReviewQueries, ConsentQueries):
    @strawberry.field(graphql_type=list[LegislationType], description="Member states with a rule file.")
    async def member_states(self, info: Info) -> list[Legislation]:
        return list(info.context.context.rulebook.states.values())

    @strawberry.field(graphql_type=LegislationType | None, description="The legislation of one member state.")
    async def member_state(self, info: Info, code: MemberState) -> Legislation | None:
        return info.context.context.rulebook.states.get(code)

    @strawberry.field(graphql_type=SchemeType | None, description="One scheme by its id, for example ID.JKK.")
    async def scheme(self, info: Info, id: strawberry.ID) -> Scheme | None:
        rulebook = info.context.context.rulebook
        return next((law.schemes[str(id)] for law in rulebook.states.values() if str(id) in law.schemes), None)

    @strawberry.field(graphql_type=QuoteResult, description="What one month costs in a segment, by payer, and why.")
    async def contribution_quote(self, info: Info, question: ContributionQuestion) -> Any:
        facts = ContributionFacts(
            funder_kind=question.funder_kind,
            sector=question.sector,
            wage=_optional_money(question.wage),
            income=_optional_money(question.income),
        )
        asked = legislation.contribution_quote(
            info.context.context, question.scheme_id, question.segment_id, question.month, facts
        )
        return await or_problem(asked, *_QUOTE)

    @strawberry.field(graphql_type=QuoteResult, description="What a pack for a contract term costs, and why.")
    async def pack_quote(self, info: Info, question: PackQuestion) -> Any:
        asked = legislation.pack_quote(
            info.context.context,
            question.scheme_id,
            question.segment_id,
            question.on,
            question.contract_months,
            question.route,
        )
        return await or_problem(asked, *_QUOTE)

    @strawberry.field(
        graphql_type=EligibilityResult, description="Whether a person may or must be in a segment on a day, and why."
    )
    async def eligibility(self, info: Info, question: EligibilityQuestion) -> Any:
        person = PersonFacts(
            birth_date=question.birth_date,
            nationality=question.nationality,
            sector=question.sector,
            first_entry_on=question.first_entry_on,
            valid_pass=question.valid_pass,
            contract_months=question.contract_months,
        )
        asked = legislation.eligible(info.context.context, question.scheme_id, question.segment_id, question.on, person)
        return await or_problem(asked, errors.RuleNotInForce, errors.RuleUnknown, errors.ValueMissing)

    @strawberry.field(
        graphql_type=RuleChangesResult,
        description="What of the law changes between two days, both included, as far as the rule files know.",
    )
    async def rules_changing(
        self, info: Info, first_day: dt.date, last_day: dt.date, member_state: MemberState | None = None
    ) -> Any:
        async def act() -> RuleChanges:
            found = await legislation.changes(info.context.context, first_day, last_day, member_state)
            return RuleChanges(changes=found)

        return await or_problem(act(), errors.PeriodInvalid, errors.RuleUnknown)

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
        return await or_problem(_coverage(info, identifier, on, known_at, purpose), *_COVERAGE)

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
        return await _or_none(workers.certificate(asking(info, purpose), number))

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
    return request.context.identity.checked(given.kind, given.issuing_state, given.value)


def move_command(given: WorkerMoveInput) -> moves.WorkerMove:
    """The command that an input states."""
    return moves.WorkerMove(
        worker_id=id_of("Worker", given.worker_id),
        to_state=given.to_state,
        move_on=given.move_on,
        contract_months=given.contract_months,
        route=given.route,
        sector=given.sector,
        wage=_optional_money(given.wage),
        decided_on=given.decided_on,
        fund_id=None if given.fund_id is None else id_of("Fund", given.fund_id),
    )


def _optional_money(given: MoneyInput | None) -> Any:
    return None if given is None else money_of(given)


async def _or_none(answer: Awaitable[T]) -> T | None:
    """The answer, or null for what does not exist or may not be seen; the two are alike."""
    try:
        return await answer
    except errors.NotFound:
        return None
