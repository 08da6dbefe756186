"""The shape of every refusal that leaves the HTTP edge.

Each error carries `code`, `classification`, `retryable` and `requestId`, and `field` where it is known.
Fuzzers and clients decide by `classification` whether a refusal is the client's fault, so a code that is not
in the table below, which is a domain's, counts as the client's: ValidationError.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Scope

__all__ = [
    "ERRORS_MAX",
    "JSON_MEDIA_TYPE",
    "REQUEST_ID_KEY",
    "RESPONSE_MEDIA_TYPE",
    "RequestRefused",
    "Unauthenticated",
    "error_entry",
    "errors_response",
    "facts_for_json",
    "plain_message",
    "refusal_response",
    "request_id_of",
]

ERRORS_MAX: Final = 10
"""Errors in one answer; more tell a client nothing and an attacker much."""
RESPONSE_MEDIA_TYPE: Final = "application/graphql-response+json"
JSON_MEDIA_TYPE: Final = "application/json"
REQUEST_ID_KEY: Final = "lingkar.request_id"
"""The key of the ASGI scope under which the middleware leaves the id of the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How one code is answered: HTTP status when nothing ran, whose fault, whether trying again may help."""

    status: int = 400
    classification: str = "ValidationError"
    retryable: bool = False


_DOMAIN: Final = _Kind()
CODES: Final[Mapping[str, _Kind]] = {
    "GRAPHQL_PARSE_FAILED": _Kind(classification="InvalidSyntax"),
    "OPERATION_RESOLUTION_FAILURE": _Kind(classification="OperationNotSupported"),
    "INTROSPECTION_CLOSED": _Kind(classification="OperationNotSupported"),
    "PERSISTED_QUERY_NOT_FOUND": _Kind(classification="OperationNotSupported"),
    "PERSISTED_QUERY_NOT_SUPPORTED": _Kind(classification="OperationNotSupported"),
    "UNAUTHENTICATED": _Kind(status=401, classification="Unauthenticated"),
    "FORBIDDEN": _Kind(status=403, classification="Forbidden"),
    "OPERATION_NOT_ALLOWLISTED": _Kind(status=403, classification="Forbidden"),
    "CSRF_BLOCKED": _Kind(status=403, classification="Forbidden"),
    "NOT_FOUND": _Kind(status=404),
    "METHOD_NOT_ALLOWED": _Kind(status=405),
    "NOT_ACCEPTABLE": _Kind(status=406),
    "REQUEST_TIMEOUT": _Kind(status=408, retryable=True),
    "PAYLOAD_TOO_LARGE": _Kind(status=413),
    "UNSUPPORTED_MEDIA_TYPE": _Kind(status=415),
    "UNSUPPORTED_CHARSET": _Kind(status=415),
    "UNSUPPORTED_ENCODING": _Kind(status=415),
    "RATE_LIMITED": _Kind(status=429, classification="Throttled", retryable=True),
    "HEADERS_TOO_LARGE": _Kind(status=431),
    "CONFLICT_RETRY": _Kind(status=409, retryable=True),
    "IDEMPOTENCY_IN_PROGRESS": _Kind(status=409, retryable=True),
    "INTERNAL_SERVER_ERROR": _Kind(status=500, classification="InternalError"),
    "OVERLOADED": _Kind(status=503, classification="Unavailable", retryable=True),
    "UNAVAILABLE": _Kind(status=503, classification="Unavailable", retryable=True),
    "TIMEOUT": _Kind(status=503, classification="Unavailable", retryable=True),
}


class RequestRefused(Exception):
    """A request that is answered without running its operation.

    code: from the list in docs/problems. message: what happened and what to do, no value of the request.
    headers: further response headers, such as Allow.
    """

    def __init__(self, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers: Mapping[str, str] = headers or {}


class Unauthenticated(RequestRefused):
    """The request carries no token that can be trusted; the answer is the same for every reason.

    why: a fixed text for the log, such as "expired"; never anything from the token.
    """

    def __init__(self, why: str = "not said") -> None:
        super().__init__(
            "UNAUTHENTICATED",
            "The request carries no valid bearer token. Send a current one in the Authorization header.",
            headers={"WWW-Authenticate": 'Bearer, DPoP algs="ES256 PS256 Ed25519"'},
        )
        self.why = why


def request_id_of(scope: Scope) -> str:
    """Return the id that the middleware gave this request, or a fixed text without the middleware."""
    return str(scope.get(REQUEST_ID_KEY, "none"))


def error_entry(
    code: str,
    message: str,
    request_id: str,
    *,
    field: str | None = None,
    facts: Mapping[str, Any] | None = None,
    locations: Sequence[Mapping[str, int]] | None = None,
    path: Sequence[str | int] | None = None,
) -> dict[str, Any]:
    """Return one entry of `errors`, as the GraphQL specification formats it."""
    kind = CODES.get(code, _DOMAIN)
    extensions: dict[str, Any] = {
        "code": code,
        "classification": kind.classification,
        "retryable": kind.retryable,
        "requestId": request_id,
    }
    if field:
        extensions["field"] = field
    if facts:
        extensions["facts"] = facts_for_json(facts)
    entry: dict[str, Any] = {"message": message}
    if locations:
        entry["locations"] = list(locations)
    if path is not None:
        entry["path"] = list(path)
    return {**entry, "extensions": extensions}


def errors_response(
    entries: Sequence[Mapping[str, Any]],
    *,
    status: int,
    media_type: str = JSON_MEDIA_TYPE,
    headers: Mapping[str, str] | None = None,
    extensions: Mapping[str, Any] | None = None,
) -> Response:
    """Return the answer to a request that did not run: `errors` without a `data` key, and extensions."""
    answer: dict[str, Any] = {"errors": list(entries[:ERRORS_MAX])}
    if extensions:
        answer["extensions"] = dict(extensions)
    body = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return Response(body.encode(), status, media_type=f"{media_type}; charset=utf-8", headers=dict(headers or {}))


def refusal_response(refusal: RequestRefused, request_id: str, media_type: str = JSON_MEDIA_TYPE) -> Response:
    """Return the answer to a refused request, with the HTTP status of its code."""
    entry = error_entry(refusal.code, refusal.message, request_id)
    status = CODES.get(refusal.code, _DOMAIN).status
    return errors_response([entry], status=status, media_type=media_type, headers=refusal.headers)


def facts_for_json(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts, named as GraphQL names fields, and written as text where JSON has no word for them."""
    return {_camel_case(name): _fact(value) for name, value in facts.items()}


def plain_message(message: str) -> str:
    """Return a message of the GraphQL library without suggestions and without the values it quotes.

    A client's own value may be a passport number, and answers end in other people's logs.
    """
    for pattern, replacement in _VALUES_IN_MESSAGES:
        message = pattern.sub(replacement, message)
    return message if message.endswith((".", "!", "?")) else f"{message}."


_VALUES_IN_MESSAGES: Final = tuple(
    (re.compile(pattern, re.DOTALL), replacement)
    for pattern, replacement in (
        (r",? Did you mean .*$", ""),
        (r"[.,;]? ?[Ff]ound: .*$", ""),
        (r",? but encountered error .*$", ""),
        (r"(cannot represent[^:]*): .*$", r"\1"),
        (r"Value .* does not exist in", "The value does not exist in"),
        (r"\b(String|BlockString|Int|Float|Comment) ['\"].*$", r"\1"),
        (r"(Invalid character escape sequence|Invalid Unicode escape sequence): .*$", r"\1"),
    )
)


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _fact(value: object) -> object:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return str(value)
