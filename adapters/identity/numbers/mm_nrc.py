"""NRC (national registration and citizenship scrutiny cards of Myanmar).

Region 1 to 14, a stroke, letters of the township, the kind of card in brackets and six digits: 12/MABATA(N)123456.
The card itself is written in Burmese digits and letters. Digits are converted; the letters of a township cannot be
without its list, so such a number is kept as it is and doubted. There is no check digit, and several kinds of card.

Source: QHRM on the form of the number; background knowledge for the kinds of card other than N.

>>> validate('12/MaBaTa(N)123456')
'12/MABATA(N)123456'
>>> validate('၁၂/MaBaTa(N)၁၂၃၄၅၆')
'12/MABATA(N)123456'
>>> compact('၁၂/မဘတ(နိုင်)၁၂၃၄၅၆')
'12/မဘတ(နိုင်)123456'
>>> validate('15/MaBaTa(N)123456')
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidComponent: it is not written as region, township, kind of card and six digits
"""

from __future__ import annotations

import re
import unicodedata

from stdnum.exceptions import InvalidComponent, InvalidFormat

from adapters.identity.numbers import accepted
from adapters.identity.numbers import compact as compact_ascii

_DIGITS = {0x1040 + digit: str(digit) for digit in range(10)}
_BURMESE = re.compile(r"[\u1000-\u104f]+")
_FORM = re.compile(r"(1[0-4]|[1-9])/[A-Z]{6,9}\([NPETYS]\)[0-9]{6}")


def compact(number: str) -> str:
    """Return the number in ASCII but for Burmese letters; raises InvalidFormat for characters of other scripts."""
    composed = unicodedata.normalize("NFC", number).translate(_DIGITS)
    if not _BURMESE.sub("", composed).isascii():
        raise InvalidFormat("only Latin and Burmese letters and digits stand in it")
    return "".join(part if _BURMESE.fullmatch(part) else compact_ascii(part) for part in _parts(composed))


def validate(number: str) -> str:
    """Return the number; raises InvalidFormat for characters that it never has, InvalidComponent for its form."""
    number = compact(number)
    if not _FORM.fullmatch(number):
        raise InvalidComponent("it is not written as region, township, kind of card and six digits")
    return number


def is_valid(number: str) -> bool:
    """Whether the number can be an NRC number beyond doubt."""
    return accepted(validate, number)


def _parts(text: str) -> list[str]:
    """The text cut where Burmese letters begin and end."""
    return re.split(r"([\u1000-\u104f]+)", text)
