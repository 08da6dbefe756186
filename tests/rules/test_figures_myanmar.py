"""Every figure of figures-myanmar.yaml stands in the rule file, from its first day, with its standing."""

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

RULEBOOK = load_rulebook()
LAW = RULEBOOK.legislation(MemberState.MM)
FIGURES = yaml.safe_load((Path(__file__).parent / "figures-myanmar.yaml").read_text(encoding="utf-8"))


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

    assert written == {(row[0], row[1]) for row in FIGURES["numbers"]}


@pytest.mark.parametrize("scheme_id", ["MM.PEN", "MM.UI"])
def test_nobody_can_be_in_a_fund_that_is_not_in_operation(scheme_id: str) -> None:
    segments = LAW.schemes[scheme_id].segments.values()

    assert {segment.participation for segment in segments} == {Participation.EXCLUDED}
    assert [segment.contributions for segment in segments if segment.contributions] == []


def test_no_segment_collects_a_rate_that_is_in_the_law_only() -> None:
    collected = {
        rule.amount
        for scheme in LAW.schemes.values()
        for segment in scheme.segments.values()
        for rule in segment.contributions
    }

    assert [name for name in collected if name.endswith("_in_law")] == []


@pytest.mark.parametrize("suffix", ["", "_registered_above_60"])
def test_the_voluntarily_insured_pay_the_sum_of_both_shares(suffix: str) -> None:
    on = dt.date(2014, 4, 1)
    names = (f"hsc.rate_employer{suffix}", f"hsc.rate_worker{suffix}", f"hsc.rate_voluntary{suffix}")
    employer, worker, voluntary = (LAW.parameter(name).on(on).number or Decimal(0) for name in names)

    assert voluntary == employer + worker
