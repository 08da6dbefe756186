"""What the law alone says about the price of a month, resolved once and kept with the law.

A price depends on the segment, the month, who pays and the sector, on no amount. What is left for a quote is a
few operations on integers: amounts are counted in half-millionths of a currency unit, so that each number of
the law (at most six decimals) and half of it is whole, and no precision of a decimal context can lose a digit.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from domain.errors import PriceNotSetByLaw, RuleUnknown, ValueMissing
from domain.legislation import Bracket, DatedValue, Legislation, Reason, Relief
from domain.money import Currency, Money, Rounding, minor_units_of, round_to, step_of
from domain.periods import Month
from domain.reliefs import relief_of, relief_reason
from domain.schemes import BaseKind, ContributionRule, Formula, FunderKind, Participation, Sector, Segment
from domain.standing import Standing, weakest

SCALE = 2 * 10**6
PRICES_KEPT = 4096

_FACTS = {
    None: "no amount",
    BaseKind.WAGE: "the wage of the month",
    BaseKind.INCOME_BASE: "the declared income of the month",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """One row of a share's price.

    numerator, denominator: the exact number of payable steps that are due, for each counted part of the wage
    where the share is taken of the wage, else in all. base: the income base of the row, if it is one.
    """

    numerator: int
    denominator: int
    base: Money | None
    reasons: tuple[Reason, ...]
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedShare:
    """One payer's part. from_amounts: where each row begins, the first one as the law writes
    it in `lowest`; empty if there is only one row for all amounts.

    rule, fact: the words of the refusal when an amount is missing. All amounts are counted as SCALE says.
    """

    payer: str
    component: str
    rule: str
    fact: str
    base_kind: BaseKind | None
    lowest: str
    from_amounts: tuple[int, ...]
    rows: tuple[PriceRow, ...]
    floor: int | None
    ceiling: int | None
    bracket_width: int | None

    def row_of(self, amount: int) -> PriceRow:
        """The row in which an amount falls; raises ValueMissing below the first one."""
        if not self.from_amounts:
            return self.rows[0]
        place = bisect_right(self.from_amounts, amount)
        if place == 0:
            raise ValueMissing(rule=self.rule, fact=f"an amount of at least {self.lowest}")
        return self.rows[place - 1]

    def limited(self, wage: int) -> int:
        """The wage as the law takes it for a base: between floor and ceiling, or the middle of its bracket."""
        if self.floor is not None and wage < self.floor:
            wage = self.floor
        if self.ceiling is not None and wage > self.ceiling:
            wage = self.ceiling
        if self.bracket_width is not None:
            number = max(-(-wage // self.bracket_width), 1)
            wage = number * self.bracket_width - self.bracket_width // 2
        return wage


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthPrice:
    """The price of one month for one kind of payer and sector, before any amount is known.

    unit: how many counted parts make a minor unit. step: the payable step in minor units. rounding_self: as in
    Segment. reasons, standing: of what holds for all shares, the relief and the payable step.
    """

    currency: Currency
    shares: tuple[PricedShare, ...]
    unit: int
    step: int
    rounding: Rounding
    rounding_self: Rounding | None
    reasons: tuple[Reason, ...]
    standing: Standing

    def counted(self, amount: Money | None, share: PricedShare) -> int:
        """An amount that a share is taken of, in counted parts; refusals as in minor_units_of."""
        return minor_units_of(amount, self.currency, rule=share.rule, fact=share.fact) * self.unit


def month_price(
    law: Legislation,
    scheme_id: str,
    segment_id: str,
    month: Month,
    *,
    funder_kind: FunderKind,
    sector: Sector | None,
    wage_given: bool,
    income_given: bool,
) -> MonthPrice:
    """Return the price of a month as in force on its first day, from what is kept with the law if it was asked before.

    wage_given, income_given: what the question holds, so that a missing amount is refused before a rule that
    is not in force on the day. Raises what monthly_quote says, except about amounts that are given.
    """
    key = (scheme_id, segment_id, month.year, month.number, funder_kind, sector, wage_given, income_given)
    kept = law.derived.get(key)
    if kept is None:
        segment = law.segment(scheme_id, segment_id, month.first_day)
        _refuse_unpriced(f"{scheme_id}.{segment_id}", segment)
        relief = relief_of(law, scheme_id, segment, month.first_day, funder_kind, sector)
        pricing = _Pricing(law=law, segment=segment, on=month.first_day, relief=relief)
        kept = pricing.price(funder_kind, {BaseKind.WAGE: wage_given, BaseKind.INCOME_BASE: income_given})
        if len(law.derived) >= PRICES_KEPT:
            law.derived.clear()
        law.derived[key] = kept
    assert isinstance(kept, MonthPrice)
    return kept


def row_reason(table: DatedValue, row: Bracket, rule: str) -> Reason:
    """The reason that cites one row of a table."""
    return Reason(
        rule=rule,
        text=f"Row of the table from {row.from_amount:,}",
        value=f"{row.value:,}",
        since=table.first_day,
        source_ids=row.source_ids,
        standing=row.standing,
    )


def _refuse_unpriced(name: str, segment: Segment) -> None:
    """An excluded segment has no price, and neither has one whose price the law leaves to a market: not zero."""
    if segment.market_payer is not None:
        raise PriceNotSetByLaw(segment=name, payer=segment.market_payer)
    priced = segment.contributions and segment.participation is not Participation.EXCLUDED
    if not priced or any(rule.formula is Formula.TERM_PACK for rule in segment.contributions):
        raise RuleUnknown(kind="monthly contribution", name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pricing:
    """The values of one segment as in force on one day, on their way into a price."""

    law: Legislation
    segment: Segment
    on: dt.date
    relief: Relief | None

    def price(self, funder_kind: FunderKind, given: dict[BaseKind, bool]) -> MonthPrice:
        shares = []
        for rule in self.segment.contributions:
            named = _rule_of_amount(rule)
            if rule.base_kind is not None and not given[rule.base_kind]:
                raise ValueMissing(rule=named, fact=_FACTS[rule.base_kind])
            payer = funder_kind.value if rule.payer == "funder" else rule.payer
            shares.append(self._share(rule, named, payer))
        lowered = () if self.relief is None else (relief_reason(self.relief),)
        reasons = (*lowered, *self._step_reasons())
        return MonthPrice(
            currency=self.law.currency,
            shares=tuple(shares),
            unit=SCALE // 10**self.law.currency.exponent,
            step=self._step(),
            rounding=self.segment.rounding,
            rounding_self=self.segment.rounding_self,
            reasons=reasons,
            standing=weakest(tuple(reason.standing for reason in reasons)),
        )

    def _share(self, rule: ContributionRule, named: str, payer: str) -> PricedShare:
        rows_of = {BaseKind.WAGE: self._rows_of_wage, BaseKind.INCOME_BASE: self._rows_of_income, None: self._flat_row}
        rows = tuple(rows_of[rule.base_kind](rule))
        begins = [row.from_amount for row in self.law.parameter(named).on(self.on).brackets]
        return PricedShare(
            payer=payer,
            component=rule.component,
            rule=named,
            fact=_FACTS[rule.base_kind],
            base_kind=rule.base_kind,
            lowest=str(begins[0]) if begins else "",
            from_amounts=tuple(_counted(amount) for amount in begins),
            rows=rows,
            floor=self._limit(rule.floor),
            ceiling=self._limit(rule.ceiling),
            bracket_width=self._limit(rule.bracket_width),
        )

    def _flat_row(self, rule: ContributionRule) -> Iterator[PriceRow]:
        amount = self._number(rule.amount)
        yield self._row(amount, (self.law.cite(rule.amount, self.on, "Flat contribution"),))

    def _rows_of_income(self, rule: ContributionRule) -> Iterator[PriceRow]:
        assert rule.base is not None, "the loader demands a table for an income base"
        table = self.law.parameter(rule.base).on(self.on)
        rate, cited = self._number(rule.amount), self.law.cite(rule.amount, self.on, "Contribution rate")
        for bracket in table.brackets:
            base = round_to(bracket.value, self.law.currency, self.segment.rounding)
            reasons = (cited, row_reason(table, bracket, rule.base))
            yield self._row(Fraction(bracket.value) * rate / 100, reasons, base)

    def _rows_of_wage(self, rule: ContributionRule) -> Iterator[PriceRow]:
        """The rate, and where it depends on the wage, that of the wage itself: a ceiling limits the base only."""
        limits = tuple(self._limit_reasons(rule))
        parameter = self.law.parameter(rule.amount)
        dated = parameter.on(self.on)
        if dated.number is not None:
            cited = self.law.cite(rule.amount, self.on, "Contribution rate")
            yield self._row(Fraction(dated.number) / 100 / SCALE, (cited, *limits))
        for bracket in dated.brackets:
            row = row_reason(dated, bracket, rule.amount)
            cited = replace(row, text=f"Contribution rate; {row.text}", value=f"{row.value} {parameter.unit}")
            yield self._row(Fraction(bracket.value) / 100 / SCALE, (cited, *limits))

    def _row(self, due: Fraction, reasons: tuple[Reason, ...], base: Money | None = None) -> PriceRow:
        if self.relief is not None:
            due *= Fraction(self.relief.factor)
        steps = due * 10**self.law.currency.exponent / self._step()
        return PriceRow(
            numerator=steps.numerator,
            denominator=steps.denominator,
            base=base,
            reasons=reasons,
            standing=weakest(tuple(reason.standing for reason in reasons)),
        )

    def _limit_reasons(self, rule: ContributionRule) -> Iterator[Reason]:
        for name, text in (
            (rule.floor, "Wage floor"),
            (rule.ceiling, "Wage ceiling"),
            (rule.bracket_width, "Wage bracket; its middle is the base"),
        ):
            if name is not None:
                yield self.law.cite(name, self.on, text)

    def _limit(self, name: str | None) -> int | None:
        return None if name is None else _counted(self.law.parameter(name).number_on(self.on))

    def _number(self, name: str) -> Fraction:
        return Fraction(self.law.parameter(name).number_on(self.on))

    def _step(self) -> int:
        name = self.segment.rounding_step
        step = None if name is None else self.law.parameter(name).number_on(self.on)
        return step_of(step, self.law.currency)

    def _step_reasons(self) -> Iterator[Reason]:
        text, own = "Payable step", self.segment.rounding_self
        if own is not None:
            text += f" of the total ({self.segment.rounding.value}) and of the worker's share ({own.value}); "
            text += "the other payer bears the rest"
        if self.segment.rounding_step is not None:
            yield self.law.cite(self.segment.rounding_step, self.on, text)


def _rule_of_amount(rule: ContributionRule) -> str:
    """The parameter that needs the amount: the table of the income base, else the rate."""
    return rule.base if rule.base is not None and rule.base_kind is BaseKind.INCOME_BASE else rule.amount


def _counted(number: Decimal) -> int:
    parts, of = number.as_integer_ratio()
    assert SCALE % of == 0, "the loader refuses more than six decimals"
    return parts * (SCALE // of)
