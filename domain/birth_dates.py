"""Birth dates as documents write them: the day, or only month or year, in one of two calendars."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from domain.circumstances import BirthPrecision
from domain.errors import DateInvalid
from domain.people import AGE_LIMIT_YEARS, BirthDate, Calendar, birth_date_checked

BuddhistReader = Callable[[int, int | None, int | None], BirthDate]


def read_birth_date(text: str, calendar: Calendar, on: dt.date, buddhist: BuddhistReader) -> BirthDate:
    """Return the birth date that a text states, as far as it states one.

    text: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`. on: a day on which the person lives. buddhist: reads year, month and
    day of the Buddhist Era.
    Raises DateInvalid for another form, a day that the calendar does not have, or a year that only makes sense
    in another calendar than the one named; DateOutOfRange as `birth_date_checked` does. Neither repeats the text.
    """
    match = _FORM.fullmatch(text)
    if not match:
        raise _invalid("it is not written YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = int(match[1]), _number(match[2]), _number(match[3])
    if calendar is Calendar.BUDDHIST:
        return birth_date_checked(buddhist(year, month, day), on)
    _refuse_other_calendar(year, on)
    return birth_date_checked(_gregorian(year, month, day), on)


def precision_of(month: int | None, day: int | None) -> BirthPrecision:
    """How much is known if these parts are told."""
    if month is None:
        return BirthPrecision.YEAR
    return BirthPrecision.MONTH if day is None else BirthPrecision.DAY


def _gregorian(year: int, month: int | None, day: int | None) -> BirthDate:
    try:
        first_day = dt.date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        raise _invalid("it is no day of the calendar") from None
    return BirthDate(first_day=first_day, precision=precision_of(month, day))


def _refuse_other_calendar(year: int, on: dt.date) -> None:
    """Refuse a year that only makes sense in another calendar, with a hint which."""
    if on.year - AGE_LIMIT_YEARS <= year - _BUDDHIST_ERA_AHEAD_YEARS <= on.year:
        raise _invalid("its year looks like one of the Buddhist Era; take 543 off, or say that it is one")
    if _ISLAMIC_YEARS[0] <= year <= _ISLAMIC_YEARS[1]:
        raise _invalid("its year looks like one of the Islamic calendar; convert the whole date")


def _number(part: str | None) -> int | None:
    return None if part is None else int(part)


def _invalid(rule: str) -> DateInvalid:
    return DateInvalid(what="birth date", rule=rule)


_FORM = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_BUDDHIST_ERA_AHEAD_YEARS = 543
_ISLAMIC_YEARS = (1300, 1500)
