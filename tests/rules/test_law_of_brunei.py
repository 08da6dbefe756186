"""What of the law of this state hangs together beyond its single figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.schemes import Participation, PersonGroup

RULEBOOK = load_rulebook()
LAW = RULEBOOK.legislation(MemberState.BN)


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
