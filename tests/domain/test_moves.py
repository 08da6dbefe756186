"""Move plans from Indonesia to Malaysia: where cover lands, from which day, at whose cost and with what loss."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.countries import MemberState
from domain.coverage import CoverState
from domain.errors import CurrencyMismatch, PeriodInvalid, RuleUnknown, ValueMissing
from domain.funding import Terms
from domain.legislation import Agreement, Legislation, Rulebook, Standing
from domain.money import Currency, Money
from domain.moves import BranchDays, Landing, LandingKind, MovePlan, plan_move
from domain.periods import ONE_DAY, Month, Period
from domain.schemes import Branch, Extent, Participation, Sector, Segment
from tests.domain.moving import (
    DECIDED_ON,
    DONATION_ID,
    FACTS,
    MOVE_ON,
    QUESTION,
    RULEBOOK,
    asked,
    donor_cover,
    known,
    person,
    prepaid,
    purse,
    rupiah,
)

CONTRACT_LAST_DAY = dt.date(2028, 3, 9)


def days_of(plan: MovePlan, branch: Branch) -> BranchDays:
    return next(days for days in plan.branches if days.branch is branch)


def landing_of(plan: MovePlan, branch: Branch, scheme_id: str, segment_id: str = "inbound") -> Landing:
    key = (branch, scheme_id, segment_id)
    return next(one for one in plan.landings if (one.branch, one.scheme_id, one.segment_id) == key)


def entered(plan: MovePlan) -> list[str | None]:
    return [entry.scheme_id for entry in plan.host_entries]


def with_segment(scheme_id: str, segment_id: str, **changes: object) -> Rulebook:
    """The rulebook with one segment changed, as a law might have it."""
    law = RULEBOOK.of_scheme(scheme_id)
    scheme = law.schemes[scheme_id]
    segment: Segment = replace(scheme.segments[segment_id], **changes)  # type: ignore[arg-type]
    changed = replace(scheme, segments=MappingProxyType({**scheme.segments, segment_id: segment}))
    state = replace(law, schemes=MappingProxyType({**law.schemes, scheme_id: changed}))
    return replace(RULEBOOK, states=MappingProxyType({**RULEBOOK.states, law.member_state: state}))


def with_agreement(**facts: object) -> Rulebook:
    agreement = Agreement(
        id="ID-MY.TEST",
        parties=("ID", "MY"),
        kind="An agreement that does not exist",
        first_day=dt.date(2026, 1, 1),
        totalization=True,
        standing=Standing.CONFIRMED,
        source_ids=(),
    )
    return replace(RULEBOOK, agreements=(replace(agreement, **facts),))  # type: ignore[arg-type]


def test_the_usual_move_leaves_no_day_of_work_accident_cover_out() -> None:
    plan = plan_move(QUESTION, FACTS, RULEBOOK)

    assert {days.gap_days for days in plan.branches if days.branch is not Branch.OLD_AGE} == {0}
    assert plan.obstacle == ""


def test_the_host_schemes_for_workers_who_come_in_and_the_pack_of_the_home_state_are_entered() -> None:
    plan = plan_move(QUESTION, FACTS, RULEBOOK)

    assert entered(plan) == ["MY.SOCSO.CAT1", "MY.EPF.FOR"]
    assert plan.pack is not None
    assert plan.pack.scheme_id == "ID.PMI"


def test_host_cover_runs_from_the_day_of_the_move_to_the_last_day_of_the_contract() -> None:
    plan = plan_move(QUESTION, FACTS, RULEBOOK)

    assert {entry.period for entry in plan.host_entries} == {Period(MOVE_ON, CONTRACT_LAST_DAY)}


def test_the_pack_protects_from_the_decision_to_two_months_after_the_contract() -> None:
    plan = plan_move(QUESTION, FACTS, RULEBOOK)

    assert plan.pack is not None
    assert plan.pack.period == Period(DECIDED_ON, dt.date(2028, 5, 9))


def test_the_phase_before_work_is_at_most_five_months_long() -> None:
    plan = plan_move(asked(decided_on=dt.date(2025, 3, 1)), FACTS, RULEBOOK)

    assert plan.pack is not None
    assert plan.pack.period.first_day == dt.date(2025, 10, 10)


def test_a_worker_who_goes_without_an_agency_has_no_phase_before_work() -> None:
    plan = plan_move(asked(route="individual"), FACTS, RULEBOOK)

    assert plan.pack is not None
    assert plan.pack.period.first_day == MOVE_ON
    assert plan.cost_to_fund == rupiah(332_500)


def test_a_contract_longer_than_the_largest_pack_costs_single_months_and_is_covered_to_its_end() -> None:
    plan = plan_move(asked(contract_months=27), FACTS, RULEBOOK)

    assert plan.cost_to_fund == rupiah(410_500)
    assert plan.pack is not None
    assert plan.pack.period.last_day == dt.date(2028, 8, 9)


def test_the_pack_is_shown_by_every_route_for_comparison() -> None:
    plan = plan_move(QUESTION, FACTS, RULEBOOK)

    assert [quote.total for quote in plan.alternatives] == [rupiah(370_000), rupiah(332_500)]


def test_a_way_of_placement_that_the_law_does_not_know_is_refused() -> None:
    with pytest.raises(RuleUnknown):
        plan_move(asked(route="smuggler"), FACTS, RULEBOOK)


def test_the_old_segments_end_with_the_move() -> None:
    assert plan_move(QUESTION, FACTS, RULEBOOK).ends == (("ID.JKK", "bpu"), ("ID.JKM", "bpu"))


def test_a_pack_for_workers_abroad_does_not_end_by_going_abroad() -> None:
    facts = known(segments=(("ID.JKK", "bpu"), ("ID.PMI", "pmi")))

    assert plan_move(QUESTION, facts, RULEBOOK).ends == (("ID.JKK", "bpu"),)


def test_a_segment_that_no_rule_file_has_is_refused() -> None:
    with pytest.raises(RuleUnknown):
        plan_move(QUESTION, known(segments=(("ID.JKK", "bpj"),)), RULEBOOK)


# Days without cover and with two covers


def test_old_cover_that_lapses_before_the_move_leaves_a_gap_up_to_the_move() -> None:
    spells = donor_cover("2025-10", 3)
    question = asked(route="individual", decided_on=dt.date(2026, 2, 1), move_on=dt.date(2026, 3, 10))

    days = days_of(plan_move(question, known(spells=spells), RULEBOOK), Branch.EMPLOYMENT_INJURY)

    assert days.gaps == (Period(dt.date(2026, 3, 1), dt.date(2026, 3, 9)),)
    assert days.gap_days == 9
    assert days.why == "The new cover of employment_injury does not reach these days"


def test_the_phase_before_work_closes_the_gap_of_a_lapse() -> None:
    spells = donor_cover("2025-10", 3)
    question = asked(decided_on=dt.date(2026, 2, 1))

    days = days_of(plan_move(question, known(spells=spells), RULEBOOK), Branch.EMPLOYMENT_INJURY)

    assert days.gap_days == 0


def test_days_with_old_cover_and_the_phase_before_work_are_counted_as_days_with_two_covers() -> None:
    question = asked(contract_months=1)

    days = days_of(plan_move(question, FACTS, RULEBOOK), Branch.EMPLOYMENT_INJURY)

    before_and_during = (MOVE_ON - DECIDED_ON).days + (question.contract_last_day - MOVE_ON).days + 1
    assert days.overlap_days == before_and_during


def test_a_day_with_three_covers_is_one_day_with_two() -> None:
    plan = plan_move(QUESTION, FACTS, RULEBOOK)
    window_days = (CONTRACT_LAST_DAY - DECIDED_ON).days + 1

    assert days_of(plan, Branch.SURVIVORS).overlap_days == window_days


def test_a_branch_without_cover_before_the_move_has_no_gap_before_it() -> None:
    plan = plan_move(QUESTION, known(spells=()), RULEBOOK)

    assert days_of(plan, Branch.OLD_AGE).gaps == ()
    assert days_of(plan, Branch.EMPLOYMENT_INJURY).gaps == ()


def test_cover_that_ended_years_ago_is_no_branch_of_this_move() -> None:
    old = tuple(replace(spell, branch=Branch.FAMILY) for spell in donor_cover("2018-01", 3))

    plan = plan_move(QUESTION, known(spells=(*FACTS.spells, *old)), RULEBOOK)

    assert Branch.FAMILY not in {days.branch for days in plan.branches}


def test_a_branch_that_nobody_takes_on_is_a_gap_from_the_move_on_with_its_reason() -> None:
    health = tuple(replace(spell, branch=Branch.MATERNITY) for spell in donor_cover())

    plan = plan_move(QUESTION, known(spells=health), RULEBOOK)

    days = days_of(plan, Branch.MATERNITY)
    assert days.gaps == (Period(MOVE_ON, CONTRACT_LAST_DAY),)
    assert days.why == "No scheme of either state takes on maternity"
    (nowhere,) = (one for one in plan.landings if one.branch is Branch.MATERNITY)
    assert (nowhere.kind, nowhere.chosen, nowhere.scheme_id) == (LandingKind.NOWHERE, True, None)


def test_a_move_decided_on_its_own_day_has_no_days_before() -> None:
    plan = plan_move(asked(decided_on=MOVE_ON), FACTS, RULEBOOK)

    days = days_of(plan, Branch.EMPLOYMENT_INJURY)
    assert days.gap_days == 0
    assert days.overlap_days == (CONTRACT_LAST_DAY - MOVE_ON).days + 1


@given(
    move_on=st.dates(dt.date(2025, 10, 1), dt.date(2027, 12, 31)),
    notice_days=st.integers(0, 400),
    contract_months=st.integers(1, 40),
    paid=st.integers(1, 20),
    route=st.sampled_from(["agency", "individual"]),
)
def test_each_day_of_a_plan_is_covered_or_written_down_as_a_gap(
    move_on: dt.date, notice_days: int, contract_months: int, paid: int, route: str
) -> None:
    question = asked(
        move_on=move_on,
        decided_on=move_on - dt.timedelta(days=notice_days),
        contract_months=contract_months,
        route=route,
    )
    facts = known(spells=donor_cover("2025-06", paid))

    plan = plan_move(question, facts, RULEBOOK)

    for days in plan.branches:
        new = [one.period for one in plan.landings if one.branch is days.branch and one.chosen and one.period]
        old = [s.period.within(Period(dt.date.min, move_on - ONE_DAY)) for s in facts.spells if s.branch is days.branch]
        held = [period for period in (*new, *old) if period is not None]
        assert not any(gap.overlap_days(period) for gap in days.gaps for period in held)
        for day in (move_on, question.contract_last_day):
            assert any(period.contains(day) for period in (*held, *days.gaps))
        assert days.gap_days == sum((gap.last_day - gap.first_day).days + 1 for gap in days.gaps if gap.last_day)


def test_old_cover_does_not_hide_the_day_of_a_move_that_is_decided_on_that_day() -> None:
    health = tuple(replace(spell, branch=Branch.MATERNITY) for spell in donor_cover())

    plan = plan_move(asked(decided_on=MOVE_ON), known(spells=health), RULEBOOK)

    assert days_of(plan, Branch.MATERNITY).gaps == (Period(MOVE_ON, CONTRACT_LAST_DAY),)


# What is already paid


def test_months_after_the_move_return_and_the_month_of_the_move_is_used() -> None:
    facts = known(prepaid=(*prepaid("ID.JKK", "2026-03", 3), *prepaid("ID.JKM", "2026-03", 3)))

    plan = plan_move(QUESTION, facts, RULEBOOK)

    assert [str(month.month) for month in plan.returns] == ["2026-04", "2026-05", "2026-04", "2026-05"]
    assert plan.returned_to_fund == rupiah(33_600)


def test_a_move_on_the_first_of_a_month_returns_that_month_too() -> None:
    facts = known(prepaid=prepaid("ID.JKK", "2026-03", 2))

    plan = plan_move(asked(move_on=dt.date(2026, 3, 1)), facts, RULEBOOK)

    assert [str(month.month) for month in plan.returns] == ["2026-03", "2026-04"]


def test_a_return_says_that_its_rule_is_assumed() -> None:
    plan = plan_move(QUESTION, known(prepaid=prepaid("ID.JKK", "2026-04", 2)), RULEBOOK)

    (cited,) = (reason for reason in plan.reasons if reason.rule == "bpu.prepaid_months_returned")
    assert cited.standing is Standing.ASSUMED


def test_months_that_were_sent_stay_where_no_rule_gives_them_back_and_the_plan_says_so() -> None:
    rulebook = with_segment("ID.JKK", "bpu", returns_prepaid=None)

    plan = plan_move(QUESTION, known(prepaid=prepaid("ID.JKK", "2026-04", 2)), rulebook)

    assert plan.returns == ()
    assert any(reason.rule == "ID.JKK.bpu.returns_prepaid" for reason in plan.reasons)


def test_months_that_were_never_sent_are_free_again_without_any_rule() -> None:
    rulebook = with_segment("ID.JKK", "bpu", returns_prepaid=None)

    plan = plan_move(QUESTION, known(prepaid=prepaid("ID.JKK", "2026-04", 2, sent=False)), rulebook)

    assert plan.returned_to_fund == rupiah(20_000)


def test_a_month_that_no_donation_paid_returns_but_not_to_the_fund() -> None:
    own = tuple(replace(month, donation_id=None) for month in prepaid("ID.JKK", "2026-04", 2))

    plan = plan_move(QUESTION, known(prepaid=own), RULEBOOK)

    assert len(plan.returns) == 2
    assert plan.returned_to_fund == rupiah(0)


# Who pays the pack


def test_the_first_donation_that_may_and_can_pay_pays() -> None:
    plan = plan_move(QUESTION, FACTS, RULEBOOK)

    assert plan.donation_id == DONATION_ID
    assert plan.cost_to_fund == rupiah(370_000)


def test_a_fund_that_cannot_pay_is_an_obstacle_with_the_amounts() -> None:
    plan = plan_move(QUESTION, known(purses=(purse(369_999),)), RULEBOOK)

    assert plan.donation_id is None
    assert "Fund Lingkaran has IDR 369,999 available; IDR 370,000 was asked." in plan.obstacle


def test_a_fund_without_donations_is_an_obstacle() -> None:
    plan = plan_move(QUESTION, known(purses=()), RULEBOOK)

    assert "has IDR 0 available" in plan.obstacle


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        (Terms(follows_movers=False), "only workers who stay"),
        (Terms(scheme_ids=("ID.JKK", "ID.JKM")), "the schemes ID.JKK, ID.JKM"),
        (Terms(last_month=Month(2026, 1)), "months up to 2026-01"),
        (Terms(first_month=Month(2026, 3)), "months from 2026-03"),
    ],
)
def test_terms_that_forbid_the_pack_are_an_obstacle(terms: Terms, why: str) -> None:
    plan = plan_move(QUESTION, known(purses=(purse(1_000_000, terms),)), RULEBOOK)

    assert plan.donation_id is None
    assert f"The donor's terms allow {why}" in plan.obstacle


def test_a_donation_in_another_currency_does_not_pay() -> None:
    ringgit = purse(1_000_000)
    balance = replace(ringgit.balance, posted=Money(10**9, Currency.MYR), pending=Money(0, Currency.MYR))

    plan = plan_move(QUESTION, known(purses=(replace(ringgit, balance=balance),)), RULEBOOK)

    assert plan.donation_id is None
    assert plan.obstacle


def test_a_donation_in_another_currency_does_not_keep_the_next_one_from_paying() -> None:
    ringgit = purse(1, donation_id=UUID(int=5))
    balance = replace(ringgit.balance, posted=Money(10**9, Currency.MYR), pending=Money(0, Currency.MYR))

    plan = plan_move(QUESTION, known(purses=(replace(ringgit, balance=balance), purse(370_000))), RULEBOOK)

    assert (plan.donation_id, plan.obstacle) == (DONATION_ID, "")


def test_a_pack_that_is_paid_for_the_whole_contract_is_not_bought_twice() -> None:
    held = tuple(
        replace(
            spell,
            scheme_id="ID.PMI",
            state=CoverState.TERM,
            first_day=MOVE_ON,
            last_day=CONTRACT_LAST_DAY,
        )
        for spell in donor_cover("2025-10", 1)
    )

    plan = plan_move(QUESTION, known(spells=held), RULEBOOK)

    assert plan.obstacle == "ID.PMI is paid for the whole contract already. Move without paying it twice."


# Who may be in which scheme


def test_a_domestic_worker_is_not_in_the_provident_fund_and_old_age_lands_nowhere() -> None:
    question = asked(person=person(sector=Sector.DOMESTIC_WORK))

    plan = plan_move(question, FACTS, RULEBOOK)

    assert entered(plan) == ["MY.SOCSO.CAT1"]
    assert Branch.OLD_AGE not in {days.branch for days in plan.branches}


def test_a_domestic_worker_who_had_old_age_cover_has_a_gap_with_its_reason() -> None:
    savings = tuple(replace(spell, branch=Branch.OLD_AGE) for spell in donor_cover())
    question = asked(person=person(sector=Sector.DOMESTIC_WORK))

    days = days_of(plan_move(question, known(spells=savings), RULEBOOK), Branch.OLD_AGE)

    assert days.gaps == (Period(MOVE_ON, CONTRACT_LAST_DAY),)
    assert "MY.EPF.FOR (not for the sectors domestic_work)" in days.why


def test_a_sector_that_is_needed_and_not_known_is_refused_and_not_guessed() -> None:
    with pytest.raises(ValueMissing):
        plan_move(asked(person=person(sector=None)), FACTS, RULEBOOK)


def test_a_worker_who_first_comes_at_55_is_in_the_second_category() -> None:
    question = asked(person=person(birth_date=dt.date(1970, 3, 10)))

    plan = plan_move(question, FACTS, RULEBOOK)

    assert entered(plan) == ["MY.SOCSO.CAT2", "MY.EPF.FOR"]


def test_a_worker_who_first_comes_one_day_before_55_stays_in_the_first_category() -> None:
    question = asked(person=person(birth_date=dt.date(1971, 3, 11)), contract_months=24)

    plan = plan_move(question, FACTS, RULEBOOK)

    first = landing_of(plan, Branch.INVALIDITY, "MY.SOCSO.CAT1")
    assert first.period == Period(MOVE_ON, CONTRACT_LAST_DAY)


def test_a_worker_of_60_who_came_earlier_is_in_no_category_and_only_the_pack_protects() -> None:
    old = person(birth_date=dt.date(1965, 1, 1), first_entry_on=dt.date(2010, 1, 1))

    plan = plan_move(asked(person=old), FACTS, RULEBOOK)

    assert entered(plan) == ["MY.EPF.FOR"]
    refused = landing_of(plan, Branch.EMPLOYMENT_INJURY, "MY.SOCSO.CAT1")
    assert (refused.chosen, refused.period, refused.extent) == (False, None, None)
    assert refused.reasons[-1].text == "below the age of 60"


def test_the_first_category_ends_on_the_day_before_the_sixtieth_birthday_within_the_contract() -> None:
    old = person(birth_date=dt.date(1967, 1, 1), first_entry_on=dt.date(2010, 1, 1))

    plan = plan_move(asked(person=old), FACTS, RULEBOOK)

    landing = landing_of(plan, Branch.EMPLOYMENT_INJURY, "MY.SOCSO.CAT1")
    assert landing.period == Period(MOVE_ON, dt.date(2026, 12, 31))
    assert landing.reasons[-1].text == "MY.SOCSO.CAT1 ends on 2026-12-31 (below the age of 60)"


def test_cover_that_age_ends_within_the_contract_is_a_gap_if_no_pack_protects() -> None:
    old = person(birth_date=dt.date(1967, 1, 1), first_entry_on=dt.date(2010, 1, 1), nationality=MemberState.PH)

    days = days_of(plan_move(asked(person=old), known(spells=()), RULEBOOK), Branch.EMPLOYMENT_INJURY)

    assert days.gaps == (Period(dt.date(2027, 1, 1), CONTRACT_LAST_DAY),)
    assert "MY.SOCSO.CAT1 ends on 2026-12-31 (below the age of 60)" in days.why


def test_a_branch_gained_within_the_contract_begins_on_its_schemes_first_day_and_is_no_gap_before() -> None:
    question = asked(move_on=dt.date(2025, 8, 15), decided_on=dt.date(2025, 8, 1), contract_months=12)

    plan = plan_move(question, known(spells=donor_cover("2025-06", 3)), RULEBOOK)

    fund = landing_of(plan, Branch.OLD_AGE, "MY.EPF.FOR")
    assert fund.period == Period(dt.date(2025, 10, 1), dt.date(2026, 8, 14))
    assert days_of(plan, Branch.OLD_AGE).gaps == ()


def test_a_scheme_that_ends_within_the_contract_hands_over_to_the_next_without_a_gap() -> None:
    question = asked(move_on=dt.date(2024, 5, 1), decided_on=dt.date(2024, 4, 20), contract_months=12)

    plan = plan_move(question, known(spells=()), RULEBOOK)

    entries = [(entry.segment_id, entry.period) for entry in plan.host_entries if "SOCSO" in entry.scheme_id]
    assert entries == [
        ("inbound", Period(dt.date(2024, 7, 1), dt.date(2025, 4, 30))),
        ("inbound_until_2024_06", Period(dt.date(2024, 5, 1), dt.date(2024, 6, 30))),
    ]


def test_a_worker_without_a_valid_pass_is_not_in_the_provident_fund() -> None:
    plan = plan_move(asked(person=person(valid_pass=False)), FACTS, RULEBOOK)

    assert entered(plan) == ["MY.SOCSO.CAT1"]


def test_a_national_who_returns_is_in_no_scheme_for_foreigners_and_the_plan_cannot_be_carried_out() -> None:
    question = asked(person=person(nationality=MemberState.MY))

    plan = plan_move(question, FACTS, RULEBOOK)

    assert (plan.host_entries, plan.pack) == ((), None)
    assert plan.obstacle.startswith("No scheme of either state takes this worker on.")


# The order of choice


def test_a_compulsory_pack_is_taken_although_the_host_covers_the_same_branches() -> None:
    plan = plan_move(QUESTION, FACTS, RULEBOOK)

    assert landing_of(plan, Branch.EMPLOYMENT_INJURY, "ID.PMI", "pmi").chosen


def test_a_voluntary_pack_is_left_where_the_host_leaves_no_gap() -> None:
    rulebook = with_segment("ID.PMI", "pmi", participation=Participation.VOLUNTARY)

    plan = plan_move(QUESTION, FACTS, rulebook)

    assert plan.pack is None
    assert plan.cost_to_fund == rupiah(0)
    assert plan.donation_id is None


def test_a_voluntary_pack_is_taken_where_it_closes_a_gap() -> None:
    rulebook = with_segment("ID.PMI", "pmi", participation=Participation.VOLUNTARY)
    old = person(birth_date=dt.date(1967, 1, 1), first_entry_on=dt.date(2010, 1, 1))

    plan = plan_move(asked(person=old), FACTS, rulebook)

    assert plan.pack is not None
    assert days_of(plan, Branch.EMPLOYMENT_INJURY).gap_days == 0


def test_a_voluntary_scheme_of_the_host_is_shown_and_not_chosen() -> None:
    rulebook = with_segment("MY.EPF.FOR", "inbound", participation=Participation.VOLUNTARY)

    plan = plan_move(QUESTION, FACTS, rulebook)

    landing = landing_of(plan, Branch.OLD_AGE, "MY.EPF.FOR")
    assert (landing.kind, landing.chosen) == (LandingKind.HOST_VOLUNTARY, False)
    assert "left to the worker" in days_of(plan, Branch.OLD_AGE).why


def with_two_voluntary_packs(**changes: object) -> Rulebook:
    """The rulebook with a second pack beside ID.PMI, both by choice."""
    rulebook = with_segment("ID.PMI", "pmi", participation=Participation.VOLUNTARY)
    law = rulebook.of_scheme("ID.PMI")
    second = replace(law.schemes["ID.PMI"], id="ID.PMI2", **changes)  # type: ignore[arg-type]
    state = replace(law, schemes=MappingProxyType({**law.schemes, "ID.PMI2": second}))
    return replace(rulebook, states=MappingProxyType({**rulebook.states, MemberState.ID: state}))


OLD = person(birth_date=dt.date(1965, 1, 1), first_entry_on=dt.date(2010, 1, 1))


def test_of_two_voluntary_packs_the_one_that_leaves_fewer_days_without_cover_is_taken_alone() -> None:
    law = RULEBOOK.of_scheme("ID.PMI")
    branches = tuple(b for b in law.schemes["ID.PMI"].branches if b is not Branch.MEDICAL_CARE)
    fuller = with_two_voluntary_packs(branches=(*law.schemes["ID.PMI"].branches, Branch.SICKNESS))
    poorer = with_two_voluntary_packs(branches=branches)

    packs = [plan_move(asked(person=OLD), FACTS, rulebook).pack for rulebook in (fuller, poorer)]

    assert [pack.scheme_id for pack in packs if pack] == ["ID.PMI2", "ID.PMI"]


def test_of_two_voluntary_packs_that_protect_alike_the_cheaper_one_is_taken() -> None:
    law = RULEBOOK.of_scheme("ID.PMI")
    segment = law.schemes["ID.PMI"].segments["pmi"]
    cheaper = replace(segment, contributions=segment.contributions[1:], participation=Participation.VOLUNTARY)

    plan = plan_move(asked(person=OLD), FACTS, with_two_voluntary_packs(segments=MappingProxyType({"pmi": cheaper})))

    assert plan.cost_to_fund == rupiah(332_500)
    assert plan.obstacle == ""


# What is lost, and why


def test_invalidity_accrues_anew_in_the_host_scheme() -> None:
    plan = plan_move(QUESTION, FACTS, RULEBOOK)

    assert landing_of(plan, Branch.INVALIDITY, "MY.SOCSO.CAT1").extent is Extent.ACCRUING
    assert any(reason.rule == "socso.months_min_invalidity" for reason in plan.starts_anew)


def test_whether_months_of_death_insurance_count_on_is_said_to_be_unverified() -> None:
    plan = plan_move(QUESTION, FACTS, RULEBOOK)

    (said,) = (reason for reason in plan.starts_anew if reason.rule == "jkm.waiting_months")
    assert said.standing is Standing.ASSUMED
    assert "is not verified" in said.text
    assert said.source_ids == ("S13",)


def test_insurance_periods_stay_at_home_where_no_agreement_adds_them() -> None:
    plan = plan_move(QUESTION, known(segments=(("ID.JP", "pu"),)), RULEBOOK)

    assert any(reason.rule == "ID.JP.pu" for reason in plan.starts_anew)


def test_a_balance_stays_in_the_account_at_home() -> None:
    plan = plan_move(QUESTION, known(segments=(("ID.JHT", "bpu"),)), RULEBOOK)

    assert any("the balance stays" in reason.text for reason in plan.reasons)


def test_the_memorandum_of_2019_is_cited_as_one_that_adds_no_periods() -> None:
    plan = plan_move(QUESTION, FACTS, RULEBOOK)

    (cited,) = (reason for reason in plan.reasons if reason.rule == "MY-ID.2019")
    assert cited.value == "no totalization"
    assert cited.source_ids == ("S39",)


def test_an_agreement_in_force_is_cited_and_periods_are_not_left_behind() -> None:
    plan = plan_move(QUESTION, known(segments=(("ID.JP", "pu"),)), with_agreement())

    assert any((reason.rule, reason.value) == ("ID-MY.TEST", "totalization") for reason in plan.reasons)
    assert not any(reason.rule == "ID.JP.pu" for reason in plan.starts_anew)


@pytest.mark.parametrize("first_day", [None, MOVE_ON + ONE_DAY])
def test_an_agreement_that_is_not_in_force_on_the_day_of_the_move_adds_nothing(first_day: dt.date | None) -> None:
    plan = plan_move(QUESTION, FACTS, with_agreement(first_day=first_day))

    assert [reason.value for reason in plan.reasons if reason.rule == "ID-MY.TEST"] == ["not in force"]


def test_two_states_without_any_instrument_say_so() -> None:
    plan = plan_move(QUESTION, FACTS, replace(RULEBOOK, agreements=()))

    assert any(reason.text == "No agreement between the two states adds periods" for reason in plan.reasons)


def test_a_plan_that_rests_on_an_assumed_value_says_so() -> None:
    assert plan_move(QUESTION, FACTS, RULEBOOK).standing is Standing.ASSUMED


def with_values(law: Legislation, names: set[str], **changes: object) -> Legislation:
    """The law with every value of some parameters changed."""
    changed = {
        name: replace(parameter, values=tuple(replace(v, **changes) for v in parameter.values))  # type: ignore[arg-type]
        for name, parameter in law.parameters.items()
        if name in names
    }
    return replace(law, parameters=MappingProxyType({**law.parameters, **changed}))


def test_a_waiting_rule_of_no_months_limits_nothing_and_nothing_starts_anew() -> None:
    host = with_values(RULEBOOK.states[MemberState.MY], {"socso.months_min_invalidity"}, number=Decimal(0))
    rulebook = replace(RULEBOOK, states=MappingProxyType({**RULEBOOK.states, MemberState.MY: host}))

    plan = plan_move(QUESTION, known(segments=()), rulebook)

    assert landing_of(plan, Branch.INVALIDITY, "MY.SOCSO.CAT1").extent is Extent.FULL
    assert plan.starts_anew == ()


def with_sourced_conditions_only(law: Legislation) -> Legislation:
    """The law without the conditions that no parameter, and so no source, stands behind."""
    schemes = {
        scheme_id: replace(
            scheme,
            segments=MappingProxyType(
                {
                    segment_id: replace(
                        segment, conditions=tuple(c for c in segment.conditions if c.parameter is not None)
                    )
                    for segment_id, segment in scheme.segments.items()
                }
            ),
        )
        for scheme_id, scheme in law.schemes.items()
    }
    return replace(law, schemes=MappingProxyType(schemes))


def test_a_condition_without_a_source_is_not_claimed_as_sure() -> None:
    host = without_sources_of_conditions(RULEBOOK.states[MemberState.MY], "MY.EPF.FOR", "inbound")
    rulebook = replace(RULEBOOK, states=MappingProxyType({**RULEBOOK.states, MemberState.MY: host}))

    landing = landing_of(plan_move(QUESTION, FACTS, rulebook), Branch.OLD_AGE, "MY.EPF.FOR")

    assert {reason.standing for reason in landing.reasons if not reason.source_ids} == {Standing.ASSUMED}


def without_sources_of_conditions(law: Legislation, scheme_id: str, segment_id: str) -> Legislation:
    """The law with the conditions of one segment as if the file named neither standing nor sources for them."""
    scheme = law.schemes[scheme_id]
    segment = scheme.segments[segment_id]
    bare = tuple(replace(condition, standing=None, source_ids=()) for condition in segment.conditions)
    segments = MappingProxyType({**scheme.segments, segment_id: replace(segment, conditions=bare)})
    changed = replace(scheme, segments=segments)
    return replace(law, schemes=MappingProxyType({**law.schemes, scheme_id: changed}))


@pytest.mark.parametrize(
    ("assumed", "standing"), [(set(), Standing.CONFIRMED), ({"epf.rounding_step"}, Standing.ASSUMED)]
)
def test_the_standing_of_a_plan_counts_the_prices_of_the_host(assumed: set[str], standing: Standing) -> None:
    sure = {
        state: with_values(
            with_sourced_conditions_only(law), set(law.parameters) - assumed, standing=Standing.CONFIRMED
        )
        for state, law in RULEBOOK.states.items()
    }

    plan = plan_move(QUESTION, known(segments=()), replace(RULEBOOK, states=MappingProxyType(sure)))

    assert plan.standing is standing


def test_host_contributions_are_quoted_for_the_wage_and_left_open_without_one() -> None:
    quoted = plan_move(QUESTION, FACTS, RULEBOOK).host_entries
    unquoted = plan_move(asked(wage=None), FACTS, RULEBOOK).host_entries

    totals = [entry.quote.total.decimal_text for entry in quoted if entry.quote]
    assert totals == ["37.15", "68.00"]
    assert [entry.quote for entry in unquoted] == [None, None]


def test_a_wage_in_the_currency_of_the_home_state_is_refused() -> None:
    with pytest.raises(CurrencyMismatch):
        plan_move(asked(wage=rupiah(5_000_000)), FACTS, RULEBOOK)


# Questions that have no plan


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"to_state": MemberState.ID}, PeriodInvalid),
        ({"contract_months": 0}, PeriodInvalid),
        ({"contract_months": 100_000}, PeriodInvalid),
        ({"decided_on": MOVE_ON + ONE_DAY}, PeriodInvalid),
        ({"to_state": MemberState.SG}, RuleUnknown),
        ({"from_state": MemberState.PH}, RuleUnknown),
    ],
)
def test_a_move_that_cannot_be_planned_is_refused(changes: dict[str, object], refusal: type[Exception]) -> None:
    two_states = {state: RULEBOOK.states[state] for state in (MemberState.ID, MemberState.MY)}

    with pytest.raises(refusal):
        plan_move(asked(**changes), FACTS, replace(RULEBOOK, states=two_states))


def test_a_move_before_a_host_scheme_is_known_lists_it_as_not_in_force() -> None:
    question = asked(move_on=dt.date(2023, 6, 1), decided_on=dt.date(2023, 5, 20), contract_months=6)

    plan = plan_move(question, known(spells=()), RULEBOOK)

    landing = landing_of(plan, Branch.INVALIDITY, "MY.SOCSO.CAT1")
    assert (landing.period, landing.chosen) == (None, False)
    assert landing.reasons[-1].text == "the segment is in force from 2024-07-01 to now"
