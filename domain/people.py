"""Who a worker is: identifiers, names and birth dates, as documents of eleven states write them."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass, field
from enum import Enum

from domain.circumstances import BirthPrecision
from domain.countries import MemberState
from domain.errors import DateOutOfRange, NameInvalid
from domain.periods import term_last_day, whole_years

NAME_LIMIT_CHARACTERS = 200
AGE_LIMIT_YEARS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """One identifier of a person: its kind, the member state that gave it and its normalised value.

    kind: a word of the state's rule file, such as nik or passport. The value does not show in `repr`, so that
    no log line or traceback can carry it.
    """

    kind: str
    state: MemberState
    value: str = field(repr=False)


class Calendar(Enum):
    """The calendar in which a birth date is written."""

    GREGORIAN = "gregorian"
    BUDDHIST = "buddhist"


_MONTHS_IN_QUESTION = {BirthPrecision.MONTH: 1, BirthPrecision.YEAR: 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthDate:
    """A birth date as far as it is known; neither day shows in `repr`.

    first_day: the first day that it can be. A year of another calendar may begin in the midst of ours.
    """

    first_day: dt.date = field(repr=False)
    precision: BirthPrecision

    @property
    def last_day(self) -> dt.date:
        """The last day that it can be, which is the first one if the day is known."""
        months = _MONTHS_IN_QUESTION.get(self.precision)
        return self.first_day if months is None else term_last_day(self.first_day, months)

    @property
    def text(self) -> str:
        """As far as it is known and no further: a day, a month, a year, or the months of a year of another calendar."""
        first, last = self.first_day.isoformat(), self.last_day.isoformat()
        if self.precision is BirthPrecision.DAY:
            return first
        if self.precision is BirthPrecision.MONTH:
            return first[:7]
        return first[:4] if first[:4] == last[:4] else f"{first[:7]}/{last[:7]}"

    def can_be(self, *, day: int, month: int, year_two_digits: int) -> bool:
        """Whether a date of which only two digits of the year are told can be this one, of whichever century."""
        told = (month, day)
        for year in range(self.first_day.year, self.last_day.year + 1):
            after_first = told >= (self.first_day.month, self.first_day.day) or year > self.first_day.year
            before_last = told <= (self.last_day.month, self.last_day.day) or year < self.last_day.year
            if year % 100 == year_two_digits and after_first and before_last:
                return True
        return False


def checked_name(text: str) -> str:
    """Return a name as it is stored: composed (NFC), without outer spaces, one space between words.

    text: the whole name in one piece and in any script; one word is enough, nothing is split off.
    Markup and formula signs of ASCII are text like any other and escaped where the name is shown.

    Raises NameInvalid for an empty name, one of more than 200 characters, control and invisible
    characters, direction overrides, emoji, symbols, private or unassigned characters, a combining
    mark that follows no letter, and a joiner outside the scripts that are written with it.
    """
    if len(text) > 4 * NAME_LIMIT_CHARACTERS:
        raise NameInvalid(rule=_TOO_LONG)
    spaced = _plain_spaces(unicodedata.normalize("NFC", text))
    name = " ".join(word for word in spaced.split(" ") if word)
    if not name:
        raise NameInvalid(rule="it is empty")
    if len(name) > NAME_LIMIT_CHARACTERS:
        raise NameInvalid(rule=_TOO_LONG)
    # Nearly every name is Latin letters and spaces, and such a name needs no look at each character.
    if not (name.isascii() and name.isprintable()):
        _check_characters(name)
    return name


def birth_date_checked(birth: BirthDate, on: dt.date) -> BirthDate:
    """Return the birth date if a person living on that day can have it.

    Raises DateOutOfRange if even its first day lies after `on`, or its last one more than 120 completed years before.
    """
    if birth.first_day > on:
        raise DateOutOfRange(what="birth date", allowed=f"it lies after {on}")
    if whole_years(birth.last_day, on) > AGE_LIMIT_YEARS:
        raise DateOutOfRange(what="birth date", allowed=f"it lies more than {AGE_LIMIT_YEARS} years before {on}")
    return birth


_TOO_LONG = f"it has more than {NAME_LIMIT_CHARACTERS} characters"
_JOINERS = "\u200c\u200d"
_JOINED_SCRIPTS = (
    *("ARABIC", "BALINESE", "BENGALI", "DEVANAGARI", "GUJARATI", "GURMUKHI", "JAVANESE", "KANNADA"),
    *("KHMER", "MALAYALAM", "MYANMAR", "ORIYA", "SINHALA", "SUNDANESE", "TAMIL", "TELUGU"),
)
# Letters and marks by category that nobody can see: fillers, variation selectors, joiners of graphemes.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | frozenset(
    map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
_EMOJI_PUNCTUATION = frozenset("\u203c\u2049\u3030")
# The acute accent standing alone is what many keyboards give for an apostrophe.
_SYMBOLS_IN_NAMES = frozenset("$+<=>^`|~\u00b4")
_CATEGORIES_IN_NAMES = frozenset(
    ("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po")
)
_WHY_NOT = {
    "Cc": "it holds a control character",
    "Zl": "it holds a line separator",
    "Zp": "it holds a paragraph separator",
    "Cf": "it holds an invisible or direction-changing character",
    "Co": "it holds a private-use character",
    "Cn": "it holds a character that Unicode does not know",
    "Cs": "it holds half a character",
    "Me": "it holds an enclosing mark",
}


def _plain_spaces(text: str) -> str:
    """The text with each kind of space as the ordinary one, as copying from documents brings them."""
    if text.isascii():
        return text
    return "".join(" " if unicodedata.category(character) == "Zs" else character for character in text)


def _check_characters(name: str) -> None:
    for place, character in enumerate(name):
        category = unicodedata.category(character)
        if character in _JOINERS:
            _check_joiner(name, place)
        elif character in _INVISIBLE:
            raise NameInvalid(rule=_WHY_NOT["Cf"])
        elif category in ("Mn", "Mc"):
            _check_mark(name, place)
        elif category in _CATEGORIES_IN_NAMES:
            if character in _EMOJI_PUNCTUATION:
                raise NameInvalid(rule="it holds a symbol or emoji")
        elif character != " " and character not in _SYMBOLS_IN_NAMES:
            raise NameInvalid(rule=_WHY_NOT.get(category, "it holds a symbol or emoji"))


def _check_joiner(name: str, place: int) -> None:
    before, after = name[place - 1 : place], name[place + 1 : place + 2]
    if not before or not after or _script(before) not in _JOINED_SCRIPTS or _script(before) != _script(after):
        raise NameInvalid(rule="it holds an invisible joiner where the script has none")


def _check_mark(name: str, place: int) -> None:
    before = name[place - 1] if place else " "
    if before not in _JOINERS and unicodedata.category(before)[0] not in "LM":
        raise NameInvalid(rule="it holds a combining mark that follows no letter")


def _script(character: str) -> str:
    """The first word of the character's Unicode name, which for letters and marks is the script."""
    return unicodedata.name(character, "").partition(" ")[0]
