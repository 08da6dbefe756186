"""Every bad request gets its code and runs nothing (reliability study, the protocol table)."""

from __future__ import annotations

import json

import pytest

from bench.refusing.corpus import BODIES, CONTENTS, DOCUMENTS, Attack
from tests.edge.small_door import small_door

HELLO = b'{"query":"{hello}"}'
JSON = ("content-type", "application/json")


@pytest.mark.parametrize("attack", [*BODIES, *DOCUMENTS], ids=lambda attack: attack.name)
async def test_a_bad_body_is_refused_with_400_and_its_code(attack: Attack) -> None:
    answer = await small_door().post(attack.body)

    assert (answer.status, answer.codes[0]) == (400, attack.code)
    assert "data" not in answer.json


async def test_a_subscription_is_not_answered_by_post() -> None:
    answer = await small_door().query("subscription{ticks}")

    assert (answer.status, answer.codes) == (400, ["OPERATION_RESOLUTION_FAILURE"])


@pytest.mark.parametrize("literal", ["2147483648", "1.5", '"1"', "[1]", "true", "{}"])
async def test_a_literal_that_is_not_an_int_fails_validation(literal: str) -> None:
    answer = await small_door().query(f"{{echo(number: {literal})}}")

    assert (answer.status, answer.codes) == (400, ["GRAPHQL_VALIDATION_FAILED"])


@pytest.mark.parametrize("value", [2**31, 1.5, "1", [1], True, {}, None])
async def test_a_variable_that_is_not_an_int_is_bad_user_input_and_names_the_field(value: object) -> None:
    answer = await small_door().query("query($n:Int!){echo(number:$n)}", {"n": value})

    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])
    assert answer.error["extensions"]["field"] == "n"
    assert "data" not in answer.json


@pytest.mark.parametrize("attack", CONTENTS, ids=lambda attack: attack.name)
async def test_a_request_whose_head_says_something_else_is_refused(attack: Attack) -> None:
    answer = await small_door().call(body=attack.body, headers=tuple(attack.headers.items()))

    assert (answer.status, answer.codes) == (attack.status, [attack.code])


async def test_two_content_types_are_refused() -> None:
    answer = await small_door().call(body=HELLO, headers=[JSON, ("content-type", "text/plain")])

    assert (answer.status, answer.codes) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", '; charset="UTF-8"', ";charset=UTF-8"])
async def test_json_in_utf8_is_read_however_the_charset_is_written(charset: str) -> None:
    answer = await small_door().call(body=HELLO, headers=[("content-type", f"application/json{charset}")])

    assert answer.json == {"data": {"hello": "hello"}}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_every_method_but_post_is_refused_with_405_and_told_which_is_allowed(method: str) -> None:
    answer = await small_door().call(method, "/graphql?query={hello}", headers=[JSON])

    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    assert answer.codes == ["METHOD_NOT_ALLOWED"]


async def test_a_mutation_by_get_is_refused_and_nothing_is_done() -> None:
    door = small_door(graphiql=True)

    answer = await door.call("GET", "/graphql?query=mutation{donate(donation:{minorUnits:1})}")

    assert (answer.status, door.seen.donated) == (405, 0)


@pytest.mark.parametrize("accept", ["image/png", "text/html", "application/json;q=0", "application/json;q=x", "x"])
async def test_a_client_that_takes_no_json_is_refused_with_406(accept: str) -> None:
    answer = await small_door().post(HELLO, headers=[("accept", accept)])

    assert (answer.status, answer.codes) == (406, ["NOT_ACCEPTABLE"])


RESPONSE = "application/graphql-response+json; charset=utf-8"
PLAIN = "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, RESPONSE),
        ("*/*", RESPONSE),
        ("application/*", RESPONSE),
        ("application/json", PLAIN),
        ("application/json, */*", PLAIN),
        ("application/graphql-response+json, application/json;q=0.9", RESPONSE),
        ("application/graphql-response+json;q=0.5, application/json;q=0.9", PLAIN),
        ("text/event-stream, application/json", PLAIN),
    ],
)
async def test_the_answer_has_the_media_type_that_is_liked_best(accept: str | None, media_type: str) -> None:
    answer = await small_door().post(HELLO, headers=[("accept", accept)] if accept else [])

    assert (answer.status, answer.headers["content-type"]) == (200, media_type)


@pytest.mark.parametrize("text", ["{", "{nope}", "query($n:Int!){echo(number:$n)}"])
async def test_clients_of_plain_json_get_200_for_a_document_that_does_not_run(text: str) -> None:
    answer = await small_door().post({"query": text}, headers=[("accept", "application/json")])

    assert answer.status == 200
    assert "data" not in answer.json


async def test_a_body_of_10_mb_is_refused_before_it_is_read_in_full() -> None:
    chunks = [b" " * 65_536] * 160

    answer = await small_door().call(body=chunks, headers=[JSON])

    assert (answer.status, answer.codes) == (413, ["PAYLOAD_TOO_LARGE"])
    assert answer.bytes_read < 400_000


async def test_a_declared_length_over_the_limit_is_refused_before_anything_is_read() -> None:
    answer = await small_door().call(body=HELLO, headers=[JSON, ("content-length", "8000000")])

    assert (answer.status, answer.bytes_read) == (413, 0)


async def test_a_body_that_never_ends_is_given_up() -> None:
    answer = await small_door(body_seconds=0.01).call(body=HELLO[:5], headers=[JSON], ends=False)

    assert (answer.status, answer.codes) == (408, ["REQUEST_TIMEOUT"])


async def test_the_named_operation_of_several_runs() -> None:
    answer = await small_door().post(
        {"query": "query A{hello} query B{fund{name}}", "operationName": "B"},
    )

    assert answer.json == {"data": {"fund": {"name": "general"}}}


async def test_unknown_members_of_the_body_are_ignored() -> None:
    answer = await small_door().post({"query": "{hello}", "id": None, "documentId": None, "extra": [1]})

    assert answer.json == {"data": {"hello": "hello"}}


async def test_escaped_characters_of_every_plane_arrive_unchanged() -> None:
    text = "Nguyễn Thị Ánh 😀"
    body = json.dumps({"query": "query($t:String){echo(text:$t)}", "variables": {"t": text}}).encode()

    answer = await small_door().post(body)

    assert answer.json == {"data": {"echo": text}}


async def test_the_same_document_asked_twice_is_checked_once_and_answers_alike() -> None:
    door = small_door()

    first = await door.query("query($n:Int!){echo(number:$n)}", {"n": 1})
    second = await door.query("query($n:Int!){echo(number:$n)}", {"n": 2})

    assert [first.json["data"]["echo"], second.json["data"]["echo"]] == ["1", "2"]
