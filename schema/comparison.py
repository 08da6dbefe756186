"""The same person side by side in several states."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from domain import comparison
from domain.comparison import KindOfWork, SchemeFit
from domain.countries import MemberState
from domain.legislation import Standing
from domain.schemes import Branch, FunderKind
from schema import problems as p
from schema.law_values import ReasonType
from schema.money import MoneyInput
from schema.persons import PersonInput
from schema.provisions import SchemeType, SegmentType
from schema.quotes import Quote


@strawberry.type(name="SegmentComparison", description="One segment of a scheme as it stands to the person.")
class SegmentComparisonType:
    scheme: SchemeType
    segment: SegmentType
    fit: SchemeFit
    why_not: str = strawberry.field(
        description="What is unmet, which fact is missing or what is not known; empty if the segment is open."
    )
    quote: Quote | None = strawberry.field(description="The price of the month or of the pack, if it can be said.")
    no_price: str = strawberry.field(description="Why there is no price; empty if there is one or none is due.")
    reasons: list[ReasonType]
    standing: Standing


@strawberry.type(
    name="BranchComparison",
    description="Which schemes protect one branch for the person: none of either kind is a gap.",
)
class BranchComparisonType:
    branch: Branch
    compulsory_in: list[str]
    voluntary_in: list[str]


@strawberry.type(name="StateComparison", description="What one state's law is to the person who works there.")
class StateComparisonType:
    member_state: MemberState
    segments: list[SegmentComparisonType]
    branches: list[BranchComparisonType] = strawberry.field(
        description="All nine branches; segments for work abroad protect none of them here."
    )
    standing: Standing
    rules_hash: str


@strawberry.type(description="The same person in several states, in the order in which the states were named.")
class SchemeComparison:
    states: tuple[comparison.StateComparison, ...] = strawberry.field(graphql_type=list[StateComparisonType])


@strawberry.input(description="Who is compared, in which states, and how they would work there.")
class ComparisonQuestion:
    on: dt.date
    person: PersonInput
    states: list[MemberState] | None = strawberry.field(
        default=None, description="Left out: all member states that have a rule file."
    )
    work: KindOfWork | None = strawberry.field(default=None, description="EMPLOYED if left out.")
    funder_kind: FunderKind | None = strawberry.field(default=None, description="SELF if left out.")
    amounts: list[MoneyInput] = strawberry.field(
        default_factory=list,
        description="The month's wage, or the declared income of the self-employed; one for each currency.",
    )
    route: str | None = strawberry.field(default=None, description="How a worker who goes abroad is placed.")


ComparisonResult = Annotated[
    SchemeComparison
    | p.RuleUnknownProblem
    | p.DateInvalidProblem
    | p.DateOutOfRangeProblem
    | p.PeriodInvalidProblem
    | p.AmountOutOfRangeProblem,
    strawberry.union("ComparisonResult", description="The comparison, or why nothing can be said."),
]
