"""What of the law of this state hangs together beyond its single figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.schemes import Participation

RULEBOOK = load_rulebook()
LAW = RULEBOOK.legislation(MemberState.MM)


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
