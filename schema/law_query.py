"""Everything that can be asked of the law; nothing here reads a person from the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from domain import errors
from domain.comparison import ComparisonFacts, KindOfWork
from domain.contributions import ContributionFacts
from domain.countries import MemberState
from domain.legislation import Legislation
from domain.money import Money
from domain.periods import Month
from domain.quantities import BenefitFacts
from domain.schemes import FunderKind, Scheme
from resolvers import identifiers, legislation
from resolvers.context import permit
from schema import problems as p
from schema.benefits import (
    BenefitQuestion,
    BenefitResult,
    DueDateResult,
    QualifyingQuestion,
    QualifyingResult,
    QualifyingStates,
)
from schema.comparison import ComparisonQuestion, ComparisonResult, SchemeComparison
from schema.identifiers import IdentifierCheckResult
from schema.legislation import EligibilityQuestion, EligibilityType, LegislationType, RuleChanges
from schema.money import MoneyInput, money_of
from schema.persons import person_of
from schema.problems import or_problem
from schema.provisions import SchemeType
from schema.quotes import ContributionQuestion, PackQuestion, Quote
from schema.request import Info, Request

QuoteResult = Annotated[
    Quote
    | p.RuleNotInForceProblem
    | p.RuleUnknownProblem
    | p.PriceNotSetByLawProblem
    | p.ValueMissingProblem
    | p.CurrencyMismatchProblem
    | p.AmountOutOfRangeProblem
    | p.PeriodInvalidProblem,
    strawberry.union("QuoteResult", description="A quote, or why there is none."),
]
_NOT_KNOWN = (errors.RuleNotInForce, errors.RuleUnknown)
_PERSON = (errors.DateInvalid, errors.DateOutOfRange, errors.PeriodInvalid)
_QUOTE = (
    *_NOT_KNOWN,
    errors.PriceNotSetByLaw,
    errors.ValueMissing,
    errors.CurrencyMismatch,
    errors.AmountOutOfRange,
    errors.PeriodInvalid,
)

EligibilityResult = Annotated[
    EligibilityType
    | p.RuleNotInForceProblem
    | p.RuleUnknownProblem
    | p.ValueMissingProblem
    | p.DateInvalidProblem
    | p.DateOutOfRangeProblem
    | p.PeriodInvalidProblem,
    strawberry.union("EligibilityResult", description="Whether a person may be insured, or why nothing can be said."),
]
RuleChangesResult = Annotated[
    RuleChanges | p.PeriodInvalidProblem | p.RuleUnknownProblem,
    strawberry.union("RuleChangesResult", description="What changes in a period, or why nothing can be said."),
]


@strawberry.type
class LawQuery:
    """Questions about the law that everyone who is known may ask."""

    @strawberry.field(graphql_type=list[LegislationType], description="Member states with a rule file.")
    async def member_states(self, info: Info) -> list[Legislation]:
        permit(info.context.context, "memberStates")
        return list(info.context.context.rulebook.states.values())

    @strawberry.field(graphql_type=LegislationType | None, description="The legislation of one member state.")
    async def member_state(self, info: Info, code: MemberState) -> Legislation | None:
        permit(info.context.context, "memberState")
        return info.context.context.rulebook.states.get(code)

    @strawberry.field(graphql_type=SchemeType | None, description="One scheme by its id, for example ID.JKK.")
    async def scheme(self, info: Info, id: strawberry.ID) -> Scheme | None:
        permit(info.context.context, "scheme")
        rulebook = info.context.context.rulebook
        return next((law.schemes[str(id)] for law in rulebook.states.values() if str(id) in law.schemes), None)

    @strawberry.field(graphql_type=QuoteResult, description="What one month costs in a segment, by payer, and why.")
    async def contribution_quote(self, info: Info, question: ContributionQuestion) -> Any:
        facts = ContributionFacts(
            funder_kind=question.funder_kind,
            sector=question.sector,
            wage=optional_money(question.wage),
            income=optional_money(question.income),
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
        return await or_problem(_eligible(info.context, question), *_NOT_KNOWN, *_PERSON, errors.ValueMissing)

    @strawberry.field(
        graphql_type=BenefitResult,
        description="What a scheme owes when something happens, benefit by benefit, and why. An estimate.",
    )
    async def benefit_estimate(self, info: Info, question: BenefitQuestion) -> Any:
        refusals = (errors.CurrencyMismatch, errors.AmountOutOfRange, errors.PriceNotSetByLaw)
        return await or_problem(_benefits(info.context, question), *_NOT_KNOWN, *_PERSON, *refusals)

    @strawberry.field(
        graphql_type=QualifyingResult,
        description="How far a person has come towards each rule of a segment that counts months.",
    )
    async def qualifying_states(self, info: Info, question: QualifyingQuestion) -> Any:
        return await or_problem(_qualifying(info.context, question), *_NOT_KNOWN, *_PERSON, errors.ValueMissing)

    @strawberry.field(graphql_type=DueDateResult, description="By when the contribution of a month is due, and why.")
    async def due_date(self, info: Info, scheme_id: str, segment_id: str, month: Month) -> Any:
        asked = legislation.due_date(info.context.context, scheme_id, segment_id, month)
        return await or_problem(asked, *_NOT_KNOWN)

    @strawberry.field(graphql_type=DueDateResult, description="Which due date comes next on or after a day, and why.")
    async def next_due_date(self, info: Info, scheme_id: str, segment_id: str, on: dt.date) -> Any:
        asked = legislation.next_due_date(info.context.context, scheme_id, segment_id, on)
        return await or_problem(asked, *_NOT_KNOWN)

    @strawberry.field(
        graphql_type=ComparisonResult, description="The same person side by side in several states on a day."
    )
    async def compare_schemes(self, info: Info, question: ComparisonQuestion) -> Any:
        asked = _comparison(info.context, question)
        return await or_problem(asked, errors.RuleUnknown, *_PERSON, errors.AmountOutOfRange)

    @strawberry.field(
        graphql_type=IdentifierCheckResult,
        description="Whether a number looks as its kind does, and why. It is neither looked up, stored nor repeated.",
    )
    async def identifier_check(self, info: Info, kind: str, state: MemberState, value: str) -> Any:
        asked = identifiers.identifier_check(info.context.context, kind, state, value)
        return await or_problem(asked, errors.IdentifierInvalid)

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


async def _eligible(request: Request, question: EligibilityQuestion) -> Any:
    person = person_of(request.context, question.person, question.on)
    return await legislation.eligible(request.context, question.scheme_id, question.segment_id, question.on, person)


async def _benefits(request: Request, question: BenefitQuestion) -> Any:
    degree = question.degree_percent
    amounts: Mapping[str, Money | None] = {
        name: optional_money(getattr(question, name))
        for name in ("wage", "income", "average_wage", "balance", "pension")
    }
    facts = BenefitFacts(
        person=person_of(request.context, question.person, question.on),
        children=question.children,
        days=question.days,
        degree_percent=None if degree is None else Decimal(degree),
        **amounts,
    )
    asked = request.context, question.scheme_id, question.segment_id, question.contingency, question.on
    return await legislation.benefits(*asked, facts)


async def _qualifying(request: Request, question: QualifyingQuestion) -> QualifyingStates:
    person = person_of(request.context, question.person, question.on)
    asked = request.context, question.scheme_id, question.segment_id, question.on
    return QualifyingStates(states=await legislation.qualifying(*asked, person))


async def _comparison(request: Request, question: ComparisonQuestion) -> SchemeComparison:
    facts = ComparisonFacts(
        person=person_of(request.context, question.person, question.on),
        work=question.work or KindOfWork.EMPLOYED,
        funder_kind=question.funder_kind or FunderKind.SELF,
        amounts=tuple(money_of(amount) for amount in question.amounts),
        route=question.route,
    )
    states = None if question.states is None else tuple(question.states)
    return SchemeComparison(states=await legislation.comparison(request.context, states, question.on, facts))


def optional_money(given: MoneyInput | None) -> Money | None:
    """The Money that an input states, None if it states none."""
    return None if given is None else money_of(given)
