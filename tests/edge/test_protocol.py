"""Every bad request gets its code and runs nothing (reliability study, the protocol table)."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.edge.small_door import small_door

HELLO = b'{"query":"{hello}"}'
JSON = ("content-type", "application/json")

UNRESOLVED = "OPERATION_RESOLUTION_FAILURE"

BODIES = [
    ("an_empty_body", b"", "JSON_INVALID"),
    ("only_white_space", b"  \n", "JSON_INVALID"),
    ("null", b"null", "BODY_NOT_OBJECT"),
    ("a_number", b"1", "BODY_NOT_OBJECT"),
    ("a_text", b'"x"', "BODY_NOT_OBJECT"),
    ("true", b"true", "BODY_NOT_OBJECT"),
    ("an_empty_list", b"[]", "BATCHING_DISABLED"),
    ("a_list_of_numbers", b"[1]", "BATCHING_DISABLED"),
    ("a_batch_of_two", b"[" + HELLO + b"," + HELLO + b"]", "BATCHING_DISABLED"),
    ("a_cut_object", HELLO[:-3], "JSON_INVALID"),
    ("text_after_the_object", HELLO + b" x", "JSON_INVALID"),
    ("two_objects", HELLO + HELLO, "JSON_INVALID"),
    ("single_quotes", b"{'query':'{hello}'}", "JSON_INVALID"),
    ("a_trailing_comma", b'{"query":"{hello}",}', "JSON_INVALID"),
    ("nan_in_a_variable", b'{"query":"{hello}","variables":{"a":NaN}}', "JSON_INVALID"),
    ("infinity_in_a_variable", b'{"query":"{hello}","variables":{"a":Infinity}}', "JSON_INVALID"),
    ("minus_infinity_in_a_variable", b'{"query":"{hello}","variables":{"a":-Infinity}}', "JSON_INVALID"),
    ("a_number_beyond_all_floats", b'{"query":"{hello}","variables":{"a":1e999}}', "JSON_INVALID"),
    ("the_key_query_twice", b'{"query":"{hello}","query":"{boom}"}', "JSON_INVALID"),
    ("a_variable_twice", b'{"query":"{hello}","variables":{"a":1,"a":2}}', "JSON_INVALID"),
    (
        "an_integer_of_5000_digits",
        b'{"query":"{hello}","variables":{"a":' + b"9" * 5000 + b"}}",
        "JSON_INVALID",
    ),
    ("an_integer_of_33_digits", b'{"variables":{"a":' + b"9" * 33 + b"}}", "JSON_INVALID"),
    ("a_hundred_thousand_open_brackets", b"[" * 100_000, "JSON_TOO_DEEP"),
    ("a_hundred_thousand_open_braces_in_a_variable", b'{"variables":' + b'{"a":' * 40_000, "JSON_TOO_DEEP"),
    ("sixty_five_levels", b'{"v":' + b"[" * 64 + b"]" * 64 + b"}", "JSON_TOO_DEEP"),
    ("bytes_that_are_not_utf8", b'{"query":"{hello}","operationName":"\xff\xfe"}', "JSON_INVALID"),
    ("utf16", '{"query":"{hello}"}'.encode("utf-16"), "JSON_INVALID"),
    ("a_byte_order_mark", b"\xef\xbb\xbf" + HELLO, "JSON_INVALID"),
    ("a_lone_surrogate", b'{"query":"{hello}","variables":{"a":"\\ud800"}}', "JSON_INVALID"),
    ("a_lone_surrogate_in_a_key", b'{"query":"{hello}","variables":{"\\udc00":1}}', "JSON_INVALID"),
    ("nul_in_a_variable", b'{"query":"{hello}","variables":{"a":["\\u0000"]}}', "NUL_CHARACTER"),
    ("nul_in_the_document", b'{"query":"{hello}\\u0000"}', "NUL_CHARACTER"),
    ("nul_escaped_in_a_literal", b'{"query":"{echo(text:\\"\\\\u0000\\")}"}', "NUL_CHARACTER"),
    ("no_query", b"{}", "BAD_REQUEST"),
    ("query_null", b'{"query":null}', "BAD_REQUEST"),
    ("query_empty", b'{"query":""}', "BAD_REQUEST"),
    ("query_blank", b'{"query":"  "}', "BAD_REQUEST"),
    ("query_a_number", b'{"query":1}', "BAD_REQUEST"),
    ("query_an_object", b'{"query":{}}', "BAD_REQUEST"),
    (
        "a_persisted_query",
        b'{"extensions":{"persistedQuery":{}}}',
        "PERSISTED_QUERY_NOT_SUPPORTED",
    ),
    ("operation_name_a_number", b'{"query":"{hello}","operationName":1}', "OPERATION_NAME_INVALID"),
    ("operation_name_an_object", b'{"query":"{hello}","operationName":{}}', "OPERATION_NAME_INVALID"),
    ("operation_name_empty", b'{"query":"{hello}","operationName":""}', "OPERATION_NAME_INVALID"),
    (
        "operation_name_of_no_operation",
        b'{"query":"{hello}","operationName":"A"}',
        UNRESOLVED,
    ),
    (
        "two_operations_without_a_name",
        b'{"query":"query A{hello} query B{hello}"}',
        UNRESOLVED,
    ),
    ("two_operations_of_one_name", b'{"query":"query A{hello} query A{hello}"}', "GRAPHQL_VALIDATION_FAILED"),
    ("a_subscription", b'{"query":"subscription{ticks}"}', UNRESOLVED),
    ("variables_a_text", b'{"query":"{hello}","variables":"{}"}', "BAD_REQUEST"),
    ("variables_a_list", b'{"query":"{hello}","variables":[]}', "BAD_REQUEST"),
    ("extensions_a_text", b'{"query":"{hello}","extensions":"x"}', "BAD_REQUEST"),
    ("an_empty_operation", b'{"query":"{}"}', "GRAPHQL_PARSE_FAILED"),
    ("an_empty_selection", b'{"query":"{fund{}}"}', "GRAPHQL_PARSE_FAILED"),
    ("a_syntax_error", b'{"query":"{hello"}', "GRAPHQL_PARSE_FAILED"),
    ("only_a_comment", b'{"query":"# hello"}', "GRAPHQL_PARSE_FAILED"),
    ("a_schema_definition", b'{"query":"type A{b:Int}"}', "GRAPHQL_VALIDATION_FAILED"),
    ("an_unknown_field", b'{"query":"{helo}"}', "GRAPHQL_VALIDATION_FAILED"),
    ("an_unknown_fragment", b'{"query":"{...F}"}', "GRAPHQL_VALIDATION_FAILED"),
    ("an_unknown_directive", b'{"query":"{hello @nope}"}', "GRAPHQL_VALIDATION_FAILED"),
    ("an_unused_variable", b'{"query":"query($a:Int){hello}"}', "GRAPHQL_VALIDATION_FAILED"),
    ("a_fragment_in_a_circle", b'{"query":"{...F} fragment F on Query{...F}"}', "GRAPHQL_VALIDATION_FAILED"),
]


@pytest.mark.parametrize(("body", "code"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
async def test_a_bad_body_is_refused_with_400_and_its_code(body: bytes, code: str) -> None:
    answer = await small_door().post(body)

    assert (answer.status, answer.codes[0]) == (400, code)
    assert "data" not in answer.json


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


CONTENT = [
    ("plain_text", [("content-type", "text/plain")], "UNSUPPORTED_MEDIA_TYPE"),
    ("a_form", [("content-type", "application/x-www-form-urlencoded")], "UNSUPPORTED_MEDIA_TYPE"),
    ("graphql", [("content-type", "application/graphql")], "UNSUPPORTED_MEDIA_TYPE"),
    ("multipart", [("content-type", "multipart/form-data; boundary=x")], "UNSUPPORTED_MEDIA_TYPE"),
    ("nothing_said", [], "UNSUPPORTED_MEDIA_TYPE"),
    ("json_inside_another_type", [("content-type", "foo/xapplication/json")], "UNSUPPORTED_MEDIA_TYPE"),
    ("two_content_types", [JSON, ("content-type", "text/plain")], "UNSUPPORTED_MEDIA_TYPE"),
    ("utf16", [("content-type", "application/json; charset=utf-16le")], "UNSUPPORTED_CHARSET"),
    ("latin1", [("content-type", "application/json; charset=latin-1")], "UNSUPPORTED_CHARSET"),
    ("gzip", [JSON, ("content-encoding", "gzip")], "UNSUPPORTED_ENCODING"),
]


@pytest.mark.parametrize(("headers", "code"), [row[1:] for row in CONTENT], ids=[row[0] for row in CONTENT])
async def test_a_body_that_is_not_declared_as_plain_json_is_refused_with_415(
    headers: list[tuple[str, str]], code: str
) -> None:
    body = gzip.compress(HELLO) if code == "UNSUPPORTED_ENCODING" else HELLO

    answer = await small_door().call(body=body, headers=headers)

    assert (answer.status, answer.codes) == (415, [code])


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
