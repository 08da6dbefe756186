"""A quote is the plain formula to the last digit, whatever the numbers of the law and the amounts are."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contributions import ContributionFacts, Quote, monthly_quote
from domain.countries import MemberState
from domain.errors import (
    AmountOutOfRange,
    CurrencyMismatch,
    PriceNotSetByLaw,
    RuleNotInForce,
    RuleUnknown,
    ValueMissing,
)
from domain.legislation import Bracket, DatedValue, Legislation, Parameter, Relief
from domain.money import Currency, Money, Rounding
from domain.month_prices import PRICES_KEPT
from domain.periods import Month
from domain.schemes import BaseKind, ContributionRule, Formula, FunderKind, Participation, Segment
from domain.standing import Standing
from tests.domain.moving import RULEBOOK

LAW = RULEBOOK.legislation(MemberState.MY)
SCHEME, SEGMENT = "MY.SOCSO.CAT1", "inbound"
FIRST_DAY = dt.date(2025, 1, 1)
MONTH = Month(2025, 3)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The numbers of an invented segment with a share of the worker and one of the employer."""

    rate_self: Decimal
    rate_employer: Decimal
    floor: Decimal | None = None
    ceiling: Decimal | None = None
    width: Decimal | None = None
    step: Decimal | None = None
    factor: Decimal | None = None
    rounding: Rounding = Rounding.HALF_UP
    rounding_self: Rounding | None = None


def law_of(rules: Rules, **changed: Any) -> Legislation:
    """The law of a state in which one segment has these rules, from FIRST_DAY on."""
    numbers = {
        "test.rate_self": rules.rate_self,
        "test.rate_employer": rules.rate_employer,
        "test.floor": rules.floor,
        "test.ceiling": rules.ceiling,
        "test.width": rules.width,
        "test.step": rules.step,
    }
    known = {name: parameter(name, number) for name, number in numbers.items() if number is not None}
    shares = [share(payer, set(known)) for payer in ("self", "employer")]
    step = "test.step" if rules.step is not None else None
    said: dict[str, Any] = {
        "contributions": tuple(shares),
        "rounding": rules.rounding,
        "rounding_self": rules.rounding_self,
        "rounding_step": step,
    }
    law = with_segment(replace(LAW.schemes[SCHEME].segments[SEGMENT], **said | changed))
    reliefs = () if rules.factor is None else (relief(rules.factor),)
    return replace(law, parameters=MappingProxyType({**LAW.parameters, **known}), reliefs=reliefs)


def with_segment(segment: Segment) -> Legislation:
    scheme = replace(LAW.schemes[SCHEME], segments=MappingProxyType({SEGMENT: segment}))
    return replace(LAW, schemes=MappingProxyType({**LAW.schemes, SCHEME: scheme}))


def parameter(name: str, number: Decimal | None, *rows: Bracket) -> Parameter:
    value = DatedValue(
        first_day=FIRST_DAY, number=number, brackets=rows, standing=Standing.REPORTED, source_ids=("S01",), note=""
    )
    return Parameter(name=name, unit="MYR", values=(value,))


def share(payer: str, known: set[str]) -> ContributionRule:
    def named(name: str) -> str | None:
        return name if name in known else None

    return ContributionRule(
        payer=payer,
        formula=Formula.PERCENT,
        amount=f"test.rate_{payer}",
        base_kind=BaseKind.WAGE,
        base=None,
        floor=named("test.floor"),
        ceiling=named("test.ceiling"),
        bracket_width=named("test.width"),
        component="",
        routes=(),
    )


def relief(factor: Decimal) -> Relief:
    return Relief(
        id="MY.TEST",
        scheme_ids=(SCHEME,),
        segment_ids=(),
        sectors=(),
        excluded_funders=(),
        first_day=FIRST_DAY,
        last_day=dt.date(2025, 12, 31),
        factor=factor,
        standing=Standing.CONFIRMED,
        source_ids=("S01",),
    )


def asked(law: Legislation, sen: int | None, month: Month = MONTH) -> Quote:
    wage = None if sen is None else Money(sen, Currency.MYR)
    facts = ContributionFacts(funder_kind=FunderKind.EMPLOYER, wage=wage)
    return monthly_quote(law, SCHEME, SEGMENT, month, facts)


def plain(rules: Rules, sen: int) -> dict[str, int]:
    """The formula as a lawyer reads it, in fractions; in sen by payer."""
    base = Fraction(sen, 100)
    base = max(base, Fraction(rules.floor)) if rules.floor is not None else base
    base = min(base, Fraction(rules.ceiling)) if rules.ceiling is not None else base
    if rules.width is not None:
        base = (max(math.ceil(base / Fraction(rules.width)), 1) - Fraction(1, 2)) * Fraction(rules.width)
    factor = Fraction(rules.factor) if rules.factor is not None else Fraction(1)
    own, other = (base * Fraction(rate) / 100 * factor for rate in (rules.rate_self, rules.rate_employer))
    if rules.rounding_self is None:
        return {"self": payable(own, rules, rules.rounding), "employer": payable(other, rules, rules.rounding)}
    paid = payable(own, rules, rules.rounding_self)
    return {"self": paid, "employer": payable(own + other, rules, rules.rounding) - paid}


def payable(amount: Fraction, rules: Rules, rounding: Rounding) -> int:
    step = Fraction(rules.step) if rules.step is not None else Fraction(1, 100)
    steps = {
        Rounding.DOWN: math.floor(amount / step),
        Rounding.UP: math.ceil(amount / step),
        Rounding.CEILING: math.ceil(amount / step),
        Rounding.HALF_UP: math.floor(amount / step + Fraction(1, 2)),
        Rounding.HALF_EVEN: round(amount / step),
    }[rounding]
    return int(steps * step * 100)


def numbers(largest: int, smallest: int = 0) -> st.SearchStrategy[Decimal]:
    """Numbers as the law writes them: at most six decimals."""
    return st.integers(smallest, largest * 10**6).map(lambda millionths: Decimal(f"{millionths}e-6"))


whole_rules = st.builds(
    Rules,
    rate_self=numbers(100),
    rate_employer=numbers(100),
    floor=st.none() | numbers(10**12),
    ceiling=st.none() | numbers(10**12),
    width=st.none() | numbers(10**4, smallest=1),
    step=st.none() | st.sampled_from(["0.01", "0.05", "0.10", "0.25", "1", "1.00", "100"]).map(Decimal),
    factor=st.none() | numbers(1),
    rounding=st.sampled_from(Rounding),
    rounding_self=st.none() | st.just(Rounding.DOWN),
)
wages = st.integers(0, 10**6) | st.integers(0, 10**18 - 1)


@given(whole_rules, wages)
def test_a_quote_is_the_plain_formula_in_fractions(rules: Rules, sen: int) -> None:
    quote = asked(law_of(rules), sen)

    assert {share.payer: share.amount.minor_units for share in quote.shares} == plain(rules, sen)
    assert quote.total.minor_units == sum(share.amount.minor_units for share in quote.shares)


@given(whole_rules, wages)
def test_no_precision_of_a_decimal_context_loses_a_digit(rules: Rules, sen: int) -> None:
    with localcontext() as context:
        context.prec = 1
        quote = asked(law_of(rules), sen)

    assert {share.payer: share.amount.minor_units for share in quote.shares} == plain(rules, sen)


@given(whole_rules, wages)
def test_no_share_of_a_rounded_total_is_below_zero(rules: Rules, sen: int) -> None:
    quote = asked(law_of(replace(rules, rounding_self=rules.rounding)), sen)

    assert min(share.amount.minor_units for share in quote.shares) >= 0


@given(whole_rules, wages)
def test_what_is_kept_with_the_law_answers_as_a_law_that_was_never_asked(rules: Rules, sen: int) -> None:
    law = law_of(rules)
    asked(law, 123_456)

    assert asked(law, sen) == asked(law_of(rules), sen)


@given(st.integers(0, 500_000))
def test_the_row_of_a_table_of_rates_begins_at_its_amount(sen: int) -> None:
    rows = [
        Bracket(from_amount=Decimal(begin), value=Decimal(rate), standing=Standing.CONFIRMED, source_ids=("S01",))
        for begin, rate in (("0", "1"), ("750.01", "2"), ("3000", "3"))
    ]
    law = law_of(Rules(rate_self=Decimal(0), rate_employer=Decimal(0)))
    table = parameter("test.rate_self", None, *rows)
    law = replace(law, parameters=MappingProxyType({**law.parameters, table.name: table}))

    quote = asked(law, sen)

    rate = 1 if sen < 75_001 else 2 if sen < 300_000 else 3
    assert quote.shares[0].amount.minor_units == (sen * rate + 50) // 100


def test_the_largest_wage_and_the_finest_rate_keep_every_digit() -> None:
    rules = Rules(rate_self=Decimal("99.999999"), rate_employer=Decimal("0.000001"))

    quote = asked(law_of(rules), 999_999_999_999_999_999)

    assert [share.amount.decimal_text for share in quote.shares] == ["9999999899999999.99", "100000000.00"]


# Reasons


def test_each_value_used_is_cited_in_the_order_in_which_it_acts() -> None:
    everything = Rules(
        rate_self=Decimal("1.5"),
        rate_employer=Decimal("2"),
        floor=Decimal(10),
        ceiling=Decimal(5000),
        width=Decimal(100),
        step=Decimal("0.05"),
        factor=Decimal("0.5"),
    )

    quote = asked(law_of(everything), 123_456)

    limits = ["test.floor", "test.ceiling", "test.width"]
    assert [reason.rule for reason in quote.reasons] == [
        "test.rate_self",
        *limits,
        "test.rate_employer",
        *limits,
        "MY.TEST",
        "test.step",
    ]
    assert quote.standing is Standing.REPORTED


def test_a_rounded_total_says_how_it_was_rounded_and_who_bears_the_rest() -> None:
    rules = Rules(rate_self=Decimal(20), rate_employer=Decimal(17), step=Decimal(1), rounding_self=Rounding.DOWN)

    quote = asked(law_of(rules), 500_300)

    assert [share.amount.decimal_text for share in quote.shares] == ["1000.00", "851.00"]
    assert quote.reasons[-1].text == (
        "Payable step of the total (half_up) and of the worker's share (down); the other payer bears the rest"
    )


# Refusals

RULES = Rules(rate_self=Decimal(1), rate_employer=Decimal(2), ceiling=Decimal(6000))


def test_the_day_before_the_first_value_is_refused() -> None:
    with pytest.raises(RuleNotInForce, match=r"No value of test\.ceiling is known on 2024-12-01"):
        asked(law_of(RULES), 100_000, Month(2024, 12))


def test_a_month_before_the_segment_is_refused() -> None:
    with pytest.raises(RuleNotInForce, match=r"MY\.SOCSO\.CAT1\.inbound is known on"):
        asked(law_of(RULES, first_day=FIRST_DAY), 100_000, Month(2024, 12))


@pytest.mark.parametrize("month", [MONTH, Month(2024, 12)])
def test_a_missing_wage_is_refused_before_a_rule_that_is_not_in_force(month: Month) -> None:
    with pytest.raises(ValueMissing, match=r"test\.rate_self needs the wage of the month"):
        asked(law_of(RULES), None, month)


def test_a_wage_that_is_missing_once_is_taken_the_next_time() -> None:
    law = law_of(RULES)
    with pytest.raises(ValueMissing):
        asked(law, None)

    assert asked(law, 100_000).total == Money(3_000, Currency.MYR)


def test_a_wage_below_zero_is_refused() -> None:
    with pytest.raises(AmountOutOfRange, match=r"MYR -0\.01 is outside"):
        asked(law_of(RULES), -1)


def test_a_declared_income_below_zero_is_refused() -> None:
    law = RULEBOOK.legislation(MemberState.ID)
    facts = ContributionFacts(funder_kind=FunderKind.STATE_BUDGET, income=Money(-1, Currency.IDR))

    with pytest.raises(AmountOutOfRange, match="IDR -1 is outside"):
        monthly_quote(law, "ID.JKK", "bpu", MONTH, facts)


def test_a_wage_in_another_currency_is_refused_also_when_the_price_is_kept() -> None:
    law = law_of(RULES)
    asked(law, 100_000)
    facts = ContributionFacts(funder_kind=FunderKind.EMPLOYER, wage=Money(100_000, Currency.SGD))

    with pytest.raises(CurrencyMismatch):
        monthly_quote(law, SCHEME, SEGMENT, MONTH, facts)


def test_a_wage_below_the_first_row_of_a_table_is_refused_with_the_row_as_the_law_writes_it() -> None:
    row = Bracket(from_amount=Decimal("750.01"), value=Decimal(20), standing=Standing.CONFIRMED, source_ids=("S01",))
    law, table = law_of(RULES), parameter("test.rate_self", None, row)
    law = replace(law, parameters=MappingProxyType({**law.parameters, table.name: table}))

    with pytest.raises(ValueMissing, match=r"test\.rate_self needs an amount of at least 750\.01"):
        asked(law, 75_000)


def test_a_price_that_the_law_leaves_to_a_market_is_refused_with_its_payer_and_is_not_zero() -> None:
    with pytest.raises(PriceNotSetByLaw) as refused:
        asked(law_of(RULES, contributions=(), market_payer="employer"), 100_000)

    assert refused.value.message == (
        "The law sets no price for MY.SOCSO.CAT1.inbound; its payer (employer) pays what a market asks, such as "
        "an insurer's premium. Ask the payer for the amount."
    )


@pytest.mark.parametrize("changed", [{"contributions": ()}, {"participation": Participation.EXCLUDED}])
def test_a_segment_to_which_nothing_is_paid_or_which_excludes_has_no_price(changed: dict[str, Any]) -> None:
    with pytest.raises(RuleUnknown):
        asked(law_of(RULES, **changed), 100_000)


def test_a_pack_has_no_price_of_a_month() -> None:
    law = RULEBOOK.legislation(MemberState.ID)

    with pytest.raises(RuleUnknown):
        monthly_quote(law, "ID.PMI", "pmi", MONTH, ContributionFacts(funder_kind=FunderKind.SELF))


# What is kept with the law


def test_a_changed_law_does_not_answer_from_what_was_kept_before() -> None:
    law = law_of(RULES)
    before = asked(law, 100_000)

    doubled = replace(law, parameters=law_of(replace(RULES, rate_self=Decimal(2))).parameters)

    assert asked(doubled, 100_000).total == before.total + Money(1_000, Currency.MYR)


def test_a_law_that_was_asked_still_equals_one_that_was_not() -> None:
    law = law_of(RULES)

    asked(law, 100_000)

    assert law == replace(law)


def test_only_so_many_prices_are_kept() -> None:
    law = law_of(RULES)

    for number in range(PRICES_KEPT + 10):
        asked(law, 100_000, MONTH.plus(number))

    assert 0 < len(law.derived) <= PRICES_KEPT
