"""The one way in for GraphQL: POST /graphql with JSON, in steps that each refuse with a code.

The order is fixed: method, Accept, content headers, who asks, body, JSON, shape of the request, document,
operation, variables, execution. Nothing of the body is read before it is known who asks.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, OperationType, ValidationRule
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.types import ExecutionResult

from adapters.http.classification import codes_of, log_failure, request_entries, result_entries
from adapters.http.documents import DocumentRefused, Documents
from adapters.http.graphiql import graphiql_page, graphiql_routes
from adapters.http.quiet_schema import CheckedDocument, QuietSchema
from adapters.http.refusals import (
    JSON_MEDIA_TYPE,
    RequestRefused,
    Unauthenticated,
    error_entry,
    errors_response,
    refusal_response,
    request_id_of,
)
from adapters.http.request_headers import accepted_media_type, check_content, wants_page, wants_stream
from adapters.http.strict_json import read_json_object

__all__ = [
    "CODES_KEY",
    "DoorLimits",
    "GraphQLDoor",
    "GraphQLRequest",
    "Shortcut",
    "chosen_operation",
    "graphql_door",
    "read_body",
    "request_parts",
]

_log = structlog.get_logger("lingkar.http")

CODES_KEY: Final = "lingkar.codes"
"""The key of the ASGI scope under which the door leaves the codes of its answer, for the access log."""
_NAME: Final = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,127}")

Context = Callable[[Request], Awaitable[object]]
VariablesRule = Callable[[DocumentNode, OperationDefinitionNode, Mapping[str, object]], GraphQLError | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorLimits:
    """What the door lets through. The two rules are required, so that they cannot be forgotten."""

    document_rules: tuple[type[ValidationRule], ...]
    """Rules that bound a document; they run before all others."""
    variables_rule: VariablesRule
    """Measures the operation again with the values of its variables; returns the refusal or None."""
    introspection: bool
    """Whether the schema may be asked for."""
    tokens: int = 2000
    """Lexical tokens of a document."""
    body_bytes: int = 256_000
    """The longest body, counted while it is read."""
    body_seconds: float = 5.0
    """How long a client may take to send the body."""
    answer_seconds: float = 8.0
    """How long an operation may take; then its work is cancelled and nothing of it is committed."""
    documents: int = 512
    """How many checked documents are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """One request with its document checked and its operation chosen; the variables are as they were sent."""

    checked: CheckedDocument
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]
    extensions: Mapping[str, Any]


Shortcut = Callable[[GraphQLRequest, object], Awaitable[bytes | None]]
"""Answers a request with the finished JSON of the whole response, or None to leave it to the executor."""


def graphql_door(
    schema: QuietSchema,
    *,
    context: Context,
    limits: DoorLimits,
    graphiql: bool,
    shortcut: Shortcut | None = None,
    streams: ASGIApp | None = None,
) -> list[Route]:
    """Return the routes of the GraphQL API: /graphql and, with GraphiQL, the files of its page.

    context: makes the context of the resolvers; raises Unauthenticated when it cannot say who asks.
    limits: sizes, times and rules.
    graphiql: whether a browser that asks for a page gets GraphiQL.
    shortcut: asked before the executor; see Shortcut.
    streams: answers requests that prefer a stream of events.
    """
    door = GraphQLDoor(schema, context=context, limits=limits, graphiql=graphiql, shortcut=shortcut, streams=streams)
    return [Route("/graphql", door, name="graphql"), *(graphiql_routes() if graphiql else ())]


class GraphQLDoor:
    """The ASGI application behind /graphql."""

    def __init__(
        self,
        schema: QuietSchema,
        *,
        context: Context,
        limits: DoorLimits,
        graphiql: bool,
        shortcut: Shortcut | None = None,
        streams: ASGIApp | None = None,
    ) -> None:
        self._schema = schema
        self._streams = streams
        self._context = context
        self._limits = limits
        self._graphiql = graphiql
        self._shortcut = shortcut
        self._documents = Documents(
            schema.core,
            limit_rules=limits.document_rules,
            tokens=limits.tokens,
            introspection=limits.introspection,
            remembered=limits.documents,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if self._streams is not None and wants_stream(request.headers):
            await self._streams(scope, receive, send)
            return
        response = await self._response(request)
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        """Return the answer; whatever happens below, it has the shape of every refusal."""
        request_id = request_id_of(request.scope)
        media_type = JSON_MEDIA_TYPE
        try:
            if self._asks_for_page(request):
                return graphiql_page()
            media_type = accepted_media_type(request.headers)
            check_content(request.headers)
            return await self._within_time(request, media_type)
        except RequestRefused as refusal:
            if isinstance(refusal, Unauthenticated):
                _log.info("unauthenticated", request_id=request_id, why=refusal.why)
            request.scope[CODES_KEY] = [refusal.code]
            return refusal_response(refusal, request_id, media_type)
        except ClientDisconnect:
            message = "The connection ended before the body did. Send it again."
            return refusal_response(RequestRefused("BAD_REQUEST", message), request_id, media_type)
        except Exception as error:
            log_failure("graphql_request_failed", error, request_id)
            request.scope[CODES_KEY] = ["INTERNAL_SERVER_ERROR"]
            message = "The server failed. Try again later; if it stays, report the requestId."
            return refusal_response(RequestRefused("INTERNAL_SERVER_ERROR", message), request_id, media_type)

    def _asks_for_page(self, request: Request) -> bool:
        if request.method == "POST":
            return False
        if self._graphiql and request.method == "GET" and wants_page(request.headers):
            return True
        allowed = "POST, GET" if self._graphiql else "POST"
        message = "Operations are sent by POST, queries too. Send a POST with a JSON body."
        raise RequestRefused("METHOD_NOT_ALLOWED", message, headers={"Allow": allowed})

    async def _within_time(self, request: Request, media_type: str) -> Response:
        """Answer, or cancel the work when the time is over."""
        seconds = self._limits.answer_seconds
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                context = await self._context(request)
                body = await read_body(request, self._limits)
                asked = self._asked(read_json_object(body))
                return await self._answer(asked, context, request, media_type)
        except TimeoutError:
            if not deadline.expired():
                raise
            message = (
                f"The operation took longer than {seconds:g} seconds and was cancelled. "
                "Ask for less, or try again later with the same idempotency key."
            )
            raise RequestRefused("TIMEOUT", message, headers={"Retry-After": "5"}) from None
        except DocumentRefused as refused:
            return _request_errors(refused.errors, request, media_type)

    def _asked(self, body: Mapping[str, Any]) -> GraphQLRequest:
        """Return the request that the body describes, with its document checked and its operation chosen."""
        text, operation_name, variables, extensions = request_parts(body)
        checked = self._documents.checked(text)
        operation = chosen_operation(checked.operations, operation_name)
        if operation.operation is OperationType.SUBSCRIPTION:
            message = "Subscriptions are not answered by JSON. Accept text/event-stream first, or use the socket."
            raise DocumentRefused([_unresolved(message)])
        refusal = self._limits.variables_rule(checked.document, operation, variables)
        if refusal is not None:
            raise DocumentRefused([refusal])
        return GraphQLRequest(checked=checked, operation=operation, variables=variables, extensions=extensions)

    async def _answer(self, asked: GraphQLRequest, context: object, request: Request, media_type: str) -> Response:
        if self._shortcut is not None:
            finished = await self._shortcut(asked, context)
            if finished is not None:
                return _json_response(finished, media_type)
        name = asked.operation.name
        result = await self._schema.execute_checked(
            asked.checked,
            operation_name=name.value if name else None,
            variables=asked.variables,
            context=context,
            extensions=asked.extensions,
        )
        return _result_response(result, request, media_type)


def request_parts(body: Mapping[str, Any]) -> tuple[str, str | None, Mapping[str, Any], Mapping[str, Any]]:
    """Return query, operation name, variables and extensions, each of the right type."""
    variables, extensions = body.get("variables"), body.get("extensions")
    for name, value in (("variables", variables), ("extensions", extensions)):
        if value is not None and not isinstance(value, dict):
            message = f"{name} is not an object. Send an object, null or leave it out."
            raise RequestRefused("BAD_REQUEST", message)
    operation_name = body.get("operationName")
    named = operation_name is None or (isinstance(operation_name, str) and _NAME.fullmatch(operation_name))
    if not named:
        message = "operationName is not a GraphQL name. Send the name of an operation or null."
        raise RequestRefused("OPERATION_NAME_INVALID", message)
    text = body.get("query")
    if text is None and isinstance(extensions, dict) and "persistedQuery" in extensions:
        # The code by which clients know that they must send the whole text.
        raise RequestRefused("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
    if not isinstance(text, str) or not text.strip():
        raise RequestRefused("BAD_REQUEST", "query is not a text. Send the GraphQL document as a string.")
    return text, operation_name, variables or {}, extensions or {}


def chosen_operation(operations: Sequence[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    """Return the operation to run; with several, only a name may choose. Raises DocumentRefused."""
    found = [node for node in operations if name is None or (node.name and node.name.value == name)]
    if len(found) != 1:
        message = f"Which of the document's {len(operations)} operations to run is not known. "
        message += "Name one of them in operationName."
        raise DocumentRefused([_unresolved(message)])
    return found[0]


def _unresolved(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "OPERATION_RESOLUTION_FAILURE"})


async def read_body(request: Request, limits: DoorLimits) -> bytes:
    """Return the body, counted while it is read; what is too long is not read to its end."""
    if _declared_length(request) > limits.body_bytes:
        raise _too_large(limits)
    body = bytearray()
    deadline = asyncio.timeout(limits.body_seconds)
    try:
        async with deadline:
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.body_bytes:
                    raise _too_large(limits)
    except TimeoutError:
        if not deadline.expired():
            raise
        message = f"The body did not arrive within {limits.body_seconds:g} seconds. Send it at once."
        raise RequestRefused("REQUEST_TIMEOUT", message, headers={"Connection": "close"}) from None
    return bytes(body)


def _declared_length(request: Request) -> int:
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() and len(declared) < 19 else 0


def _too_large(limits: DoorLimits) -> RequestRefused:
    message = f"The body is longer than {limits.body_bytes} bytes. Split it."
    return RequestRefused("PAYLOAD_TOO_LARGE", message, headers={"Connection": "close"})


def _request_errors(errors: Sequence[GraphQLError], request: Request, media_type: str) -> Response:
    """Answer a request whose operation did not run: 400, or 200 to clients of application/json."""
    entries = request_entries(errors, request_id_of(request.scope))
    request.scope[CODES_KEY] = codes_of(entries)
    status = 200 if media_type == JSON_MEDIA_TYPE else 400
    return errors_response(entries, status=status, media_type=media_type)


def _result_response(result: ExecutionResult, request: Request, media_type: str) -> Response:
    request_id = request_id_of(request.scope)
    errors = result.errors or []
    if result.data is None and errors and all(error.path is None for error in errors):
        return _request_errors(errors, request, media_type)
    answer: dict[str, Any] = {"data": result.data}
    if errors:
        entries = result_entries(errors, request_id)
        request.scope[CODES_KEY] = codes_of(entries)
        answer = {"errors": entries, **answer}
    try:
        text = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return _json_response(text.encode(), media_type)
    except (TypeError, ValueError) as error:
        log_failure("graphql_answer_not_json", error, request_id)
        message = "The server failed to write its answer. Report the requestId."
        entry = error_entry("INTERNAL_SERVER_ERROR", message, request_id)
        return errors_response([entry], status=500, media_type=media_type)


def _json_response(body: bytes, media_type: str) -> Response:
    return Response(body, media_type=f"{media_type}; charset=utf-8")
