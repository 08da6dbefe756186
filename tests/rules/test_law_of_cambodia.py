"""What of the law of this state hangs together beyond its single figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.errors import RuleNotInForce
from domain.schemes import Participation

LAW = load_rulebook().legislation(MemberState.KH)


def test_the_two_shares_of_the_pension_are_its_total_in_every_phase() -> None:
    total = LAW.parameter("pen.contribution_rate_total").values

    added = [
        sum(
            LAW.parameter(f"pen.contribution_rate_{payer}").on(value.first_day).number or Decimal(0)
            for payer in ("employer", "worker")
        )
        for value in total
    ]

    assert added == [value.number for value in total]


def test_the_worker_pays_nothing_for_health_care_since_2018() -> None:
    payers = {
        name: [rule.payer for rule in LAW.schemes["KH.HC"].segments[name].contributions]
        for name in ("employed_until_2017", "employed", "inbound_until_2017", "inbound")
    }

    assert payers["employed"] == payers["inbound"] == ["employer"]
    assert payers["employed_until_2017"] == payers["inbound_until_2017"] == ["employer", "self"]


def test_the_worker_share_of_health_care_is_refused_and_not_zero_after_2017() -> None:
    with pytest.raises(RuleNotInForce):
        LAW.parameter("hc.contribution_rate_worker").on(dt.date(2018, 1, 1))


@pytest.mark.parametrize("persons", ["self_employed", "outbound"])
def test_occupational_risk_takes_in_nobody_without_an_employer_in_the_state(persons: str) -> None:
    assert LAW.schemes["KH.OR"].segments[persons].participation is Participation.EXCLUDED
