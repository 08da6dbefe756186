"""Identity card number of Brunei Darussalam.

Eight digits, written as two and six. The first two tell the status: 00 and 01 citizens, 30 permanent residents, 50 and
51 foreigners who live there. All of it is background knowledge, so it is never more than a doubt.

>>> validate('01-234567')
'01234567'
>>> validate('77-234567')
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidComponent: its first two digits are no known status
>>> validate('1234')
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidComponent: an identity card number has eight digits
"""

from __future__ import annotations

from stdnum.exceptions import InvalidComponent

from adapters.identity.numbers import accepted, compact

_STATUS = ("00", "01", "30", "50", "51")


def validate(number: str) -> str:
    """Return the number; raises InvalidComponent."""
    number = compact(number)
    if len(number) != 8 or not number.isdigit():
        raise InvalidComponent("an identity card number has eight digits")
    if number[:2] not in _STATUS:
        raise InvalidComponent("its first two digits are no known status")
    return number


def is_valid(number: str) -> bool:
    """Whether the number can be an identity card number beyond doubt."""
    return accepted(validate, number)
