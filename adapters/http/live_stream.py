"""Subscriptions as server-sent events, one for each request: graphql-sse, distinct connections mode.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. Each event's id is its cursor, so that a browser that
connects again says by itself, in Last-Event-ID, from where to go on.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from adapters.http.edge import STREAMS_KEY
from adapters.http.graphql_door import CODES_KEY
from adapters.http.live_limits import EXPIRED, REASONS, SLOW, Caller, CallerOf, Connections
from adapters.http.operations import DoorLimits
from adapters.http.protocol import ABANDON_KEY
from adapters.http.refusals import (
    CODES,
    RequestRefused,
    Unauthenticated,
    errors_response,
    refusal_response,
    request_id_of,
)
from adapters.http.request_body import read_body
from adapters.http.request_headers import STREAM_MEDIA_TYPE, check_content
from adapters.http.strict_json import read_json_object
from adapters.live.feeds import Feed
from adapters.live.subscriptions import SubscriptionRefused, Subscriptions

_log = structlog.get_logger("lingkar.live")
_LAST_SECONDS = 5.0
"""How long a client that is cut off may take to hear why."""


class LiveStream:
    """The ASGI application that answers a POST to /graphql which prefers a stream."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        caller_of: CallerOf,
        connections: Connections,
        limits: DoorLimits,
        now: Callable[[], dt.datetime],
    ) -> None:
        self._subscriptions = subscriptions
        self._caller_of = caller_of
        self._connections = connections
        self._limits = limits
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        stream = StreamConnection(self._connections, send, scope.get(ABANDON_KEY, _nothing))
        self._connections.open += 1
        try:
            refusal = await self._begun(request, stream)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
            scope.get(STREAMS_KEY, _nothing)()
            await stream.serve(receive)
        finally:
            self._connections.open -= 1
            if stream.feed is not None:
                self._subscriptions.end(stream.feed, stream)

    async def _begun(self, request: Request, stream: StreamConnection) -> Response | None:
        """Begin the subscription; the answer of a request that is refused."""
        request_id = request_id_of(request.scope)
        try:
            caller = await self._checked_caller(request)
            body = read_json_object(
                await read_body(request, at_most=self._limits.body_bytes, seconds=self._limits.body_seconds)
            )
            await self._subscriptions.hub.start()
            stream.expires_in = (caller.expires_at - self._now()).total_seconds()
            stream.begin(self._subscriptions.cursor(caller.actor))
            after = request.headers.get("last-event-id") or None
            await self._subscriptions.begin(body, caller.actor, stream.of, request_id, after=after)
        except RequestRefused as refusal:
            if isinstance(refusal, Unauthenticated):
                _log.info("unauthenticated", request_id=request_id, why=refusal.why)
            request.scope[CODES_KEY] = [refusal.code]
            return refusal_response(refusal, request_id)
        except SubscriptionRefused as refused:
            codes = [entry["extensions"]["code"] for entry in refused.entries]
            request.scope[CODES_KEY] = codes
            status = CODES[codes[0]].status if codes[0] in CODES else 400
            return errors_response(refused.entries, status=status, headers=refused.headers)
        except ClientDisconnect:
            return Response(status_code=400)
        return None

    async def _checked_caller(self, request: Request) -> Caller:
        limits = self._connections.limits
        if request.method != "POST":
            message = "Subscriptions are sent by POST. Send a POST with a JSON body."
            raise RequestRefused("METHOD_NOT_ALLOWED", message, headers={"Allow": "POST"})
        check_content(request.headers)
        self._connections.check(request.headers)
        caller = await self._caller_of(request, None)
        if self._connections.open > limits.connections:
            message = "This process carries as many connections as it can. Try again later."
            raise RequestRefused("OVERLOADED", message, headers={"Retry-After": "5"})
        return caller


class StreamConnection:
    """One stream: the outlet of its one subscription, and the queue of what it is told."""

    def __init__(self, connections: Connections, send: Send, abandon: Callable[[], None]) -> None:
        self.feed: Feed | None = None
        self.expires_in = 0.0
        self._limits = connections.limits
        self._send = send
        self._abandon = abandon
        self._queue: deque[str] = deque()
        self._news = asyncio.Event()
        self._cut: str | None = None

    def of(self, feed: Feed) -> StreamConnection:
        self.feed = feed
        return self

    def begin(self, cursor: str) -> None:
        """The first thing in the stream is where it begins, for a client that breaks off before the first event."""
        self._queue.append(f"id: {cursor}\n\n")

    def offer(self, answer: str, cursor: str) -> None:
        if len(self._queue) >= self._limits.waiting:
            self.cut(SLOW)
            return
        self._queue.append(f"event: next\nid: {cursor}\ndata: {answer}\n\n")
        self._news.set()

    def has_room(self) -> bool:
        return 2 * len(self._queue) <= self._limits.waiting

    def cut(self, code: str) -> None:
        if self._cut is None:
            self._cut = code
            self._news.set()

    async def serve(self, receive: Receive) -> None:
        """Send what comes until the client goes, the token ends or the stream is cut off."""
        headers = [(b"content-type", f"{STREAM_MEDIA_TYPE}; charset=utf-8".encode()), (b"x-accel-buffering", b"no")]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        expiry = asyncio.get_running_loop().call_later(max(self.expires_in, 0), self.cut, EXPIRED)
        writer = asyncio.create_task(self._write())
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait((writer, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            expiry.cancel()
            writer.cancel()
            gone.cancel()
            await asyncio.gather(writer, gone, return_exceptions=True)

    async def _write(self) -> None:
        while self._cut is None:
            while self._queue and self._cut is None:
                # A client that does not read holds this up, while the queue fills until it is cut off.
                sending = asyncio.ensure_future(self._send_text(self._queue.popleft()))
                await self._sent_or_cut(sending)
            try:
                async with asyncio.timeout(self._limits.keep_alive_seconds):
                    await self._news.wait()
                self._news.clear()
            except TimeoutError:
                self._queue.append(":\n\n")
        told = json.dumps({"code": self._cut, "message": REASONS[self._cut]})
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                await self._send_text(f"event: cut\ndata: {told}\n\n", more=False)
        except TimeoutError:
            # What waits in the connection would be kept for as long as the client likes.
            self._abandon()

    async def _sent_or_cut(self, sending: asyncio.Future[None]) -> None:
        while not sending.done():
            news = asyncio.ensure_future(self._news.wait())
            await asyncio.wait((sending, news), return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
            if self._cut is not None and not sending.done():
                sending.cancel()
                return
            if not sending.done():
                # More has come to wait; it is in the queue already.
                self._news.clear()
        await sending

    async def _send_text(self, text: str, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": text.encode(), "more_body": more})


def _nothing() -> None:
    """Behind another server or without the middleware there is nothing to be done."""


async def _disconnected(receive: Receive) -> None:
    message: dict[str, Any] = {}
    while message.get("type") != "http.disconnect":
        message = dict(await receive())
