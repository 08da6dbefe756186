"""From the errors of an execution to the errors of an answer: whose fault, which code, no inside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Final

import structlog
from graphql import GraphQLError

from adapters.http.refusals import ERRORS_MAX, error_entry, plain_message
from domain.errors import Refusal, TryAgain

__all__ = ["codes_of", "log_failure", "request_entries", "result_entries"]

_log = structlog.get_logger("lingkar.http")

_MASKED: Final = "The server failed to answer this field. Try again later; if it stays, report the requestId."
_MOMENTARY: Final = "The database cannot answer at the moment; nothing was changed. Try again with the same key."
_VARIABLE: Final = re.compile(r"^Variable '\$(?P<name>\w+)'(?: has invalid value(?: at (?P<path>[^:\s]+))?)?")
_ARGUMENT: Final = re.compile(r"^Argument '(?P<name>\w+)'")


def request_entries(errors: Sequence[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Return the entries for errors that kept the operation from running.

    Without a code of their own they are about the variables: BAD_USER_INPUT.
    """
    return [_client_entry(error, request_id, "BAD_USER_INPUT") for error in errors[:ERRORS_MAX]]


def result_entries(errors: Sequence[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Return the entries for errors of fields that ran; what clients must not see is masked and logged."""
    return [_field_entry(error, request_id) for error in errors[:ERRORS_MAX]]


def codes_of(entries: Sequence[dict[str, Any]]) -> list[str]:
    """Return the codes of the entries, for the access log."""
    return [entry["extensions"]["code"] for entry in entries]


def log_failure(event: str, error: BaseException, request_id: str) -> None:
    """Log the kind of a failure and where in the code it happened: no message, no query, no variable."""
    kinds = [f"{type(link).__module__}.{type(link).__qualname__}" for link in _causes(error)]
    _log.error(event, request_id=request_id, exceptions=kinds, location=_location(error.__traceback__))


def _field_entry(error: GraphQLError, request_id: str) -> dict[str, Any]:
    if _refusal(error) is not None or _own_code(error) is not None:
        return _client_entry(error, request_id, "BAD_USER_INPUT")
    if error.path is None or _ARGUMENT.match(error.message):
        # Only the executor itself speaks without a path, or of an argument, and then of what the client sent.
        return _client_entry(error, request_id, "BAD_USER_INPUT")
    if any(isinstance(link, TryAgain) for link in _originals(error)):
        log_failure("graphql_field_unavailable", error.original_error or error, request_id)
        return error_entry("UNAVAILABLE", _MOMENTARY, request_id, locations=_locations(error), path=error.path)
    log_failure("graphql_field_failed", error.original_error or error, request_id)
    return error_entry("INTERNAL_SERVER_ERROR", _MASKED, request_id, locations=_locations(error), path=error.path)


def _client_entry(error: GraphQLError, request_id: str, code: str) -> dict[str, Any]:
    refusal = _refusal(error)
    if refusal is not None:
        message, facts, code = refusal.message, dict(refusal.facts), refusal.code
    else:
        source = _own_code(error)
        message = plain_message(error.message)
        extensions = (source or error).extensions or {}
        facts = extensions.get("facts") or {}
        code = str(extensions.get("code", code))
    field = _field(error)
    return error_entry(
        code, message, request_id, field=field, facts=facts, locations=_locations(error), path=error.path
    )


def _refusal(error: BaseException) -> Refusal | None:
    """Return the domain's refusal that the executor wrapped, if there is one."""
    return next((link for link in _originals(error) if isinstance(link, Refusal)), None)


def _own_code(error: BaseException) -> GraphQLError | None:
    """Return the GraphQL error in the chain that was given a code by whoever raised it."""
    for link in _originals(error):
        if isinstance(link, GraphQLError) and isinstance((link.extensions or {}).get("code"), str):
            return link
    return None


def _originals(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what it was made from; graphql-core wraps a scalar's error twice."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.original_error if isinstance(link, GraphQLError) else None


def _field(error: GraphQLError) -> str | None:
    """Return the path in the input that the error is about, where the executor says it."""
    variable = _VARIABLE.match(error.message)
    if variable:
        return variable["name"] + (variable["path"] or "")
    argument = _ARGUMENT.match(error.message)
    if argument:
        return argument["name"]
    named = (error.extensions or {}).get("field")
    return named if isinstance(named, str) else None


def _locations(error: GraphQLError) -> list[dict[str, int]] | None:
    return [{"line": place.line, "column": place.column} for place in error.locations or ()] or None


def _causes(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _location(traceback: TracebackType | None) -> str:
    """Return module, function and line of the innermost frame."""
    if traceback is None:
        return "unknown"
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    frame = traceback.tb_frame
    return f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname}:{traceback.tb_lineno}"
