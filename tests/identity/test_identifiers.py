"""Identifiers: which shapes are accepted, and that a refusal never repeats the number."""

from __future__ import annotations

import datetime as dt

import pytest

from adapters.identity.identifiers import (
    checked_identifier,
    mrz_check_digit,
    nik_agrees_with,
    nik_birth_day_month_year_two_digits,
)
from domain.countries import MemberState
from domain.errors import IdentifierInvalid
from domain.people import IdentifierKind

NIK, KPJ, JKN = IdentifierKind.NIK, IdentifierKind.KPJ, IdentifierKind.JKN
MYKAD, SSFW, PASSPORT = IdentifierKind.MYKAD, IdentifierKind.SSFW, IdentifierKind.PASSPORT
ID, MY, KH, TL = MemberState.ID, MemberState.MY, MemberState.KH, MemberState.TL


@pytest.mark.parametrize(
    ("kind", "state", "text", "value"),
    [
        (NIK, ID, "3171011708450001", "3171011708450001"),
        (NIK, ID, " 3171 0117 0845 0001 ", "3171011708450001"),
        (NIK, ID, "317101.170845.0001", "3171011708450001"),
        (KPJ, ID, "12345678901", "12345678901"),
        (KPJ, ID, "12345678", "12345678"),
        (JKN, ID, "0001234567890", "0001234567890"),
        (MYKAD, MY, "770305-02-1234", "770305021234"),
        (SSFW, MY, "123456789012", "123456789012"),
        (SSFW, MY, "ssfw12345678", "SSFW12345678"),
        (PASSPORT, ID, "c1234567", "C1234567"),
        (PASSPORT, ID, "AB 123456", "AB123456"),
        (PASSPORT, MY, "A12345678", "A12345678"),
        (PASSPORT, KH, "N1", "N1"),
        (PASSPORT, TL, "123456789", "123456789"),
    ],
)
def test_an_identifier_is_stored_without_separators_in_capitals(
    kind: IdentifierKind, state: MemberState, text: str, value: str
) -> None:
    assert checked_identifier(kind, state, text) == value


@pytest.mark.parametrize(
    ("kind", "state", "text"),
    [
        (NIK, ID, ""),
        (NIK, ID, "317101170845000"),
        (NIK, ID, "31710117084500011"),
        (NIK, ID, "31710117084500O1"),
        (NIK, ID, "3171011708450001\n"),
        (NIK, ID, "3,17101E+15"),
        (NIK, ID, "\uff13171011708450001"),
        (NIK, ID, "\u0e53171011708450001"),
        (NIK, ID, "٣171011708450001"),
        (NIK, ID, "3171\u2013011708450001"),
        (NIK, ID, "-" * 41 + "3171011708450001"),
        (KPJ, ID, "1234567"),
        (KPJ, ID, "12345678901234"),
        (JKN, ID, "123456789012"),
        (MYKAD, MY, "77030502123"),
        (MYKAD, MY, "771305021234"),
        (MYKAD, MY, "770230021234"),
        (SSFW, MY, "12345678901"),
        (PASSPORT, ID, "12345678"),
        (PASSPORT, ID, "ABC123456"),
        (PASSPORT, ID, "A12345678"),
        (PASSPORT, MY, "B12345678"),
        (PASSPORT, MY, "A1234567"),
        (PASSPORT, ID, "\u017f1234567"),
        (PASSPORT, KH, "\u0131234"),
        (PASSPORT, KH, ""),
        (PASSPORT, KH, "N123456789"),
        (PASSPORT, KH, "N<12345"),
        (PASSPORT, KH, "N\u0e51\u0e52"),
    ],
)
def test_a_wrong_shape_is_refused_without_repeating_it(kind: IdentifierKind, state: MemberState, text: str) -> None:
    with pytest.raises(IdentifierInvalid) as refused:
        checked_identifier(kind, state, text)

    assert not text or text.strip() not in refused.value.message
    assert refused.value.code == "IDENTIFIER_INVALID"


@pytest.mark.parametrize(("kind", "state"), [(NIK, MY), (KPJ, KH), (JKN, MY), (MYKAD, ID), (SSFW, ID)], ids=str)
def test_a_kind_that_another_state_gives_is_refused(kind: IdentifierKind, state: MemberState) -> None:
    with pytest.raises(IdentifierInvalid, match="given by"):
        checked_identifier(kind, state, "770305021234")


def test_every_state_has_passports() -> None:
    by_state = {ID: "C1234567", MY: "A12345678"}

    for state in MemberState:
        assert checked_identifier(PASSPORT, state, by_state.get(state, "E12345")) == by_state.get(state, "E12345")


@pytest.mark.parametrize("day", ["00", "32", "40", "72", "80", "81", "99"])
def test_a_nik_with_a_day_that_neither_men_nor_women_have_is_refused(day: str) -> None:
    with pytest.raises(IdentifierInvalid, match="date"):
        checked_identifier(NIK, ID, f"317101{day}08450001")


@pytest.mark.parametrize("inside", ["300279", "290279", "310480", "011379", "010079", "700279"])
def test_a_nik_with_a_day_that_no_year_has_is_refused(inside: str) -> None:
    with pytest.raises(IdentifierInvalid, match="date"):
        checked_identifier(NIK, ID, f"317101{inside}0001")


@pytest.mark.parametrize("inside", ["290200", "290280", "690280", "410180", "710180"])
def test_a_nik_may_hold_a_leap_day_of_either_century_and_the_day_of_a_woman(inside: str) -> None:
    assert checked_identifier(NIK, ID, f"317101{inside}0001") == f"317101{inside}0001"


def test_an_unknown_place_code_is_no_reason_to_refuse() -> None:
    assert checked_identifier(NIK, ID, "9971011708450001") == "9971011708450001"
    assert checked_identifier(MYKAD, MY, "770305171234") == "770305171234"


def test_the_date_inside_a_nik_is_read_without_the_forty_of_women() -> None:
    assert nik_birth_day_month_year_two_digits("3171015708450001") == (17, 8, 45)
    assert nik_birth_day_month_year_two_digits("3171011708450001") == (17, 8, 45)


@pytest.mark.parametrize(
    ("value", "female", "agrees"),
    [
        ("3171011708450001", None, True),
        ("3171015708450001", None, True),
        ("3171011708450001", False, True),
        ("3171015708450001", True, True),
        ("3171011708450001", True, False),
        ("3171015708450001", False, False),
    ],
)
def test_a_nik_agrees_with_the_sex_that_its_day_tells(value: str, female: bool | None, agrees: bool) -> None:
    assert nik_agrees_with(value, dt.date(1945, 8, 17), female) is agrees


@pytest.mark.parametrize(
    ("birth", "agrees"),
    [
        (dt.date(1945, 8, 17), True),
        (dt.date(2045, 8, 17), True),
        (dt.date(1946, 8, 17), False),
        (dt.date(1945, 7, 17), False),
        (dt.date(1945, 8, 18), False),
    ],
)
def test_a_nik_agrees_with_a_date_of_either_century_and_no_other(birth: dt.date, agrees: bool) -> None:
    assert nik_agrees_with("3171015708450001", birth) is agrees


@pytest.mark.parametrize(
    ("text", "digit"),
    [("L898902C3", 6), ("740812", 2), ("120415", 9), ("ZE184226B<<<<<", 1), ("", 0), ("<<<", 0)],
)
def test_the_check_digits_of_the_icao_specimen(text: str, digit: int) -> None:
    assert mrz_check_digit(text) == digit


@pytest.mark.parametrize("text", ["l898902c3", "L 98902C3", "\u0e51\u0e52", "L898902C3\n", "Ä"])
def test_a_machine_readable_zone_of_other_characters_is_refused(text: str) -> None:
    with pytest.raises(IdentifierInvalid) as refused:
        mrz_check_digit(text)

    assert text not in refused.value.message
