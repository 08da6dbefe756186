"""Every figure of figures-timor_leste.yaml stands in the rule file, from its first day, with its standing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.legislation import DatedValue
from domain.schemes import Branch, Participation, PersonGroup

RULEBOOK = load_rulebook()
LAW = RULEBOOK.legislation(MemberState.TL)
FIGURES = yaml.safe_load((Path(__file__).parent / "figures-timor_leste.yaml").read_text(encoding="utf-8"))


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


def test_the_optional_groups_pay_the_sum_of_both_shares() -> None:
    on = dt.date(2018, 1, 1)
    names = ("con.rate_employer", "con.rate_worker", "con.rate_optional")
    employer, worker, optional = (LAW.parameter(name).on(on).number or Decimal(0) for name in names)

    assert optional == employer + worker


def test_employment_injury_is_not_promised_while_it_is_not_in_operation() -> None:
    promised = {branch for scheme in LAW.schemes.values() for branch in scheme.branches}

    assert Branch.EMPLOYMENT_INJURY not in promised


def test_employees_must_and_the_optional_groups_may_be_in_the_contributory_scheme() -> None:
    groups = {(s.persons, s.participation) for s in LAW.schemes["TL.CON"].segments.values()}

    assert groups == {
        (PersonGroup.EMPLOYED, Participation.COMPULSORY),
        (PersonGroup.INBOUND, Participation.COMPULSORY),
        (PersonGroup.INBOUND, Participation.VOLUNTARY),
        (PersonGroup.SELF_EMPLOYED, Participation.VOLUNTARY),
        (PersonGroup.OUTBOUND, Participation.VOLUNTARY),
    }
