"""How fast a contribution is quoted, beside the bare arithmetic of the same formula.

`make bench-quotes`. Ours: `monthly_quote` of a percentage of the wage up to a ceiling, with shares, reasons and
standing, for random wages in the months of a year. Reference: the same wages as bare Decimals, base times rate
and rounding, nothing else. Many short alternating rounds in one process; both must give the same amounts.
"""

from __future__ import annotations

import random
import statistics
import time
from decimal import ROUND_HALF_UP, Decimal

from adapters.rulebook import load_rulebook
from domain.contributions import ContributionFacts, monthly_quote
from domain.legislation import Legislation
from domain.money import Money, Rounding
from domain.periods import Month
from domain.schemes import FunderKind

ROUNDS = 75
QUOTES = 2_000
SCHEME, SEGMENT = "TH.WCF", "employed_lowest_rate"
MONTHS = [Month(2025, number) for number in range(1, 13)]


def main() -> None:
    """Measure and print what the middle and the fastest round made, and the ratio last."""
    law = load_rulebook().of_scheme(SCHEME)
    chosen = random.Random(1)
    wages = [Money(chosen.randrange(5_000_000), law.currency) for _ in range(QUOTES)]
    ours, bare = [], []
    for _ in range(ROUNDS):
        quoted, took = _quoted(law, wages)
        computed, reference_took = _computed(law, wages)
        assert quoted == computed, "both gave the same amounts"
        ours.append(QUOTES / took)
        bare.append(QUOTES / reference_took)
    for name, chosen_of in (("middle", statistics.median), ("fastest", max)):
        print(f"{name} round: {chosen_of(ours):,.0f} quotes a second, bare Decimal {chosen_of(bare):,.0f}")
    print(f"quotes ratio {statistics.median(ours) / statistics.median(bare):.3f} of bare Decimal")


def _quoted(law: Legislation, wages: list[Money]) -> tuple[list[str], float]:
    asked = [
        (MONTHS[place % len(MONTHS)], ContributionFacts(funder_kind=FunderKind.EMPLOYER, wage=wage))
        for place, wage in enumerate(wages)
    ]
    began = time.perf_counter()
    totals = [monthly_quote(law, SCHEME, SEGMENT, month, facts).total for month, facts in asked]
    took = time.perf_counter() - began
    return [total.decimal_text for total in totals], took


def _computed(law: Legislation, wages: list[Money]) -> tuple[list[str], float]:
    segment = law.segment(SCHEME, SEGMENT, MONTHS[0].first_day)
    (rule,) = segment.contributions
    assert segment.rounding is Rounding.HALF_UP, "the formula written out below"
    assert rule.ceiling is not None, "the formula written out below"
    rates = [law.parameter(rule.amount).number_on(month.first_day) for month in MONTHS]
    ceilings = [law.parameter(rule.ceiling).number_on(month.first_day) for month in MONTHS]
    asked = [
        (Decimal(wage.decimal_text), rates[place % len(MONTHS)], ceilings[place % len(MONTHS)])
        for place, wage in enumerate(wages)
    ]
    cent = Decimal("0.01")
    began = time.perf_counter()
    amounts = [(min(wage, ceiling) * rate / 100).quantize(cent, ROUND_HALF_UP) for wage, rate, ceiling in asked]
    took = time.perf_counter() - began
    return [str(amount) for amount in amounts], took


if __name__ == "__main__":
    main()
