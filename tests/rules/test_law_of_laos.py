"""What of the law of this state hangs together beyond its single figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.legislation import Standing
from domain.schemes import Participation

LAW = load_rulebook().legislation(MemberState.LA)


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
