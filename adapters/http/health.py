"""Two questions of whoever runs the process: does it live, and may it be sent requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.http.classification import log_failure
from adapters.http.refusals import request_id_of

__all__ = ["READY_SECONDS", "Check", "health_routes"]

READY_SECONDS: Final = 1.5
"""How long all checks together may take."""

Check = Callable[[], Awaitable[None]]
"""Returns when the thing is in order, raises when it is not."""


def health_routes(checks: Mapping[str, Check], *, seconds: float = READY_SECONDS) -> list[Route]:
    """Return /livez, which touches nothing, and /readyz, which runs the checks.

    checks: by the name that the answer shows, such as "database"; they run at the same time.
    seconds: a check that has not returned by then has failed.
    /readyz answers 200, or 503 with the state of each check: "ok", "failed" or "too slow".
    """

    async def livez(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(request: Request) -> Response:
        request_id = request_id_of(request.scope)
        states = await asyncio.gather(*(_state(check, seconds, request_id) for check in checks.values()))
        ready = all(state == "ok" for state in states)
        by_name = dict(zip(checks, states, strict=True))
        status = "ready" if ready else "not ready"
        return JSONResponse({"status": status, "checks": by_name}, 200 if ready else 503)

    return [Route("/livez", livez), Route("/readyz", readyz)]


async def _state(check: Check, seconds: float, request_id: str) -> str:
    deadline = asyncio.timeout(seconds)
    try:
        async with deadline:
            await check()
    except Exception as error:
        if isinstance(error, TimeoutError) and deadline.expired():
            return "too slow"
        log_failure("readiness_check_failed", error, request_id)
        return "failed"
    return "ok"
