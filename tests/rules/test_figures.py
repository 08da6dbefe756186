"""Every figure of figures.yaml is in the rule file of its state, from its first day and with its standing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.legislation import DatedValue, Parameter

RULEBOOK = load_rulebook()
FIGURES = yaml.safe_load((Path(__file__).parent / "figures.yaml").read_text(encoding="utf-8"))


def value_from(parameter: Parameter, first_day: dt.date) -> DatedValue:
    (found,) = (value for value in parameter.values if value.first_day == first_day)
    return found


@pytest.mark.parametrize(("state", "name", "first_day", "number", "standing"), FIGURES["numbers"])
def test_a_figure_stands_in_the_rule_file(
    state: str, name: str, first_day: dt.date, number: str, standing: str
) -> None:
    value = value_from(RULEBOOK.legislation(MemberState(state)).parameter(name), first_day)

    assert value.number == Decimal(number)
    assert value.standing.value == standing


@pytest.mark.parametrize(("state", "name", "first_day", "from_amount", "number", "standing"), FIGURES["rows_of_tables"])
def test_a_row_of_a_table_stands_in_the_rule_file(
    state: str, name: str, first_day: dt.date, from_amount: str, number: str, standing: str
) -> None:
    value = value_from(RULEBOOK.legislation(MemberState(state)).parameter(name), first_day)

    (row,) = (row for row in value.brackets if row.from_amount == Decimal(from_amount))

    assert row.value == Decimal(number)
    assert row.standing.value == standing


@pytest.mark.parametrize("name", sorted({row[1] for row in FIGURES["rows_of_tables"]}))
def test_a_table_has_no_row_beyond_the_figures(name: str) -> None:
    state = next(row[0] for row in FIGURES["rows_of_tables"] if row[1] == name)
    parameter = RULEBOOK.legislation(MemberState(state)).parameter(name)

    written = {row.from_amount for value in parameter.values for row in value.brackets}

    assert written == {Decimal(row[3]) for row in FIGURES["rows_of_tables"] if row[1] == name}


def test_the_cheapest_month_of_a_self_employed_person_is_what_donors_were_told() -> None:
    law = RULEBOOK.legislation(MemberState.ID)
    on = dt.date(2025, 6, 1)
    base = law.parameter("bpu.income_base").on(on).brackets[0].value
    rate = law.parameter("jkk.contribution_rate_bpu").on(on).number or Decimal(0)
    flat = law.parameter("jkm.contribution_bpu").on(on).number or Decimal(0)

    assert base * rate / 100 + flat == Decimal(16800)
