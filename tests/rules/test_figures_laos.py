"""Every figure of figures-laos.yaml is in the rule file of Lao PDR, and the rule file has no other."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.legislation import DatedValue, Standing
from domain.schemes import Participation

LAW = load_rulebook().legislation(MemberState.LA)
FIGURES = yaml.safe_load((Path(__file__).parent / "figures-laos.yaml").read_text(encoding="utf-8"))


def value_from(name: str, first_day: dt.date) -> DatedValue:
    (found,) = (value for value in LAW.parameter(name).values if value.first_day == first_day)
    return found


@pytest.mark.parametrize(("name", "first_day", "number", "standing"), FIGURES["numbers"])
def test_a_figure_stands_in_the_rule_file(name: str, first_day: dt.date, number: str | None, standing: str) -> None:
    value = value_from(name, first_day)

    assert value.number == (None if number is None else Decimal(number))
    assert value.brackets == ()
    assert value.standing.value == standing


def test_the_rule_file_has_no_value_beyond_the_figures() -> None:
    written = [(name, value.first_day) for name, found in LAW.parameters.items() for value in found.values]

    assert sorted(written) == sorted((row[0], row[1]) for row in (*FIGURES["numbers"], *FIGURES["rows_of_tables"]))


def test_an_assumed_floor_is_half_of_the_minimum_wage_of_its_day() -> None:
    floors = [value for value in LAW.parameter("ent.wage_floor").values if value.standing is Standing.ASSUMED]

    halves = [(LAW.parameter("ent.minimum_wage").on(value.first_day).number or Decimal(0)) / 2 for value in floors]

    assert [value.number for value in floors] == halves


def test_the_ceiling_of_2017_is_five_minimum_wages() -> None:
    day = dt.date(2017, 1, 1)

    assert LAW.parameter("ent.wage_ceiling").on(day).number == 5 * (
        LAW.parameter("ent.minimum_wage").on(day).number or Decimal(0)
    )


def test_the_self_employed_are_outside_the_compulsory_scheme_and_may_join_the_voluntary_one() -> None:
    found = {name: LAW.schemes[name].segments["self_employed"].participation for name in ("LA.ENT", "LA.VOL")}

    assert found == {"LA.ENT": Participation.EXCLUDED, "LA.VOL": Participation.VOLUNTARY}
