"""Who may be in a segment, from which day to which."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import pytest

from domain.countries import MemberState
from domain.eligibility import EligibleStretch, PersonFacts, eligibility, eligible_stretch
from domain.errors import RuleNotInForce, ValueMissing
from domain.periods import Period
from domain.schemes import Condition, Participation, Sector
from tests.domain.invented import EMPLOYED, LAW, SCHEME, credited
from tests.domain.moving import RULEBOOK, person

ENTRY = dt.date(2020, 1, 1)
WINDOW = Period(dt.date(2026, 3, 10), dt.date(2028, 3, 9))


def stretch(scheme_id: str, segment_id: str, who: PersonFacts, window: Period = WINDOW) -> EligibleStretch:
    law = RULEBOOK.of_scheme(scheme_id)
    scheme = law.schemes[scheme_id]
    return eligible_stretch(law, scheme, scheme.segments[segment_id], who, window)


def unmet(scheme_id: str, segment_id: str, who: PersonFacts, on: dt.date) -> str:
    law = RULEBOOK.of_scheme(scheme_id)
    scheme = law.schemes[scheme_id]
    return eligibility(law, scheme, scheme.segments[segment_id], who, on).unmet


def test_a_person_who_fits_throughout_is_in_the_segment_for_the_whole_window() -> None:
    found = stretch("MY.SOCSO.CAT1", "inbound", person())

    assert (found.period, found.ends_because) == (WINDOW, "")


def test_a_stretch_ends_on_the_day_before_the_birthday_that_ends_it() -> None:
    found = stretch(
        "MY.SOCSO.CAT1", "inbound", person(birth_date=dt.date(1967, 6, 5), first_entry_on=dt.date(2000, 1, 1))
    )

    assert found.period == Period(WINDOW.first_day, dt.date(2027, 6, 4))
    assert found.ends_because == "below the age of 60"


def test_someone_born_on_29_february_completes_a_year_on_1_march_of_a_common_year() -> None:
    window = Period(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    born = person(birth_date=dt.date(2008, 2, 29))

    found = stretch("ID.JKK", "bpu", born, window)

    assert found.period == Period(dt.date(2026, 3, 1), dt.date(2026, 12, 31))


def test_a_stretch_may_begin_with_a_birthday_within_the_window() -> None:
    found = stretch("ID.JKK", "bpu", person(birth_date=dt.date(2009, 1, 1)))

    assert found.period == Period(dt.date(2027, 1, 1), WINDOW.last_day)


def test_a_stretch_ends_with_the_segment() -> None:
    window = Period(dt.date(2024, 5, 1), dt.date(2025, 4, 30))

    found = stretch("MY.SOCSO.CAT2", "inbound_until_2024_06", person(), window)

    assert found.period == Period(dt.date(2024, 5, 1), dt.date(2024, 6, 30))
    assert found.ends_because == "the segment is in force from 2019-01-01 to 2024-06-30"


def test_a_person_who_never_fits_has_no_stretch_but_the_reason_of_the_first_day() -> None:
    found = stretch("MY.EPF.FOR", "inbound", person(sector=Sector.DOMESTIC_WORK))

    assert (found.period, found.fits.unmet) == (None, "not for the sectors domestic_work")


def test_someone_of_65_may_still_be_insured_as_self_employed_and_at_66_not() -> None:
    born = person(birth_date=dt.date(1960, 4, 1))

    assert unmet("ID.JKK", "bpu", born, dt.date(2026, 3, 31)) == ""
    assert unmet("ID.JKK", "bpu", born, dt.date(2026, 4, 1)) == "up to the age of 65"


def test_the_age_at_first_entry_is_that_of_the_entry_and_not_of_today() -> None:
    born = person(birth_date=dt.date(1970, 1, 1), first_entry_on=dt.date(2020, 1, 1))

    assert unmet("MY.SOCSO.CAT1", "inbound", born, dt.date(2026, 1, 1)) == ""
    assert unmet("MY.SOCSO.CAT2", "inbound", born, dt.date(2026, 1, 1)) == "first entry from the age of 55"


def test_a_first_entry_that_is_not_known_is_taken_to_be_on_the_day_itself() -> None:
    born = person(birth_date=dt.date(1970, 1, 1), first_entry_on=None)

    assert unmet("MY.SOCSO.CAT1", "inbound", born, dt.date(2026, 1, 1)) == "first entry below the age of 55"


def test_a_foreigner_has_no_pack_for_workers_abroad() -> None:
    foreigner = person(nationality=MemberState.PH)

    assert unmet("ID.PMI", "pmi", foreigner, dt.date(2026, 1, 1)) == "only nationals of the state"


def test_each_condition_that_was_looked_at_is_a_reason() -> None:
    law = RULEBOOK.of_scheme("MY.SOCSO.CAT1")
    scheme = law.schemes["MY.SOCSO.CAT1"]

    answer = eligibility(law, scheme, scheme.segments["inbound"], person(), dt.date(2026, 1, 1))

    assert [reason.rule for reason in answer.reasons] == [
        "MY.SOCSO.CAT1.inbound.persons",
        "socso.age_limit_category_1",
        "socso.first_entry_age_limit_category_1",
    ]


def test_a_sector_is_needed_only_where_it_decides() -> None:
    nameless = person(sector=None)

    assert unmet("MY.SOCSO.CAT1", "inbound", nameless, dt.date(2026, 1, 1)) == ""
    with pytest.raises(ValueMissing):
        unmet("MY.EPF.FOR", "inbound", nameless, dt.date(2026, 1, 1))


def test_a_bound_that_is_not_known_on_the_day_is_refused() -> None:
    law = RULEBOOK.of_scheme("MY.SOCSO.CAT1")
    scheme = law.schemes["MY.SOCSO.CAT1"]
    older = replace(scheme.segments["inbound"], first_day=dt.date(2010, 1, 1))

    with pytest.raises(RuleNotInForce):
        eligibility(law, scheme, older, person(), dt.date(2012, 1, 1))


def test_a_stretch_ends_where_the_law_moves_a_bound() -> None:
    law = RULEBOOK.of_scheme("MY.SOCSO.CAT1")
    scheme, limit = law.schemes["MY.SOCSO.CAT1"], law.parameter("socso.age_limit_category_1")
    lower = replace(limit.values[-1], first_day=dt.date(2027, 1, 1), number=Decimal(30))
    moved = replace(limit, values=(*limit.values, lower))
    changed = replace(law, parameters=MappingProxyType({**law.parameters, limit.name: moved}))

    found = eligible_stretch(changed, scheme, scheme.segments["inbound"], person(first_entry_on=ENTRY), WINDOW)

    assert found.period == Period(WINDOW.first_day, dt.date(2026, 12, 31))


def stretch_with(condition: Condition, who: PersonFacts) -> EligibleStretch:
    segment = replace(EMPLOYED, conditions=(condition,))
    return eligible_stretch(LAW, SCHEME, segment, who, Period(dt.date(2026, 1, 10), dt.date(2026, 12, 31)))


def test_a_stretch_may_begin_within_a_year_of_age() -> None:
    condition = Condition(kind="age_min_months", parameter="ladder.months")

    found = stretch_with(condition, person(birth_date=dt.date(2016, 5, 31)))

    assert found.period == Period(dt.date(2026, 5, 31), dt.date(2026, 12, 31))


def test_a_stretch_ends_with_the_month_in_which_too_few_months_are_in_the_window() -> None:
    condition = Condition(kind="months_in_window_min", parameter="sick.months", window="sick.window")

    found = stretch_with(condition, person(credited=credited("2025-04/2025-07")))

    assert found.period == Period(dt.date(2026, 1, 10), dt.date(2026, 4, 30))


def test_a_stretch_may_begin_on_the_day_that_completes_the_months_of_membership() -> None:
    condition = Condition(kind="membership_months_min", parameter="grant.waiting_months")

    found = stretch_with(condition, person(member_since=dt.date(2025, 12, 20)))

    assert found.period == Period(dt.date(2026, 3, 20), dt.date(2026, 12, 31))


def test_a_segment_for_workers_abroad_is_for_nationals_even_without_a_condition() -> None:
    law = RULEBOOK.of_scheme("ID.PMI")
    scheme = law.schemes["ID.PMI"]
    bare = replace(scheme.segments["pmi"], conditions=())

    foreigner = eligibility(law, scheme, bare, person(nationality=MemberState.PH), dt.date(2026, 1, 1))

    assert foreigner.unmet == "only nationals of the state"


def test_nobody_fits_a_segment_that_the_law_excludes() -> None:
    law = RULEBOOK.of_scheme("MY.SOCSO.CAT1")
    scheme = law.schemes["MY.SOCSO.CAT1"]
    excluded = replace(scheme.segments["inbound"], participation=Participation.EXCLUDED)

    answer = eligibility(law, scheme, excluded, person(), WINDOW.first_day)

    assert (answer.eligible, answer.unmet) == (False, "the segment is excluded by law")
