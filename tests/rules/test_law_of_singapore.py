"""What of the law of this state hangs together beyond its single figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.schemes import Participation

LAW = load_rulebook().legislation(MemberState.SG)


@pytest.mark.parametrize(
    ("segment_id", "total"),
    [
        ("employed_up_to_55", "37"),
        ("employed_above_55_to_60", "34"),
        ("employed_above_60_to_65", "25"),
        ("employed_above_65_to_70", "16.5"),
        ("employed_above_70", "12.5"),
    ],
)
def test_both_shares_of_a_band_add_up_to_the_total_that_the_board_publishes(segment_id: str, total: str) -> None:
    segment = LAW.segment("SG.CPF.EMP", segment_id, dt.date(2026, 1, 1))

    rates = [LAW.parameter(rule.amount).on(dt.date(2026, 1, 1)).brackets[0].value for rule in segment.contributions]

    assert sum(rates) == Decimal(total)


def test_foreigners_are_kept_out_of_the_provident_fund_and_inside_work_injury() -> None:
    found = {name: LAW.schemes[name].segments["inbound"].participation for name in ("SG.CPF.EMP", "SG.WICA")}

    assert found == {"SG.CPF.EMP": Participation.EXCLUDED, "SG.WICA": Participation.COMPULSORY}


def test_the_limits_of_an_accident_change_at_midnight_before_the_first_of_november_2025() -> None:
    limit = LAW.parameter("wica.death_max")

    numbers = [limit.on(day).number for day in (dt.date(2025, 10, 31), dt.date(2025, 11, 1))]

    assert numbers == [Decimal(225000), Decimal(269000)]


@pytest.mark.parametrize("table", ["wica.factor_death", "wica.factor_incapacity"])
def test_the_factor_of_a_compensation_falls_with_the_age(table: str) -> None:
    (value,) = LAW.parameter(table).values

    factors = [row.value for row in value.brackets]

    assert factors == sorted(factors, reverse=True)
    assert value.brackets[0].from_amount == 0
