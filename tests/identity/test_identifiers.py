"""Identifiers: what each state's numbers look like, what is doubted, and that no refusal repeats a number."""

from __future__ import annotations

import datetime as dt

import pytest

from adapters.identity.checks import CHECKS
from adapters.identity.identifiers import checked_identifier, identifier_check
from adapters.identity.numbers import id_nik
from adapters.identity.rules import CheckedIdentities
from adapters.rulebook import load_rulebook
from domain.circumstances import BirthPrecision
from domain.countries import MemberState
from domain.errors import IdentifierInvalid
from domain.identifier_checks import IdentifierOutcome
from domain.identifiers import IdentifierRule, identifier_rule
from domain.people import BirthDate

RULEBOOK = load_rulebook()
EVERY_RULE = [rule for law in RULEBOOK.states.values() for rule in law.identifiers.values()]


def rule(word: str) -> IdentifierRule:
    """The rule of a kind, named as `ID.nik`."""
    state, kind = word.split(".")
    return identifier_rule(RULEBOOK.legislation(MemberState(state)).identifiers, kind, MemberState(state))


def outcome(word: str, text: str) -> str:
    return identifier_check(rule(word), text).outcome.value


def born(text: str) -> BirthDate:
    parts = [int(part) for part in text.split("-")]
    year, month, day = (*parts, 1, 1)[:3]
    precision = (BirthPrecision.YEAR, BirthPrecision.MONTH, BirthPrecision.DAY)[len(parts) - 1]
    return BirthDate(first_day=dt.date(year, month, day), precision=precision)


@pytest.mark.parametrize(
    ("word", "text", "value"),
    [
        ("ID.nik", "3171011708450001", "3171011708450001"),
        ("ID.nik", " 3171 0117 0845 0001 ", "3171011708450001"),
        ("ID.nik", "317101.170845.0001", "3171011708450001"),
        ("ID.kpj", "12345678901", "12345678901"),
        ("ID.jkn", "0001234567890", "0001234567890"),
        ("ID.npwp", "01.312.166.0-091.000", "013121660091000"),
        ("ID.passport", "c1234567", "C1234567"),
        ("ID.passport", "AB 123456", "AB123456"),
        ("MY.mykad", "770305-02-1234", "770305021234"),
        ("MY.ssfw", "123456789012", "123456789012"),
        ("MY.ssfw", "ssfw12345678", "SSFW12345678"),
        ("MY.passport", "A12345678", "A12345678"),
        ("PH.psn", "123456789012", "123456789012"),
        ("PH.pcn", "1234-5678-9012-3456", "1234567890123456"),
        ("PH.sss", "34-1234567-8", "3412345678"),
        ("PH.philhealth", "12-345678901-2", "123456789012"),
        ("PH.pagibig", "1234-5678-9012", "123456789012"),
        ("PH.passport", "P1234567A", "P1234567A"),
        ("TH.pin", "3-1006-00445-63-5", "3100600445635"),
        ("TH.sso_foreign", "1234567890123", "1234567890123"),
        ("TH.passport", "AA1234567", "AA1234567"),
        ("VN.cccd", "001085012345", "001085012345"),
        ("VN.bhxh", "0123456789", "0123456789"),
        ("VN.mst", "0100233488", "0100233488"),
        ("VN.mst", "0314409058-002", "0314409058002"),
        ("VN.passport", "B1234567", "B1234567"),
        ("SG.nric_fin", "s1234567d", "S1234567D"),
        ("SG.passport", "K1234567E", "K1234567E"),
        ("KH.nid", "123456789(01)", "123456789(01)"),
        ("KH.nssf", "123456789", "123456789"),
        ("KH.passport", "N1234567", "N1234567"),
        ("LA.passport", "P1234567", "P1234567"),
        ("MM.nrc", "12/MaBaTa(N)123456", "12/MABATA(N)123456"),
        ("MM.nrc", "၁၂/MaBaTa(N)၁၂၃၄၅၆", "12/MABATA(N)123456"),
        ("MM.passport", "MA123456", "MA123456"),
        ("BN.ic", "01-234567", "01234567"),
        ("BN.passport", "B123456", "B123456"),
    ],
)
def test_a_number_that_fits_is_stored_without_separators_in_capitals(word: str, text: str, value: str) -> None:
    assert checked_identifier(rule(word), text) == value
    assert outcome(word, text) == "fits"


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("ID.nik", ""),
        ("ID.nik", "317101170845000"),
        ("ID.nik", "31710117084500011"),
        ("ID.nik", "31710117084500O1"),
        ("ID.nik", "3171011708450001\n"),
        ("ID.nik", "3,17101E+15"),
        ("ID.nik", "\uff13171011708450001"),
        ("ID.nik", "\u0e53171011708450001"),
        ("ID.nik", "٣171011708450001"),
        ("ID.nik", "3171\u2013011708450001"),
        ("ID.nik", "-" * 41 + "3171011708450001"),
        ("ID.kpj", "\u0e53171011708"),
        ("ID.npwp", "01.312.166.1-091.000"),
        ("ID.passport", "ABC1234567"),
        ("ID.passport", "\u017f1234567"),
        ("MY.mykad", "77030502123"),
        ("TH.pin", "3100600445636"),
        ("TH.pin", "310060044563"),
        ("VN.cccd", "00108501234"),
        ("VN.bhxh", "123456789"),
        ("VN.mst", "0100233489"),
        ("SG.nric_fin", "S1234567A"),
        ("SG.nric_fin", "T1234567D"),
        ("SG.nric_fin", "F1234567D"),
        ("SG.nric_fin", "G1234567D"),
        ("SG.nric_fin", "A1234567D"),
        ("KH.passport", "\u0131234"),
        ("KH.passport", ""),
        ("KH.passport", "N123456789"),
        ("KH.passport", "N<12345"),
        ("KH.passport", "N\u0e51\u0e52"),
        ("TL.niss", " - "),
        ("MM.nrc", "12/\u041caBaTa(N)123456"),
    ],
)
def test_a_number_that_cannot_be_is_refused_without_repeating_it(word: str, text: str) -> None:
    with pytest.raises(IdentifierInvalid) as refused:
        checked_identifier(rule(word), text)

    assert not text.strip(" -") or text.strip() not in refused.value.message
    assert refused.value.code == "IDENTIFIER_INVALID"
    assert outcome(word, text) == "refused"


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("ID.nik", "9971011708450001"),
        ("ID.kpj", "1234567"),
        ("ID.jkn", "123456789012"),
        ("ID.passport", "12345678"),
        ("MY.mykad", "771305021234"),
        ("MY.mykad", "770305171234"),
        ("MY.ssfw", "12345678901"),
        ("MY.passport", "B12345678"),
        ("PH.sss", "34-1234567"),
        ("TH.pin", "9100600445634"),
        ("TH.sso_foreign", "123"),
        ("VN.cccd", "000085012345"),
        ("VN.cccd", "001985012345"),
        ("SG.nric_fin", "M1234567A"),
        ("KH.nid", "12345678"),
        ("KH.passport", "N1"),
        ("LA.lsso", "12345"),
        ("MM.nrc", "15/MaBaTa(N)123456"),
        ("MM.nrc", "၁၂/မဘတ(နိုင်)၁၂၃၄၅၆"),
        ("BN.ic", "77-234567"),
        ("BN.ic", "1234"),
        ("TL.niss", "123"),
        ("TL.passport", "123456789"),
    ],
)
def test_what_speaks_against_a_number_without_being_sure_is_a_doubt_and_never_a_refusal(word: str, text: str) -> None:
    assert outcome(word, text) == "doubtful"

    assert checked_identifier(rule(word), text)


@pytest.mark.parametrize("series", ["S1234567D", "T1234567J", "F1234567N", "G1234567X", "M1234567K"])
def test_each_series_of_singapore_has_its_check_letter(series: str) -> None:
    assert outcome("SG.nric_fin", series) == "fits"


def test_a_thai_number_may_begin_with_zero() -> None:
    assert outcome("TH.pin", "0100600445631") == "fits"


@pytest.mark.parametrize("word", ["MY.nik", "KH.kpj", "MY.jkn", "ID.mykad", "ID.ssfw", "ID.NIK", "ID.3171011708450001"])
def test_a_kind_that_a_state_has_not_is_refused_with_those_that_it_has(word: str) -> None:
    with pytest.raises(IdentifierInvalid, match="passport") as refused:
        rule(word)

    assert "3171" not in refused.value.message


def test_every_state_has_passports_with_the_bounds_of_the_zone() -> None:
    for state in MemberState:
        assert outcome(f"{state.value}.passport", "E1234567890") == "refused"
        assert outcome(f"{state.value}.passport", "E12345") in ("fits", "doubtful")


def test_a_passport_number_may_be_given_as_the_machine_readable_zone_holds_it() -> None:
    assert checked_identifier(rule("TL.passport"), "L898902C36") == "L898902C3"
    assert checked_identifier(rule("ID.passport"), "C1234567<0") == "C1234567"

    with pytest.raises(IdentifierInvalid, match="check digit"):
        checked_identifier(rule("ID.passport"), "C1234567<1")


@pytest.mark.parametrize("known", EVERY_RULE, ids=lambda known: f"{known.member_state.value}.{known.kind}")
def test_nothing_but_what_is_confirmed_or_reported_refuses_a_number(known: IdentifierRule) -> None:
    check = identifier_check(known, "X")

    assert check.reasons
    assert {(reason.standing, reason.source_ids) for reason in check.reasons} == {(known.standing, known.source_ids)}
    assert known.strength.value == "soft" or known.standing.value in ("confirmed", "reported")


def test_every_check_belongs_to_a_kind_of_number() -> None:
    assert {known.check for known in EVERY_RULE} - {""} == set(CHECKS)


@pytest.mark.parametrize("known", EVERY_RULE, ids=lambda known: f"{known.member_state.value}.{known.kind}")
@pytest.mark.parametrize("text", ["3171011708459999", "S7654321Z", "12/PaSaTa(N)654321", "ຄ123456"])
def test_no_reason_repeats_the_number(known: IdentifierRule, text: str) -> None:
    check = identifier_check(known, text)

    told = " ".join(f"{reason.rule} {reason.text} {reason.value}" for reason in check.reasons)
    assert text not in told
    assert text.upper() not in told


def test_an_answer_names_pattern_and_check_with_what_each_found() -> None:
    check = identifier_check(rule("ID.nik"), "9971011708450001")

    assert check.outcome is IdentifierOutcome.DOUBTFUL
    assert [(reason.rule, reason.value) for reason in check.reasons] == [
        ("ID.nik.pattern", "fits"),
        ("ID.nik.check id.nik", "doubtful"),
    ]


@pytest.mark.parametrize("day", ["00", "32", "40", "72", "80", "81", "99"])
def test_a_nik_with_a_day_that_neither_men_nor_women_have_is_refused(day: str) -> None:
    with pytest.raises(IdentifierInvalid, match="date"):
        checked_identifier(rule("ID.nik"), f"317101{day}08450001")


@pytest.mark.parametrize("inside", ["300279", "290279", "310480", "011379", "010079", "700279"])
def test_a_nik_with_a_day_that_no_year_has_is_refused(inside: str) -> None:
    with pytest.raises(IdentifierInvalid, match="date"):
        checked_identifier(rule("ID.nik"), f"317101{inside}0001")


@pytest.mark.parametrize("inside", ["290200", "290280", "690280", "410180", "710180"])
def test_a_nik_may_hold_a_leap_day_of_either_century_and_the_day_of_a_woman(inside: str) -> None:
    assert outcome("ID.nik", f"317101{inside}0001") == "fits"


def test_the_date_inside_a_nik_is_read_without_the_forty_of_women() -> None:
    assert id_nik.birth_day_month_year_two_digits("3171015708450001") == (17, 8, 45)
    assert id_nik.birth_day_month_year_two_digits("3171011708450001") == (17, 8, 45)


@pytest.mark.parametrize(
    ("birth", "agrees"),
    [
        ("1945-08-17", True),
        ("2045-08-17", True),
        ("1946-08-17", False),
        ("1945-07-17", False),
        ("1945-08-18", False),
        ("1945-08", True),
        ("1945-07", False),
        ("1945", True),
        ("1946", False),
    ],
)
@pytest.mark.parametrize("nik", ["3171015708450001", "3171011708450001"])
def test_a_nik_agrees_with_a_birth_date_as_far_as_it_is_known(nik: str, birth: str, agrees: bool) -> None:
    assert CheckedIdentities().agrees(rule("ID.nik"), nik, born(birth)) is agrees


@pytest.mark.parametrize(("word", "value"), [("ID.kpj", "12345678901"), ("ID.passport", "C1234567")])
def test_a_number_without_a_date_agrees_with_any_birth_date(word: str, value: str) -> None:
    assert CheckedIdentities().agrees(rule(word), value, born("1980-05-15"))
