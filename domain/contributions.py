"""Contributions: what is due for a month or a contract term, by payer, with the reasons.

The formulas are undated; each number comes from the rule file of the scheme's member state. The price of a
month depends on who pays and when: reliefs look at the segment, the sector and the funder.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.errors import AmountOutOfRange, CurrencyMismatch, PeriodInvalid, RuleUnknown, ValueMissing
from domain.legislation import DatedValue, Legislation, Reason, Relief, Standing, weakest
from domain.money import Money, round_to, total
from domain.periods import Month
from domain.schemes import BaseKind, ContributionRule, Formula, FunderKind, Participation, Sector, Segment


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
    have or that is priced per term, ValueMissing if a wage, income or sector is needed and not given,
    CurrencyMismatch if an amount is in another currency, AmountOutOfRange if it is below zero.
    Source: the scheme's segment and its parameters in the rule file.
    """
    segment = law.segment(scheme_id, segment_id, month.first_day)
    # An excluded segment has no price, and neither has one whose price the law leaves to a market: not zero.
    priced = segment.contributions and segment.participation is not Participation.EXCLUDED
    if not priced or any(rule.formula is Formula.TERM_PACK for rule in segment.contributions):
        raise RuleUnknown(kind="monthly contribution", name=f"{scheme_id}.{segment_id}")
    step = _Step(law=law, segment=segment, on=month.first_day, facts=facts)
    relief = _relief(law, scheme_id, segment, month.first_day, facts)
    shares: list[Share] = []
    reasons: list[Reason] = []
    base: Money | None = None
    for rule in segment.contributions:
        due, used, rule_base = step.computed(rule)
        reasons.extend(used)
        base = rule_base or base
        if relief is not None:
            due = due * relief.factor
        shares.append(Share(payer=step.payer(rule), component=rule.component, amount=step.rounded(due)))
    if relief is not None:
        reasons.append(_relief_reason(relief))
    cited = (*reasons, *step.rounding_reasons())
    return _quoted(law, scheme_id, segment_id, tuple(shares), cited, month=month, base=base)


def term_quote(
    law: Legislation, scheme_id: str, segment_id: str, on: dt.date, *, contract_months: int, route: str
) -> Quote:
    """Return the price of a pack for one contract term, paid once, by component.

    on: the day of payment, whose prices apply. contract_months: at least 1. route: how the worker is placed,
    a word of the rule file. A term between two packs costs the cheaper of the next larger pack and the
    largest smaller one with single months added; that reading of the law is assumed and says so.
    Raises RuleUnknown if the segment is not priced per term or not open to the route, RuleNotInForce,
    PeriodInvalid for a term of no months.
    Source: the segment's term packs in the rule file.
    """
    if contract_months < 1:
        raise PeriodInvalid(what="contract term", rule="it has less than one month")
    segment = law.segment(scheme_id, segment_id, on)
    rules = [r for r in segment.contributions if r.formula is Formula.TERM_PACK and _open_to(r, route)]
    if not rules:
        raise RuleUnknown(kind="pack for this route", name=f"{scheme_id}.{segment_id} by {route}")
    step = _Step(law=law, segment=segment, on=on, facts=ContributionFacts(funder_kind=FunderKind.SELF))
    shares: list[Share] = []
    reasons: list[Reason] = []
    for rule in rules:
        price, used = _pack_price(law, rule, on, contract_months)
        reasons.extend(used)
        shares.append(Share(payer=rule.payer, component=rule.component, amount=step.rounded(price)))
    before, after, phases = phases_of(law, segment, on, route)
    return _quoted(
        law,
        scheme_id,
        segment_id,
        tuple(shares),
        (*reasons, *step.rounding_reasons(), *phases),
        contract_months=contract_months,
        cover_months=before + contract_months + after,
    )


def phases_of(law: Legislation, segment: Segment, on: dt.date, route: str) -> tuple[int, int, tuple[Reason, ...]]:
    """Months at most before work, and after work, that a pack protects besides the contract, with reasons.

    Only a route that pays the part called `before` is protected before work.
    """
    months, reasons = [], []
    pays_before = any(r.component == "before" and _open_to(r, route) for r in segment.contributions)
    for name, text in (
        (
            segment.cover.before_months if pays_before else None,
            "Months at most that the pack protects before work",
        ),
        (segment.cover.after_months, "Months that the pack protects after work"),
    ):
        months.append(0 if name is None else int(_number(law.parameter(name).on(on))))
        if name is not None:
            reasons.append(law.cite(name, on, text))
    return months[0], months[1], tuple(reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    law: Legislation
    segment: Segment
    on: dt.date
    facts: ContributionFacts

    def payer(self, rule: ContributionRule) -> str:
        return self.facts.funder_kind.value if rule.payer == "funder" else rule.payer

    def rounded(self, amount: Decimal) -> Money:
        name = self.segment.rounding_step
        step = None if name is None else _number(self.law.parameter(name).on(self.on))
        return round_to(amount, self.law.currency, self.segment.rounding, step)

    def rounding_reasons(self) -> tuple[Reason, ...]:
        name = self.segment.rounding_step
        return () if name is None else (self.law.cite(name, self.on, "Payable step"),)

    def computed(self, rule: ContributionRule) -> tuple[Decimal, tuple[Reason, ...], Money | None]:
        if rule.formula is Formula.FLAT:
            amount = _number(self.law.parameter(rule.amount).on(self.on))
            return amount, (self.law.cite(rule.amount, self.on, "Flat contribution"),), None
        base, reasons = self._base(rule)
        rate, cited = self._rate(rule)
        base_money = round_to(base, self.law.currency, self.segment.rounding)
        return base * rate / 100, (cited, *reasons), base_money

    def _rate(self, rule: ContributionRule) -> tuple[Decimal, Reason]:
        """The rate, and where it depends on the wage, that of the wage itself: a ceiling limits the base only."""
        parameter = self.law.parameter(rule.amount)
        dated = parameter.on(self.on)
        if dated.number is not None:
            return dated.number, self.law.cite(rule.amount, self.on, "Contribution rate")
        rate, row = bracket_of(dated, self._wage(rule), rule.amount)
        return rate, replace(row, text=f"Contribution rate; {row.text}", value=f"{row.value} {parameter.unit}")

    def _base(self, rule: ContributionRule) -> tuple[Decimal, tuple[Reason, ...]]:
        if rule.base_kind is BaseKind.INCOME_BASE:
            assert rule.base is not None, "the loader demands a table for an income base"
            income = self._given(self.facts.income, rule.base, "the declared income of the month")
            row = bracket_of(self.law.parameter(rule.base).on(self.on), income, rule.base)
            return row[0], (row[1],)
        return self._limited(rule, self._wage(rule))

    def _wage(self, rule: ContributionRule) -> Decimal:
        return self._given(self.facts.wage, rule.amount, "the wage of the month")

    def _limited(self, rule: ContributionRule, wage: Decimal) -> tuple[Decimal, tuple[Reason, ...]]:
        reasons = []
        for name, choose, text in ((rule.floor, max, "Wage floor"), (rule.ceiling, min, "Wage ceiling")):
            if name is not None:
                wage = choose(wage, _number(self.law.parameter(name).on(self.on)))
                reasons.append(self.law.cite(name, self.on, text))
        if rule.bracket_width is not None:
            width = _number(self.law.parameter(rule.bracket_width).on(self.on))
            number = (wage / width).to_integral_value(rounding="ROUND_CEILING")
            wage = max(number, Decimal(1)) * width - width / 2
            reasons.append(self.law.cite(rule.bracket_width, self.on, "Wage bracket; its middle is the base"))
        return wage, tuple(reasons)

    def _given(self, amount: Money | None, rule: str, fact: str) -> Decimal:
        if amount is None:
            raise ValueMissing(rule=rule, fact=fact)
        if amount.currency is not self.law.currency:
            raise CurrencyMismatch(expected=self.law.currency.value, given=amount.currency.value)
        if amount.minor_units < 0:
            raise AmountOutOfRange(given=str(amount), limit="zero or more")
        return Decimal(amount.decimal_text)


def bracket_of(table: DatedValue, amount: Decimal, rule: str) -> tuple[Decimal, Reason]:
    """The value of the row in which an amount falls, and the reason that cites this row."""
    row = next((b for b in reversed(table.brackets) if b.from_amount <= amount), None)
    if row is None:
        raise ValueMissing(rule=rule, fact=f"an amount of at least {table.brackets[0].from_amount}")
    reason = Reason(
        rule=rule,
        text=f"Row of the table from {row.from_amount:,}",
        value=f"{row.value:,}",
        since=table.first_day,
        source_ids=row.source_ids,
        standing=row.standing,
    )
    return row.value, reason


def _pack_price(
    law: Legislation, rule: ContributionRule, on: dt.date, contract_months: int
) -> tuple[Decimal, tuple[Reason, ...]]:
    dated = law.parameter(rule.amount).on(on)
    if dated.number is not None:
        return dated.number, (law.cite(rule.amount, on, "Price of the pack's part, paid once"),)
    choices: list[tuple[Decimal, tuple[Reason, ...]]] = []
    larger = next((b for b in dated.brackets if b.from_amount >= contract_months), None)
    if larger is not None:
        value, reason = bracket_of(dated, larger.from_amount, rule.amount)
        choices.append((value, (reason,)))
    smaller = [b for b in dated.brackets if b.from_amount < contract_months]
    if smaller and rule.base is not None and (larger is None or larger.from_amount != contract_months):
        value, reason = bracket_of(dated, smaller[-1].from_amount, rule.amount)
        beyond = contract_months - int(smaller[-1].from_amount)
        month = _number(law.parameter(rule.base).on(on))
        added = law.cite(rule.base, on, f"{beyond} months beyond the pack")
        choices.append((value + month * beyond, (reason, added)))
    if not choices:
        raise ValueMissing(rule=rule.amount, fact=f"a pack for {contract_months} months")
    price, reasons = min(choices, key=lambda choice: choice[0])
    if larger is not None and larger.from_amount != contract_months:
        reasons = (*reasons, _between_packs(rule.amount, contract_months))
    return price, reasons


def _between_packs(rule: str, contract_months: int) -> Reason:
    return Reason(
        rule=rule,
        text="No pack is for this term exactly; the cheapest way to cover it is taken, which is not verified",
        value=f"{contract_months} months",
        since=None,
        source_ids=(),
        standing=Standing.ASSUMED,
    )


def _open_to(rule: ContributionRule, route: str) -> bool:
    """A share that names no route is paid on every route."""
    return not rule.routes or route in rule.routes


def _relief(law: Legislation, scheme_id: str, segment: Segment, on: dt.date, facts: ContributionFacts) -> Relief | None:
    found: Relief | None = None
    for relief in law.reliefs:
        in_window = relief.first_day <= on <= relief.last_day
        concerns = scheme_id in relief.scheme_ids and (not relief.segment_ids or segment.id in relief.segment_ids)
        if not (in_window and concerns) or facts.funder_kind.value in relief.excluded_funders:
            continue
        if relief.sectors and facts.sector is None:
            raise ValueMissing(rule=relief.id, fact="the sector of the worker")
        fits = not relief.sectors or facts.sector in relief.sectors
        if fits and (found is None or relief.factor < found.factor):
            found = relief
    return found


def _relief_reason(relief: Relief) -> Reason:
    return Reason(
        rule=relief.id,
        text=f"Relief until {relief.last_day}: the contribution is multiplied",
        value=str(relief.factor),
        since=relief.first_day,
        source_ids=relief.source_ids,
        standing=relief.standing,
    )


def _quoted(
    law: Legislation,
    scheme_id: str,
    segment_id: str,
    shares: tuple[Share, ...],
    reasons: tuple[Reason, ...],
    *,
    month: Month | None = None,
    base: Money | None = None,
    contract_months: int | None = None,
    cover_months: int | None = None,
) -> Quote:
    return Quote(
        scheme_id=scheme_id,
        segment_id=segment_id,
        month=month,
        contract_months=contract_months,
        cover_months=cover_months,
        shares=shares,
        total=total(tuple(share.amount for share in shares), law.currency),
        base=base,
        reasons=reasons,
        standing=weakest(tuple(reason.standing for reason in reasons)),
        rules_hash=law.content_hash,
    )


def _number(dated: DatedValue) -> Decimal:
    assert dated.number is not None, "the loader gives this parameter a single number"
    return dated.number
