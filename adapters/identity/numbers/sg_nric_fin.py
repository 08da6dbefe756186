"""NRIC and FIN (Singaporean identity number of residents, and identification number of foreigners).

A letter, seven digits and a check letter. S and T are residents born until 1999 and from 2000 on, F and G foreigners
registered until 1999 and from 2000 on, M foreigners registered from 2022 on. The check letter of the M series is
known from background knowledge only and is a doubt.

Source: several community texts that agree on S, T, F and G.

>>> validate('S1234567D')
'S1234567D'
>>> validate('s1234567d')
'S1234567D'
>>> validate('S1234567A')
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidChecksum: its check letter is another one
>>> validate('M1234567K')
'M1234567K'
>>> validate('M1234567A')
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidComponent: its check letter is another one, as far as that of the M series is known
"""

from __future__ import annotations

import re

from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidFormat

from adapters.identity.numbers import accepted, compact

_FORM = re.compile(r"[STFGM][0-9]{7}[A-Z]")
_WEIGHTS = (2, 7, 6, 5, 4, 3, 2)
_SERIES = {
    "S": (0, "JZIHGFEDCBA"),
    "T": (4, "JZIHGFEDCBA"),
    "F": (0, "XWUTRQPNMLK"),
    "G": (4, "XWUTRQPNMLK"),
    "M": (3, "XWUTRQPNJLK"),
}


def calc_check_letter(number: str) -> str:
    """Return the check letter of a number of which the first eight characters are right."""
    added, letters = _SERIES[number[0]]
    total = added + sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[1:8], strict=True))
    return letters[total % 11]


def validate(number: str) -> str:
    """Return the number; raises InvalidFormat, InvalidChecksum (S, T, F, G) or InvalidComponent (M)."""
    number = compact(number)
    if not _FORM.fullmatch(number):
        raise InvalidFormat("an NRIC or FIN has S, T, F, G or M, seven digits and a letter")
    if number[-1] != calc_check_letter(number):
        if number[0] == "M":
            raise InvalidComponent("its check letter is another one, as far as that of the M series is known")
        raise InvalidChecksum("its check letter is another one")
    return number


def is_valid(number: str) -> bool:
    """Whether the number can be an NRIC or FIN beyond doubt."""
    return accepted(validate, number)
