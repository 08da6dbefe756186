"""The amount of a formula for one person on one day, exactly, with each value of the law that was used.

Amounts are fractions in units of the law's currency, so that a third stays a third; whoever pays rounds once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from domain.contributions import ContributionFacts, monthly_quote
from domain.errors import ValueMissing
from domain.formulas import AmountBase, AmountFormula, AmountLeaf, Combination, Measure, Quantity
from domain.inquiries import Inquiry
from domain.legislation import Bracket, Reason
from domain.money import Money, units_of
from domain.periods import Month
from domain.quantities import BenefitFacts, Counted, counted
from domain.schemes import FunderKind
from domain.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """An exact amount in units of the currency, and the values it comes from."""

    amount: Fraction
    reasons: tuple[Reason, ...]


def computed(asked: Inquiry, facts: BenefitFacts, formula: AmountFormula) -> Computed:
    """Return what a formula gives, not rounded; each value is taken as in force on the asked day.

    Raises ValueMissing for a fact that is needed and not given or lies below a table, RuleNotInForce,
    CurrencyMismatch for an amount in another currency, AmountOutOfRange for a fact that cannot be.
    Source: the parameters that the leaves of the formula name.
    """
    if isinstance(formula, AmountLeaf):
        return _Leaf(asked=asked, facts=facts, leaf=formula).computed()
    parts = [computed(asked, facts, part) for part in formula.parts]
    reasons = tuple(reason for part in parts for reason in part.reasons)
    return Computed(amount=_COMBINED[formula.combination]([part.amount for part in parts]), reasons=reasons)


def _sum(amounts: list[Fraction]) -> Fraction:
    return sum(amounts, Fraction(0))


_COMBINED: dict[Combination, Callable[[list[Fraction]], Fraction]] = {
    Combination.SUM: _sum,
    Combination.HIGHEST: max,
    Combination.LOWEST: min,
}

_BASE_FACTS = {
    AmountBase.WAGE: "the wage of the month",
    AmountBase.AVERAGE_WAGE: "the average wage that the scheme prescribes",
    AmountBase.BALANCE: "the balance of the account",
    AmountBase.PENSION: "the pension that it is a part of, such as that of the deceased",
}

_MEASURE_WORDS = {
    Measure.AMOUNT: "Amount",
    Measure.PERCENT: "Percent of",
    Measure.MULTIPLE: "Multiple of",
    Measure.ALL_OF: "The whole of",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    asked: Inquiry
    facts: BenefitFacts
    leaf: AmountLeaf

    def computed(self) -> Computed:
        value, cited = self._value()
        base, limits = self._base()
        times, bounds = self._times()
        amount = value * base * times
        share = amount / 100 if self.leaf.measure is Measure.PERCENT else amount
        return Computed(amount=share, reasons=(cited, *limits, *bounds))

    def _value(self) -> tuple[Fraction, Reason]:
        """The leaf's own value: a number, a row of its table, or one for the whole of a base."""
        text, doubts = self._text()
        if self.leaf.parameter is None:
            return Fraction(1), self.asked.told("amount", text, self.leaf.standing, self.leaf.source_ids)
        if self.leaf.by is None:
            value, cited = self._number(self.leaf.parameter), self.asked.cite(self.leaf.parameter, text)
        else:
            row = self._row(self.leaf.parameter, self.leaf.by)
            shown = f"{row.value} {self.asked.law.parameter(self.leaf.parameter).unit}"
            cited = self.asked.law.cite(self.leaf.parameter, self.asked.on, text, shown)
            cited = replace(cited, source_ids=row.source_ids, standing=row.standing)
            value = Fraction(row.value)
        return value, replace(cited, standing=Standing.ASSUMED) if doubts else cited

    def _text(self) -> tuple[str, bool]:
        """What the value is, with the quantities that it is looked up by or multiplied by; whether one is in doubt."""
        words, doubts = _MEASURE_WORDS[self.leaf.measure], False
        if self.leaf.base is not None:
            words += f" {_spoken(self.leaf.base.value)}"
        for how, quantity in (("by", self.leaf.by), ("for each of", self.leaf.for_each)):
            if quantity is not None:
                there = self._counted(quantity)
                words += f", {how} {_spoken(quantity.value)}: {_shown(there.number)}"
                words += f", {there.doubt}" if there.doubt else ""
                doubts = doubts or bool(there.doubt)
        return words, doubts

    def _row(self, parameter: str, by: Quantity) -> Bracket:
        table = self.asked.law.parameter(parameter).on(self.asked.on).brackets
        assert table, "the loader demands a table where a quantity is looked up"
        there = self._counted(by).number
        row = next((row for row in reversed(table) if Fraction(row.from_amount) <= there), None)
        if row is None:
            raise ValueMissing(rule=parameter, fact=f"{_spoken(by.value)} of at least {table[0].from_amount}")
        return row

    def _times(self) -> tuple[Fraction, tuple[Reason, ...]]:
        """How often the amount is owed: once, or by a quantity beyond a threshold and up to a limit."""
        if self.leaf.for_each is None:
            return Fraction(1), ()
        times, cited = self._counted(self.leaf.for_each).number, []
        words = _spoken(self.leaf.for_each.value)
        if self.leaf.above is not None:
            times = max(times - self._number(self.leaf.above), Fraction(0))
            cited.append(self.asked.cite(self.leaf.above, f"Only what is above it counts of {words}"))
        if self.leaf.at_most is not None:
            times = min(times, self._number(self.leaf.at_most))
            cited.append(self.asked.cite(self.leaf.at_most, f"At most so much counts of {words}"))
        return times, tuple(cited)

    def _base(self) -> tuple[Fraction, tuple[Reason, ...]]:
        base = self.leaf.base
        if base is None:
            return Fraction(1), ()
        amount, reasons = self._contribution_base() if base is AmountBase.CONTRIBUTION_BASE else self._given(base)
        for name, choose, words in ((self.leaf.floor, max, "Floor"), (self.leaf.ceiling, min, "Ceiling")):
            if name is not None:
                amount = choose(amount, self._number(name))
                reasons = (*reasons, self.asked.cite(name, f"{words} of the {_spoken(base.value)}"))
        return amount, reasons

    def _given(self, base: AmountBase) -> tuple[Fraction, tuple[Reason, ...]]:
        given: Money | None = getattr(self.facts, base.value)
        rule = self.leaf.parameter or self.asked.rule
        return Fraction(units_of(given, self.asked.law.currency, rule=rule, fact=_BASE_FACTS[base])), ()

    def _contribution_base(self) -> tuple[Fraction, tuple[Reason, ...]]:
        """What the contribution of the day's month is computed from; it depends on no relief and on no rate."""
        facts = ContributionFacts(funder_kind=FunderKind.SELF, wage=self.facts.wage, income=self.facts.income)
        segment, law = self.asked.segment, replace(self.asked.law, reliefs=())
        quote = monthly_quote(law, self.asked.scheme_id, segment.id, Month.of(self.asked.on), facts)
        base = units_of(quote.base, law.currency, rule=self.asked.rule, fact="a segment whose contribution has a base")
        of_price = {segment.rounding_step, *(rule.amount for rule in segment.contributions)}
        return Fraction(base), tuple(reason for reason in quote.reasons if reason.rule not in of_price)

    def _counted(self, quantity: Quantity) -> Counted:
        return counted(self.asked, self.facts, self.leaf, quantity)

    def _number(self, parameter: str) -> Fraction:
        return Fraction(self.asked.number(parameter))


def _spoken(word: str) -> str:
    return word.replace("_", " ")


def _shown(number: Fraction) -> str:
    """A number as people read it; only for words, never to compute with."""
    return f"{Decimal(number.numerator) / number.denominator:.4f}".rstrip("0").rstrip(".")
