"""Nomination files: each row judged, and what refuses the whole file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from domain.birth_dates import precision_of, read_birth_date
from domain.circumstances import BirthPrecision
from domain.errors import DateInvalid, IdentifierInvalid, LimitExceeded
from domain.nominations import (
    LINE_LIMIT_BYTES,
    ROWS_LIMIT,
    NominatedPerson,
    NominationFileInvalid,
    RefusedRow,
    read_nominations,
)
from domain.people import BirthDate, Calendar
from domain.schemes import Sector

ON = dt.date(2025, 7, 1)
HEADER = "nik,name,birth_date,sector"
GOOD = "3374901505800001,Siti Aminah,1980-05-15,agriculture"


def check_nik(text: str) -> str:
    digits = text.replace("-", "")
    if len(digits) != 16 or not digits.isdigit():
        raise IdentifierInvalid(kind="NIK", rule="a NIK has 16 digits")
    return digits


def nik_agrees(nik: str, birth: BirthDate) -> bool:
    return birth.can_be(day=int(nik[6:8]), month=int(nik[8:10]), year_two_digits=int(nik[10:12]))


def buddhist(year: int, month: int | None, day: int | None) -> BirthDate:
    if (month, day) == (2, 30):
        raise DateInvalid(what="birth date", rule="it is no day of the Thai calendar")
    return BirthDate(first_day=dt.date(year - 543, month or 1, day or 1), precision=precision_of(month, day))


def read_birth(text: str, calendar: Calendar) -> BirthDate:
    return read_birth_date(text, calendar, ON, buddhist)


def read(*lines: str) -> list[NominatedPerson | RefusedRow]:
    return list(judged(iter(lines)))


def judged(lines: Iterator[str]) -> Iterator[NominatedPerson | RefusedRow]:
    return read_nominations(
        lines,
        on=ON,
        age_min_years=18,
        age_max_years=64,
        check_nik=check_nik,
        nik_agrees=nik_agrees,
        read_birth=read_birth,
    )


def refused(row: str) -> RefusedRow:
    [result] = read(HEADER, row)
    assert isinstance(result, RefusedRow)
    return result


def test_a_good_row_becomes_a_person_with_its_line() -> None:
    assert read(HEADER, GOOD) == [
        NominatedPerson(
            line=2,
            nik="3374901505800001",
            name="Siti Aminah",
            birth=BirthDate(first_day=dt.date(1980, 5, 15), precision=BirthPrecision.DAY),
            sector=Sector.AGRICULTURE,
        )
    ]


def test_the_columns_may_stand_in_any_order() -> None:
    [person] = read("sector,birth_date,nik,name", "agriculture,1980-05-15,3374901505800001,Siti Aminah")

    assert [person] == read(HEADER, GOOD)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_byte_order_mark_and_any_line_end_change_nothing(ending: str) -> None:
    assert read("\ufeff" + HEADER + ending, GOOD + ending) == read(HEADER, GOOD)


def test_a_one_word_name_and_a_quoted_comma_are_fine() -> None:
    rows = read(
        HEADER,
        "3374901505800001,Suparman,1980-05-15,fishing",
        '3374901505800002,"Siti, Hj.",1980-05-15,trade',
    )

    assert [row.name for row in rows if isinstance(row, NominatedPerson)] == ["Suparman", "Siti, Hj."]


def test_spaces_around_a_field_are_not_part_of_it() -> None:
    assert read(HEADER, "3374901505800001 , Siti Aminah , 1980-05-15 , agriculture ") == read(HEADER, GOOD)


def test_lines_are_counted_as_the_file_has_them_and_empty_ones_are_passed_over() -> None:
    rows = read(HEADER, "\n", GOOD, "\r\n", "", "short", "\n")

    assert [row.line for row in rows] == [3, 6]


def test_rows_after_a_refused_one_are_used() -> None:
    rows = read(HEADER, "short", GOOD)

    assert [type(row) for row in rows] == [RefusedRow, NominatedPerson]


def test_a_file_of_a_header_alone_names_nobody() -> None:
    assert read(HEADER) == []


def test_the_same_nik_again_is_refused_and_names_the_earlier_line() -> None:
    rows = read(HEADER, GOOD, "", GOOD.replace("Siti", "Sri"))

    assert isinstance(rows[1], RefusedRow)
    assert (rows[1].line, rows[1].code) == (4, "DUPLICATE_ITEM")
    assert "Line 2 " in rows[1].reason


def test_the_same_nik_written_otherwise_is_the_same() -> None:
    rows = read(HEADER, GOOD, GOOD.replace("337490", "3374-90-"))

    assert [getattr(row, "code", None) for row in rows] == [None, "DUPLICATE_ITEM"]


def test_the_same_nik_after_a_refused_row_is_refused_too() -> None:
    rows = read(HEADER, GOOD.replace("1980-05-15", "1980-02-30"), GOOD)

    assert [getattr(row, "code", None) for row in rows] == ["DATE_INVALID", "DUPLICATE_ITEM"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("short", "CSV_INVALID"),
        (GOOD + ",more", "CSV_INVALID"),
        (GOOD.rpartition(",")[0], "CSV_INVALID"),
        (GOOD.replace("Siti", '"Siti'), "CSV_INVALID"),
        (GOOD.replace("Siti", '"Siti" x'), "CSV_INVALID"),
        (GOOD.replace("Siti", "Si\0ti"), "CSV_INVALID"),
        (GOOD.replace("Siti", "Si\ud800ti"), "CSV_INVALID"),
        (GOOD.replace("Siti", "Si\rti"), "CSV_INVALID"),
        (GOOD.replace("Siti", "x" * LINE_LIMIT_BYTES), "CSV_INVALID"),
        (GOOD.replace("Siti", "ณ" * (LINE_LIMIT_BYTES // 3)), "CSV_INVALID"),
        ("   ", "CSV_INVALID"),
        (GOOD.replace("3374901505800001", ""), "NATIONAL_ID_INVALID"),
        (GOOD.replace("3374901505800001", "3.3749E+15"), "NATIONAL_ID_INVALID"),
        (GOOD.replace("Siti Aminah", ""), "NAME_INVALID"),
        (GOOD.replace("Siti Aminah", "  "), "NAME_INVALID"),
        (GOOD.replace("Siti", "Si\u202eti"), "NAME_INVALID"),
        (GOOD.replace("Siti", "x" * 200), "NAME_INVALID"),
        (GOOD.replace("1980-05-15", ""), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "1979-02-30"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "2025-02-29"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "1980-13-01"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "0000-00-00"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "80-5-15"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "15/05/1980"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "19800515"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "1980-W20-4"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "1980-05-15T00:00"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "\uff11980-05-15"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "2523-05-15"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "1400-05-15"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "198"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "1980-5"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "1980-13"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "1980-00"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "2523-05"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "BE 2523-02-30"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "be 2523-05-15"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "BE2523-05-15"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "2523-05-15 BE"), "DATE_INVALID"),
        (GOOD.replace("1980-05-15", "BE 1980-05-15"), "DATE_OUT_OF_RANGE"),
        (GOOD.replace("1980-05-15", "BE 2600-05-15"), "DATE_OUT_OF_RANGE"),
        (GOOD.replace("1980-05-15", "2026"), "DATE_OUT_OF_RANGE"),
        (GOOD.replace("1980-05-15", "1980-06"), "IDENTITY_MISMATCH"),
        (GOOD.replace("1980-05-15", "1981"), "IDENTITY_MISMATCH"),
        (GOOD.replace("1980-05-15", "2025-07-02"), "DATE_OUT_OF_RANGE"),
        (GOOD.replace("1980-05-15", "1880-05-15"), "DATE_OUT_OF_RANGE"),
        (GOOD.replace("1980-05-15", "1980-05-16"), "IDENTITY_MISMATCH"),
        (GOOD.replace("agriculture", "mining"), "SECTOR_UNKNOWN"),
        (GOOD.replace("agriculture", "Agriculture"), "SECTOR_UNKNOWN"),
        (GOOD.replace("agriculture", ""), "SECTOR_UNKNOWN"),
    ],
)
def test_a_row_that_cannot_be_used_has_a_code_and_shows_nothing_personal(row: str, code: str) -> None:
    result = refused(row)

    assert (result.line, result.code) == (2, code)
    assert not any(value in result.reason for value in ("3374", "Siti", "Aminah", "1980", "1979", "2523"))


def test_an_open_quote_spoils_its_own_row_only() -> None:
    rows = read(HEADER, GOOD.replace("Siti", '"Siti'), GOOD)

    assert [type(row) for row in rows] == [RefusedRow, NominatedPerson]


def test_a_line_of_exactly_the_limit_is_read() -> None:
    filled = GOOD.replace("agriculture", "agriculture" + " " * (LINE_LIMIT_BYTES - len(GOOD)))

    assert len(filled) == LINE_LIMIT_BYTES
    assert read(HEADER, filled) == read(HEADER, GOOD)


def test_a_year_of_the_buddhist_era_is_refused_with_a_hint() -> None:
    assert "Buddhist Era; take 543 off" in refused(GOOD.replace("1980-", "2523-")).reason


def test_a_year_of_the_islamic_calendar_is_refused_with_a_hint() -> None:
    assert "Islamic calendar" in refused(GOOD.replace("1980-", "1400-")).reason


@pytest.mark.parametrize(
    ("birth", "accepted"),
    [
        (dt.date(2007, 7, 1), True),
        (dt.date(2007, 7, 2), False),
        (dt.date(1960, 7, 2), True),
        (dt.date(1960, 7, 1), False),
    ],
)
def test_both_age_bounds_are_included_in_completed_years(birth: dt.date, accepted: bool) -> None:
    [row] = read(HEADER, f"337490{birth:%d%m%y}0001,Siti,{birth},agriculture")

    assert isinstance(row, NominatedPerson) is accepted


@pytest.mark.parametrize(
    ("text", "first_day", "precision"),
    [
        ("1980-05-15", dt.date(1980, 5, 15), BirthPrecision.DAY),
        ("1980-05", dt.date(1980, 5, 1), BirthPrecision.MONTH),
        ("1980", dt.date(1980, 1, 1), BirthPrecision.YEAR),
        ("BE 2523-05-15", dt.date(1980, 5, 15), BirthPrecision.DAY),
        ("BE 2523-05", dt.date(1980, 5, 1), BirthPrecision.MONTH),
        ("BE 2523", dt.date(1980, 1, 1), BirthPrecision.YEAR),
    ],
)
def test_a_birth_date_may_be_known_to_the_month_or_year_and_be_of_the_buddhist_era(
    text: str, first_day: dt.date, precision: BirthPrecision
) -> None:
    [person] = read(HEADER, GOOD.replace("1980-05-15", text))

    assert isinstance(person, NominatedPerson)
    assert person.birth == BirthDate(first_day=first_day, precision=precision)


def test_of_a_year_alone_the_first_day_decides_about_the_age() -> None:
    [just, not_yet] = read(HEADER, "3374901512070001,Siti,2007,agriculture", "3374901501080002,Sri,2008,agriculture")

    assert isinstance(just, NominatedPerson)
    assert isinstance(not_yet, RefusedRow)
    assert not_yet.code == "DATE_OUT_OF_RANGE"


def test_a_refusal_for_age_names_the_ages_accepted() -> None:
    result = refused("3374900107600001,Siti,1960-07-01,agriculture")

    assert result.code == "DATE_OUT_OF_RANGE"
    assert "older than the ages accepted, 18 to 64" in result.reason


def test_a_nominated_person_never_shows_who_it_is() -> None:
    [person] = read(HEADER, GOOD)

    assert repr(person) == (
        "NominatedPerson(line=2, birth=BirthDate(precision=<BirthPrecision.DAY: 'day'>), "
        "sector=<Sector.AGRICULTURE: 'agriculture'>)"
    )


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["", GOOD],
        [GOOD],
        ["nik,name,birth_date", GOOD],
        [HEADER + ",phone", GOOD],
        ["nik,name,birth_date,birth_date", GOOD],
        ["nik,name,birth_date,sector,nik", GOOD],
        ["NIK,name,birth_date,sector", GOOD],
        ["nik;name;birth_date;sector", GOOD],
        ["nik, name, birth_date, sector", GOOD],
        ['"nik,name,birth_date,sector', GOOD],
        ["n\0i\0k\0", GOOD],
        ["\ufeff\ufeff" + HEADER, GOOD],
        [HEADER + " " * LINE_LIMIT_BYTES, GOOD],
    ],
)
def test_a_file_without_our_header_is_refused_before_any_row_is_asked_for(lines: list[str]) -> None:
    with pytest.raises(NominationFileInvalid) as refusal:
        judged(iter(lines))

    assert refusal.value.code == "CSV_INVALID"
    assert "Siti" not in refusal.value.message
    assert "phone" not in refusal.value.message


def test_a_missing_column_is_named() -> None:
    with pytest.raises(NominationFileInvalid, match="missing are birth_date, sector; others or repeated are 1"):
        read("nik,name,phone")


@pytest.mark.parametrize("before", [[], [HEADER], [HEADER, GOOD]])
def test_text_that_is_not_utf8_refuses_the_file_without_showing_its_bytes(before: list[str]) -> None:
    def lines() -> Iterator[str]:
        yield from before
        b"Siti\xff".decode()

    with pytest.raises(NominationFileInvalid, match="not UTF-8") as refusal:
        list(judged(lines()))

    assert refusal.value.__cause__ is None
    assert "Siti" not in refusal.value.message


def test_the_row_after_the_last_of_fifty_thousand_is_refused_and_none_before() -> None:
    lines = (HEADER if number == 0 else "short" for number in range(ROWS_LIMIT + 2))
    rows = judged(lines)

    assert sum(1 for _ in zip(range(ROWS_LIMIT), rows, strict=False)) == ROWS_LIMIT
    with pytest.raises(LimitExceeded):
        next(rows)


def test_the_file_is_read_no_further_than_rows_are_asked_for() -> None:
    lines = iter([HEADER, GOOD, "short", "short"])

    next(judged(lines))

    assert list(lines) == ["short", "short"]
