"""What a scheme owes when something happens: the amount, or why there is none."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal, localcontext

import pytest

from domain.benefits import BenefitAnswer, BenefitEstimate, BenefitOutcome, benefits_on
from domain.circumstances import BirthPrecision, Contingency, ResidenceStatus, Sex, StatedFact
from domain.countries import MemberState
from domain.errors import AmountOutOfRange, CurrencyMismatch, RuleNotInForce, RuleUnknown
from domain.formulas import AmountBase, AmountIs, AmountLeaf, Measure, Payment, Quantity
from domain.legislation import Legislation
from domain.money import Currency, Money, Rounding
from domain.quantities import BenefitFacts
from domain.standing import Standing
from tests.domain.invented import (
    LAW,
    ON,
    SCHEME,
    bounded,
    credited,
    months_up_to,
    person,
    rupiah,
    with_benefits,
)


def facts(**given: object) -> BenefitFacts:
    """Facts of the usual person; what BenefitFacts does not know is a fact of the person."""
    own = {key: value for key, value in given.items() if key in BenefitFacts.__dataclass_fields__}
    personal = {key: value for key, value in given.items() if key not in own}
    return BenefitFacts(person=person(**personal), **own)  # type: ignore[arg-type]


def answer(
    contingency: Contingency,
    told: BenefitFacts,
    on: dt.date = ON,
    segment_id: str = "employed",
    law: Legislation = LAW,
) -> BenefitAnswer:
    return benefits_on(law, SCHEME.id, segment_id, contingency, on, told)


def only(contingency: Contingency, told: BenefitFacts, on: dt.date = ON, law: Legislation = LAW) -> BenefitEstimate:
    (estimate,) = answer(contingency, told, on, law=law).estimates
    return estimate


def named(benefit_id: str, found: BenefitAnswer) -> BenefitEstimate:
    return next(estimate for estimate in found.estimates if estimate.benefit_id == benefit_id)


# Formulas as laws write them


@pytest.mark.parametrize(
    ("average_wage", "years", "pension"),
    [(16_000, 25, 8_300), (16_000, 10, 6_400), (1_000, 25, 2_400), (1_000, 19, 1_200), (1_000, 10, 1_200)],
)
def test_the_highest_of_three_formulas_is_owed(average_wage: int, years: int, pension: int) -> None:
    told = facts(average_wage=rupiah(average_wage), credited=months_up_to(12 * years, "2026-03"))

    assert only(Contingency.OLD_AGE, told).amount == rupiah(pension)


@pytest.mark.parametrize(
    ("years", "pension"), [(15, 3_000), (20, 4_125), (25, 5_250), (30, 6_375), (35, 7_500), (Decimal("20.9"), 4_125)]
)
def test_points_are_added_for_each_full_year_beyond_the_first_ones(years: Decimal, pension: int) -> None:
    told = facts(
        average_wage=rupiah(15_000),
        credited=months_up_to(int(12 * years)),
        stated=(StatedFact.NO_LONGER_INSURED,),
    )

    assert only(Contingency.INVALIDITY, told).amount == rupiah(pension)


@pytest.mark.parametrize(("months", "pension"), [(180, 450), (186, 460), (240, 550), (360, 750), (420, 750)])
def test_a_share_rises_with_parts_of_years_up_to_its_top(months: int, pension: int) -> None:
    told = facts(average_wage=rupiah(1_000), credited=months_up_to(months))

    assert only(Contingency.UNEMPLOYMENT, told).amount == rupiah(pension)


def test_years_before_and_after_a_day_are_paid_by_their_own_multiples() -> None:
    told = facts(average_wage=rupiah(1_000), credited=credited("2010-01/2017-12"), balance=rupiah(0))

    found = named("leaving_payment", answer(Contingency.LEAVING, told))

    assert found.amount == rupiah(4 * 1_500 + 4 * 2_000)


def test_a_sum_of_a_multiple_of_the_contribution_base_and_fixed_amounts() -> None:
    found = answer(Contingency.WORK_DEATH, facts(income=rupiah(900_000)), segment_id="own_account")

    (estimate,) = found.estimates
    assert estimate.amount == rupiah(70_000_000)
    assert {reason.rule for reason in estimate.reasons} == {
        "injury.multiple",
        "all.income_base",
        "injury.lump_sum",
        "injury.scholarship",
    }


def test_the_row_of_a_table_and_the_degree_itself_are_multiplied() -> None:
    assert only(Contingency.WORK_INJURY_PERMANENT_PARTIAL, facts(degree_percent=Decimal(20))).amount == rupiah(200_000)
    assert only(Contingency.WORK_INJURY_PERMANENT_PARTIAL, facts(degree_percent=Decimal(49))).amount == rupiah(490_000)
    assert only(Contingency.WORK_INJURY_PERMANENT_PARTIAL, facts(degree_percent=Decimal(50))).amount == rupiah(
        1_500_000
    )


def test_a_quantity_counts_up_to_its_most() -> None:
    told = facts(children=5, sex=Sex.FEMALE)

    assert only(Contingency.FAMILY, told).amount == rupiah(600)


def test_the_whole_of_a_base_is_owed_and_cites_its_own_sources() -> None:
    told = facts(average_wage=rupiah(0), credited=credited(), balance=rupiah(123_456))

    found = named("leaving_balance", answer(Contingency.LEAVING, told))

    assert (found.amount, found.standing) == (rupiah(123_456), Standing.CONFIRMED)
    assert found.reasons[0].source_ids == ("S01",)


@pytest.mark.parametrize(("wage", "daily"), [(50, 50), (500, 250), (5_000, 500)])
def test_a_base_is_limited_by_floor_and_ceiling(wage: int, daily: int) -> None:
    found = answer(Contingency.WORK_INJURY_TEMPORARY, facts(wage=rupiah(wage)))

    assert named("accident_daily", found).amount == rupiah(daily)


def test_an_amount_by_age_takes_the_row_of_the_completed_years() -> None:
    told = facts(credited=months_up_to(1), birth_date=dt.date(1966, 8, 20))

    assert only(Contingency.MATERNITY, told, dt.date(2026, 8, 20)).amount == rupiah(200)
    assert only(Contingency.MATERNITY, facts(**_younger()), dt.date(2026, 8, 20)).amount == rupiah(100)


def _younger() -> dict[str, object]:
    return {"credited": months_up_to(1), "birth_date": dt.date(1966, 8, 21)}


def test_an_amount_by_an_age_that_is_not_known_to_the_day_is_assumed() -> None:
    told = facts(credited=months_up_to(1), birth_date=dt.date(1966, 1, 1), birth_precision=BirthPrecision.YEAR)

    found = only(Contingency.MATERNITY, told)

    assert (found.amount, found.standing) == (rupiah(200), Standing.ASSUMED)
    assert "of the birth only the year is known" in found.reasons[-1].text


# Rounding


def test_a_half_is_rounded_once_at_the_end() -> None:
    found = answer(Contingency.WORK_INJURY_TEMPORARY, facts(wage=rupiah(101)))

    assert named("accident_daily", found).amount == rupiah(51)
    assert named("accident_later", found).amount == rupiah(50)


def test_an_amount_is_rounded_to_its_payable_step_and_says_so() -> None:
    told = facts(wage=rupiah(100), days=5, credited=months_up_to(12))

    found = only(Contingency.SICKNESS, told)

    assert found.amount == rupiah(300)
    assert found.reasons[-1].rule == "sick.step"


def test_thirds_are_not_lost_on_the_way_to_a_half() -> None:
    leaf = AmountLeaf(
        measure=Measure.MULTIPLE,
        parameter="leaving.multiple_old",
        base=AmountBase.AVERAGE_WAGE,
        for_each=Quantity.YEARS_CREDITED,
    )
    benefit = replace(SCHEME.benefits["leaving_payment"], amount=leaf, rounding=Rounding.HALF_UP)
    told = facts(average_wage=rupiah(1), credited=months_up_to(4))

    assert only(Contingency.LEAVING, told, law=with_benefits({benefit.id: benefit})).amount == rupiah(1)


def test_no_precision_of_decimals_changes_an_amount() -> None:
    told = facts(average_wage=rupiah(123_456_789_012_347), credited=months_up_to(181), balance=rupiah(0))

    with localcontext() as context:
        context.prec = 3
        coarse = answer(Contingency.LEAVING, told)

    assert coarse.estimates[0].amount == answer(Contingency.LEAVING, told).estimates[0].amount


# Outcomes


def test_a_benefit_whose_condition_is_not_met_names_the_first_one_and_what_is_missing() -> None:
    found = only(Contingency.OLD_AGE, facts(average_wage=rupiah(1_000), credited=months_up_to(119, "2026-03")))

    assert (found.outcome, found.amount) == (BenefitOutcome.NOT_PAYABLE, None)
    assert found.unmet == "Credited months; 120 months are needed, 119 are there"
    assert found.qualifying[0].missing_months == 1


def test_a_fact_that_is_missing_is_named_and_nothing_is_guessed() -> None:
    found = only(Contingency.OLD_AGE, facts(credited=months_up_to(240, "2026-03")))

    assert (found.outcome, found.amount) == (BenefitOutcome.FACT_MISSING, None)
    assert found.fact == "the average wage that the scheme prescribes"
    assert found.missing_for == "ladder.share"


@pytest.mark.parametrize(
    ("contingency", "benefit_id", "fact"),
    [
        (Contingency.LEAVING, "leaving_balance", "the balance of the account"),
        (Contingency.WORK_INJURY_TEMPORARY, "accident_daily", "the wage of the month"),
        (Contingency.WORK_INJURY_PERMANENT_PARTIAL, "accident_partial", "the degree of incapacity in percent"),
        (Contingency.DEATH, "survivors_pension", "the pension that it is a part of, such as that of the deceased"),
        (Contingency.DEATH, "death_grant", "the day membership began, or the credited months"),
        (Contingency.UNEMPLOYMENT, "capped_pension", "the average wage that the scheme prescribes"),
    ],
)
def test_each_missing_fact_has_a_name(contingency: Contingency, benefit_id: str, fact: str) -> None:
    assert named(benefit_id, answer(contingency, facts())).fact == fact


def test_what_is_counted_is_asked_for_where_it_is_missing() -> None:
    assert only(Contingency.FAMILY, facts(sex=Sex.FEMALE)).fact == "the number of children"
    assert only(Contingency.SICKNESS, facts(wage=rupiah(1), credited=months_up_to(12))).fact == "the number of days"
    assert only(Contingency.UNEMPLOYMENT, facts(average_wage=rupiah(1))).fact == "the credited months"


def test_a_declared_income_that_is_missing_is_named() -> None:
    (found,) = answer(Contingency.WORK_DEATH, facts(), segment_id="own_account").estimates

    assert (found.outcome, found.fact) == (BenefitOutcome.FACT_MISSING, "the declared income of the month")


def test_a_quantity_below_a_table_is_no_row_and_not_zero() -> None:
    found = only(Contingency.WORK_INJURY_PERMANENT_PARTIAL, facts(degree_percent=Decimal(19)))

    assert (found.outcome, found.fact) == (BenefitOutcome.FACT_MISSING, "degree of at least 0.2")


def test_a_benefit_in_kind_has_no_amount_and_cites_its_own_sources() -> None:
    found = named("accident_treatment", answer(Contingency.WORK_INJURY_TREATMENT, facts()))

    assert (found.outcome, found.amount, found.standing) == (BenefitOutcome.IN_KIND, None, Standing.REPORTED)


def test_a_benefit_in_kind_without_sources_is_not_claimed_as_sure() -> None:
    bare = replace(SCHEME.benefits["accident_treatment"], standing=None, source_ids=())

    found = only(Contingency.WORK_INJURY_TREATMENT, facts(), law=with_benefits({bare.id: bare}))

    assert found.standing is Standing.ASSUMED


def test_one_list_of_conditions_that_is_met_is_enough() -> None:
    resident = facts(children=1, residence=ResidenceStatus.PERMANENT_RESIDENT, nationality=MemberState.PH)
    visitor = facts(children=1, residence=ResidenceStatus.TEMPORARY, nationality=MemberState.PH)

    assert only(Contingency.FAMILY, resident).outcome is BenefitOutcome.PAYABLE
    assert only(Contingency.FAMILY, visitor).unmet == (
        "only nationals of the state, or only with the residence status permanent resident"
    )


def test_a_grant_is_not_owed_in_the_first_months_of_membership() -> None:
    early = facts(member_since=dt.date(2026, 5, 21), pension=rupiah(0))
    later = facts(member_since=dt.date(2026, 5, 20), pension=rupiah(0))

    assert named("death_grant", answer(Contingency.DEATH, early)).outcome is BenefitOutcome.NOT_PAYABLE
    assert named("death_grant", answer(Contingency.DEATH, later)).amount == rupiah(42_000_000)


# The day


def test_the_values_of_the_day_of_the_contingency_apply() -> None:
    told = facts(member_since=dt.date(2011, 1, 1), pension=rupiah(0))

    before = named("death_grant", answer(Contingency.DEATH, told, dt.date(2019, 12, 31)))
    after = named("death_grant", answer(Contingency.DEATH, told, dt.date(2020, 1, 1)))

    assert (before.amount, before.standing) == (rupiah(24_000_000), Standing.CONFIRMED)
    assert (after.amount, after.standing) == (rupiah(42_000_000), Standing.ASSUMED)


def test_the_day_before_the_first_one_is_refused_and_names_it() -> None:
    with pytest.raises(RuleNotInForce, match="the next begins on 2010-01-01"):
        answer(Contingency.DEATH, facts(), dt.date(2009, 12, 31))


def test_the_day_after_the_last_one_is_refused_and_names_it() -> None:
    assert answer(Contingency.DEATH, facts(), dt.date(2029, 12, 31)).estimates
    with pytest.raises(RuleNotInForce, match="the last one ended on 2029-12-31"):
        answer(Contingency.DEATH, facts(), dt.date(2030, 1, 1))


def test_a_contingency_without_a_benefit_is_unknown() -> None:
    with pytest.raises(RuleUnknown, match=r"ID\.ALL\.employed\.medical_care"):
        answer(Contingency.MEDICAL_CARE, facts())


def test_a_benefit_of_another_segment_is_unknown_in_this_one() -> None:
    with pytest.raises(RuleUnknown):
        answer(Contingency.WORK_DEATH, facts())


def test_a_segment_that_is_not_in_force_owes_nothing_that_is_known() -> None:
    with pytest.raises(RuleNotInForce):
        answer(Contingency.DEATH, facts(), dt.date(1999, 12, 31))


def test_a_value_that_the_law_ended_is_refused() -> None:
    law = bounded("survivor.share", ("2030-01-01", "60"))

    with pytest.raises(RuleNotInForce):
        answer(Contingency.DEATH, facts(pension=rupiah(1)), law=law)


# What cannot be


def test_an_amount_in_another_currency_is_refused() -> None:
    with pytest.raises(CurrencyMismatch):
        answer(Contingency.DEATH, facts(pension=Money.parse("1", Currency.MYR)))


@pytest.mark.parametrize("degree", ["-1", "100.5"])
def test_a_degree_outside_a_hundred_percent_is_refused(degree: str) -> None:
    with pytest.raises(AmountOutOfRange):
        answer(Contingency.WORK_INJURY_PERMANENT_PARTIAL, facts(degree_percent=Decimal(degree)))


def test_fewer_children_than_none_are_refused() -> None:
    with pytest.raises(AmountOutOfRange):
        answer(Contingency.FAMILY, facts(children=-1, sex=Sex.FEMALE))


# The answer as a whole


def test_the_phases_of_a_periodical_benefit_are_told_and_never_added() -> None:
    found = answer(Contingency.WORK_INJURY_TEMPORARY, facts(wage=rupiah(500)))

    assert [(one.after_months, one.lasts_months, one.amount) for one in found.totals] == [
        (None, 6, rupiah(250)),
        (6, None, rupiah(250)),
    ]
    assert "injury.first_phase" in {reason.rule for reason in found.estimates[0].reasons}


def test_what_is_payable_exactly_is_added_by_way_of_payment() -> None:
    told = facts(average_wage=rupiah(1_000), credited=months_up_to(12), balance=rupiah(500))

    found = answer(Contingency.LEAVING, told)

    assert [(one.payment, one.amount) for one in found.totals] == [(Payment.LUMP_SUM, rupiah(2_500))]


def test_an_amount_at_most_is_in_no_total() -> None:
    found = answer(Contingency.WORK_INJURY_TREATMENT, facts())

    assert named("accident_treatment_elsewhere", found).amount_is is AmountIs.AT_MOST
    assert found.totals == ()


def test_the_answer_names_its_law_and_its_weakest_value() -> None:
    found = answer(Contingency.DEATH, facts(member_since=dt.date(2011, 1, 1), pension=rupiah(100)))

    assert (found.standing, found.rules_hash) == (Standing.ASSUMED, LAW.content_hash)


def test_a_value_says_by_what_it_is_multiplied() -> None:
    told = facts(average_wage=rupiah(16_000), credited=months_up_to(300, "2026-03"))

    texts = [reason.text for reason in only(Contingency.OLD_AGE, told).reasons]

    assert "Percent of average wage, for each of full years credited: 25" in texts
    assert "Amount, by full years credited: 25" in texts
