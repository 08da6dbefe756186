"""The way out for lists: the coverage of every worker in sight of an institution, as lines of JSON."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from adapters.http.plain_door import day_asked, purpose_of, refusing
from adapters.http.refusals import RequestRefused
from domain.exports import ExportAsked

__all__ = ["Export", "Exported", "export_routes"]

_RETRY_SECONDS: Final = 30

Exported = tuple[AsyncIterator[bytes], str]
"""The lines in chunks, and the institution whose officer asks."""
Export = Callable[[Request, ExportAsked], Awaitable[Exported]]
"""Says who asks and opens the export; may raise Unauthenticated and the domain's refusals."""


def export_routes(export: Export, *, at_once: int) -> list[Route]:
    """Return the route of exports. at_once: how many of one institution run beside each other in this process."""
    running: Counter[str] = Counter()

    async def coverage(request: Request) -> Response:
        try:
            lines, institution = await export(request, _asked(request))
        except GraphQLError as refused:
            raise RequestRefused("BAD_USER_INPUT", refused.message) from None
        if running[institution] >= at_once:
            message = f"Your institution runs {at_once} exports. Wait until one has ended."
            raise RequestRefused("RATE_LIMITED", message, headers={"Retry-After": str(_RETRY_SECONDS)})
        return _Lines(lines, running, institution)

    return [Route("/exports/coverage", refusing("export_failed", coverage), methods=["GET"])]


class _Lines(StreamingResponse):
    """Sends chunks as the client takes them; with the connection the reading ends, and the institution's place is
    free again, however that comes."""

    def __init__(self, lines: AsyncIterator[bytes], running: Counter[str], institution: str) -> None:
        super().__init__(lines, media_type="application/x-ndjson")
        running[institution] += 1
        self._running = running
        self._institution = institution

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._running[self._institution] -= 1
            self._running += Counter()


def _asked(request: Request) -> ExportAsked:
    given = request.query_params
    return ExportAsked(
        on=day_asked(request),
        purpose=purpose_of(given.get("purpose", "")),
        scheme_id=given.get("scheme"),
        known_at=_instant(given.get("knownAt")),
        after=given.get("after"),
    )


def _instant(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        instant = dt.datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        pass
    message = "`knownAt` is an instant with its offset, such as 2025-08-15T09:00:00Z; a + is written %2B."
    raise RequestRefused("DATE_INVALID", message)
