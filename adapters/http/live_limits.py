"""Who may open a stream of events from where, and how much one process and one connection carry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers

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


CallerOf = Callable[[str | None], Caller]
"""The caller of an Authorization header's value; raises Unauthenticated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """connections: sockets and streams of one process. subscriptions: of one socket. waiting: answers that wait for
    one connection. init_seconds: until a socket must say who it is. keep_alive_seconds: between signs of life of a
    stream."""

    connections: int = 5000
    subscriptions: int = 50
    waiting: int = 256
    init_seconds: float = 5.0
    keep_alive_seconds: float = 12.0
    allowed_origins: tuple[str, ...] = ()


class Connections:
    """How many connections of both kinds are open in this process."""

    def __init__(self, limits: StreamLimits) -> None:
        self.limits = limits
        self.open = 0

    @property
    def full(self) -> bool:
        return self.open >= self.limits.connections


def origin_is_allowed(headers: Headers, scheme: str, allowed: tuple[str, ...]) -> bool:
    """Whether a request comes from no browser, from this very site, or from a site that is allowed.

    A browser sends cookies of its own accord, not tokens; still, no page of another site is let in unnamed. The
    origin `null` is that of sandboxed pages and files, which anyone can make.
    """
    given = headers.getlist("origin")
    if not given:
        return True
    secure = "https" if scheme in ("https", "wss") else "http"
    own = f"{secure}://{headers.get('host', '')}"
    return len(given) == 1 and given[0] != "null" and (given[0] == own or given[0] in allowed)
