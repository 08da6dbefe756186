"""The way in for nomination files: POST /nominations with a CSV body, too large for a GraphQL document."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.http.plain_door import day_asked, refusing
from adapters.http.refusals import RequestRefused

__all__ = ["NominationUpload", "nomination_routes"]

_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}")
# Years from 2400 are those of the Buddhist era, which the Gregorian calendar of this contract does not reach.


@dataclass(frozen=True, slots=True, kw_only=True)
class NominationUpload:
    """One upload as it was sent: the fund's id, whose rules apply on which day, the key and the lines."""

    fund: str
    scheme_id: str
    segment_id: str
    on: dt.date
    key: str
    lines: list[str]


Submit = Callable[[Request, NominationUpload], Awaitable[dict[str, Any]]]


def nomination_routes(submit: Submit, *, bytes_at_most: int) -> list[Route]:
    """Return the route of nomination files.

    submit: says who asks, takes the file in and returns what the client is told; may raise Unauthenticated
    and the domain's refusals. The query names fund, scheme, segment and on; the header Idempotency-Key the act.
    """

    async def taken(request: Request) -> Response:
        return JSONResponse(await submit(request, await _read(request, bytes_at_most)), 201)

    return [Route("/nominations", refusing("nomination_failed", taken), methods=["POST"])]


async def _read(request: Request, bytes_at_most: int) -> NominationUpload:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "text/csv":
        raise RequestRefused("UNSUPPORTED_MEDIA_TYPE", "A nomination file is sent as text/csv in UTF-8.")
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        raise RequestRefused(
            "IDEMPOTENCY_KEY_INVALID", "The header Idempotency-Key has 1 to 128 visible ASCII characters."
        )
    asked = request.query_params
    return NominationUpload(
        fund=asked.get("fund", ""),
        scheme_id=asked.get("scheme", ""),
        segment_id=asked.get("segment", ""),
        on=day_asked(request),
        key=key,
        lines=await _lines(request, bytes_at_most),
    )


async def _lines(request: Request, bytes_at_most: int) -> list[str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > bytes_at_most:
            raise RequestRefused("PAYLOAD_TOO_LARGE", f"A file has at most {bytes_at_most} bytes. Split it.")
    try:
        # Only line feeds end a line; other separators of Unicode would shift the numbers of the lines.
        return list(io.StringIO(body.decode("utf-8"), newline="\n"))
    except UnicodeDecodeError:
        raise RequestRefused("ENCODING_UNSUPPORTED", "The file is not UTF-8 text. Save it as UTF-8.") from None
