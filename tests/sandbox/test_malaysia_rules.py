"""Whom the simulated Malaysian institution registers, whom it refuses, and what it cancels."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from domain.money import Currency, Money
from sandbox.malaysia import MalaysiaRules
from tests.sandbox.desks import Spoken, decision, refusal
from tests.wire.letters import announcement, person, withdrawal


@pytest.fixture
def socso(tmp_path: Path) -> Spoken:
    return Spoken(MalaysiaRules(), tmp_path)


def test_a_foreign_worker_is_registered_and_gets_a_number_of_twelve_characters(socso: Spoken) -> None:
    words = decision(socso.send(announcement(wage=Money(170_000, Currency.MYR))))

    assert words == {
        "social_security_number": "SSFW00000001",
        "employment_date": "01092026",
        "scheme_list": ["ACT4_FIRST_CATEGORY"],
    }
    assert len(words["social_security_number"]) == 12


def test_two_workers_get_two_numbers(socso: Spoken) -> None:
    first = decision(socso.send(announcement()))
    second = decision(socso.send(announcement(worker=person(2))))

    assert first["social_security_number"] != second["social_security_number"]


def test_a_worker_who_comes_again_later_keeps_the_number(socso: Spoken) -> None:
    first = decision(socso.send(announcement()))
    later = dataclasses.replace(announcement(), move_on=dt.date(2029, 1, 1), contract_last_day=dt.date(2030, 12, 31))

    assert decision(socso.send(later))["social_security_number"] == first["social_security_number"]
    assert socso.records()["registrations"] == 2


def test_a_second_registration_for_the_same_days_is_refused(socso: Spoken) -> None:
    socso.send(announcement())

    assert refusal(socso.send(announcement())) == "ALREADY_REGISTERED"
    assert socso.records()["registrations"] == 1


@pytest.mark.parametrize("name", ["Contoh Orang Lain", "Contoh Rekaan Satu Dua"])
def test_a_passport_in_another_name_is_refused(socso: Spoken, name: str) -> None:
    socso.send(announcement())

    assert refusal(socso.send(announcement(worker=person(name=name)))) == "PASSPORT_OF_ANOTHER"
    assert socso.records() == {"workers": 1, "registrations": 1, "registrations_cancelled": 0}


def test_a_passport_with_another_birth_date_is_refused(socso: Spoken) -> None:
    socso.send(announcement())
    other = dataclasses.replace(person(), birth_date=dt.date(1991, 1, 1))

    assert refusal(socso.send(announcement(worker=other))) == "PASSPORT_OF_ANOTHER"


def test_a_name_in_capitals_is_the_same_name(socso: Spoken) -> None:
    socso.send(announcement())

    said = socso.send(announcement(worker=person(name="CONTOH  REKAAN SATU")))

    assert refusal(said) == "ALREADY_REGISTERED"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"passport_number": "x0000001"}, "PASSPORT_INVALID"),
        ({"passport_number": "X-000001"}, "PASSPORT_INVALID"),
        ({"passport_number": "ABCDEFGH"}, "PASSPORT_INVALID"),
        ({"passport_number": "X1234"}, "PASSPORT_INVALID"),
        ({"passport_number": "X123456789"}, "PASSPORT_INVALID"),
        ({"passport_number": None}, "PASSPORT_INVALID"),
        ({"employee_name": ""}, "NAME_INVALID"),
        ({"nationality": "MY"}, "NATIONALITY_INVALID"),
        ({"nationality": "indonesia"}, "NATIONALITY_INVALID"),
        ({"birth_date": "31021990"}, "BIRTH_DATE_INVALID"),
        ({"employment_date": "2026-09-01"}, "EMPLOYMENT_DATE_INVALID"),
        ({"employment_end_date": "31082026"}, "EMPLOYMENT_DATE_INVALID"),
        ({"scheme_list": []}, "SCHEME_INVALID"),
        ({"scheme_list": ["ACT800"]}, "SCHEME_INVALID"),
        ({"scheme_list": ["ACT4_FIRST_CATEGORY", "ACT4_FIRST_CATEGORY"]}, "SCHEME_INVALID"),
        ({"scheme_list": [{}]}, "SCHEME_INVALID"),
        ({"monthly_salary": "0"}, "SALARY_INVALID"),
        ({"monthly_salary": "1700.00"}, "SALARY_INVALID"),
        ({"favourite_colour": "red"}, "LAYOUT_UNKNOWN"),
    ],
)
def test_a_registration_with_a_wrong_word_is_refused_and_nobody_is_registered(
    socso: Spoken, changed: dict[str, object], code: str
) -> None:
    assert refusal(socso.send(announcement(), **changed)) == code
    assert socso.records() == {"workers": 0, "registrations": 0, "registrations_cancelled": 0}


def test_a_withdrawn_registration_is_cancelled_and_the_worker_may_be_registered_anew(socso: Spoken) -> None:
    message = announcement()
    number = decision(socso.send(message))["social_security_number"]

    socso.send(withdrawal(message.message_id, "MY.SOCSO"))

    assert socso.records()["registrations"] == 0
    assert decision(socso.send(announcement()))["social_security_number"] == number


def test_a_registration_that_arrives_after_its_withdrawal_is_refused(socso: Spoken) -> None:
    message = announcement()
    decision(socso.send(withdrawal(message.message_id, "MY.SOCSO")))

    assert refusal(socso.send(message)) == "WITHDRAWN"
    assert socso.records()["workers"] == 0


def test_the_registration_of_another_worker_cannot_be_withdrawn(socso: Spoken) -> None:
    message = announcement()
    socso.send(message)

    said = socso.send(withdrawal(message.message_id, "MY.SOCSO", worker=person(2)))

    assert refusal(said) == "REGISTRATION_UNKNOWN"
    assert socso.records()["registrations"] == 1
