"""The one way in for GraphQL: POST /graphql with JSON, in steps that each refuse with a code.

The order is fixed: method, Accept, content headers, origin, who asks, body, JSON, shape of the request, document,
operation, variables, cost, execution. Nothing of the body is read before it is known who asks.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import structlog
from graphql import GraphQLError, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.types import ExecutionResult

from adapters.http.classification import codes_of, log_failure, request_entries, result_entries
from adapters.http.connected import ClientGone, while_connected
from adapters.http.cost import cost_of, with_cost
from adapters.http.documents import DocumentRefused
from adapters.http.graphiql import graphiql_page, graphiql_routes
from adapters.http.operations import DoorLimits, GraphQLRequest, OperationReader, charged, unresolved
from adapters.http.origins import check_origin
from adapters.http.quiet_schema import QuietSchema
from adapters.http.refusals import (
    JSON_MEDIA_TYPE,
    RequestRefused,
    Unauthenticated,
    error_entry,
    errors_response,
    refusal_response,
    request_id_of,
)
from adapters.http.request_body import read_body
from adapters.http.request_headers import accepted_media_type, check_content, wants_page, wants_stream
from adapters.http.strict_json import read_json_object
from domain.budgets import BudgetSpent, Spent

__all__ = [
    "CODES_KEY",
    "COST_KEY",
    "PATH_KEY",
    "DoorLimits",
    "GraphQLDoor",
    "GraphQLRequest",
    "Shortcut",
    "graphql_door",
]

_log = structlog.get_logger("lingkar.http")

CODES_KEY: Final = "lingkar.codes"
"""The key of the ASGI scope under which the door leaves the codes of its answer, for the access log."""
PATH_KEY: Final = "lingkar.path"
"""Under this key stands which way the answer took: planned or executor."""
COST_KEY: Final = "lingkar.cost"
"""Under this key stands what the operation cost."""
_CLIENT_GONE: Final = "CLIENT_GONE"
"""In the log alone: there is nobody to be answered."""

Context = Callable[[Request], Awaitable[object]]
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
        self._operations = OperationReader(schema, limits)

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
            check_origin(request.headers, self._limits.origins)
            return await self._within_time(request, media_type)
        except RequestRefused as refusal:
            if isinstance(refusal, Unauthenticated):
                _log.info("unauthenticated", request_id=request_id, why=refusal.why)
            request.scope[CODES_KEY] = [refusal.code]
            return refusal_response(refusal, request_id, media_type)
        except BudgetSpent as refused:
            request.scope[CODES_KEY] = [refused.code]
            return _budget_response(refused, request_id, media_type)
        except ClientGone:
            request.scope[CODES_KEY] = [_CLIENT_GONE]
            return Response(status_code=499)
        except ClientDisconnect:
            request.scope[CODES_KEY] = [_CLIENT_GONE]
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
                body = read_json_object(
                    await read_body(request, at_most=self._limits.body_bytes, seconds=self._limits.body_seconds)
                )
                with while_connected(request.receive):
                    try:
                        asked = self._asked(body, context)
                    except DocumentRefused as refused:
                        spent = await self._charged(context, self._limits.refused_cost, request)
                        return _request_errors(refused.errors, request, media_type, spent)
                    spent = await self._charged(context, asked.cost, request)
                    return await self._answer(asked, context, request, media_type, spent)
        except TimeoutError:
            if not deadline.expired():
                raise
            message = (
                f"The operation took longer than {seconds:g} seconds and was cancelled. "
                "Ask for less, or try again later with the same idempotency key."
            )
            raise RequestRefused("TIMEOUT", message, headers={"Retry-After": "5"}) from None

    def _asked(self, body: Mapping[str, Any], context: object) -> GraphQLRequest:
        """Return the request that the body describes; one that follows is for streams and sockets."""
        asked = self._operations.read(body, context)
        if asked.operation.operation is OperationType.SUBSCRIPTION:
            message = "Subscriptions are not answered by JSON. Accept text/event-stream first, or use the socket."
            raise DocumentRefused([unresolved(message)])
        return asked

    async def _charged(self, context: object, cost: int, request: Request) -> Spent | None:
        """Take the cost from the budget of whoever asks."""
        spent = await charged(self._limits, context, cost)
        if spent is not None:
            request.scope[COST_KEY] = cost
        return spent

    async def _answer(
        self, asked: GraphQLRequest, context: object, request: Request, media_type: str, spent: Spent | None
    ) -> Response:
        if self._shortcut is not None:
            finished = await self._shortcut(asked, context)
            if finished is not None:
                request.scope[PATH_KEY] = "planned"
                return _json_response(with_cost(finished, spent), media_type)
        request.scope[PATH_KEY] = "executor"
        name = asked.operation.name
        result = await self._schema.execute_checked(
            asked.checked,
            operation_name=name.value if name else None,
            variables=asked.variables,
            context=context,
            extensions=asked.extensions,
        )
        return _result_response(result, request, media_type, spent)


def _request_errors(errors: Sequence[GraphQLError], request: Request, media_type: str, spent: Spent | None) -> Response:
    """Answer a request whose operation did not run: 400, or 200 to clients of application/json."""
    entries = request_entries(errors, request_id_of(request.scope))
    request.scope[CODES_KEY] = codes_of(entries)
    status = 200 if media_type == JSON_MEDIA_TYPE else 400
    extensions = None if spent is None else cost_of(spent)
    return errors_response(entries, status=status, media_type=media_type, extensions=extensions)


def _budget_response(refused: BudgetSpent, request_id: str, media_type: str) -> Response:
    entry = error_entry(refused.code, refused.message, request_id, facts=refused.facts)
    headers = {"Retry-After": str(refused.wait_seconds)}
    extensions = cost_of(refused.spent)
    return errors_response([entry], status=429, media_type=media_type, headers=headers, extensions=extensions)


def _result_response(result: ExecutionResult, request: Request, media_type: str, spent: Spent | None) -> Response:
    request_id = request_id_of(request.scope)
    errors = result.errors or []
    if result.data is None and errors and all(error.path is None for error in errors):
        return _request_errors(errors, request, media_type, spent)
    answer: dict[str, Any] = {"data": result.data}
    if errors:
        entries = result_entries(errors, request_id)
        request.scope[CODES_KEY] = codes_of(entries)
        answer = {"errors": entries, **answer}
    try:
        text = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return _json_response(with_cost(text.encode(), spent), media_type)
    except (TypeError, ValueError) as error:
        log_failure("graphql_answer_not_json", error, request_id)
        message = "The server failed to write its answer. Report the requestId."
        entry = error_entry("INTERNAL_SERVER_ERROR", message, request_id)
        return errors_response([entry], status=500, media_type=media_type)


def _json_response(body: bytes, media_type: str) -> Response:
    return Response(body, media_type=f"{media_type}; charset=utf-8")
