"""Months and periods. Both ends of a period are inclusive; an open end is None."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from domain.errors import PeriodInvalid

ONE_DAY = dt.timedelta(days=1)
_MONTH_TEXT = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One calendar month, the unit in which contributions are due."""

    year: int
    number: int

    def __post_init__(self) -> None:
        assert 1 <= self.number <= 12, "a year has twelve months"

    @classmethod
    def of(cls, day: dt.date) -> Month:
        """The month in which a day lies."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """Return the month that `YYYY-MM` names; raises ValueError for anything else."""
        match = _MONTH_TEXT.fullmatch(text)
        if not match or not text.isascii() or match[1] == "0000":
            raise ValueError("a month is written YYYY-MM")
        return cls(int(match[1]), int(match[2]))

    @property
    def first_day(self) -> dt.date:
        return dt.date(self.year, self.number, 1)

    @property
    def last_day(self) -> dt.date:
        return dt.date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    def plus(self, months: int) -> Month:
        """The month that many months later (earlier if negative)."""
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def until(self, other: Month) -> int:
        """How many months lie from this month to the other."""
        return (other.year - self.year) * 12 + other.number - self.number

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the last, both inclusive; without a last day it goes on."""

    first_day: dt.date
    last_day: dt.date | None

    def __post_init__(self) -> None:
        if self.last_day is not None and self.last_day < self.first_day:
            raise PeriodInvalid(what="period", rule=f"it ends on {self.last_day}, before {self.first_day}")

    def contains(self, day: dt.date) -> bool:
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)

    def overlap_days(self, other: Period) -> int:
        """How many days both hold; open ends count as the farthest day known to the calendar."""
        first = max(self.first_day, other.first_day)
        last = min(self.last_day or dt.date.max, other.last_day or dt.date.max)
        return max(0, (last - first).days + 1)

    def within(self, limit: Period) -> Period | None:
        """The part of this period inside the other, or None if there is none."""
        first = max(self.first_day, limit.first_day)
        lasts = [day for day in (self.last_day, limit.last_day) if day is not None]
        last = min(lasts) if lasts else None
        return None if last is not None and last < first else Period(first, last)


def uncovered(window: Period, periods: Iterable[Period]) -> tuple[Period, ...]:
    """Return the stretches of a closed window that none of the periods holds, in order."""
    assert window.last_day is not None, "gaps are looked for in a closed window"
    gaps: list[Period] = []
    next_day = window.first_day
    for period in sorted(periods, key=lambda p: p.first_day):
        if next_day > window.last_day:
            break
        if period.first_day > next_day:
            gaps.append(Period(next_day, min(period.first_day - ONE_DAY, window.last_day)))
        if period.last_day is None:
            return tuple(gaps)
        next_day = max(next_day, period.last_day + ONE_DAY)
    if next_day <= window.last_day:
        gaps.append(Period(next_day, window.last_day))
    return tuple(gaps)


def days_held_twice(window: Period, periods: Iterable[Period]) -> int:
    """How many days of a closed window two or more of the periods hold."""
    assert window.last_day is not None, "overlaps are counted in a closed window"
    inside = [part for period in periods if (part := period.within(window)) is not None]
    starts = [(part.first_day, 1) for part in inside]
    ends = [((part.last_day or window.last_day) + ONE_DAY, -1) for part in inside]
    days, held, since = 0, 0, window.first_day
    for day, change in sorted(starts + ends):
        days += (day - since).days if held > 1 else 0
        held, since = held + change, day
    return days


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of the month that many months later, or that month's last day if it is shorter."""
    month = Month.of(day).plus(months)
    return min(dt.date(month.year, month.number, min(day.day, month.last_day.day)), month.last_day)


def term_last_day(first_day: dt.date, months: int) -> dt.date:
    """The last day of a term of whole months that begins with a day.

    It is the day before the same day of the later month, or that month's last day if it has no such day: a
    term of one month from 31 January ends with February, and no day of it is cut off.
    """
    month = Month.of(first_day).plus(months)
    if first_day.day > month.last_day.day:
        return month.last_day
    return dt.date(month.year, month.number, first_day.day) - ONE_DAY


def whole_years(birth: dt.date, on: dt.date) -> int:
    """Completed years between a birth date and a day."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def whole_months(since: dt.date, on: dt.date) -> int:
    """Completed months between two days; a month that has no such day is completed on the first of the next."""
    return Month.of(since).until(Month.of(on)) - (on.day < since.day)


def month_list(first: Month, last: Month) -> tuple[Month, ...]:
    """All months from the first to the last, both inclusive; refused if reversed."""
    if last < first:
        raise PeriodInvalid(what="month range", rule=f"{last} lies before {first}")
    return tuple(first.plus(step) for step in range(first.until(last) + 1))
