"""From an operation to a feed: checked as every operation is, asked once what it follows, answered at each event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from graphql import ExecutionResult, GraphQLError, OperationType, execute
from graphql.execution.execute import Executor, create_source_event_stream

from adapters.http.classification import request_entries, result_entries
from adapters.http.documents import DocumentRefused
from adapters.http.operations import DoorLimits, GraphQLRequest, OperationReader, charged
from adapters.http.quiet_schema import QuietSchema
from adapters.http.refusals import RequestRefused, error_entry
from adapters.live.cursors import CursorNotOurs
from adapters.live.feeds import Feed, Outlet, Pay
from adapters.live.hub import Hub
from domain.actors import Actor
from domain.budgets import BudgetSpent
from domain.errors import NotFound, TryAgain
from domain.live import Place, Wanted
from domain.records import Purpose

RequestOf = Callable[[Actor], object]
"""Makes what a resolver knows of a request, at this instant."""
EventOf = Callable[[UUID, str, Purpose | None], object]
"""Makes the root value of an event from its subject, its cursor and for what the subscriber asks."""


class SubscriptionRefused(Exception):
    """The operation was not begun. entries: of `errors`, as clients get them. headers: of an answer by HTTP."""

    def __init__(self, entries: list[dict[str, Any]], headers: Mapping[str, str] | None = None) -> None:
        super().__init__("subscription refused")
        self.entries = entries
        self.headers = headers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """Two subscriptions of one actor with one key get the same answers."""

    actor: Actor
    text: str
    operation: str | None
    variables: str


class Subscriptions:
    """Begins and ends subscriptions of all connections of a process."""

    def __init__(
        self, schema: QuietSchema, hub: Hub, limits: DoorLimits, *, request_of: RequestOf, event_of: EventOf
    ) -> None:
        self.hub = hub
        self._core = schema.core
        self._limits = limits
        self._request_of = request_of
        self._event_of = event_of
        self._operations = OperationReader(schema, limits)
        self._shared: dict[_Key, Feed] = {}

    async def begin(
        self,
        body: Mapping[str, Any],
        actor: Actor,
        outlet_of: Callable[[Feed], Outlet],
        request_id: str,
        *,
        after: str | None = None,
    ) -> Outlet:
        """Begin one subscription and return its outlet, which may have its first answer already.

        body: query, variables and operationName as they were sent. after: a cursor from outside of the operation.
        Beginning costs what an answer costs, and a document that is refused costs what it costs at every door.
        Raises SubscriptionRefused with the entries of `errors`.
        """
        try:
            asked = await self._paid(body, self._request_of(actor))
            wanted = await self._wanted(asked, actor, request_id)
            place = self._place(after or wanted.after, actor)
        except DocumentRefused as refused:
            raise SubscriptionRefused(request_entries(refused.errors, request_id)) from None
        except RequestRefused as refused:
            entries = [error_entry(refused.code, refused.message, request_id)]
            raise SubscriptionRefused(entries, refused.headers) from None
        except BudgetSpent as spent:
            entries = [error_entry(spent.code, spent.message, request_id, facts=spent.facts)]
            raise SubscriptionRefused(entries, {"Retry-After": str(spent.wait_seconds)}) from None
        feed = self._feed(asked, actor, wanted, place, request_id)
        outlet = outlet_of(feed)
        feed.outlets.add(outlet)
        if len(feed.outlets) == 1:
            self.hub.follow(feed)
        return outlet

    def end(self, feed: Feed, outlet: Outlet) -> None:
        feed.outlets.discard(outlet)
        if not feed.outlets:
            self.hub.leave(feed)
            for key in [key for key, shared in self._shared.items() if shared is feed]:
                del self._shared[key]

    def cursor(self, actor: Actor) -> str:
        """The cursor of this moment, for a client that has had no event yet."""
        return self.hub.cursors.write(self.hub.place(), actor)

    async def _paid(self, body: Mapping[str, Any], request: object) -> GraphQLRequest:
        """The operation of a body, once what it costs was taken from the budget of whoever asks."""
        try:
            asked = self._operations.read(body, request)
        except DocumentRefused:
            await charged(self._limits, request, self._limits.refused_cost)
            raise
        if asked.operation.operation is not OperationType.SUBSCRIPTION:
            message = "Only subscriptions are answered here. Send queries and mutations by POST, accepting JSON."
            raise RequestRefused("OPERATION_RESOLUTION_FAILURE", message)
        await charged(self._limits, request, asked.cost)
        return asked

    async def _wanted(self, asked: GraphQLRequest, actor: Actor, request_id: str) -> Wanted:
        """What the operation follows: the first and only thing that the source of its field says."""
        made = Executor.build(
            self._core,
            asked.checked.document,
            context_value=self._request_of(actor),
            raw_variable_values=dict(asked.variables),
            operation_name=asked.operation_name,
        )
        if isinstance(made, list):
            raise SubscriptionRefused(request_entries(made, request_id))
        source = create_source_event_stream(made)
        if not isinstance(source, AsyncIterable | ExecutionResult):
            source = await source
        try:
            if isinstance(source, AsyncIterable):
                async for wanted in source:
                    return cast(Wanted, wanted)
            errors = source.errors if isinstance(source, ExecutionResult) else None
        except Exception as error:
            errors = [GraphQLError(str(error), original_error=error, path=[])]
        raise SubscriptionRefused(result_entries(errors or [GraphQLError("No source.")], request_id))

    def _place(self, after: str | None, actor: Actor) -> Place | None:
        if after is None:
            return None
        try:
            return self.hub.cursors.read(after, actor)
        except CursorNotOurs:
            message = "This cursor was not given to you here. Use the one of the last event, or begin without one."
            raise RequestRefused("BAD_USER_INPUT", message) from None

    def _feed(self, asked: GraphQLRequest, actor: Actor, wanted: Wanted, place: Place | None, request_id: str) -> Feed:
        """A feed that others share if it begins now and asks the same; one that resumes has a place of its own."""
        key = _Key(
            actor=actor,
            text=asked.checked.text,
            operation=asked.operation_name,
            variables=json.dumps(asked.variables, sort_keys=True),
        )
        shared = self._shared.get(key)
        if place is None and shared is not None and not shared.held:
            return shared
        answer = self._answer(asked, actor, wanted.purpose, request_id)
        feed = Feed(actor, wanted, answer, self._pay(asked, actor), place)
        if place is None:
            self._shared[key] = feed
        return feed

    def _pay(self, asked: GraphQLRequest, actor: Actor) -> Pay:
        async def pay() -> int:
            try:
                await charged(self._limits, self._request_of(actor), asked.cost)
            except BudgetSpent as spent:
                return spent.wait_seconds
            return 0

        return pay

    def _answer(
        self, asked: GraphQLRequest, actor: Actor, purpose: Purpose | None, request_id: str
    ) -> Callable[[UUID, str], Awaitable[str | None]]:
        async def answer(subject_id: UUID, cursor: str) -> str | None:
            async with asyncio.timeout(self._limits.answer_seconds):
                made = execute(
                    self._core,
                    asked.checked.document,
                    root_value=self._event_of(subject_id, cursor, purpose),
                    context_value=self._request_of(actor),
                    variable_values=dict(asked.variables),
                    operation_name=asked.operation_name,
                )
                result = made if isinstance(made, ExecutionResult) else await made
            return _json_of(result, request_id)

        return answer


def _json_of(result: ExecutionResult, request_id: str) -> str | None:
    """The answer as JSON; None where the thing itself is not in sight any more: hidden is like absent."""
    errors = result.errors or []
    if any(_is_hidden(error) for error in errors):
        return None
    if any(isinstance(error.original_error, TryAgain) for error in errors):
        # The event is told when the database answers again: after a reconnect, from the last cursor.
        raise TryAgain("event")
    answer: dict[str, Any] = {"data": result.data}
    if errors:
        answer = {"errors": result_entries(errors, request_id), **answer}
    return json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


_THING = 2
"""How deep the thing itself stands in an answer: below the field that was subscribed."""


def _is_hidden(error: GraphQLError) -> bool:
    return isinstance(error.original_error, NotFound) and len(error.path or ()) == _THING
