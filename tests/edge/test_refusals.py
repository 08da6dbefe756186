"""What reaches the client and what reaches the log when something fails."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from adapters.http.graphql_door import GraphQLRequest
from tests.edge.small_door import SECRET, small_door


def without_request_id(entry: Any) -> Any:
    return {**entry, "extensions": {**entry["extensions"], "requestId": None}}


@pytest.mark.parametrize("field", ["boom", "uncoded", "wrongType"])
async def test_an_internal_failure_is_masked_for_the_client_and_logged_without_its_words(
    field: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    with capture_logs() as logged:
        answer = await small_door().query(f"query Wanted {{ {field} }}")

    assert (answer.status, answer.codes) == (200, ["INTERNAL_SERVER_ERROR"])
    assert answer.error["path"] == [field]
    assert answer.json["data"] == {field: None}
    assert SECRET.encode() not in answer.body
    failure = next(line for line in logged if line["event"] == "graphql_field_failed")
    assert failure["request_id"] == answer.error["extensions"]["requestId"] == answer.headers["x-request-id"]
    for words in (repr(logged), caplog.text):
        assert "hunter2" not in words
        assert "Wanted" not in words


async def test_the_log_says_the_kind_of_a_failure_and_where_it_happened() -> None:
    with capture_logs() as logged:
        await small_door().query("{ boom }")

    failure = next(line for line in logged if line["event"] == "graphql_field_failed")
    assert failure["exceptions"] == ["builtins.RuntimeError"]
    assert failure["location"].startswith("tests.edge.small_door.Query.boom:")


async def test_a_failure_before_execution_is_masked_too() -> None:
    with capture_logs() as logged:
        answer = await small_door().post({"query": "{hello}"}, bearer="broken")

    assert (answer.status, answer.codes) == (500, ["INTERNAL_SERVER_ERROR"])
    assert b"hunter2" not in answer.body
    assert "hunter2" not in repr(logged)


async def test_a_refusal_of_the_domain_keeps_code_message_and_facts() -> None:
    answer = await small_door().query("{ poor hello }")

    assert answer.status == 200
    assert answer.json["data"] == {"poor": None, "hello": "hello"}
    assert answer.error["message"].startswith("Fund f_71 has nothing available on 2026-05-03.")
    extensions = answer.error["extensions"]
    assert (extensions["code"], extensions["classification"]) == ("FUND_EMPTY", "ValidationError")
    assert extensions["facts"] == {"holder": "Fund f_71", "askedOn": "2026-05-03"}
    assert extensions["retryable"] is False


async def test_an_error_that_was_given_a_code_keeps_code_and_message() -> None:
    answer = await small_door().query("{ coded }")

    assert answer.codes == ["PAGE_TOO_LONG"]
    assert answer.error["message"] == "The page is too long. Ask for less."


@pytest.mark.parametrize(
    ("scalar", "value", "code"),
    [
        ("Amount", 12, "AMOUNT_INVALID"),
        ("Passport", "A1234567", "PASSPORT_INVALID"),
        ("Fragile", "A1234567", "BAD_USER_INPUT"),
        ("Branch", "A1234567", "BAD_USER_INPUT"),
        ("DonationInput", {"minorUnits": "A1234567"}, "BAD_USER_INPUT"),
        ("DonationInput", {"minorUnits": 1, "A1234567": "A1234567"}, "BAD_USER_INPUT"),
        ("DonationInput", "A1234567", "BAD_USER_INPUT"),
        ("DonationInput", [{"note": "A1234567"}], "BAD_USER_INPUT"),
    ],
)
async def test_a_variable_that_does_not_fit_has_a_code_and_its_value_is_not_repeated(
    scalar: str, value: object, code: str
) -> None:
    argument = {"DonationInput": "donation"}.get(scalar, scalar.lower())

    answer = await small_door().query(f"query($v: {scalar}!) {{ echo({argument}: $v) }}", {"v": value})

    assert answer.status == 400
    assert set(answer.codes) == {code}
    assert "data" not in answer.json
    values = answer.body.replace(b"unknown field 'A1234567'", b"")
    assert b"A1234567" not in values
    assert b"hunter2" not in values
    assert answer.error["extensions"]["field"].startswith("v")


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ('passport: "A1234567"', "PASSPORT_INVALID"),
        ('fragile: "A1234567"', "GRAPHQL_VALIDATION_FAILED"),
        ("branch: A1234567", "GRAPHQL_VALIDATION_FAILED"),
        ('number: "A1234567"', "GRAPHQL_VALIDATION_FAILED"),
        ('"A1234567"', "GRAPHQL_PARSE_FAILED"),
        ("amount: 12", "AMOUNT_INVALID"),
    ],
)
async def test_a_literal_that_does_not_fit_has_a_code_and_its_value_is_not_repeated(argument: str, code: str) -> None:
    answer = await small_door().query(f"{{ echo({argument}) }}")

    assert (answer.status, answer.codes) == (400, [code])
    assert b"A1234567" not in answer.body
    assert b"hunter2" not in answer.body


async def test_the_field_of_a_wrong_value_is_named_with_its_path() -> None:
    answer = await small_door().query(
        "query($d: DonationInput!) { echo(donation: $d) }", {"d": {"minorUnits": 1, "amount": 5}}
    )

    assert answer.error["extensions"]["field"] == "d.amount"


async def test_a_null_for_an_argument_that_may_not_be_null_is_the_clients_fault() -> None:
    answer = await small_door().query("query($n: Int = 1) { echo(number: $n) }", {"n": None})

    assert answer.codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("bearer", [None, "", "expired", "forged", "x" * 4000])
async def test_every_reason_for_401_gets_the_same_answer(bearer: str | None) -> None:
    expected = await small_door().post({"query": "{hello}"}, bearer="expired")

    answer = await small_door().post({"query": "{hello}"}, bearer=bearer)

    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer, DPoP algs="ES256 PS256 Ed25519"')
    assert without_request_id(answer.error) == without_request_id(expected.error)
    assert answer.error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_the_reason_for_401_is_in_the_log_and_not_in_the_answer() -> None:
    with capture_logs() as logged:
        answer = await small_door().post({"query": "{hello}"}, bearer="forged")

    reason = next(line for line in logged if line["event"] == "unauthenticated")
    assert reason["why"] == "signature"
    assert b"signature" not in answer.body


async def test_nothing_of_the_body_is_read_before_it_is_known_who_asks() -> None:
    headers = [("host", "lingkar.test"), ("content-type", "application/json")]

    answer = await small_door().call(body=b"[" * 1000, headers=headers, bare=True)

    assert (answer.status, answer.bytes_read) == (401, 0)


async def test_work_that_takes_too_long_is_cancelled_and_answered_with_503() -> None:
    door = small_door(answer_seconds=0.05)

    answer = await door.query("{ slow }")

    assert (answer.status, answer.codes) == (503, ["TIMEOUT"])
    assert answer.error["extensions"]["retryable"] is True
    assert (door.seen.began, door.seen.cancelled) == (True, True)


async def test_every_error_has_code_classification_retryable_and_request_id() -> None:
    answer = await small_door().query("{ boom poor coded uncoded }")

    for error in answer.json["errors"]:
        assert set(error["extensions"]) >= {"code", "classification", "retryable", "requestId"}


async def test_at_most_ten_errors_of_fields_are_answered() -> None:
    text = "{ " + " ".join(f"a{index}: boom" for index in range(15)) + " }"

    answer = await small_door().query(text)

    assert len(answer.json["errors"]) == 10


async def test_the_shortcut_answers_in_place_of_the_executor() -> None:
    async def shortcut(asked: GraphQLRequest, _context: object) -> bytes | None:
        return b'{"data":{"hello":"short"}}' if asked.variables == {"short": True} else None

    door = small_door(shortcut=shortcut)

    short = await door.query("query($short: Boolean = false) { hello @skip(if: $short) }", {"short": True})
    long = await door.query("{ hello }")

    assert short.json == {"data": {"hello": "short"}}
    assert long.json == {"data": {"hello": "hello"}}


async def test_a_resolver_cannot_see_the_request_id_of_another_request() -> None:
    await small_door().query("{ hello }")

    assert structlog.contextvars.get_contextvars() == {}
