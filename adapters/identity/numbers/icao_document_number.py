"""Document number of a passport, as its machine-readable zone holds it (ICAO Doc 9303, parts 3 and 4).

One to nine letters and digits. In the zone it fills nine places with `<` and has its check digit as the tenth, so a
text of ten places is read as that, and the check digit must be right. What a state's own numbers look like is in its
rule file.

>>> validate('L898902C3')
'L898902C3'
>>> validate('L898902C36')
'L898902C3'
>>> validate('AB1234<<<1')
'AB1234'
>>> validate('L898902C35')
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidChecksum: its check digit is another one
>>> calc_check_digit('740812')
'2'
"""

from __future__ import annotations

import re

from stdnum.exceptions import InvalidChecksum, InvalidFormat

from adapters.identity.numbers import accepted
from adapters.identity.numbers import compact as compact_ascii

_FORM = re.compile(r"[0-9A-Z]{1,9}")
_IN_THE_ZONE = re.compile(r"([0-9A-Z]{1,9})<*([0-9])")
_PLACES_WITH_CHECK_DIGIT = 10


def calc_check_digit(field: str) -> str:
    """Return the check digit of a field: weights 7, 3, 1; A is 10, Z is 35, `<` is 0; the sum modulo 10."""
    values = (0 if character == "<" else int(character, 36) for character in field)
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)


def compact(number: str) -> str:
    """Return the number alone; raises InvalidChecksum if it is written with a check digit that is another one."""
    number = compact_ascii(number)
    written = _IN_THE_ZONE.fullmatch(number)
    if len(number) != _PLACES_WITH_CHECK_DIGIT or not written:
        return number
    if calc_check_digit(number[:-1]) != written[2]:
        raise InvalidChecksum("its check digit is another one")
    return written[1]


def validate(number: str) -> str:
    """Return the number; raises InvalidFormat or InvalidChecksum."""
    number = compact(number)
    if not _FORM.fullmatch(number):
        raise InvalidFormat("a passport number has 1 to 9 letters and digits")
    return number


def is_valid(number: str) -> bool:
    """Whether the number can stand in a passport."""
    return accepted(validate, number)
