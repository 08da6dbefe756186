"""Who may open a stream of events from where, and how much one process and one connection carry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from adapters.http.origins import check_host, check_origin
from domain.actors import Actor

SLOW: Final = "STREAM_TOO_SLOW"
FAILED: Final = "STREAM_FAILED"
EXPIRED: Final = "UNAUTHENTICATED"
REASONS: Final = {
    SLOW: "Too slow: answers waited for longer than they are kept. Connect again and go on from the last cursor.",
    FAILED: "An event could not be answered. Connect again and go on from the last cursor.",
    EXPIRED: "The token is not valid any more. Connect with a current one and go on from the last cursor.",
}
"""Why a stream is cut off, by code; each ends in what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who follows, and until when the token is good."""

    actor: Actor
    expires_at: dt.datetime


CallerOf = Callable[[HTTPConnection, str | None], Awaitable[Caller]]
"""The caller by what a request or handshake presents, and by a token that was sent otherwise, if one was.

Raises Unauthenticated, and RequestRefused if that cannot be known at the moment.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """connections: sockets and streams of one process. subscriptions: of one socket. waiting: answers that wait for
    one connection. init_seconds: until a socket must say who it is. keep_alive_seconds: between signs of life of a
    stream. origins: of other sites whose pages may connect. hosts: names for which connections are taken; None: all."""

    connections: int = 5000
    subscriptions: int = 50
    waiting: int = 256
    init_seconds: float = 5.0
    keep_alive_seconds: float = 12.0
    origins: frozenset[str] = frozenset()
    hosts: frozenset[str] | None = None


class Connections:
    """How many connections of both kinds are open in this process."""

    def __init__(self, limits: StreamLimits) -> None:
        self.limits = limits
        self.open = 0

    def check(self, headers: Headers) -> None:
        """Refuse what comes for another host, or from the page of another site. Raises RequestRefused."""
        check_host(headers, self.limits.hosts)
        check_origin(headers, self.limits.origins)

    @property
    def full(self) -> bool:
        return self.open >= self.limits.connections
