"""What of the law of this state hangs together beyond its single figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.errors import RuleNotInForce
from domain.schemes import Branch, Participation

LAW = load_rulebook().legislation(MemberState.TH)


def number_on(name: str, on: dt.date) -> Decimal:
    found = LAW.parameter(name).on(on).number
    assert found is not None
    return found


@pytest.mark.parametrize("payer", ["employer", "worker", "state"])
@pytest.mark.parametrize("on", [dt.date(2020, 3, 1), dt.date(2022, 12, 31)])
def test_no_rate_is_given_for_the_time_of_lowered_rates(payer: str, on: dt.date) -> None:
    with pytest.raises(RuleNotInForce):
        LAW.parameter(f"s33.contribution_rate_{payer}").on(on)


@pytest.mark.parametrize(("years", "pension"), [(15, "3000"), (20, "4125"), (25, "5250"), (30, "6375"), (35, "7500")])
def test_a_published_pension_at_the_old_ceiling_comes_out(years: int, pension: str) -> None:
    on = dt.date(2022, 1, 9)
    further = years - number_on("s33.months_min_old_age", on) / 12
    rate = number_on("s33.pension_rate_basic", on) + number_on("s33.pension_rate_per_year", on) * further

    assert number_on("s33.wage_ceiling", on) * rate / 100 == Decimal(pension)


def test_the_price_of_continued_insurance_is_its_rate_of_its_fixed_base() -> None:
    on = dt.date(2026, 1, 1)

    price = number_on("s39.fixed_base", on) * number_on("s39.contribution_rate", on) / 100

    assert price == number_on("s39.contribution", on)


def test_the_parts_of_the_workers_rate_add_up_to_it() -> None:
    on = dt.date(2026, 1, 1)
    parts = ("old_age_and_family", "sickness_and_others", "unemployment")

    assert sum(number_on(f"s33.rate_part_{part}", on) for part in parts) == number_on(
        "s33.contribution_rate_worker", on
    )


@pytest.mark.parametrize(
    ("option", "branches"),
    [
        ("1", {Branch.SICKNESS, Branch.INVALIDITY, Branch.SURVIVORS}),
        ("2", {Branch.SICKNESS, Branch.INVALIDITY, Branch.SURVIVORS, Branch.OLD_AGE}),
        ("3", {Branch.SICKNESS, Branch.INVALIDITY, Branch.SURVIVORS, Branch.OLD_AGE, Branch.FAMILY}),
    ],
)
def test_an_option_of_section_40_protects_its_own_branches_only(option: str, branches: set[Branch]) -> None:
    assert set(LAW.schemes[f"TH.S40.{option}"].branches) == branches


@pytest.mark.parametrize(
    ("scheme_id", "segment_id"),
    [
        ("TH.S33", "self_employed"),
        ("TH.S33", "outbound"),
        ("TH.S40.1", "inbound"),
        ("TH.S40.2", "inbound"),
        ("TH.S40.3", "inbound"),
        ("TH.WCF", "self_employed"),
        ("TH.WCF", "outbound"),
    ],
)
def test_who_is_left_out_by_law_is_written_as_excluded(scheme_id: str, segment_id: str) -> None:
    assert LAW.schemes[scheme_id].segments[segment_id].participation is Participation.EXCLUDED
