"""Nomination files: whom a donor or a partner names for cover, read row by row and each row judged.

A row that cannot be used is refused with its line, a code and a reason; the others are used. What would
make every row doubtful, such as a wrong header, refuses the whole file. No reason holds a personal value.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from domain.errors import DateInvalid, DateOutOfRange, LimitExceeded, NameInvalid, Refusal
from domain.people import BirthDate, Calendar, checked_name
from domain.periods import whole_years
from domain.schemes import Sector

IDENTIFIER_KIND = "nik"
"""The kind of number by which the rows name persons."""
COLUMNS = (IDENTIFIER_KIND, "name", "birth_date", "sector")
BUDDHIST_PREFIX = "BE "
"""Stands before a birth date of the Buddhist Era, as in `BE 2528-07-12`."""
LINE_LIMIT_BYTES = 2048
ROWS_LIMIT = 50_000


class RowCode(StrEnum):
    """Why a row is refused."""

    CSV_INVALID = "CSV_INVALID"
    NATIONAL_ID_INVALID = "NATIONAL_ID_INVALID"
    DUPLICATE_ITEM = "DUPLICATE_ITEM"
    NAME_INVALID = "NAME_INVALID"
    DATE_INVALID = "DATE_INVALID"
    DATE_OUT_OF_RANGE = "DATE_OUT_OF_RANGE"
    IDENTITY_MISMATCH = "IDENTITY_MISMATCH"
    SECTOR_UNKNOWN = "SECTOR_UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class NominatedPerson:
    """One usable row; `line` is its line in the file, the header being line 1."""

    line: int
    nik: str = field(repr=False)
    name: str = field(repr=False)
    birth: BirthDate
    sector: Sector


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """One row that cannot be used, and why; the first reason found stands."""

    line: int
    code: RowCode
    reason: str


@dataclass(eq=False, kw_only=True)
class NominationFileInvalid(Refusal):
    """The file as a whole is not a nomination file."""

    code: ClassVar[str] = "CSV_INVALID"
    line: int
    rule: str

    @property
    def message(self) -> str:
        return (
            f"The nomination file cannot be read: in line {self.line} {self.rule}. Nothing of it was used. "
            f"Send UTF-8 text with commas whose first line is {','.join(COLUMNS)}."
        )


def read_nominations(
    lines: Iterator[str],
    *,
    on: dt.date,
    age_min_years: int,
    age_max_years: int,
    check_nik: Callable[[str], str],
    nik_agrees: Callable[[str, BirthDate], bool],
    read_birth: Callable[[str, Calendar], BirthDate],
) -> Iterator[NominatedPerson | RefusedRow]:
    """Judge the rows of a nomination file one after the other, in the order of the file.

    lines: the physical lines, with or without their ends; a byte order mark before the first is ignored,
    and so are empty lines, which still count.
    on: the day on which ages are counted, in completed years; both bounds are included.
    check_nik: returns the normalised NIK or raises a Refusal whose message does not hold it.
    nik_agrees: whether the date inside a normalised NIK can be this birth date.
    read_birth: returns the birth date that a text states in a calendar, or raises DateInvalid or DateOutOfRange.

    The header is judged at once, each row when it is asked for. Raises NominationFileInvalid for a file
    that is empty, not UTF-8 or has other columns, LimitExceeded at row 50,001.
    """
    numbered = enumerate(_decoded(lines), start=1)
    judge = _RowJudge(
        places=_column_places(next(numbered, (1, ""))[1]),
        on=on,
        age_min_years=age_min_years,
        age_max_years=age_max_years,
        check_nik=check_nik,
        nik_agrees=nik_agrees,
        read_birth=read_birth,
    )
    return _judged(numbered, judge)


class _RowRefused(Exception):
    """A row cannot be used; caught where rows are counted."""

    def __init__(self, code: RowCode, reason: str) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


@dataclass(slots=True, kw_only=True)
class _RowJudge:
    """What one row is held against; `seen` keeps the line of each NIK."""

    places: tuple[int, ...]
    on: dt.date
    age_min_years: int
    age_max_years: int
    check_nik: Callable[[str], str]
    nik_agrees: Callable[[str, BirthDate], bool]
    read_birth: Callable[[str, Calendar], BirthDate]
    seen: dict[str, int] = field(default_factory=dict)

    def person(self, number: int, line: str) -> NominatedPerson:
        """The person that a line names; raises _RowRefused."""
        fields = _fields(line)
        nik_text, name_text, birth_text, sector_text = (fields[place] for place in self.places)
        nik = self._nik(number, nik_text)
        name = _name(name_text)
        birth = self._birth(birth_text.strip(" "))
        self._check_identity(nik, birth)
        self._check_age(birth)
        return NominatedPerson(line=number, nik=nik, name=name, birth=birth, sector=_sector(sector_text))

    def _nik(self, number: int, text: str) -> str:
        try:
            nik = self.check_nik(text.strip(" "))
        except Refusal as refused:
            raise _RowRefused(RowCode.NATIONAL_ID_INVALID, refused.message) from None
        earlier = self.seen.setdefault(nik, number)
        if earlier != number:
            reason = f"Line {earlier} names the same NIK. Keep one row for each person."
            raise _RowRefused(RowCode.DUPLICATE_ITEM, reason)
        return nik

    def _birth(self, text: str) -> BirthDate:
        calendar = Calendar.BUDDHIST if text.startswith(BUDDHIST_PREFIX) else Calendar.GREGORIAN
        try:
            return self.read_birth(text.removeprefix(BUDDHIST_PREFIX), calendar)
        except (DateInvalid, DateOutOfRange) as refused:
            raise _RowRefused(RowCode(refused.code), refused.message) from None

    def _check_identity(self, nik: str, birth: BirthDate) -> None:
        if not self.nik_agrees(nik, birth):
            reason = "The birth date inside the NIK is another one. Check both against the identity card."
            raise _RowRefused(RowCode.IDENTITY_MISMATCH, reason)

    def _check_age(self, birth: BirthDate) -> None:
        # Of a month or year alone the first day counts, as for every condition of age.
        age_years = whole_years(birth.first_day, self.on)
        if self.age_min_years <= age_years <= self.age_max_years:
            return
        side = "younger" if age_years < self.age_min_years else "older"
        reason = (
            f"On {self.on} the person is {side} than the ages accepted, "
            f"{self.age_min_years} to {self.age_max_years} completed years. Leave the row out."
        )
        raise _RowRefused(RowCode.DATE_OUT_OF_RANGE, reason)


def _judged(numbered: Iterator[tuple[int, str]], judge: _RowJudge) -> Iterator[NominatedPerson | RefusedRow]:
    rows = 0
    for number, line in numbered:
        if not line.rstrip("\r\n"):
            continue
        rows += 1
        if rows > ROWS_LIMIT:
            raise LimitExceeded(what="rows of a nomination file", given=rows, limit=ROWS_LIMIT)
        try:
            yield judge.person(number, line)
        except _RowRefused as refused:
            yield RefusedRow(line=number, code=refused.code, reason=refused.reason)


def _decoded(lines: Iterator[str]) -> Iterator[str]:
    """The lines; text that turns out not to be UTF-8 refuses the file without showing its bytes."""
    number = 1
    try:
        for number, line in enumerate(lines, start=1):
            yield line.removeprefix("\ufeff") if number == 1 else line
    except UnicodeDecodeError:
        raise NominationFileInvalid(line=number, rule="or after it the text is not UTF-8") from None


def _column_places(header: str) -> tuple[int, ...]:
    """Where each of our columns stands. The header's own words are never repeated: they may be a person's."""
    if not header.rstrip("\r\n"):
        raise NominationFileInvalid(line=1, rule="there is no header")
    try:
        names = _fields_any(header)
    except _RowRefused:
        raise NominationFileInvalid(line=1, rule="the header is not a row of CSV") from None
    if sorted(names) != sorted(COLUMNS):
        missing = [column for column in COLUMNS if column not in names]
        beside = len(names) - (len(COLUMNS) - len(missing))
        rule = f"the columns missing are {', '.join(missing) or 'none'}; others or repeated are {beside}"
        raise NominationFileInvalid(line=1, rule=rule)
    return tuple(names.index(column) for column in COLUMNS)


def _fields(line: str) -> list[str]:
    fields = _fields_any(line)
    if len(fields) != len(COLUMNS):
        reason = f"The row has {len(fields)} fields; the header has {len(COLUMNS)}. Quote a field with a comma."
        raise _RowRefused(RowCode.CSV_INVALID, reason)
    return fields


def _fields_any(line: str) -> list[str]:
    """The fields of one line. A quote left open ends with its line, so it can never swallow the next rows."""
    if len(line) > LINE_LIMIT_BYTES or len(line.encode(errors="replace")) > LINE_LIMIT_BYTES:
        reason = f"The line is longer than {LINE_LIMIT_BYTES} bytes. Check where it ends."
        raise _RowRefused(RowCode.CSV_INVALID, reason)
    if "\0" in line or _HALF_CHARACTERS.search(line):
        raise _RowRefused(RowCode.CSV_INVALID, "The line holds NUL or is not UTF-8. Save the file as UTF-8 text.")
    try:
        return next(csv.reader((line,), strict=True))
    except csv.Error:
        reason = "The line is not a row of CSV: a quote is open or misplaced, or it holds a line end. Correct it."
        raise _RowRefused(RowCode.CSV_INVALID, reason) from None


def _name(text: str) -> str:
    try:
        return checked_name(text)
    except NameInvalid as refused:
        raise _RowRefused(RowCode.NAME_INVALID, refused.message) from None


def _sector(text: str) -> Sector:
    try:
        return Sector(text.strip(" "))
    except ValueError:
        known = ", ".join(sector.value for sector in Sector)
        raise _RowRefused(RowCode.SECTOR_UNKNOWN, f"The sector is none of {known}. Choose one of them.") from None


_HALF_CHARACTERS = re.compile("[\ud800-\udfff]")
