"""Member states, institutions, schemes and what they cost, with every value's source and standing."""

from __future__ import annotations

import datetime as dt

import strawberry

from domain import contributions
from domain.countries import MemberState
from domain.legislation import Standing
from domain.periods import Month
from domain.schemes import Branch, FunderKind, Participation, PersonGroup, PortableObject, SchemeKind, Sector
from schema.money import MoneyInput, MoneyType


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


@strawberry.type(name="MemberStateLegislation", description="What the rule file of one member state says.")
class LegislationType:
    code: MemberState = strawberry.field(resolver=lambda root: root.member_state)
    name: Text
    institutions: list[InstitutionType] = strawberry.field(resolver=lambda root: list(root.institutions.values()))
    schemes: list[SchemeType] = strawberry.field(resolver=lambda root: list(root.schemes.values()))
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
