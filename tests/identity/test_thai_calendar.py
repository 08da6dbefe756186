"""The Thai solar calendar: the era, the new year in April before 1941, and days that never were."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as some

from adapters.identity.thai_calendar import buddhist_birth_date, from_buddhist_era, to_buddhist_era
from domain.circumstances import BirthPrecision
from domain.errors import DateInvalid


@pytest.mark.parametrize(
    ("era", "day"),
    [
        ((2528, 7, 12), dt.date(1985, 7, 12)),
        ((2484, 1, 1), dt.date(1941, 1, 1)),
        ((2483, 12, 31), dt.date(1940, 12, 31)),
        ((2483, 4, 1), dt.date(1940, 4, 1)),
        ((2482, 3, 31), dt.date(1940, 3, 31)),
        ((2482, 1, 1), dt.date(1940, 1, 1)),
        ((2482, 12, 31), dt.date(1939, 12, 31)),
        ((2482, 2, 29), dt.date(1940, 2, 29)),
        ((2543, 2, 29), dt.date(2000, 2, 29)),
        ((2432, 4, 1), dt.date(1889, 4, 1)),
    ],
)
def test_a_date_of_the_buddhist_era_is_a_day_of_ours_and_back(era: tuple[int, int, int], day: dt.date) -> None:
    assert from_buddhist_era(*era) == day
    assert to_buddhist_era(day) == era


@given(some.dates(min_value=dt.date(1889, 4, 1)))
def test_every_day_since_the_solar_calendar_began_goes_there_and_back(day: dt.date) -> None:
    assert from_buddhist_era(*to_buddhist_era(day)) == day


@pytest.mark.parametrize(
    "era",
    [
        *((2483, 1, 1), (2483, 2, 15), (2483, 3, 31)),
        *((2483, 2, 29), (2484, 2, 29), (2528, 2, 30), (2528, 13, 1), (2528, 0, 1), (2528, 4, 31), (2528, 4, 0)),
        *((2431, 12, 31), (543, 1, 1), (0, 1, 1), (99999, 1, 1)),
    ],
)
def test_a_day_that_never_was_is_refused(era: tuple[int, int, int]) -> None:
    with pytest.raises(DateInvalid):
        from_buddhist_era(*era)


def test_a_day_before_the_solar_calendar_has_no_date_of_the_era() -> None:
    with pytest.raises(DateInvalid, match="2432"):
        to_buddhist_era(dt.date(1889, 3, 31))


@pytest.mark.parametrize(
    ("parts", "first", "last", "precision"),
    [
        ((2528, 7, 12), dt.date(1985, 7, 12), dt.date(1985, 7, 12), BirthPrecision.DAY),
        ((2528, 7, None), dt.date(1985, 7, 1), dt.date(1985, 7, 31), BirthPrecision.MONTH),
        ((2528, None, None), dt.date(1985, 1, 1), dt.date(1985, 12, 31), BirthPrecision.YEAR),
        ((2480, None, None), dt.date(1937, 4, 1), dt.date(1938, 3, 31), BirthPrecision.YEAR),
        ((2480, 2, None), dt.date(1938, 2, 1), dt.date(1938, 2, 28), BirthPrecision.MONTH),
    ],
)
def test_a_birth_date_of_the_era_is_known_as_far_as_it_is_told(
    parts: tuple[int, int | None, int | None], first: dt.date, last: dt.date, precision: BirthPrecision
) -> None:
    birth = buddhist_birth_date(*parts)

    assert (birth.first_day, birth.last_day, birth.precision) == (first, last, precision)
