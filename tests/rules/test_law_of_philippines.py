"""What of the law of this state hangs together beyond its single figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from adapters.rulebook import load_rulebook
from domain.contributions import bracket_of
from domain.countries import MemberState
from domain.schemes import Participation
from tests.rules.figures import value_from

LAW = load_rulebook().legislation(MemberState.PH)


def number_on(name: str, on: dt.date) -> Decimal:
    found = LAW.parameter(name).on(on).number
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("table", "lowest"),
    [
        ("sss.credit_regular_by_income", 5000),
        ("sss.credit_regular_overseas_by_income", 8000),
        ("sss.credit_regular_household_by_income", 1000),
    ],
)
def test_the_regular_credits_rise_by_500_from_the_lowest_to_the_regular_maximum(table: str, lowest: int) -> None:
    credits = [row.value for row in value_from(LAW, table, dt.date(2025, 1, 1)).brackets]

    assert credits == [*(Decimal(credit) for credit in range(lowest, 20001, 500)), Decimal(20000)]


@pytest.mark.parametrize("income", ["4999", "14750", "20249.99", "20250", "27249.99", "27250", "34750", "90000"])
def test_the_regular_and_the_funded_part_add_up_to_one_credit(income: str) -> None:
    on, asked = dt.date(2025, 1, 1), Decimal(income)
    parts = [
        bracket_of(LAW.parameter(name).on(on), asked, name)[0]
        for name in ("sss.credit_regular_by_income", "mpf.credit_above_regular_by_income")
    ]

    nearest = ((asked + 250) // 500) * 500

    assert sum(parts) == min(max(nearest, number_on("sss.credit_min", on)), number_on("sss.credit_max", on))


def test_the_published_pension_of_16000_and_25_years_is_8300() -> None:
    on, average, years = dt.date(2017, 2, 21), Decimal(16000), Decimal(25)
    further = years - number_on("sss.pension_years_before_increment", on)
    rate = number_on("sss.pension_rate_basic", on) + number_on("sss.pension_rate_per_year", on) * further
    first = number_on("sss.pension_basic", on) + average * rate / 100
    second = average * number_on("sss.pension_rate_second_formula", on) / 100
    least = bracket_of(LAW.parameter("sss.pension_min_by_credited_years").on(on), years, "least")[0]

    assert (first, second, least) == (Decimal(8300), Decimal(6400), Decimal(2400))


def test_land_based_overseas_workers_are_excluded_from_employees_compensation() -> None:
    segment = LAW.schemes["PH.EC"].segments["land_based"]

    assert segment.participation is Participation.EXCLUDED
