"""Member states, institutions, schemes and what they cost, with every value's source and standing."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import strawberry

from domain import contributions
from domain.changes import RuleChange
from domain.countries import MemberState
from domain.eligibility import Eligibility
from domain.errors import RuleNotInForce
from domain.legislation import DatedValue, Parameter, Standing
from domain.periods import Month
from domain.schemes import Branch, FunderKind, Participation, PersonGroup, PortableObject, SchemeKind, Sector
from schema.money import MoneyInput, MoneyType
from schema.problems import RuleNotInForceProblem, Told


@strawberry.type(description="A name in English and in the state's own language (BCP 47 code).")
class Text:
    en: str
    own: str
    own_language: str


@strawberry.type(description="Where a value of the law was read.")
class Source:
    id: str
    title: str
    place: str
    read_on: dt.date


@strawberry.type(
    name="Reason",
    description="One step of an answer: the rule and value used, since when it applies, its sources, its standing.",
)
class ReasonType:
    rule: str
    text: str
    value: str
    since: dt.date | None
    source_ids: list[str] = strawberry.field(description="Ids of sources; memberState(code).sources gives them.")
    standing: Standing


@strawberry.type(name="Institution", description="A body that applies legislation or owes benefits.")
class InstitutionType:
    id: strawberry.ID
    member_state: MemberState
    name: Text
    short_name: str


@strawberry.type(name="Segment", description="The part of a scheme that is for one group of persons.")
class SegmentType:
    id: str
    persons: PersonGroup
    participation: Participation
    first_day: dt.date
    last_day: dt.date | None
    grounds: str


@strawberry.type(name="Scheme", description="A statutory arrangement of one institution that covers branches.")
class SchemeType:
    id: strawberry.ID
    member_state: MemberState
    institution_id: str
    name: Text
    kind: SchemeKind
    portable_object: PortableObject
    branches: list[Branch]
    segments: list[SegmentType] = strawberry.field(resolver=lambda root: list(root.segments.values()))
    grounds: str


@strawberry.type(name="Bracket", description="One row of a table: from this amount upwards the value applies.")
class BracketType:
    from_amount: str = strawberry.field(resolver=lambda root: str(root.from_amount))
    value: str = strawberry.field(resolver=lambda root: str(root.value))
    standing: Standing
    source_ids: list[str]


@strawberry.type(
    name="DatedValue",
    description="A value of the law from its first day on: a number, a table, or neither where the law ended it.",
)
class DatedValueType:
    first_day: dt.date
    number: str | None = strawberry.field(
        description="Decimal text.", resolver=lambda root: None if root.number is None else str(root.number)
    )
    brackets: list[BracketType]
    standing: Standing
    source_ids: list[str]
    note: str

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, DatedValue)


ValueResult = Annotated[
    DatedValueType | RuleNotInForceProblem,
    strawberry.union("ValueResult", description="A value in force on a day, or that none is known then."),
]


@strawberry.type(name="Parameter", description="A named value of the law through time, oldest first.")
class ParameterType:
    name: str
    unit: str
    values: list[DatedValueType]

    @strawberry.field(graphql_type=ValueResult, description="The value in force on a day.")
    @staticmethod
    async def value_on(root: strawberry.Parent[Parameter], on: dt.date) -> Any:
        return in_force(root, on)


def in_force(parameter: Parameter, on: dt.date) -> DatedValue | Told:
    """The value in force on a day, or the refusal as a problem."""
    try:
        return parameter.on(on)
    except RuleNotInForce as refusal:
        return Told(refusal)


@strawberry.type(
    name="RuleChange", description="One change of one rule: what held before, and what holds from a day on."
)
class RuleChangeType:
    member_state: MemberState
    rule: str
    on: dt.date
    before: str | None
    after: str | None
    standing: Standing
    source_ids: list[str]
    note: str


@strawberry.type(description="The changes of a period, by day, state and rule.")
class RuleChanges:
    changes: tuple[RuleChange, ...] = strawberry.field(graphql_type=list[RuleChangeType])


@strawberry.type(name="Eligibility", description="Whether a person may or must be in a segment on a day, and why.")
class EligibilityType:
    eligible: bool
    unmet: str = strawberry.field(description="The first condition that is not met; empty if all are.")
    reasons: list[ReasonType]

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, Eligibility)


@strawberry.input(description="Who asks about being insured: facts of a person, without anything that names one.")
class EligibilityQuestion:
    scheme_id: str
    segment_id: str
    on: dt.date
    birth_date: dt.date
    nationality: MemberState
    sector: Sector | None = None
    first_entry_on: dt.date | None = strawberry.field(
        default=None, description="First day of insured work in the scheme's state, if there was one."
    )
    contract_months: int | None = strawberry.field(
        default=None, description="The term of the contract, if there is one."
    )
    valid_pass: bool = strawberry.field(default=True, description="Whether the passport and pass are valid.")


@strawberry.type(name="MemberStateLegislation", description="What the rule file of one member state says.")
class LegislationType:
    code: MemberState = strawberry.field(resolver=lambda root: root.member_state)
    name: Text
    institutions: list[InstitutionType] = strawberry.field(resolver=lambda root: list(root.institutions.values()))
    schemes: list[SchemeType] = strawberry.field(resolver=lambda root: list(root.schemes.values()))
    parameters: list[ParameterType] = strawberry.field(
        description="Every dated value of the rule file, with its history.",
        resolver=lambda root: list(root.parameters.values()),
    )
    sources: list[Source] = strawberry.field(resolver=lambda root: list(root.sources.values()))
    rules_hash: str = strawberry.field(
        description="SHA-256 of the rule file: names the version that answers rest on.",
        resolver=lambda root: root.content_hash,
    )


@strawberry.type(name="Share", description="The part of a contribution that one payer bears.")
class ShareType:
    payer: str
    component: str = strawberry.field(description="The part of a pack; empty for a monthly contribution.")
    amount: MoneyType


@strawberry.type(name="Quote", description="A contribution with its shares and the reasons for its amount.")
class Quote:
    scheme_id: str
    segment_id: str
    month: Month | None
    contract_months: int | None
    cover_months: int | None = strawberry.field(
        description="Of a pack: the most months it protects, before, during and after work."
    )
    shares: list[ShareType]
    total: MoneyType
    base: MoneyType | None
    reasons: list[ReasonType]
    standing: Standing
    rules_hash: str

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, contributions.Quote)


@strawberry.input(description="What a month's contribution depends on. Amounts are of one month, before ceilings.")
class ContributionQuestion:
    scheme_id: str
    segment_id: str
    month: Month
    funder_kind: FunderKind
    sector: Sector | None = None
    wage: MoneyInput | None = None
    income: MoneyInput | None = None


@strawberry.input(description="What a pack's price depends on.")
class PackQuestion:
    scheme_id: str
    segment_id: str
    on: dt.date = strawberry.field(description="The day of payment.")
    contract_months: int
    route: str = strawberry.field(description="How the worker is placed, a word of the rule file such as agency.")
