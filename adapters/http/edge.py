"""The middleware around every route, the straight way to one of them, and the settings of the server in front."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

import structlog
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.http.classification import log_failure
from adapters.http.graphql_door import CODES_KEY
from adapters.http.origins import check_host
from adapters.http.protocol import GuardedProtocol
from adapters.http.refusals import REQUEST_ID_KEY, RequestRefused, refusal_response
from adapters.http.socket_protocol import SocketProtocol

__all__ = ["HEADERS_MAX", "HEADER_BYTES_MAX", "STREAMS_KEY", "Edge", "Seen", "StraightTo", "server_settings"]

HEADERS_MAX: Final = GuardedProtocol.headers_max
HEADER_BYTES_MAX: Final = GuardedProtocol.header_bytes_max

STREAMS_KEY: Final = "lingkar.streams"
"""The key of the ASGI scope of a function: an answer that is a stream without an end calls it when it begins."""
_REQUESTS_AT_ONCE: Final = 512
"""Requests that one process answers at the same time; streams have a limit of their own."""

_access_log = structlog.get_logger("lingkar.access")

_SECURITY_HEADERS: Final[Sequence[tuple[bytes, bytes]]] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
"""Set where a route has not set its own; a page states the sources it needs itself."""
_HSTS: Final = ((b"strict-transport-security", b"max-age=31536000"),)
_NEVER_SENT: Final = (b"server", b"x-request-id")
"""What a route says of these is taken out; the id is the edge's own."""


def server_settings() -> dict[str, Any]:
    """Return the settings of uvicorn that belong to this edge: limits of headers, time and sockets."""
    return {
        "http": GuardedProtocol,
        "server_header": False,
        "access_log": False,
        "timeout_keep_alive": 15,
        "timeout_graceful_shutdown": 10,
        "ws": SocketProtocol,
        "ws_max_size": 1_000_000,
        # Compression would cost each of thousands of connections more memory than all else.
        "ws_per_message_deflate": False,
    }


Seen = Callable[[Scope, int, float], None]
"""What one answer was: its scope, its status and how many seconds it took."""


class Edge:
    """ASGI middleware: exactly one Host, bounded headers, a request id, security headers, one line of log.

    hosts: names for which requests are taken; None for every name. seen: told of each answer, for counters.
    It must be the outermost middleware, so that it also answers for what fails inside.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str] | None = None, seen: Seen | None = None) -> None:
        self._app = app
        self._hosts = hosts
        self._seen = seen
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Always our own: an id from outside could carry text into the log.
        scope[REQUEST_ID_KEY] = secrets.token_hex(8)
        answer = _Answer(scope, send)
        began = time.perf_counter()
        self._requests += 1
        left = False

        def leave() -> None:
            nonlocal left
            if left:
                return
            left = True
            self._requests -= 1
            if self._seen is not None:
                # Of a stream, how long it took to begin: what follows ends when the client likes.
                self._seen(scope, answer.status, time.perf_counter() - began)

        scope[STREAMS_KEY] = leave
        try:
            await self._pass_on(scope, receive, answer)
        finally:
            leave()
            _log_access(scope, answer.status, time.perf_counter() - began)

    async def _pass_on(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        request_id = scope[REQUEST_ID_KEY]
        refusal = _refused(scope["headers"], self._hosts) or self._overloaded()
        if refusal is None:
            try:
                with structlog.contextvars.bound_contextvars(request_id=request_id):
                    await self._app(scope, receive, answer.send)
                return
            except Exception as error:
                log_failure("request_failed", error, request_id)
                if answer.status:
                    # The answer has begun; ending the connection is all that is left.
                    raise ConnectionAbortedError("the answer broke off") from None
                message = "The server failed. Try again later; if it stays, report the requestId."
                refusal = RequestRefused("INTERNAL_SERVER_ERROR", message)
        scope[CODES_KEY] = [refusal.code]
        await refusal_response(refusal, request_id)(scope, receive, answer.send)

    def _overloaded(self) -> RequestRefused | None:
        if self._requests <= _REQUESTS_AT_ONCE:
            return None
        message = "This process answers as many requests as it can. Try again in a moment."
        return RequestRefused("OVERLOADED", message, headers={"Retry-After": "1"})


class _Answer:
    """Completes the headers of an answer on its way out and remembers its status."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._completed(message.get("headers", ()))
        await self._send(message)

    def _completed(self, given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        headers = [line for line in given if line[0].lower() not in _NEVER_SENT]
        names = {name.lower() for name, _ in headers}
        secure = _HSTS if self._scope.get("scheme") == "https" else ()
        headers += [line for line in (*_SECURITY_HEADERS, *secure) if line[0] not in names]
        headers.append((b"x-request-id", self._scope[REQUEST_ID_KEY].encode()))
        return headers


class StraightTo:
    """ASGI middleware that leads requests for the exact paths of some routes past the search among all routes."""

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        self._app = app
        self._routes = {route.path: route for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"]) if scope["type"] == "http" and not scope.get("root_path") else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        await route.app(scope, receive, send)


def _refused(lines: Sequence[tuple[bytes, bytes]], hosts: Collection[str] | None) -> RequestRefused | None:
    """Return why these headers are refused, or None."""
    if len(lines) > HEADERS_MAX or sum(len(name) + len(value) for name, value in lines) > HEADER_BYTES_MAX:
        message = f"There are more than {HEADERS_MAX} headers or {HEADER_BYTES_MAX} bytes of them. Send fewer."
        return RequestRefused("HEADERS_TOO_LARGE", message)
    try:
        check_host(Headers(raw=list(lines)), hosts)
    except RequestRefused as refusal:
        return refusal
    return None


def _log_access(scope: Scope, status: int, seconds: float) -> None:
    _access_log.info(
        "request_answered",
        request_id=scope[REQUEST_ID_KEY],
        method=scope["method"],
        path=_path_without_values(scope),
        status=status,
        milliseconds=round(seconds * 1000, 1),
        codes=scope.get(CODES_KEY, []),
    )


def _path_without_values(scope: Scope) -> str:
    """Return the path as the route declares it: what stands in its place may name a worker."""
    declared = getattr(scope.get("route"), "path", None)
    return str(declared) if declared is not None else "(no route)"
