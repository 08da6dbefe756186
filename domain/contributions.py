"""Contributions: what is due for a month, by payer, with the reasons; packs for a term are in domain/packs.py.

The formulas are undated; each number comes from the rule file of the scheme's member state. The price of a
month depends on who pays and when: reliefs look at the segment, the sector and the funder.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from domain.errors import ValueMissing
from domain.legislation import DatedValue, Legislation, Reason
from domain.money import Money, whole
from domain.month_prices import MonthPrice, PricedShare, PriceRow, month_price, row_reason
from domain.periods import Month
from domain.schemes import BaseKind, FunderKind, Sector
from domain.standing import Standing, weakest


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributionFacts:
    """What a contribution depends on besides the law. Amounts are of one month, before any ceiling."""

    funder_kind: FunderKind
    sector: Sector | None = None
    wage: Money | None = None
    income: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The part of a contribution that one payer bears; `component` names a part of a pack."""

    payer: str
    component: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A contribution with its shares and reasons.

    month: the month it is for, None for a term. contract_months, cover_months: of a term only; cover_months
    counts the most the pack protects, before, during and after work. standing: of the weakest value used.
    """

    scheme_id: str
    segment_id: str
    month: Month | None
    contract_months: int | None
    cover_months: int | None
    shares: tuple[Share, ...]
    total: Money
    base: Money | None
    reasons: tuple[Reason, ...]
    standing: Standing
    rules_hash: str


def monthly_quote(law: Legislation, scheme_id: str, segment_id: str, month: Month, facts: ContributionFacts) -> Quote:
    """Return the contribution due for one month; values are taken as in force on the month's first day.

    Raises RuleNotInForce outside the known dates, RuleUnknown for a scheme or segment that the file does not
    have or that is priced per term, PriceNotSetByLaw where the law leaves the price to a market, ValueMissing
    if a wage, income or sector is needed and not given, CurrencyMismatch if an amount is in another currency,
    AmountOutOfRange if it is below zero.
    Source: the scheme's segment and its parameters in the rule file.
    """
    price = month_price(
        law,
        scheme_id,
        segment_id,
        month,
        funder_kind=facts.funder_kind,
        sector=facts.sector,
        wage_given=facts.wage is not None,
        income_given=facts.income is not None,
    )
    dues: list[tuple[int, int]] = []
    base: Money | None = None
    reasons: tuple[Reason, ...] = ()
    standing = price.standing
    for share in price.shares:
        row, times, taken_of = _due(price, share, facts)
        dues.append((row.numerator * times, row.denominator))
        base = taken_of or base
        reasons += row.reasons
        if row.standing is not standing:
            standing = weakest((row.standing, standing))
    amounts = _payable(price, dues)
    return Quote(
        scheme_id=scheme_id,
        segment_id=segment_id,
        month=month,
        contract_months=None,
        cover_months=None,
        shares=tuple(
            [
                Share(payer=share.payer, component=share.component, amount=Money(amount, price.currency))
                for share, amount in zip(price.shares, amounts, strict=True)
            ]
        ),
        total=Money(sum(amounts), price.currency),
        base=base,
        reasons=reasons + price.reasons,
        standing=standing,
        rules_hash=law.content_hash,
    )


def bracket_of(table: DatedValue, amount: Decimal, rule: str) -> tuple[Decimal, Reason]:
    """The value of the row in which an amount falls, and the reason that cites this row."""
    row = next((b for b in reversed(table.brackets) if b.from_amount <= amount), None)
    if row is None:
        raise ValueMissing(rule=rule, fact=f"an amount of at least {table.brackets[0].from_amount}")
    return row.value, row_reason(table, row, rule)


def _due(price: MonthPrice, share: PricedShare, facts: ContributionFacts) -> tuple[PriceRow, int, Money | None]:
    """The row of a share's price, how many times it is due, and the base that the quote shows."""
    if share.base_kind is None:
        return share.rows[0], 1, None
    if share.base_kind is BaseKind.INCOME_BASE:
        row = share.row_of(price.counted(facts.income, share))
        return row, 1, row.base
    wage = price.counted(facts.wage, share)
    base = share.limited(wage)
    shown = facts.wage if base == wage else Money(whole(base, price.unit, price.rounding), price.currency)
    return share.row_of(wage), base, shown


def _payable(price: MonthPrice, dues: list[tuple[int, int]]) -> list[int]:
    """What each share pays, in minor units: rounded alone, or of a rounded total the worker's share and the rest."""
    if price.rounding_self is None:
        return [price.step * whole(number, parts, price.rounding) for number, parts in dues]
    exact = sum(Fraction(number, parts) for number, parts in dues)
    steps = whole(*exact.as_integer_ratio(), price.rounding)
    own = next(place for place, share in enumerate(price.shares) if share.payer == FunderKind.SELF.value)
    own_steps = whole(*dues[own], price.rounding_self)
    return [price.step * (own_steps if place == own else steps - own_steps) for place in range(len(dues))]
