"""Kinds of number through the API: each state's list, a check that keeps nothing, and birth dates as documents say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.scene import OPERATOR, Scene

CHECK = """query($kind: String!, $value: String!) { identifierCheck(kind: $kind, state: ID, value: $value) {
    ... on IdentifierCheck { outcome reasons { rule text value standing sourceIds } }
    ... on Problem { code message } } }"""
ELIGIBILITY = """query($birth: BirthDate!, $calendar: Calendar) { eligibility(question: {schemeId: "ID.JKK",
    segmentId: "bpu", on: "2025-07-01",
    person: {birthDate: $birth, calendar: $calendar, nationality: ID, sector: TRADE}}) {
    ... on Eligibility { eligible reasons { rule standing } }  ... on Problem { code message } } }"""


async def checked(api: Api, kind: str, value: str) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(OPERATOR, CHECK, {"kind": kind, "value": value}))["identifierCheck"]
    return found


async def eligible(api: Api, birth: str, calendar: str | None = None) -> dict[str, Any]:
    answer = await api.data(OPERATOR, ELIGIBILITY, {"birth": birth, "calendar": calendar})
    found: dict[str, Any] = answer["eligibility"]
    return found


async def test_a_state_lists_its_kinds_of_number_with_how_sure_each_is(api: Api) -> None:
    asked = """{ memberState(code: ID) { identifierKinds {
        kind name { en own } pattern rule strength standing sourceIds note } } }"""

    kinds = {kind["kind"]: kind for kind in (await api.data(OPERATOR, asked))["memberState"]["identifierKinds"]}

    assert {"nik", "passport"} <= set(kinds)
    assert kinds["nik"]["pattern"] == "[0-9]{16}"
    assert (kinds["nik"]["strength"], kinds["nik"]["standing"]) == ("HARD", "CONFIRMED")
    assert kinds["nik"]["name"]["own"] == "Nomor Induk Kependudukan"
    assert (kinds["passport"]["strength"], kinds["passport"]["standing"]) == ("SOFT", "ASSUMED")
    assert kinds["passport"]["note"]


@pytest.mark.parametrize(
    ("kind", "value", "outcome"),
    [
        ("nik", "3171 0117 0845 0001", "FITS"),
        ("nik", "9971011708450001", "DOUBTFUL"),
        ("nik", "3171013002790001", "REFUSED"),
        ("passport", "12345678", "DOUBTFUL"),
    ],
)
async def test_a_check_answers_with_reasons_and_never_with_the_number(
    api: Api, kind: str, value: str, outcome: str
) -> None:
    found = await checked(api, kind, value)

    assert found["outcome"] == outcome
    assert found["reasons"]
    assert value not in str(found)
    assert value.replace(" ", "") not in str(found)


async def test_a_check_keeps_nothing(scene: Scene, api: Api) -> None:
    before = await scene.counts()

    await checked(api, "nik", "3171011708450001")

    assert await scene.counts() == before


async def test_a_kind_that_the_state_has_not_is_a_problem_that_names_its_kinds_and_not_what_was_given(api: Api) -> None:
    found = await checked(api, "3171011708450001", "3171011708450001")

    assert found["code"] == "IDENTIFIER_INVALID"
    assert "nik, kpj" in found["message"]
    assert "3171" not in found["message"]


async def test_the_kind_of_a_coverage_question_is_one_of_the_state(api: Api) -> None:
    asked = """{ coverageOn(identifier: {kind: "mykad", issuingState: ID, value: "770305021234"}, on: "2025-10-16",
        purpose: CLAIM) { ... on Problem { code message } } }"""

    found = (await api.data(OPERATOR, asked))["coverageOn"]

    assert found["code"] == "IDENTIFIER_INVALID"
    assert "passport" in found["message"]


@pytest.mark.parametrize(
    ("birth", "calendar"),
    [("1985", None), ("1985-07", "GREGORIAN"), ("1985-07-12", None), ("2528-07-12", "BUDDHIST"), ("2528", "BUDDHIST")],
)
async def test_a_birth_date_is_taken_as_far_as_it_is_known_in_either_calendar(
    api: Api, birth: str, calendar: str | None
) -> None:
    assert (await eligible(api, birth, calendar))["eligible"] is True


@pytest.mark.parametrize(
    ("birth", "calendar", "code"),
    [
        ("2528-07-12", None, "DATE_INVALID"),
        ("1985-02-30", None, "DATE_INVALID"),
        ("2483-02-01", "BUDDHIST", "DATE_INVALID"),
        ("2025-07-02", None, "DATE_OUT_OF_RANGE"),
        ("1985-07-12", "BUDDHIST", "DATE_INVALID"),
    ],
)
async def test_a_birth_date_that_cannot_be_is_a_problem_that_does_not_repeat_it(
    api: Api, birth: str, calendar: str | None, code: str
) -> None:
    found = await eligible(api, birth, calendar)

    assert found["code"] == code
    assert birth not in found["message"]


@pytest.mark.parametrize("birth", ["85", "1985-7", "12.07.1985", "BE 2528", "๑๙๘๕", ""])
async def test_a_birth_date_in_another_form_is_refused(api: Api, birth: str) -> None:
    answer = await api.ask(OPERATOR, ELIGIBILITY, {"birth": birth})

    assert answer["errors"][0]["extensions"]["code"] == "DATE_INVALID"
