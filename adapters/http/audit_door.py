"""The way out for signed heads of audit chains, and for the keys by which they are verified."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.audit.forms import kept_form
from adapters.http.plain_door import refusing
from adapters.http.refusals import RequestRefused
from domain.audit import KeptHead

__all__ = ["audit_routes"]

_HEADS_AT_MOST: Final = 400
_FRESH_SECONDS: Final = 300
_PUBLIC: Final = {"cache-control": f"public, max-age={_FRESH_SECONDS}", "access-control-allow-origin": "*"}

AskHeads = Callable[[str, dt.date, int], Awaitable[Sequence[KeptHead]]]
"""The signed heads of a chain from a day on, the oldest first, so many at most."""


def audit_routes(key_set: dict[str, Any], heads_of: AskHeads) -> list[Route]:
    """Return the routes of signed heads and public keys: for anyone, for only what is kept elsewhere proves anything.

    A head tells that a chain had some digest at some instant. It does not tell how many acts there were, so that
    nobody can count them from day to day.
    """

    async def heads(request: Request) -> Response:
        chain = request.path_params["chain"]
        found = await heads_of(chain, _since(request), _HEADS_AT_MOST)
        return JSONResponse({"chain": chain, "heads": [kept_form(head) for head in found]}, headers=_PUBLIC)

    async def keys(_: Request) -> Response:
        return JSONResponse(key_set, headers=_PUBLIC)

    return [
        Route("/audit/heads/{chain}", refusing("audit_heads_failed", heads), methods=["GET"]),
        Route("/.well-known/audit-keys.json", keys, methods=["GET"]),
    ]


def _since(request: Request) -> dt.date:
    given = request.query_params.get("since", "")
    if not given:
        return dt.date.min
    try:
        if len(given) != len("2026-01-31"):
            raise ValueError(given)
        return dt.date.fromisoformat(given)
    except ValueError:
        message = "`since` is a day such as 2026-01-31; heads from that day on are given."
        raise RequestRefused("BAD_USER_INPUT", message) from None
