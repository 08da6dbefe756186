"""Personal identification number of Viet Nam (số định danh cá nhân, on the citizen card).

12 digits: three for the place of first registration, one for century and sex (0 and 1 the 20th century, 2 and 3 the
21st, then on), two for the year of birth, six that make it unique. No check digit. From 2025-08-01 it takes the place
of the social insurance code. The layout is background knowledge, so what contradicts it is a doubt.

Source: VSS Official Letter 1804/BHXH-QLT for the length; background knowledge for the layout.

>>> validate('001085012345')
'001085012345'
>>> validate('000085012345')
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidComponent: its first three digits are no place, as far as the layout is known
>>> validate('001485012345')
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidComponent: its fourth digit tells a century to come, as far as the layout is known
"""

from __future__ import annotations

from stdnum.exceptions import InvalidComponent, InvalidFormat, InvalidLength

from adapters.identity.numbers import accepted, compact

_CENTURY_AND_SEX = "0123"


def validate(number: str) -> str:
    """Return the number; raises InvalidFormat, InvalidLength or InvalidComponent (place, century)."""
    number = compact(number)
    if not number.isdigit():
        raise InvalidFormat("a personal identification number has digits only")
    if len(number) != 12:
        raise InvalidLength("a personal identification number has 12 digits")
    if number[:3] == "000":
        raise InvalidComponent("its first three digits are no place, as far as the layout is known")
    if number[3] not in _CENTURY_AND_SEX:
        raise InvalidComponent("its fourth digit tells a century to come, as far as the layout is known")
    return number


def is_valid(number: str) -> bool:
    """Whether the number can be a personal identification number beyond doubt."""
    return accepted(validate, number)
