"""What a scheme owes when something happens, how far a person has come towards it, and by when a month is due."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import strawberry

from domain import benefits as owed
from domain import due_dates, qualifying
from domain.circumstances import Contingency
from domain.formulas import AmountIs, Payment
from domain.legislation import Standing
from domain.periods import Month
from domain.schemes import Branch
from schema import problems as p
from schema.law_values import ReasonType, Text
from schema.money import MoneyInput, MoneyType
from schema.persons import PersonInput
from schema.scalars import PercentText


@strawberry.type(name="QualifyingState", description="How far a person has come towards one rule that counts months.")
class QualifyingStateType:
    rule: str = strawberry.field(description="The parameter that holds the bound.")
    subject: str = strawberry.field(description="The benefit or waiting rule to which it belongs.")
    needed_months: int
    have_months: int
    missing_months: int
    fulfilled: bool
    earliest_on: dt.date | None = strawberry.field(
        description="The first day on which it would be fulfilled if every month from the asked day on were credited."
    )
    reasons: list[ReasonType]


@strawberry.type(name="BenefitEstimate", description="What one benefit gives for the facts as they were told.")
class BenefitEstimateType:
    benefit_id: str
    name: Text
    branch: Branch
    outcome: owed.BenefitOutcome
    amount: MoneyType | None = strawberry.field(description="Null unless the benefit is payable in money.")
    amount_is: AmountIs
    payment: Payment
    after_months: int | None = strawberry.field(description="Months after which this phase begins; null if at once.")
    lasts_months: int | None = strawberry.field(description="Months that this phase lasts at most; null if no limit.")
    unmet: str = strawberry.field(description="The first condition that is not fulfilled; empty if all are.")
    fact: str = strawberry.field(description="The fact that must be given; empty if none is missing.")
    missing_for: str = strawberry.field(description="The rule that needs the missing fact.")
    qualifying: list[QualifyingStateType]
    reasons: list[ReasonType]
    standing: Standing
    grounds: str


@strawberry.type(name="BenefitTotal", description="The sum of what is payable exactly, paid in one way and phase.")
class BenefitTotalType:
    payment: Payment
    after_months: int | None
    lasts_months: int | None
    amount: MoneyType


@strawberry.type(
    name="BenefitAnswer",
    description="What a scheme owes for one contingency. An estimate: the institution decides the benefit.",
)
class BenefitAnswerType:
    scheme_id: str
    segment_id: str
    contingency: Contingency
    on: dt.date
    estimates: list[BenefitEstimateType]
    totals: list[BenefitTotalType]
    standing: Standing
    rules_hash: str

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, owed.BenefitAnswer)


@strawberry.input(
    description="What happened to whom, and on what amounts a benefit depends. Amounts are of one month, "
    "left out where they are not known."
)
class BenefitQuestion:
    scheme_id: str
    segment_id: str
    contingency: Contingency
    on: dt.date = strawberry.field(description="The day of the contingency, such as the accident or the death.")
    person: PersonInput
    wage: MoneyInput | None = strawberry.field(default=None, description="Before any ceiling.")
    income: MoneyInput | None = strawberry.field(default=None, description="As declared by a self-employed person.")
    average_wage: MoneyInput | None = strawberry.field(default=None, description="The average that the scheme takes.")
    balance: MoneyInput | None = strawberry.field(default=None, description="Of the person's account.")
    pension: MoneyInput | None = strawberry.field(
        default=None, description="Of which the benefit is a part: the person's own or that of the deceased."
    )
    children: int | None = None
    days: int | None = None
    degree_percent: PercentText | None = strawberry.field(default=None, description="Of incapacity, from 0 to 100.")


@strawberry.input(description="Whose months are counted, towards the rules of which segment, up to which day.")
class QualifyingQuestion:
    scheme_id: str
    segment_id: str
    on: dt.date
    person: PersonInput


@strawberry.type(description="How far a person has come towards each rule of a segment that counts months.")
class QualifyingStates:
    states: tuple[qualifying.QualifyingState, ...] = strawberry.field(graphql_type=list[QualifyingStateType])


@strawberry.type(name="DueDate", description="The last day on which the contribution of one month is paid in time.")
class DueDateType:
    scheme_id: str
    segment_id: str
    month: Month
    due_on: dt.date
    reasons: list[ReasonType]
    standing: Standing

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, due_dates.DueDate)


_ABOUT_A_PERSON: Any = (
    p.RuleNotInForceProblem
    | p.RuleUnknownProblem
    | p.DateInvalidProblem
    | p.DateOutOfRangeProblem
    | p.PeriodInvalidProblem
)

BenefitResult = Annotated[
    BenefitAnswerType
    | p.CurrencyMismatchProblem
    | p.AmountOutOfRangeProblem
    | p.PriceNotSetByLawProblem
    | _ABOUT_A_PERSON,
    strawberry.union("BenefitResult", description="What is owed, or why nothing can be said."),
]
QualifyingResult = Annotated[
    QualifyingStates | p.ValueMissingProblem | _ABOUT_A_PERSON,
    strawberry.union("QualifyingResult", description="How far a person has come, or why nothing can be said."),
]
DueDateResult = Annotated[
    DueDateType | p.RuleNotInForceProblem | p.RuleUnknownProblem,
    strawberry.union("DueDateResult", description="A due date, or why none is known."),
]
