"""Subscriptions over a WebSocket, by the protocol graphql-transport-ws and no other.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Only subscriptions are taken; a query or a mutation is
answered by an error under its id. Whoever breaks the protocol is cut off with the code that it names.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from adapters.http.live_limits import (
    EXPIRED,
    FAILED,
    REASONS,
    SLOW,
    Caller,
    CallerOf,
    Connections,
)
from adapters.http.refusals import RequestRefused, Unauthenticated, error_entry, refusal_response
from adapters.http.strict_json import read_json_object
from adapters.live.feeds import Feed
from adapters.live.subscriptions import SubscriptionRefused, Subscriptions

_log = structlog.get_logger("lingkar.live")

PROTOCOL: Final = "graphql-transport-ws"
CUT: Final = {SLOW: 4413, FAILED: 4500, EXPIRED: 4403}
"""Codes with which a connection is closed for no fault of the protocol."""
_ID_AT_MOST: Final = 128
_CLOSE_SECONDS: Final = 5.0


class ProtocolBroken(Exception):
    """The client did what the protocol forbids; the connection is closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class LiveSocket:
    """The ASGI application behind the socket at /graphql."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        caller_of: CallerOf,
        connections: Connections,
        now: Callable[[], dt.datetime],
    ) -> None:
        self.subscriptions = subscriptions
        self.caller_of = caller_of
        self.connections = connections
        self.now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(refusal, scope, receive, send)
            return
        self.connections.open += 1
        connection = SocketConnection(self, scope, send)
        try:
            await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
            await connection.serve(receive)
        finally:
            self.connections.open -= 1
            connection.end()
            _log.info("socket_closed", request_id=connection.request_id, code=connection.closed_with)

    def _refusal(self, scope: Scope) -> RequestRefused | None:
        try:
            self.connections.check(Headers(scope=scope))
        except RequestRefused as refusal:
            return refusal
        if PROTOCOL not in scope["subprotocols"]:
            return RequestRefused("BAD_REQUEST", f"The socket speaks {PROTOCOL} alone. Ask for that subprotocol.")
        if self.connections.full:
            message = "This process carries as many connections as it can. Try again later."
            return RequestRefused("OVERLOADED", message, headers={"Retry-After": "5"})
        return None


async def _refuse(refusal: RequestRefused, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the handshake with a status, or with 403 where the server can do no more."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 4403})
        return
    response = refusal_response(refusal, secrets.token_hex(8))
    start = {"type": "websocket.http.response.start", "status": response.status_code, "headers": response.raw_headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": bytes(response.body)})


class SocketOutlet:
    """One subscription of a connection."""

    def __init__(self, connection: SocketConnection, id: str, feed: Feed) -> None:
        self.feed = feed
        self._connection = connection
        self._head = f'{{"id":{json.dumps(id)},"type":"next","payload":'

    def offer(self, answer: str, cursor: str) -> None:
        self._connection.offer(f"{self._head}{answer}}}")

    def has_room(self) -> bool:
        return self._connection.has_room()

    def cut(self, code: str) -> None:
        self._connection.cut(CUT[code], REASONS[code])


class SocketConnection:
    """One connection: what it said, what it follows, and the queue of what it is told."""

    def __init__(self, socket: LiveSocket, scope: Scope, send: Send) -> None:
        self.request_id = secrets.token_hex(8)
        self.closed_with: int | None = None
        self._socket = socket
        self._send = send
        self._handshake = HTTPConnection(scope)
        self._caller: Caller | None = None
        self._greeted = False
        self._outlets: dict[str, SocketOutlet | None] = {}
        self._beginning: dict[str, asyncio.Task[None]] = {}
        self._queue: deque[str] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        late = "Nothing was said of who connects within the time for it. Send connection_init first."
        self._timer = loop.call_later(socket.connections.limits.init_seconds, self.cut, 4408, late)

    async def serve(self, receive: Receive) -> None:
        """Take messages until the connection ends."""
        while self._closing is None:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                self.closed_with = self.closed_with or message.get("code")
                break
            try:
                await self._take(_checked(message.get("text")))
            except ProtocolBroken as broken:
                self.cut(broken.code, broken.reason)
        if self._closing is not None:
            await self._closing

    def end(self) -> None:
        """Stop everything that was begun for the connection."""
        self._timer.cancel()
        for task in (*self._beginning.values(), self._writer):
            if task is not None:
                task.cancel()
        for id in tuple(self._outlets):
            self._end(id)

    def offer(self, frame: str) -> None:
        """Put a message into the queue; a client that does not take them is cut off."""
        if self._closing is not None:
            return
        if len(self._queue) >= self._socket.connections.limits.waiting:
            self.cut(CUT[SLOW], REASONS[SLOW])
            return
        self._queue.append(frame)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    def has_room(self) -> bool:
        return 2 * len(self._queue) <= self._socket.connections.limits.waiting

    def cut(self, code: int, reason: str) -> None:
        """Close the connection; what waits is not sent."""
        if self._closing is None:
            self.closed_with = code
            self._closing = asyncio.create_task(self._close(code, reason))

    async def _write(self) -> None:
        try:
            while self._queue:
                await self._send({"type": "websocket.send", "text": self._queue.popleft()})
        except Exception:
            # The connection is gone; the end of it is told to serve().
            self._queue.clear()
        finally:
            self._writer = None

    async def _close(self, code: int, reason: str) -> None:
        self._queue.clear()
        if self._writer is not None:
            self._writer.cancel()
        for id in tuple(self._outlets):
            self._end(id)
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._send({"type": "websocket.close", "code": code, "reason": reason[:120]})
        except Exception:
            _log.info("socket_gone", request_id=self.request_id)

    # --- messages ----------------------------------------------------------------------------------------

    async def _take(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "connection_init":
                await self._greet(message)
            case "ping":
                self.offer('{"type":"pong"}')
            case "pong":
                pass
            case "subscribe":
                self._subscribe(message)
            case "complete":
                self._end(_id_of(message))
            case _:
                raise ProtocolBroken(4400, "A message has a type that clients do not send.")

    async def _greet(self, message: Mapping[str, Any]) -> None:
        if self._greeted:
            raise ProtocolBroken(4429, "connection_init came twice. Send it once.")
        self._greeted = True
        payload = message.get("payload")
        if payload is not None and not isinstance(payload, dict):
            raise ProtocolBroken(4400, "The payload of connection_init is not an object.")
        said = (payload or {}).get("authorization")
        if isinstance(said, str) and said.lower().startswith("dpop "):
            # A proof is one of an HTTP request, and the handshake is the only one there is.
            raise ProtocolBroken(4403, "A DPoP token comes in the headers of the handshake, with its proof.")
        try:
            caller = await self._socket.caller_of(self._handshake, "" if not isinstance(said, str | None) else said)
            await self._socket.subscriptions.hub.start()
        except Unauthenticated as refused:
            _log.info("unauthenticated", request_id=self.request_id, why=refused.why)
            raise ProtocolBroken(4403, "The request carries no valid bearer token.") from None
        except Exception as error:
            _log.warning("socket_not_begun", error=type(error).__qualname__)
            raise ProtocolBroken(CUT[FAILED], "Nothing can be followed at the moment. Try again later.") from None
        self._welcome(caller)

    def _welcome(self, caller: Caller) -> None:
        self._timer.cancel()
        self._caller = caller
        remaining = (caller.expires_at - self._socket.now()).total_seconds()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(remaining, 0), self.cut, CUT[EXPIRED], REASONS[EXPIRED])
        cursor = self._socket.subscriptions.cursor(caller.actor)
        self.offer(f'{{"type":"connection_ack","payload":{{"cursor":"{cursor}"}}}}')

    def _subscribe(self, message: Mapping[str, Any]) -> None:
        id, payload = _id_of(message), message.get("payload")
        if self._caller is None:
            raise ProtocolBroken(4401, "A subscription came before connection_init was answered.")
        if not isinstance(payload, dict):
            raise ProtocolBroken(4400, "The payload of a subscription is not an object.")
        _check_shape(payload)
        if id in self._outlets:
            raise ProtocolBroken(4409, "There is a subscription with this id already.")
        limit = self._socket.connections.limits.subscriptions
        if len(self._outlets) >= limit:
            text = f"A connection carries at most {limit} subscriptions. End one, or open another connection."
            self._refuse(id, [error_entry("LIMIT_EXCEEDED", text, self.request_id)])
            return
        self._outlets[id] = None
        self._beginning[id] = asyncio.create_task(self._begin(id, payload, self._caller))

    async def _begin(self, id: str, payload: Mapping[str, Any], caller: Caller) -> None:
        def outlet_of(feed: Feed) -> SocketOutlet:
            return SocketOutlet(self, id, feed)

        subscriptions = self._socket.subscriptions
        try:
            outlet = await subscriptions.begin(payload, caller.actor, outlet_of, self.request_id)
            assert isinstance(outlet, SocketOutlet), "it was made above"
            self._outlets[id] = outlet
        except SubscriptionRefused as refused:
            self._outlets.pop(id, None)
            self._refuse(id, refused.entries)
        except Exception as error:
            _log.error("subscription_failed", request_id=self.request_id, error=type(error).__qualname__)
            self._outlets.pop(id, None)
            text = "The server failed to begin. Try again later; if it stays, report the requestId."
            self._refuse(id, [error_entry("INTERNAL_SERVER_ERROR", text, self.request_id)])
        finally:
            self._beginning.pop(id, None)

    def _refuse(self, id: str, entries: list[dict[str, Any]]) -> None:
        self.offer(json.dumps({"id": id, "type": "error", "payload": entries}, ensure_ascii=False))

    def _end(self, id: str) -> None:
        beginning = self._beginning.pop(id, None)
        if beginning is not None:
            beginning.cancel()
        outlet = self._outlets.pop(id, None)
        if outlet is not None:
            self._socket.subscriptions.end(outlet.feed, outlet)


def _checked(text: str | None) -> Mapping[str, Any]:
    """A message that is an object with a type; the payload is checked where it is used."""
    if text is None:
        raise ProtocolBroken(4400, "Messages are texts. A binary one came.")
    try:
        message = read_json_object(text.encode())
    except (RequestRefused, UnicodeEncodeError):
        raise ProtocolBroken(4400, "A message is not a JSON object.") from None
    if not isinstance(message.get("type"), str):
        raise ProtocolBroken(4400, "A message has no type.")
    return message


def _check_shape(payload: Mapping[str, Any]) -> None:
    if not isinstance(payload.get("query"), str):
        raise ProtocolBroken(4400, "The query of a subscription is not a text.")
    if not isinstance(payload.get("operationName"), str | None):
        raise ProtocolBroken(4400, "The operationName of a subscription is not a text.")
    if not all(isinstance(payload.get(name), dict | None) for name in ("variables", "extensions")):
        raise ProtocolBroken(4400, "The variables or extensions of a subscription are not an object.")


def _id_of(message: Mapping[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= _ID_AT_MOST:
        raise ProtocolBroken(4400, f"The id of a subscription is not a text of 1 to {_ID_AT_MOST} characters.")
    return id
