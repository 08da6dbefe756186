"""Numbers that python-stdnum does not know, or judges otherwise than we do; one module for each, in its style.

`compact` gives the number without separators, `validate` gives it back or raises, `is_valid` says whether it does.
Of what `validate` raises, InvalidComponent is a doubt: a part looks unlikely, by a rule that has exceptions or is
not sure. Everything else means that no such number can exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stdnum.exceptions import InvalidFormat, ValidationError

_SEPARATORS = re.compile(r"[ .-]")


def compact(text: str) -> str:
    """Return a number as it is stored: capitals and digits of ASCII, without spaces, points and hyphens.

    Digits of other scripts are refused and not converted, for what looks like a digit may be a letter.

    >>> compact(' 3171-0117.0845 0001')
    '3171011708450001'
    >>> compact('๑๒๓')
    Traceback (most recent call last):
        ...
    stdnum.exceptions.InvalidFormat: only the letters A to Z and the digits 0 to 9 stand in it
    """
    if not text.isascii():
        raise InvalidFormat("only the letters A to Z and the digits 0 to 9 stand in it")
    return _SEPARATORS.sub("", text).upper()


def accepted(validate: Callable[[str], object], number: str) -> bool:
    """Whether a `validate`, or another function that raises ValidationError, takes the number."""
    try:
        validate(number)
    except ValidationError:
        return False
    return True
