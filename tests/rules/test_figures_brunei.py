"""Every figure of figures-brunei.yaml stands in the rule file, from its first day, with its standing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.legislation import DatedValue
from domain.schemes import Participation, PersonGroup

RULEBOOK = load_rulebook()
LAW = RULEBOOK.legislation(MemberState.BN)
FIGURES = yaml.safe_load((Path(__file__).parent / "figures-brunei.yaml").read_text(encoding="utf-8"))


def value_from(name: str, first_day: dt.date) -> DatedValue:
    (found,) = (value for value in LAW.parameter(name).values if value.first_day == first_day)
    return found


@pytest.mark.parametrize(("name", "first_day", "number", "standing"), FIGURES["numbers"])
def test_a_figure_stands_in_the_rule_file(name: str, first_day: dt.date, number: str, standing: str) -> None:
    value = value_from(name, first_day)

    assert value.number == Decimal(number)
    assert value.standing.value == standing


def test_the_rule_file_has_no_figure_beyond_these() -> None:
    written = {(name, value.first_day) for name, found in LAW.parameters.items() for value in found.values}

    assert written == {(row[0], row[1]) for row in (*FIGURES["numbers"], *FIGURES["rows_of_tables"])}


@pytest.mark.parametrize(("name", "first_day", "from_amount", "number", "standing"), FIGURES["rows_of_tables"])
def test_a_row_of_a_table_stands_in_the_rule_file(
    name: str, first_day: dt.date, from_amount: str, number: str, standing: str
) -> None:
    (row,) = (row for row in value_from(name, first_day).brackets if row.from_amount == Decimal(from_amount))

    assert row.value == Decimal(number)
    assert row.standing.value == standing


def test_no_table_has_a_row_beyond_these() -> None:
    written = {
        (name, value.first_day, row.from_amount)
        for name, found in LAW.parameters.items()
        for value in found.values
        for row in value.brackets
    }

    assert written == {(row[0], row[1], Decimal(row[2])) for row in FIGURES["rows_of_tables"]}


def test_the_floor_of_the_wage_gives_the_least_share_of_an_employer() -> None:
    on = dt.date(2023, 7, 15)
    least = LAW.parameter("spk.contribution_employer_min").on(on).number
    floor = LAW.parameter("spk.employer_wage_floor").on(on).number or Decimal(0)
    rows = LAW.parameter("spk.rate_employer_by_wage").on(on).brackets

    shares = {(floor * row.value / 100).quantize(Decimal("0.01")) for row in rows if row.from_amount < floor}

    assert shares == {least}


def test_the_rows_of_lower_rates_begin_above_the_floor() -> None:
    on = dt.date(2023, 7, 15)
    floor = LAW.parameter("spk.employer_wage_floor").on(on).number or Decimal(0)
    rows = LAW.parameter("spk.rate_employer_by_wage").on(on).brackets

    assert [row.from_amount for row in rows if row.from_amount >= floor] == [Decimal("1500.01"), Decimal("2800.01")]


def test_foreign_workers_are_kept_out_of_the_retirement_scheme() -> None:
    inbound = [s for s in LAW.schemes["BN.SPK"].segments.values() if s.persons is PersonGroup.INBOUND]

    assert [segment.participation for segment in inbound] == [Participation.EXCLUDED]


def test_no_foreign_worker_is_promised_the_universal_pension() -> None:
    persons = {segment.persons for segment in LAW.schemes["BN.OAP"].segments.values()}

    assert PersonGroup.INBOUND not in persons
