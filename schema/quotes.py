"""What a month or a pack costs, by payer."""

from __future__ import annotations

import datetime as dt

import strawberry

from domain import contributions
from domain.legislation import Standing
from domain.periods import Month
from domain.schemes import FunderKind, Sector
from schema.law_values import ReasonType
from schema.money import MoneyInput, MoneyType


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
