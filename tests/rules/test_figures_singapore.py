"""Every figure of figures-singapore.yaml is in the rule file of Singapore, and the rule file has no other."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.legislation import DatedValue
from domain.schemes import Participation

LAW = load_rulebook().legislation(MemberState.SG)
FIGURES = yaml.safe_load((Path(__file__).parent / "figures-singapore.yaml").read_text(encoding="utf-8"))


def value_from(name: str, first_day: dt.date) -> DatedValue:
    (found,) = (value for value in LAW.parameter(name).values if value.first_day == first_day)
    return found


@pytest.mark.parametrize(("name", "first_day", "number", "standing"), FIGURES["numbers"])
def test_a_figure_stands_in_the_rule_file(name: str, first_day: dt.date, number: str | None, standing: str) -> None:
    value = value_from(name, first_day)

    assert value.number == (None if number is None else Decimal(number))
    assert value.brackets == ()
    assert value.standing.value == standing


@pytest.mark.parametrize(("name", "first_day", "from_amount", "number", "standing"), FIGURES["rows_of_tables"])
def test_the_only_row_of_a_table_stands_in_the_rule_file(
    name: str, first_day: dt.date, from_amount: str, number: str, standing: str
) -> None:
    (row,) = value_from(name, first_day).brackets

    assert (row.from_amount, row.value) == (Decimal(from_amount), Decimal(number))
    assert row.standing.value == standing


def test_the_rule_file_has_no_value_beyond_the_figures() -> None:
    written = [(name, value.first_day) for name, found in LAW.parameters.items() for value in found.values]

    assert sorted(written) == sorted((row[0], row[1]) for row in (*FIGURES["numbers"], *FIGURES["rows_of_tables"]))


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
