"""NIK (Nomor Induk Kependudukan, Indonesian identity number).

16 digits: PPRRSS, the place of first issue; DDMMYY, the birth date, with 40 added to the day for women; and four
digits that make it unique. There is no check digit. The place is no reason to refuse: it follows neither a move
nor the division of a district. python-stdnum 2.2 takes the day modulo 40 and so accepts the days 81 and later.

Source: python-stdnum, id.nik.

>>> validate('3171011708450001')
'3171011708450001'
>>> validate('3171 0157 0845 0001')  # a woman
'3171015708450001'
>>> validate('3171013002790001')
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidFormat: the date inside it is no day of the calendar
>>> validate('3171018108450001')
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidFormat: the date inside it is no day of the calendar
>>> validate('9971011708450001')
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidComponent: the place code inside it is not a known one
>>> birth_day_month_year_two_digits('3171015708450001')
(17, 8, 45)
"""

from __future__ import annotations

from functools import cache

from stdnum.exceptions import InvalidComponent, InvalidFormat, InvalidLength
from stdnum.id import nik

from adapters.identity.numbers import accepted, compact
from domain.people import BirthDate

_DAY_FEMALE = 40


def validate(number: str) -> str:
    """Return the number; raises InvalidLength, InvalidFormat (characters, date) or InvalidComponent (place)."""
    number = compact(number)
    if not number.isdigit():
        raise InvalidFormat("a NIK has digits only")
    if len(number) != 16:
        raise InvalidLength("a NIK has 16 digits")
    if int(number[6:8]) > _DAY_FEMALE + 31 or not accepted(nik.get_birth_date, number):
        raise InvalidFormat("the date inside it is no day of the calendar")
    if not _place_is_known(number[:4]):
        raise InvalidComponent("the place code inside it is not a known one")
    return number


def is_valid(number: str) -> bool:
    """Whether the number can be a NIK beyond doubt."""
    return accepted(validate, number)


def birth_day_month_year_two_digits(number: str) -> tuple[int, int, int]:
    """Return day (without the 40), month and last two digits of the year inside a compact NIK."""
    return int(number[6:8]) % _DAY_FEMALE, int(number[8:10]), int(number[10:12])


def agrees(number: str, birth: BirthDate) -> bool:
    """Whether the date inside a compact NIK can be this birth date, as far as it is known.

    The NIK has only two digits of the year, so a date a century off agrees too.
    """
    day, month, year_two_digits = birth_day_month_year_two_digits(number)
    return birth.can_be(day=day, month=month, year_two_digits=year_two_digits)


@cache
def _place_is_known(place: str) -> bool:
    """Whether the list of python-stdnum has a province and city; kept, for a file names few places many times."""
    return bool(nik.is_valid(f"{place}010101800001"))
