"""Dates of the Thai solar calendar, which counts years of the Buddhist Era (BE).

A year of the era is 543 ahead of the Common Era. Until 1940 it began on 1 April, so January to March still belonged to
the year before and are 542 ahead. BE 2483 had April to December 1940 alone; BE 2484 began on 1 January 1941. The solar
calendar itself began on 1 April 1889 (BE 2432).

Source: the Act on the calendar year of BE 2483 (1940); background knowledge.

>>> from_buddhist_era(2528, 7, 12)
datetime.date(1985, 7, 12)
>>> from_buddhist_era(2482, 3, 31)
datetime.date(1940, 3, 31)
>>> to_buddhist_era(dt.date(1940, 3, 31))
(2482, 3, 31)
"""

from __future__ import annotations

import datetime as dt

from domain.birth_dates import precision_of
from domain.errors import DateInvalid
from domain.people import BirthDate

_AHEAD_YEARS = 543
_FIRST_YEAR = 2432
_LAST_APRIL_YEAR = 2483
_NEW_YEAR_MONTH = 4


def from_buddhist_era(year: int, month: int, day: int) -> dt.date:
    """Return the day that a date of the Buddhist Era names.

    Raises DateInvalid for a day that never was (January to March of BE 2483 among them) and for years before BE 2432.
    """
    if year < _FIRST_YEAR:
        raise _invalid(f"before BE {_FIRST_YEAR} the Thai calendar was another one")
    if year == _LAST_APRIL_YEAR and month < _NEW_YEAR_MONTH:
        raise _invalid(f"BE {_LAST_APRIL_YEAR} had April to December only")
    try:
        return dt.date(year - _ahead_years(month, early=year < _LAST_APRIL_YEAR), month, day)
    except (ValueError, OverflowError):
        raise _invalid("it is no day of the Thai calendar") from None


def to_buddhist_era(day: dt.date) -> tuple[int, int, int]:
    """Return year, month and day of the Buddhist Era; raises DateInvalid for days before 1 April 1889."""
    early = day.year < _LAST_APRIL_YEAR - _AHEAD_YEARS + 1
    year = day.year + _ahead_years(day.month, early=early)
    if year < _FIRST_YEAR:
        raise _invalid(f"before BE {_FIRST_YEAR} the Thai calendar was another one")
    return year, day.month, day.day


def buddhist_birth_date(year: int, month: int | None, day: int | None) -> BirthDate:
    """Return the birth date of which a document tells these parts; raises DateInvalid as `from_buddhist_era`.

    Of a year alone the first day is that year's own, 1 April for the years up to BE 2483.
    """
    first_month = _NEW_YEAR_MONTH if year <= _LAST_APRIL_YEAR else 1
    first_day = from_buddhist_era(year, first_month if month is None else month, 1 if day is None else day)
    return BirthDate(first_day=first_day, precision=precision_of(month, day))


def _ahead_years(month: int, *, early: bool) -> int:
    """How far the era is ahead in a month; early: of the years that began in April."""
    return _AHEAD_YEARS - 1 if early and month < _NEW_YEAR_MONTH else _AHEAD_YEARS


def _invalid(rule: str) -> DateInvalid:
    return DateInvalid(what="birth date", rule=rule)
