"""JSON that has one meaning is read; what could have two is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from adapters.http.refusals import RequestRefused
from adapters.http.strict_json import DEPTH_MAX, INTEGER_DIGITS_MAX, read_json_object

TEXTS = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
LEAVES = some.none() | some.booleans() | some.integers(-(2**53), 2**53) | TEXTS
VALUES = some.recursive(LEAVES, lambda inside: some.lists(inside) | some.dictionaries(TEXTS, inside), max_leaves=8)


def outcome_of(body: bytes) -> str:
    """Return "read" or the code of the refusal."""
    try:
        read_json_object(body)
    except RequestRefused as refusal:
        return refusal.code
    return "read"


@settings(max_examples=50, deadline=None)
@given(value=some.dictionaries(TEXTS, VALUES), escaped=some.booleans())
def test_every_object_without_nul_is_read_as_it_was_written(value: dict[str, Any], escaped: bool) -> None:
    assert read_json_object(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(body=some.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_code(body: bytes) -> None:
    assert outcome_of(body) in {"read", "JSON_INVALID", "BODY_NOT_OBJECT", "BATCHING_DISABLED", "NUL_CHARACTER"}


def test_the_deepest_allowed_nesting_is_read() -> None:
    levels = DEPTH_MAX - 1

    assert read_json_object(b'{"a":' + b"[" * levels + b"]" * levels + b"}")


def test_the_longest_allowed_integer_is_read() -> None:
    digits = "9" * INTEGER_DIGITS_MAX

    assert read_json_object(f'{{"a":{digits}}}'.encode()) == {"a": int(digits)}


def test_brackets_inside_texts_are_no_nesting() -> None:
    text = '[{"\\' * 1000

    assert read_json_object(json.dumps({"a": text}).encode()) == {"a": text}


@pytest.mark.parametrize(
    "body",
    [b'{"a":"' + b'\\"' * 120_000, b'{"a":"' + b"\\" * 240_000, b'"' * 240_000, b'["' + b"[" * 200_000],
    ids=["escaped_quotes", "backslashes", "quotes", "brackets_in_an_open_text"],
)
def test_a_text_that_never_closes_is_refused(body: bytes) -> None:
    with pytest.raises(RequestRefused) as refused:
        read_json_object(body)

    assert refused.value.code == "JSON_INVALID"
