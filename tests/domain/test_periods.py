"""Months, periods with inclusive ends, gaps and days held twice."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import PeriodInvalid
from domain.periods import (
    ONE_DAY,
    Month,
    Period,
    add_months,
    days_held_twice,
    month_list,
    term_last_day,
    uncovered,
    whole_years,
)

FIRST = dt.date(2025, 1, 1)
days = st.integers(0, 400).map(lambda n: FIRST + dt.timedelta(days=n))
months = st.builds(Month, st.integers(1990, 2090), st.integers(1, 12))


@st.composite
def closed_periods(draw: st.DrawFn) -> Period:
    first = draw(days)
    return Period(first, first + dt.timedelta(days=draw(st.integers(0, 120))))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    period = draw(closed_periods())
    return Period(period.first_day, None) if draw(st.booleans()) else period


def each_day(window: Period) -> list[dt.date]:
    assert window.last_day is not None
    return [window.first_day + dt.timedelta(days=n) for n in range((window.last_day - window.first_day).days + 1)]


@given(months, st.integers(-600, 600))
def test_going_some_months_on_and_back_is_staying(month: Month, count: int) -> None:
    assert month.plus(count).plus(-count) == month
    assert month.until(month.plus(count)) == count


@given(months)
def test_a_month_ends_on_the_day_before_the_next_begins(month: Month) -> None:
    assert month.last_day + ONE_DAY == month.plus(1).first_day
    assert Month.of(month.last_day) == month == Month.parse(str(month))


@pytest.mark.parametrize(
    "text",
    ["2025-13", "2025-00", "2025-1", "25-01", "0000-01", "2025-01-01", "\u0662\u0660\u0662\u0665-01", "", "2025-01\n"],
)
def test_text_that_names_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        Month.parse(text)


@given(months, st.integers(0, 60))
def test_a_list_of_months_has_both_ends_and_each_month_once(first: Month, count: int) -> None:
    found = month_list(first, first.plus(count))

    assert (found[0], found[-1], len(found), sorted(set(found))) == (first, first.plus(count), count + 1, list(found))


def test_a_list_of_months_in_reverse_is_refused() -> None:
    with pytest.raises(PeriodInvalid):
        month_list(Month(2025, 2), Month(2025, 1))


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(PeriodInvalid):
        Period(dt.date(2025, 1, 2), dt.date(2025, 1, 1))


def test_a_period_of_one_day_holds_that_day() -> None:
    day = Period(FIRST, FIRST)

    assert (day.contains(FIRST), day.overlap_days(day)) == (True, 1)


@given(closed_periods(), periods())
def test_days_two_periods_share_are_the_days_of_their_common_part(one: Period, other: Period) -> None:
    shared = [day for day in each_day(one) if other.contains(day)]
    common = one.within(other)

    assert one.overlap_days(other) == other.overlap_days(one) == len(shared)
    assert (each_day(common) if common else []) == shared


@given(closed_periods(), st.lists(periods(), max_size=6))
def test_covered_and_uncovered_days_add_up_to_the_window(window: Period, held: list[Period]) -> None:
    gaps = uncovered(window, held)

    covered = [day for day in each_day(window) if any(period.contains(day) for period in held)]
    bare = [day for gap in gaps for day in each_day(gap)]
    assert sorted(covered + bare) == each_day(window)


@given(closed_periods(), st.lists(periods(), max_size=6))
def test_gaps_are_in_order_and_never_touch(window: Period, held: list[Period]) -> None:
    gaps = uncovered(window, held)

    for earlier, later in pairwise(gaps):
        assert earlier.last_day is not None
        assert earlier.last_day + ONE_DAY < later.first_day


@given(closed_periods(), st.lists(periods(), max_size=6))
def test_a_day_is_held_twice_if_two_or_more_periods_hold_it(window: Period, held: list[Period]) -> None:
    twice = [day for day in each_day(window) if sum(period.contains(day) for period in held) > 1]

    assert days_held_twice(window, held) == len(twice)


@pytest.mark.parametrize(
    ("first", "count", "last"),
    [
        ("2026-03-10", 24, "2028-03-09"),
        ("2026-03-01", 1, "2026-03-31"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-01-30", 1, "2026-02-28"),
        ("2026-01-29", 1, "2026-02-28"),
        ("2028-01-29", 1, "2028-02-28"),
        ("2028-01-30", 1, "2028-02-29"),
        ("2026-01-28", 1, "2026-02-27"),
        ("2025-08-31", 6, "2026-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
    ],
)
def test_a_term_of_months_ends_before_the_same_day_or_with_the_month(first: str, count: int, last: str) -> None:
    assert term_last_day(dt.date.fromisoformat(first), count) == dt.date.fromisoformat(last)


@given(days, st.integers(1, 40))
def test_a_longer_term_never_ends_earlier(first: dt.date, count: int) -> None:
    assert term_last_day(first, count) < term_last_day(first, count + 1)
    assert term_last_day(first, count) >= first


@pytest.mark.parametrize(
    ("day", "count", "result"),
    [("2026-03-31", -1, "2026-02-28"), ("2026-03-10", -5, "2025-10-10"), ("2024-02-29", 12, "2025-02-28")],
)
def test_a_day_some_months_away_stays_within_its_month(day: str, count: int, result: str) -> None:
    assert add_months(dt.date.fromisoformat(day), count) == dt.date.fromisoformat(result)


@pytest.mark.parametrize(
    ("birth", "on", "years"),
    [
        ("1990-05-17", "2026-05-16", 35),
        ("1990-05-17", "2026-05-17", 36),
        ("2008-02-29", "2026-02-28", 17),
        ("2008-02-29", "2026-03-01", 18),
        ("2008-02-29", "2028-02-29", 20),
    ],
)
def test_a_year_of_age_is_completed_on_the_birthday(birth: str, on: str, years: int) -> None:
    assert whole_years(dt.date.fromisoformat(birth), dt.date.fromisoformat(on)) == years
