"""Every figure that was read is in the rule file of its state, from its first day and with its standing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from tests.rules.figures import FILES, figures_of, value_from

RULEBOOK = load_rulebook()
FIGURES = {state: figures_of(state) for state in FILES}


def listed(key: str) -> list[tuple[object, ...]]:
    return [(state, *row) for state, figures in FIGURES.items() for row in figures.get(key) or ()]


def test_each_member_state_has_its_figures() -> None:
    assert set(FILES) == set(MemberState)


@pytest.mark.parametrize(("state", "name", "first_day", "number", "standing"), listed("numbers"))
def test_a_figure_stands_in_the_rule_file(
    state: MemberState, name: str, first_day: dt.date, number: str | None, standing: str
) -> None:
    value = value_from(RULEBOOK.legislation(state), name, first_day)

    assert value.number == (None if number is None else Decimal(number))
    assert value.brackets == ()
    assert value.standing.value == standing


@pytest.mark.parametrize(("state", "name", "first_day", "from_amount", "number", "standing"), listed("rows_of_tables"))
def test_a_row_of_a_table_stands_in_the_rule_file(
    state: MemberState, name: str, first_day: dt.date, from_amount: str, number: str, standing: str
) -> None:
    rows = value_from(RULEBOOK.legislation(state), name, first_day).brackets

    (row,) = (row for row in rows if row.from_amount == Decimal(from_amount))

    assert row.value == Decimal(number)
    assert row.standing.value == standing


@pytest.mark.parametrize("state", [state for state in FIGURES if FIGURES[state].get("complete")])
def test_a_rule_file_has_no_value_beyond_its_figures(state: MemberState) -> None:
    parameters = RULEBOOK.legislation(state).parameters
    written = {(name, value.first_day) for name, found in parameters.items() for value in found.values}
    figures = FIGURES[state]

    assert written == {(row[0], row[1]) for row in (*figures["numbers"], *(figures.get("rows_of_tables") or ()))}


@pytest.mark.parametrize("state", [state for state in FIGURES if FIGURES[state].get("complete_tables")])
def test_a_table_has_no_row_beyond_the_figures(state: MemberState) -> None:
    law, rows = RULEBOOK.legislation(state), FIGURES[state]["rows_of_tables"]
    written = {
        (name, value.first_day, row.from_amount)
        for name in {row[0] for row in rows}
        for value in law.parameter(name).values
        for row in value.brackets
    }

    assert written == {(row[0], row[1], Decimal(row[2])) for row in rows}


def test_the_cheapest_month_of_a_self_employed_person_is_what_donors_were_told() -> None:
    law = RULEBOOK.legislation(MemberState.ID)
    on = dt.date(2025, 6, 1)
    base = law.parameter("bpu.income_base").on(on).brackets[0].value
    rate = law.parameter("jkk.contribution_rate_bpu").on(on).number or Decimal(0)
    flat = law.parameter("jkm.contribution_bpu").on(on).number or Decimal(0)

    assert base * rate / 100 + flat == Decimal(16800)
