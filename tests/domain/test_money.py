"""Money is whole minor units of one currency; rounding is always named."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import AmountOutOfRange, CurrencyMismatch, Refusal, ValueMissing
from domain.money import Currency, Money, Rounding, minor_units_of, round_to, total, whole

amounts = st.builds(Money, st.integers(-(10**18) + 1, 10**18 - 1), st.sampled_from(Currency))


@given(amounts)
def test_an_amount_written_as_decimal_text_is_read_back_exactly(amount: Money) -> None:
    assert Money.parse(amount.decimal_text, amount.currency) == amount


@pytest.mark.parametrize(
    ("text", "currency", "minor_units"),
    [
        ("1250.50", Currency.MYR, 125_050),
        ("1250.5", Currency.MYR, 125_050),
        ("1250.500000", Currency.MYR, 125_050),
        ("0", Currency.MYR, 0),
        ("-0.50", Currency.MYR, -50),
        ("16800", Currency.IDR, 16_800),
        ("16800.00", Currency.IDR, 16_800),
        ("999999999999999999", Currency.VND, 999_999_999_999_999_999),
    ],
)
def test_decimal_text_is_read_in_the_decimals_of_the_currency(text: str, currency: Currency, minor_units: int) -> None:
    assert Money.parse(text, currency) == Money(minor_units, currency)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "1,000", "1 000", "1_000", "+1", "--1", "01", "1.", ".5", "1e3", "NaN", "Infinity", "0x10"),
        *("1.005", "-0", "-0.00", "١٢", "1\n", "1000000000000000000", "1.0000000"),
    ],
)
def test_text_that_is_no_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Money.parse(text, Currency.MYR)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (Money(16_800, Currency.IDR), "IDR 16,800"),
        (Money(125_050, Currency.MYR), "MYR 1,250.50"),
        (Money(-50, Currency.MYR), "MYR -0.50"),
        (Money(5, Currency.MYR), "MYR 0.05"),
        (Money(0, Currency.VND), "VND 0"),
        (Money(-1_234_500, Currency.THB), "THB -12,345.00"),
    ],
)
def test_an_amount_is_shown_with_its_currency_its_sign_and_its_decimals(amount: Money, shown: str) -> None:
    assert str(amount) == shown


def test_an_amount_of_any_size_is_written_exactly() -> None:
    assert Money(10**40 + 1, Currency.MYR).decimal_text == "1" + "0" * 38 + ".01"


@pytest.mark.parametrize(
    "act",
    [Money.__add__, Money.__sub__, Money.__lt__, Money.__le__, lambda one, other: total((one, other), Currency.IDR)],
    ids=["add", "subtract", "compare", "compare or equal", "sum"],
)
def test_two_currencies_never_meet(act: Callable[[Money, Money], object]) -> None:
    with pytest.raises(CurrencyMismatch):
        act(Money(1, Currency.IDR), Money(1, Currency.MYR))


@given(st.lists(st.integers(-(10**12), 10**12)))
def test_a_total_is_the_sum_of_its_minor_units(units: list[int]) -> None:
    assert total(tuple(Money(n, Currency.IDR) for n in units), Currency.IDR) == Money(sum(units), Currency.IDR)


def test_a_float_is_no_amount() -> None:
    with pytest.raises(AssertionError):
        Money(1.5, Currency.MYR)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        (Rounding.DOWN, "12.35"),
        (Rounding.UP, "12.40"),
        (Rounding.CEILING, "12.40"),
        (Rounding.HALF_UP, "12.40"),
        (Rounding.HALF_EVEN, "12.40"),
    ],
)
def test_rounding_goes_to_the_payable_step_by_its_name(rounding: Rounding, expected: str) -> None:
    rounded = round_to(Decimal("12.375"), Currency.MYR, rounding, Decimal("0.05"))

    assert rounded.decimal_text == expected


@pytest.mark.parametrize(
    ("rounding", "below", "at_even_half", "at_odd_half", "above"),
    [
        (Rounding.DOWN, 2, 2, 3, 2),
        (Rounding.UP, 3, 3, 4, 3),
        (Rounding.CEILING, 3, 3, 4, 3),
        (Rounding.HALF_UP, 2, 3, 4, 3),
        (Rounding.HALF_EVEN, 2, 2, 4, 3),
    ],
)
@pytest.mark.parametrize("step", [None, "0.01", "0.05", "1.00", "100"])
def test_each_rounding_decides_at_just_below_and_just_above_the_half_of_a_step(
    rounding: Rounding, below: int, at_even_half: int, at_odd_half: int, above: int, step: str | None
) -> None:
    smallest = Decimal(step or "0.01")
    computed = [smallest * Decimal(steps) for steps in ("2.499999", "2.5", "3.5", "2.500001")]

    rounded = [round_to(amount, Currency.MYR, rounding, Decimal(step) if step else None) for amount in computed]

    payable = [Decimal(amount.decimal_text) / smallest for amount in rounded]
    assert payable == [below, at_even_half, at_odd_half, above]


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("step", [None, "0.05", "1.00"])
def test_what_is_payable_already_is_not_moved(rounding: Rounding, step: str | None) -> None:
    assert round_to(Decimal(7), Currency.MYR, rounding, Decimal(step) if step else None).decimal_text == "7.00"


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        (Rounding.DOWN, -2),
        (Rounding.UP, -3),
        (Rounding.CEILING, -2),
        (Rounding.HALF_UP, -3),
        (Rounding.HALF_EVEN, -2),
    ],
)
def test_below_zero_a_half_goes_away_from_zero_and_only_the_ceiling_looks_at_the_sign(
    rounding: Rounding, expected: int
) -> None:
    assert round_to(Decimal("-2.5"), Currency.IDR, rounding).minor_units == expected


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**12))
def test_rounding_a_quotient_agrees_with_fractions(number: int, parts: int) -> None:
    exact = Fraction(number, parts)

    assert whole(number, parts, Rounding.HALF_EVEN) == round(exact)
    assert whole(number, parts, Rounding.CEILING) == math.ceil(exact)
    assert whole(number, parts, Rounding.DOWN) == math.trunc(exact)
    assert abs(whole(number, parts, Rounding.UP)) == math.ceil(abs(exact))
    assert abs(whole(number, parts, Rounding.HALF_UP)) == math.floor(abs(exact) + Fraction(1, 2))


def test_no_precision_of_a_decimal_context_loses_a_digit() -> None:
    with localcontext() as context:
        context.prec = 1
        parsed = Money.parse("999999999999999.99", Currency.MYR)
        rounded = round_to(Decimal("999999999999.994999"), Currency.MYR, Rounding.HALF_UP)

    assert (parsed.minor_units, rounded.minor_units) == (99_999_999_999_999_999, 99_999_999_999_999)


def test_a_step_that_is_no_whole_number_of_minor_units_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        round_to(Decimal(1), Currency.MYR, Rounding.HALF_UP, Decimal("0.005"))


@pytest.mark.parametrize(
    ("amount", "refused"),
    [
        (None, ValueMissing),
        (Money(1, Currency.IDR), CurrencyMismatch),
        (Money(-1, Currency.MYR), AmountOutOfRange),
    ],
)
def test_an_amount_that_a_rule_needs_is_there_in_its_currency_and_not_below_zero(
    amount: Money | None, refused: type[Refusal]
) -> None:
    with pytest.raises(refused):
        minor_units_of(amount, Currency.MYR, rule="test.rate", fact="the wage")


def test_nothing_earned_is_an_amount_that_a_rule_takes() -> None:
    assert minor_units_of(Money(0, Currency.MYR), Currency.MYR, rule="test.rate", fact="the wage") == 0


def test_without_a_step_the_minor_unit_is_the_smallest_difference() -> None:
    assert round_to(Decimal("0.5"), Currency.IDR, Rounding.HALF_UP).minor_units == 1
    assert round_to(Decimal("0.5"), Currency.IDR, Rounding.HALF_EVEN).minor_units == 0
    assert round_to(Decimal("0.005"), Currency.MYR, Rounding.HALF_UP).minor_units == 1


@given(
    st.decimals(min_value=0, max_value=10**9, places=4),
    st.sampled_from(Rounding),
    st.sampled_from([None, "0.05", "1.00", "0.10"]),
)
def test_rounding_never_moves_an_amount_by_a_whole_step(amount: Decimal, rounding: Rounding, step: str | None) -> None:
    smallest = Decimal(step or "0.01")

    rounded = Decimal(round_to(amount, Currency.MYR, rounding, smallest).decimal_text)

    assert abs(rounded - amount) < smallest
    assert rounded % smallest == 0
