"""The way out for a worker's own data, as one file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.http.plain_door import refusing

__all__ = ["own_data_routes"]

Export = Callable[[Request], Awaitable[dict[str, Any]]]
"""Says who asks and returns what is stored about them; may raise the domain's refusals."""


def own_data_routes(export: Export) -> list[Route]:
    """Return the route by which workers take what is stored about them."""

    async def answer(request: Request) -> Response:
        told = await export(request)
        headers = {"content-disposition": 'attachment; filename="lingkar-export.json"', "cache-control": "no-store"}
        return JSONResponse(told, headers=headers)

    return [Route("/me/export", refusing("export_failed", answer), methods=["GET"])]
