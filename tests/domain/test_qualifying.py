"""How many months a rule needs, how many a person has, and from which day there will be enough."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from domain.credited import CreditedMonths
from domain.errors import PeriodInvalid, ValueMissing
from domain.inquiries import PersonFacts
from domain.periods import Month
from domain.qualifying import QualifyingState, qualifying_state, qualifying_states
from domain.schemes import Condition
from tests.domain.invented import (
    EMPLOYED,
    LAW,
    ON,
    OWN_ACCOUNT,
    SCHEME,
    asked,
    bounded,
    credited,
    months_up_to,
    person,
)

MONTHS = Condition(kind="months_min", parameter="ladder.months")
WINDOW = Condition(kind="months_in_window_min", parameter="sick.months", window="sick.window")
SHARE = Condition(kind="months_share_min", parameter="share.percent")
MEMBERSHIP = Condition(kind="membership_months_min", parameter="grant.waiting_months")


def state(condition: Condition, months: CreditedMonths, on: dt.date = ON) -> QualifyingState:
    return qualifying_state(asked(person(credited=months), on), condition)


def counts(condition: Condition, months: CreditedMonths, on: dt.date = ON) -> tuple[int, int, bool]:
    found = state(condition, months, on)
    return found.needed_months, found.have_months, found.fulfilled


def membership(who: PersonFacts, on: dt.date = ON) -> int:
    return qualifying_state(asked(who, on), MEMBERSHIP).have_months


# The months themselves


def test_a_month_in_two_runs_counts_once() -> None:
    assert len(credited("2020-01/2020-06", "2020-04/2020-08", "2020-09")) == 9


def test_runs_in_any_order_become_the_same_months() -> None:
    assert credited("2021-01/2021-02", "2020-01/2020-06") == credited("2020-01/2020-06", "2021-01/2021-02")


def test_a_run_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(PeriodInvalid):
        CreditedMonths.of([(Month(2020, 2), Month(2020, 1))])


# Months in all


def test_months_count_up_to_that_of_the_day_and_later_ones_do_not() -> None:
    assert counts(MONTHS, credited("2016-09/2026-07")) == (120, 119, False)
    assert counts(MONTHS, credited("2016-09/2026-08")) == (120, 120, True)
    assert counts(MONTHS, credited("2016-10/2027-12")) == (120, 119, False)


def test_what_is_missing_is_never_less_than_nothing() -> None:
    assert state(MONTHS, months_up_to(119)).missing_months == 1
    assert state(MONTHS, months_up_to(130)).missing_months == 0


def test_the_earliest_day_is_the_first_of_the_month_that_completes_the_count() -> None:
    assert state(MONTHS, months_up_to(100)).earliest_on == dt.date(2028, 4, 1)


def test_the_earliest_day_is_the_asked_one_if_there_is_enough_or_its_own_month_completes_the_count() -> None:
    assert state(MONTHS, months_up_to(120)).earliest_on == ON
    assert state(MONTHS, months_up_to(119, "2026-07")).earliest_on == ON


def test_no_day_is_named_where_a_count_is_beyond_a_life() -> None:
    law = bounded("ladder.months", ("2000-01-01", "5000"))

    assert qualifying_state(asked(person(credited=credited()), law=law), MONTHS).earliest_on is None


def test_the_state_cites_the_bound_and_the_window() -> None:
    found = state(WINDOW, months_up_to(2))

    assert [(reason.rule, reason.value) for reason in found.reasons] == [
        ("sick.months", "3 months credited"),
        ("sick.window", "12 months"),
    ]


# Before the semester


@pytest.mark.parametrize(
    ("on", "last_counted"),
    [
        ("2026-07-01", "2026-03"),
        ("2026-09-30", "2026-03"),
        ("2026-10-01", "2026-06"),
        ("2026-12-31", "2026-06"),
        ("2026-06-30", "2025-12"),
        ("2026-03-31", "2025-09"),
        ("2026-01-01", "2025-09"),
    ],
)
def test_before_the_semester_the_quarter_of_the_day_and_the_one_before_do_not_count(on: str, last_counted: str) -> None:
    before = replace(MONTHS, before_semester=True)
    day, last = dt.date.fromisoformat(on), Month.parse(last_counted)
    every_month = CreditedMonths.of([(Month(2000, 1), Month(2030, 12))])

    assert state(before, every_month, day).have_months == Month(2000, 1).until(last) + 1


def test_a_month_of_the_semester_itself_does_not_complete_the_count() -> None:
    before = replace(MONTHS, before_semester=True)

    assert counts(before, months_up_to(120, "2026-03")) == (120, 120, True)
    assert counts(before, months_up_to(120, "2026-04")) == (120, 119, False)


def test_the_earliest_day_before_a_semester_begins_a_quarter() -> None:
    before = replace(MONTHS, before_semester=True)

    assert state(before, months_up_to(119, "2026-04")).earliest_on == dt.date(2027, 1, 1)


# In a window


def test_the_window_holds_its_months_up_to_that_of_the_day() -> None:
    assert counts(WINDOW, credited("2025-09/2025-11")) == (3, 3, True)
    assert counts(WINDOW, credited("2025-08/2025-10")) == (3, 2, False)


def test_the_window_before_a_semester_ends_with_the_month_before_it() -> None:
    before = replace(WINDOW, before_semester=True)

    assert counts(before, credited("2025-04/2025-06")) == (3, 3, True)
    assert counts(before, credited("2025-03/2025-05")) == (3, 2, False)
    assert counts(before, credited("2026-01/2026-04")) == (3, 3, True)
    assert counts(before, credited("2026-02/2026-04")) == (3, 2, False)


# As a share


def test_a_share_is_of_the_months_since_the_first_credited_one() -> None:
    assert counts(SHARE, credited("2025-11/2026-06")) == (8, 8, True)
    assert counts(SHARE, credited("2025-11/2026-05")) == (8, 7, False)


def test_the_months_that_a_share_needs_are_rounded_up() -> None:
    assert counts(SHARE, credited("2025-10/2026-06")) == (9, 9, True)


def test_somebody_without_a_credited_month_has_no_share() -> None:
    assert counts(SHARE, credited()) == (1, 0, False)


def test_the_earliest_day_of_a_share_makes_up_for_the_months_that_are_missing() -> None:
    found = state(SHARE, credited("2026-01/2026-03"))

    assert (found.needed_months, found.have_months) == (7, 3)
    assert found.earliest_on == dt.date(2027, 8, 1)


# Membership


def test_membership_counts_whole_months_since_it_began() -> None:
    assert membership(person(member_since=dt.date(2026, 5, 21))) == 2
    assert membership(person(member_since=dt.date(2026, 5, 20))) == 3


def test_membership_that_begins_later_has_no_months() -> None:
    assert membership(person(member_since=dt.date(2026, 12, 1))) == 0


def test_without_its_day_membership_begins_with_the_first_credited_month() -> None:
    assert membership(person(credited=credited("2026-05/2026-08"))) == 3


def test_membership_goes_on_through_tolerated_months() -> None:
    assert membership(person(credited=credited("2026-01/2026-02", "2026-05/2026-08"))) == 7


def test_membership_begins_anew_after_a_lapse() -> None:
    assert membership(person(credited=credited("2025-01/2026-02", "2026-06/2026-08"))) == 2
    assert membership(person(credited=credited("2025-01/2026-02"))) == 0


def test_where_the_law_lets_membership_go_on_the_months_before_the_lapse_count_and_those_of_it_do_not() -> None:
    law = bounded("all.restart_anew", ("2000-01-01", "0"))
    who = person(credited=credited("2026-01", "2026-07/2026-08"))

    assert qualifying_state(asked(who, law=law), MEMBERSHIP).have_months == 4


def test_membership_by_enrolment_does_not_lapse() -> None:
    who = person(credited=credited("2025-01/2025-02", "2026-08"))

    assert qualifying_state(asked(who, segment=OWN_ACCOUNT), MEMBERSHIP).have_months == 19


def test_the_earliest_day_of_membership_is_when_its_months_are_completed() -> None:
    began = person(member_since=dt.date(2026, 7, 5))

    assert qualifying_state(asked(began), MEMBERSHIP).earliest_on == dt.date(2026, 10, 5)
    assert state(MEMBERSHIP, credited()).earliest_on == dt.date(2026, 11, 1)
    assert state(MEMBERSHIP, months_up_to(20)).earliest_on == ON


# For a whole segment


def test_the_states_of_a_segment_are_those_of_its_benefits_in_force_and_of_its_waiting_rules() -> None:
    found = qualifying_states(LAW, SCHEME, EMPLOYED, person(credited=months_up_to(60)), ON)

    assert [(one.subject, one.kind, one.missing_months) for one in found] == [
        ("ID.ALL.benefits.ladder_pension", "months_min", 65),
        ("ID.ALL.benefits.steps_pension", "months_min", 120),
        ("ID.ALL.benefits.death_grant", "membership_months_min", 0),
        ("ID.ALL.benefits.sick_pay", "months_in_window_min", 0),
        ("ID.ALL.benefits.age_grant", "months_share_min", 0),
        ("ID.ALL.employed.waiting.survivors", "membership_months_min", 0),
    ]


def test_a_benefit_of_another_segment_or_another_time_has_no_state() -> None:
    before = dt.date(2009, 12, 31)

    subjects = {
        one.subject
        for one in qualifying_states(LAW, SCHEME, OWN_ACCOUNT, person(credited=credited("2009-01/2009-12")), before)
    }

    assert "ID.ALL.benefits.ladder_pension" not in subjects
    assert "ID.ALL.benefits.death_grant" not in subjects
    assert "ID.ALL.benefits.steps_pension" in subjects


def test_conditions_of_which_one_list_is_enough_are_each_told() -> None:
    either = Condition(kind="any", any_of=((MONTHS,), (WINDOW,)))
    benefit = replace(SCHEME.benefits["sick_pay"], conditions=(either,))
    scheme = replace(SCHEME, benefits={benefit.id: benefit})

    found = qualifying_states(LAW, scheme, EMPLOYED, person(credited=months_up_to(5)), ON)

    assert [one.kind for one in found] == ["months_min", "months_in_window_min", "membership_months_min"]


def test_months_that_are_not_given_are_asked_for() -> None:
    with pytest.raises(ValueMissing, match="the credited months"):
        qualifying_states(LAW, SCHEME, EMPLOYED, person(), ON)
