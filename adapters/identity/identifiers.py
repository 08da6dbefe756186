"""Checks of identifiers: shape and inner dates, never whether the number was given to anyone.

No number has a public check digit here, and a place code follows neither a move nor a reform, so a place
is never a reason to refuse. Refusals name the kind and its rule, and never the value.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

from stdnum.exceptions import ValidationError
from stdnum.id import nik
from stdnum.my import nric

from domain.countries import MemberState
from domain.errors import IdentifierInvalid
from domain.people import IdentifierKind

TEXT_LIMIT_CHARACTERS = 40


def checked_identifier(kind: IdentifierKind, state: MemberState, text: str) -> str:
    """Return the normalised value of an identifier: capital letters and digits without separators.

    text: as a person writes it; spaces, hyphens and full stops between the parts are accepted.
    Raises IdentifierInvalid for digits of other scripts, a wrong shape, an impossible inner date, or a
    kind that this member state does not give.
    Source: structure of the numbers as the institutions and the public validators describe them.
    """
    if len(text) > TEXT_LIMIT_CHARACTERS:
        raise _invalid(kind, f"it has more than {TEXT_LIMIT_CHARACTERS} characters")
    if not text.isascii():
        raise _invalid(kind, "only the letters A to Z and the digits 0 to 9 stand in it")
    value = _SEPARATORS.sub("", text).upper()
    shape = _PASSPORT_SHAPES.get(state, _PASSPORT_ANY) if kind is IdentifierKind.PASSPORT else _shape(kind, state)
    if not shape.pattern.fullmatch(value):
        raise _invalid(kind, shape.rule)
    if not shape.inside(value):
        raise _invalid(kind, "the date inside it is no day of the calendar")
    return value


def nik_birth_day_month_year_two_digits(value: str) -> tuple[int, int, int]:
    """Return day (without the 40), month and last two digits of the year inside a normalised NIK."""
    return int(value[6:8]) % _NIK_DAY_FEMALE, int(value[8:10]), int(value[10:12])


def nik_agrees_with(value: str, birth_date: dt.date, female: bool | None = None) -> bool:
    """Whether the date inside a normalised NIK can be this birth date.

    female: whether 40 must be added to the day; None if unknown, and then both agree. The NIK has only two
    digits of the year, so a date a century off agrees too.
    """
    inside = nik_birth_day_month_year_two_digits(value)
    if inside != (birth_date.day, birth_date.month, birth_date.year % 100):
        return False
    return female is None or female == (int(value[6:8]) > _NIK_DAY_FEMALE)


def mrz_check_digit(text: str) -> int:
    """Return the check digit of a field of a machine-readable zone.

    text: capital letters, digits and the filler `<`. Weights 7, 3, 1; A is 10, Z is 35; sum modulo 10.
    It finds most typing errors and proves no identity. Raises IdentifierInvalid for other characters.
    Source: ICAO Doc 9303, part 3.
    """
    if not _MRZ_TEXT.fullmatch(text):
        rule = "only the letters A to Z, the digits 0 to 9 and < stand in it"
        raise IdentifierInvalid(kind="machine-readable zone", rule=rule)
    values = (0 if character == "<" else int(character, 36) for character in text)
    return sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What a kind looks like, what to say otherwise, and whether what stands inside is possible."""

    pattern: re.Pattern[str]
    rule: str
    inside: Callable[[str], bool]


def _any_inside(value: str) -> bool:
    return True


def _nik_date_exists(value: str) -> bool:
    # python-stdnum takes the day modulo 40 and so would accept the days 81 and later.
    return int(value[6:8]) <= _NIK_DAY_FEMALE + 31 and _date_exists(nik.get_birth_date, value)


def _mykad_date_exists(value: str) -> bool:
    return _date_exists(nric.get_birth_date, value)


def _date_exists(date_inside: Callable[[str], dt.date], value: str) -> bool:
    try:
        date_inside(value)
    except ValidationError:
        return False
    return True


def _pattern(expression: str, rule: str, inside: Callable[[str], bool] = _any_inside) -> _Shape:
    return _Shape(pattern=re.compile(expression), rule=rule, inside=inside)


def _shape(kind: IdentifierKind, state: MemberState) -> _Shape:
    giver, shape = _SHAPES[kind]
    if state is not giver:
        raise _invalid(kind, f"it is given by {giver.value} and not by {state.value}")
    return shape


def _invalid(kind: IdentifierKind, rule: str) -> IdentifierInvalid:
    return IdentifierInvalid(kind=_WORDS[kind], rule=rule)


_SEPARATORS = re.compile(r"[ .-]")
_NIK_DAY_FEMALE = 40
_MRZ_TEXT = re.compile(r"[0-9A-Z<]*")
_WORDS = {
    IdentifierKind.NIK: "NIK",
    IdentifierKind.KPJ: "KPJ number",
    IdentifierKind.JKN: "JKN card number",
    IdentifierKind.MYKAD: "MyKad number",
    IdentifierKind.SSFW: "SSFW number",
    IdentifierKind.PASSPORT: "passport number",
}
_SHAPES = {
    IdentifierKind.NIK: (MemberState.ID, _pattern(r"[0-9]{16}", "a NIK has 16 digits", _nik_date_exists)),
    IdentifierKind.KPJ: (MemberState.ID, _pattern(r"[0-9]{8,13}", "a KPJ number has 8 to 13 digits")),
    IdentifierKind.JKN: (MemberState.ID, _pattern(r"[0-9]{13}", "a JKN card number has 13 digits")),
    IdentifierKind.MYKAD: (
        MemberState.MY,
        _pattern(r"[0-9]{12}", "a MyKad number has 12 digits", _mykad_date_exists),
    ),
    IdentifierKind.SSFW: (
        MemberState.MY,
        _pattern(r"[0-9]{12}|SSFW[0-9]{8}", "an SSFW number has 12 digits, or SSFW and 8 digits"),
    ),
}
# What a state's passports look like today; where nothing is confirmed, only what ICAO Doc 9303 leaves.
_PASSPORT_ANY = _pattern(r"[0-9A-Z]{1,9}", "a passport number has 1 to 9 letters and digits")
_PASSPORT_SHAPES = {
    MemberState.ID: _pattern(r"[A-Z]{1,2}[0-9]{6,7}", "an ID passport number has 1 or 2 letters and 6 or 7 digits"),
    MemberState.MY: _pattern(r"[AHK][0-9]{8}", "a MY passport number has A, H or K and 8 digits"),
}
