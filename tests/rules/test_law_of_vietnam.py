"""What of the law of this state hangs together beyond its single figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from adapters.rulebook import load_rulebook
from domain.contributions import ContributionFacts, monthly_quote
from domain.countries import MemberState
from domain.errors import RuleNotInForce
from domain.money import Currency, Money
from domain.periods import Month
from domain.schemes import Branch, FunderKind, Participation
from tests.rules.figures import figures_of

LAW = load_rulebook().legislation(MemberState.VN)


def number_on(name: str, on: dt.date) -> Decimal:
    found = LAW.parameter(name).on(on).number
    assert found is not None
    return found


@pytest.mark.parametrize(("name", "on"), figures_of(MemberState.VN)["ended"])
def test_a_figure_that_ended_is_refused_from_its_end_on(name: str, on: dt.date) -> None:
    with pytest.raises(RuleNotInForce):
        LAW.parameter(name).on(on)


@pytest.mark.parametrize("on", [dt.date(2024, 7, 1), dt.date(2026, 7, 1)])
def test_the_ceiling_is_twenty_times_the_reference_level(on: dt.date) -> None:
    assert number_on("si.wage_ceiling", on) == 20 * number_on("si.reference_level", on)


@pytest.mark.parametrize("region", [1, 2, 3, 4])
@pytest.mark.parametrize("on", [dt.date(2024, 7, 1), dt.date(2026, 1, 1)])
def test_the_ceiling_of_unemployment_insurance_is_twenty_times_the_minimum_wage(region: int, on: dt.date) -> None:
    ceiling = number_on(f"ui.wage_ceiling_region_{region}", on)

    assert ceiling == 20 * number_on(f"si.wage_floor_region_{region}", on)


@pytest.mark.parametrize("region", [1, 2, 3, 4])
@pytest.mark.parametrize("on", [dt.date(2024, 7, 1), dt.date(2026, 1, 1)])
def test_the_most_that_unemployment_pays_is_five_times_the_minimum_wage(region: int, on: dt.date) -> None:
    most = number_on(f"ui.benefit_max_region_{region}", on)

    assert most == 5 * number_on(f"si.wage_floor_region_{region}", on)


@pytest.mark.parametrize(
    ("grant", "levels"),
    [("funeral_grant", "10"), ("survivors_pension", "0.5"), ("birth_grant", "2"), ("work_death_grant", "36")],
)
def test_a_grant_is_its_multiple_of_the_reference_level_whenever_one_of_them_changes(grant: str, levels: str) -> None:
    first_days = {
        value.first_day for name in (f"si.{grant}", "si.reference_level") for value in LAW.parameter(name).values
    }

    for on in first_days:
        assert number_on(f"si.{grant}", on) == Decimal(levels) * number_on("si.reference_level", on)


@pytest.mark.parametrize(
    ("group", "support_rate"), [("poor", "50"), ("near_poor", "40"), ("minority", "30"), ("other", "20")]
)
def test_support_and_own_share_are_the_contribution_on_the_lowest_income(group: str, support_rate: str) -> None:
    on = dt.date(2025, 7, 1)
    whole = number_on("vsi.income_min", on) * number_on("vsi.contribution_rate", on) / 100
    support = number_on(f"vsi.state_support_{group}", on)

    assert support == whole * Decimal(support_rate) / 100
    assert support + number_on(f"vsi.contribution_lowest_{group}", on) == whole


def test_the_mens_pension_reaches_its_rate_of_twenty_years() -> None:
    on = dt.date(2025, 7, 1)
    reached = number_on("si.pension_rate_men_first", on) + 5 * number_on("si.pension_rate_men_per_year_to_20", on)

    assert reached == number_on("si.pension_rate_men_at_20", on)


def test_a_contract_worker_abroad_is_not_shown_as_insured_against_work_injury() -> None:
    assert set(LAW.schemes["VN.SI.C.ABROAD"].branches) == {Branch.OLD_AGE, Branch.SURVIVORS}


@pytest.mark.parametrize(("payer", "amounts"), [("employer", [1400000, 300000, 50000]), ("self", [800000])])
def test_of_ten_million_the_employer_pays_three_shares_and_the_worker_one(payer: str, amounts: list[int]) -> None:
    facts = ContributionFacts(funder_kind=FunderKind.EMPLOYER, wage=Money(10_000_000, Currency.VND))

    quote = monthly_quote(LAW, "VN.SI.C", "inbound", Month.parse("2026-01"), facts)

    assert [share.amount.minor_units for share in quote.shares if share.payer == payer] == amounts


@pytest.mark.parametrize(
    ("scheme_id", "segment_id"),
    [
        ("VN.SI.C", "self_employed"),
        ("VN.SI.V", "inbound"),
        ("VN.UI", "self_employed"),
        ("VN.UI", "outbound"),
        ("VN.UI", "inbound"),
    ],
)
def test_who_is_left_out_by_law_is_written_as_excluded(scheme_id: str, segment_id: str) -> None:
    assert LAW.schemes[scheme_id].segments[segment_id].participation is Participation.EXCLUDED
