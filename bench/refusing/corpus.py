"""Requests that must be refused, each with its documented code: the tests ask each, the measurement asks all.

They hold for every schema: what is asked in earnest is only `__typename`. `body` is sent as it is.
"""

from __future__ import annotations

import base64
import gzip
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["BODIES", "CONTENTS", "DOCUMENTS", "HELLO", "Attack", "token_attacks"]

HELLO = b'{"query":"{__typename}"}'
_JSON = {"content-type": "application/json"}
_UNRESOLVED = "OPERATION_RESOLUTION_FAILURE"
_INVALID = "GRAPHQL_VALIDATION_FAILED"
_COMPLEX = "QUERY_TOO_COMPLEX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One request and what it is answered with. authorization: in place of a good token."""

    name: str
    code: str
    status: int = 400
    body: bytes = HELLO
    headers: Mapping[str, str]
    authorization: str | None = None


def _bodies(*rows: tuple[str, bytes, str]) -> tuple[Attack, ...]:
    return tuple(Attack(name=name, body=body, code=code, headers=_JSON) for name, body, code in rows)


def _documents(*rows: tuple[str, str, str]) -> tuple[Attack, ...]:
    return _bodies(*((name, json.dumps({"query": text}).encode(), code) for name, text, code in rows))


BODIES = _bodies(
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
    ("single_quotes", b"{'query':'{__typename}'}", "JSON_INVALID"),
    ("a_trailing_comma", b'{"query":"{__typename}",}', "JSON_INVALID"),
    ("nan_in_a_variable", b'{"query":"{__typename}","variables":{"a":NaN}}', "JSON_INVALID"),
    ("infinity_in_a_variable", b'{"query":"{__typename}","variables":{"a":Infinity}}', "JSON_INVALID"),
    ("minus_infinity_in_a_variable", b'{"query":"{__typename}","variables":{"a":-Infinity}}', "JSON_INVALID"),
    ("a_number_beyond_all_floats", b'{"query":"{__typename}","variables":{"a":1e999}}', "JSON_INVALID"),
    ("the_key_query_twice", b'{"query":"{__typename}","query":"{boom}"}', "JSON_INVALID"),
    ("a_variable_twice", b'{"query":"{__typename}","variables":{"a":1,"a":2}}', "JSON_INVALID"),
    ("an_integer_of_5000_digits", b'{"variables":{"a":' + b"9" * 5000 + b"}}", "JSON_INVALID"),
    ("an_integer_of_33_digits", b'{"variables":{"a":' + b"9" * 33 + b"}}", "JSON_INVALID"),
    ("a_hundred_thousand_open_brackets", b"[" * 100_000, "JSON_TOO_DEEP"),
    ("a_hundred_thousand_open_braces_in_a_variable", b'{"variables":' + b'{"a":' * 40_000, "JSON_TOO_DEEP"),
    ("sixty_five_levels", b'{"v":' + b"[" * 64 + b"]" * 64 + b"}", "JSON_TOO_DEEP"),
    ("a_quarter_of_a_megabyte_of_quotes", b'"' * 250_000, "JSON_INVALID"),
    ("a_text_that_never_closes", b'{"a":"' + b'\\"' * 120_000, "JSON_INVALID"),
    ("bytes_that_are_not_utf8", b'{"query":"{__typename}","operationName":"\xff\xfe"}', "JSON_INVALID"),
    ("utf16", HELLO.decode().encode("utf-16"), "JSON_INVALID"),
    ("a_byte_order_mark", b"\xef\xbb\xbf" + HELLO, "JSON_INVALID"),
    ("a_lone_surrogate", b'{"query":"{__typename}","variables":{"a":"\\ud800"}}', "JSON_INVALID"),
    ("a_lone_surrogate_in_a_key", b'{"query":"{__typename}","variables":{"\\udc00":1}}', "JSON_INVALID"),
    ("nul_in_a_variable", b'{"query":"{__typename}","variables":{"a":["\\u0000"]}}', "NUL_CHARACTER"),
    ("nul_in_the_document", b'{"query":"{__typename}\\u0000"}', "NUL_CHARACTER"),
    ("nul_escaped_in_a_literal", b'{"query":"{__typename @a(b:\\"\\\\u0000\\")}"}', "NUL_CHARACTER"),
    ("no_query", b"{}", "BAD_REQUEST"),
    ("query_null", b'{"query":null}', "BAD_REQUEST"),
    ("query_empty", b'{"query":""}', "BAD_REQUEST"),
    ("query_blank", b'{"query":"  "}', "BAD_REQUEST"),
    ("query_a_number", b'{"query":1}', "BAD_REQUEST"),
    ("query_an_object", b'{"query":{}}', "BAD_REQUEST"),
    ("a_persisted_query", b'{"extensions":{"persistedQuery":{}}}', "PERSISTED_QUERY_NOT_SUPPORTED"),
    ("a_document_id", b'{"documentId":"sha256:00"}', "PERSISTED_QUERY_NOT_SUPPORTED"),
    (
        "a_text_with_the_hash_of_another",
        b'{"query":"{__typename}","extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}',
        "BAD_REQUEST",
    ),
    ("operation_name_a_number", b'{"query":"{__typename}","operationName":1}', "OPERATION_NAME_INVALID"),
    ("operation_name_an_object", b'{"query":"{__typename}","operationName":{}}', "OPERATION_NAME_INVALID"),
    ("operation_name_empty", b'{"query":"{__typename}","operationName":""}', "OPERATION_NAME_INVALID"),
    ("operation_name_of_no_operation", b'{"query":"{__typename}","operationName":"A"}', _UNRESOLVED),
    ("two_operations_without_a_name", b'{"query":"query A{__typename} query B{__typename}"}', _UNRESOLVED),
    ("variables_a_text", b'{"query":"{__typename}","variables":"{}"}', "BAD_REQUEST"),
    ("variables_a_list", b'{"query":"{__typename}","variables":[]}', "BAD_REQUEST"),
    ("extensions_a_text", b'{"query":"{__typename}","extensions":"x"}', "BAD_REQUEST"),
)


def _doubling(spreads: int) -> str:
    """Fragments that spread the next one twice: short to write, and twice as much with each."""
    chain = "".join(f" fragment F{n} on Query{{...F{n + 1} ...F{n + 1}}}" for n in range(spreads))
    return "{...F0}" + chain + f" fragment F{spreads} on Query{{__typename}}"


DOCUMENTS = _documents(
    ("an_empty_operation", "{}", "GRAPHQL_PARSE_FAILED"),
    ("an_empty_selection", "{fund{}}", "GRAPHQL_PARSE_FAILED"),
    ("a_syntax_error", "{__typename", "GRAPHQL_PARSE_FAILED"),
    ("only_a_comment", "# hello", "GRAPHQL_PARSE_FAILED"),
    ("two_operations_of_one_name", "query A{__typename} query A{__typename}", _INVALID),
    ("a_schema_definition", "type A{b:Int}", _INVALID),
    ("an_unknown_field", "{zzz}", _INVALID),
    ("a_hundred_unknown_fields", "{a{" + " ".join(f"z{n}" for n in range(100)) + "}}", _INVALID),
    ("one_name_five_hundred_times", "{a{" + "zzz " * 490 + "}}", _COMPLEX),
    ("names_repeated_in_names_repeated", "{" + ("a{" + ("b{" + "c " * 12 + "}") * 12 + "}") * 2 + "}", _COMPLEX),
    ("names_repeated_up_to_the_limit", "{a{" + "".join(f"a{n}:b{{{'c ' * 16}}}" for n in range(16)) + "}}", _INVALID),
    ("an_unknown_fragment", "{...F}", _INVALID),
    ("an_unknown_directive", "{__typename @nope}", _INVALID),
    ("an_unused_variable", "query($a:Int){__typename}", _INVALID),
    ("a_fragment_in_a_circle", "{...F} fragment F on Query{...F}", _INVALID),
    ("two_fragments_in_a_circle", "{...A} fragment A on Query{...B} fragment B on Query{...A}", _INVALID),
    (
        "thirty_fragments_in_circles",
        "{...F0}" + "".join(f" fragment F{n} on Query{{...F{(n + 1) % 30} ...F{(n + 7) % 30}}}" for n in range(30)),
        _INVALID,
    ),
    (
        "twenty_fragments_that_each_spread_all",
        "{...F0}" + "".join(f" fragment F{n} on Query{{{' '.join(f'...F{m}' for m in range(20))}}}" for n in range(20)),
        _INVALID,
    ),
    ("twenty_one_doublings", _doubling(21), _COMPLEX),
    ("twenty_nine_doublings", _doubling(29), _COMPLEX),
    ("thirty_one_fragments", _doubling(30), _COMPLEX),
    ("fields_eleven_deep", "{" + "a{" * 10 + "b" + "}" * 11, _COMPLEX),
    ("selections_five_hundred_deep", "{" + "a{" * 500 + "b" + "}" * 501, _COMPLEX),
    ("inline_fragments_a_hundred_deep", "{" + "...{" * 100 + "__typename" + "}" * 101, _COMPLEX),
    ("a_literal_four_hundred_deep", "{a(b:" + "[" * 400 + "]" * 400 + ")}", _COMPLEX),
    ("twenty_one_root_fields", "{" + " __typename" * 21 + "}", _COMPLEX),
    ("thirty_one_aliases", "{a{" + " ".join(f"a{n}:b" for n in range(31)) + "}}", _COMPLEX),
    ("five_hundred_fields", "{a{" + "b " * 500 + "}}", _COMPLEX),
    ("twenty_one_directives", "{__typename " + "@skip(if:false) " * 21 + "}", _COMPLEX),
    ("six_operations", " ".join(f"query Q{n}{{__typename}}" for n in range(6)), _COMPLEX),
    ("a_thousand_and_one_ids", "{nodes(ids:[" + '"a" ' * 1001 + "]){id}}", _COMPLEX),
    ("pages_of_pages", "{a(first:100){b(first:100){c d e f}}}", _COMPLEX),
    ("tokens_up_to_the_limit", "{a{" + "b " * 1190 + "}}", _COMPLEX),
    ("a_comment_without_end", "#" * 200_000, _COMPLEX),
    ("a_text_without_end", '{a(b:"' + "x" * 200_000 + '")}', _COMPLEX),
    ("comments_up_to_the_limit", "#\n" * 1_190 + "{", "GRAPHQL_PARSE_FAILED"),
    ("a_text_up_to_the_limit", '{zzz(b:"' + "x" * 39_000 + '")}', _INVALID),
    ("tokens_without_end", "{" + "a " * 100_000 + "}", _COMPLEX),
    ("the_same_field_with_arguments", "{" + "a(b:1) " * 1900 + "}", _COMPLEX),
)

CONTENTS = (
    *(
        Attack(name=name, code="UNSUPPORTED_MEDIA_TYPE", status=415, headers=headers)
        for name, headers in (
            ("plain_text", {"content-type": "text/plain"}),
            ("a_form", {"content-type": "application/x-www-form-urlencoded"}),
            ("graphql", {"content-type": "application/graphql"}),
            ("multipart", {"content-type": "multipart/form-data; boundary=x"}),
            ("nothing_said", {}),
            ("json_inside_another_type", {"content-type": "foo/xapplication/json"}),
        )
    ),
    Attack(
        name="utf16_declared",
        code="UNSUPPORTED_CHARSET",
        status=415,
        headers={"content-type": "application/json; charset=utf-16le"},
    ),
    Attack(
        name="latin1_declared",
        code="UNSUPPORTED_CHARSET",
        status=415,
        headers={"content-type": "application/json; charset=latin-1"},
    ),
    Attack(
        name="gzip",
        code="UNSUPPORTED_ENCODING",
        status=415,
        body=gzip.compress(HELLO, mtime=0),
        headers={**_JSON, "content-encoding": "gzip"},
    ),
    Attack(name="no_json_wanted", code="NOT_ACCEPTABLE", status=406, headers={**_JSON, "accept": "image/png"}),
    Attack(name="a_page_of_another_site", code="CSRF_BLOCKED", status=403, headers={**_JSON, "origin": "https://a.b"}),
    Attack(name="a_page_of_nobody", code="CSRF_BLOCKED", status=403, headers={**_JSON, "origin": "null"}),
    Attack(name="a_long_body", code="PAYLOAD_TOO_LARGE", status=413, body=b" " * 300_000, headers=_JSON),
)


def token_attacks(good: str, public_key: bytes) -> tuple[Attack, ...]:
    """Tokens made from a good one by who has no key. public_key: what the signature is checked with, as anyone reads
    it. Expired tokens and those for others need the issuer itself; see the tests of the identity adapter."""
    header, payload, signature = good.split(".")
    promoted = _encoded(_decoded(payload).replace(b"officer", b"operator"))
    told = json.loads(_decoded(header))
    rows: dict[str, str | None] = {
        "no_token": None,
        "another_scheme": f"Basic {good}",
        "no_scheme": good,
        "two_tokens": f"Bearer {good} {good}",
        "something_after_it": f"Bearer {good}x!",
        "no_signature": f"Bearer {header}.{payload}.",
        "a_cut_signature": f"Bearer {good[:-6]}",
        "a_signature_of_zeros": f"Bearer {header}.{payload}.{_encoded(bytes(64))}",
        "another_payload": f"Bearer {header}.{promoted}.{signature}",
        "words": "Bearer words",
        "four_kilobytes": "Bearer " + "a" * 4_090,
        "a_header_of_brackets": f"Bearer {_encoded(b'[' * 2_000)}.{payload}.{signature}",
        "keyed_by_the_public_key": f"Bearer {_keyed(told, payload, public_key)}",
    }
    for algorithm in ("none", "None", "NONE", "nOnE", "HS256", "RS256", "ES384"):
        rows[f"algorithm_{algorithm}"] = f"Bearer {_headed(told | {'alg': algorithm}, payload, signature)}"
    for name, kid in (
        ("path", "../../dev/null"),
        ("sql", "' OR 1=1 --"),
        ("url", "https://a.b/k"),
        ("object", {"a": 1}),
    ):
        rows[f"kid_{name}"] = f"Bearer {_headed(told | {'kid': kid}, payload, signature)}"
    for name in ("jku", "x5u", "jwk", "crit", "x5c", "b64"):
        rows[f"header_{name}"] = f"Bearer {_headed(told | {name: 'https://a.b/k'}, payload, signature)}"
    return tuple(
        Attack(name=name, code="UNAUTHENTICATED", status=401, headers=_JSON, authorization=sent or "")
        for name, sent in rows.items()
    )


def _headed(header: Mapping[str, object], payload: str, signature: str) -> str:
    return f"{_encoded(json.dumps(header).encode())}.{payload}.{signature}"


def _keyed(header: Mapping[str, object], payload: str, secret: bytes) -> str:
    signed = f"{_encoded(json.dumps({**header, 'alg': 'HS256'}).encode())}.{payload}"
    return f"{signed}.{_encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
