"""Reading a request body as JSON, strictly.

What is let through here has one meaning for every reader: two equal keys, NaN or a byte order mark mean
different things to a filter in front of us and to us, and that difference is a way around the filter.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

from adapters.http.refusals import RequestRefused

__all__ = ["DEPTH_MAX", "INTEGER_DIGITS_MAX", "read_json_object"]

DEPTH_MAX: Final = 64
"""Arrays and objects inside one another."""
INTEGER_DIGITS_MAX: Final = 32
"""Digits of a whole number; no number of the contract has more than 10."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def read_json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that the body is.

    body: the whole body, already limited in length.
    Refusals: JSON_INVALID, JSON_TOO_DEEP, NUL_CHARACTER, BATCHING_DISABLED for a list, BODY_NOT_OBJECT for
    any other value.
    """
    text = _text(body)
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        _invalid("The body is not JSON")
    _check_depth(value)
    if "\\u" in text:
        # Only an escape can bring in what the decoder has not already refused.
        _check_characters(value)
    if isinstance(value, list):
        raise RequestRefused(
            "BATCHING_DISABLED", "The body is a list; one request is one operation. Send them one by one."
        )
    if not isinstance(value, dict):
        raise RequestRefused("BODY_NOT_OBJECT", 'The body is not a JSON object. Send {"query": "..."}.')
    return value


def _text(body: bytes) -> str:
    if body.startswith(_BYTE_ORDER_MARK):
        _invalid("The body begins with a byte order mark")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        _invalid("The body is not UTF-8")


def _check_depth(value: object) -> None:
    """Refuse what nests too deeply; looked at level by level, when it is known to be JSON at all."""
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [inside for outer in level for inside in _members(outer)]
        if not level:
            return
    raise _too_deep()


def _members(value: object) -> list[object]:
    """The arrays and objects directly inside one."""
    if isinstance(value, dict):
        return [one for one in value.values() if isinstance(one, (dict, list))]
    return [one for one in value if isinstance(one, (dict, list))] if isinstance(value, list) else []


def _too_deep() -> RequestRefused:
    return RequestRefused("JSON_TOO_DEEP", f"The body nests deeper than {DEPTH_MAX} levels. Send a flatter one.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _invalid("An object of the body has the same key twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > INTEGER_DIGITS_MAX:
        _invalid(f"A number of the body has more than {INTEGER_DIGITS_MAX} digits")
    return int(digits)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _invalid("A number of the body is too large")
    return number


def _no_constant(_name: str) -> NoReturn:
    _invalid("The body holds NaN or Infinity, which JSON does not have")


def _check_characters(value: object) -> None:
    """Refuse NUL, which PostgreSQL cannot store, and lone surrogates, which are no characters."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, dict):
            waiting.extend((*item.keys(), *item.values()))
        elif isinstance(item, list):
            waiting.extend(item)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise RequestRefused("NUL_CHARACTER", "A text of the body holds the character NUL. Remove it.")
    if any("\ud800" <= character <= "\udfff" for character in text):
        _invalid("A text of the body holds half a character (a lone surrogate)")


def _invalid(what: str) -> NoReturn:
    raise RequestRefused("JSON_INVALID", f"{what}. Send one JSON object in UTF-8.")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_no_constant
)
