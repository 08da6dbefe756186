"""What the routes beside GraphQL share: words of the query, and refusals as JSON with their status."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.http.classification import log_failure
from adapters.http.refusals import RequestRefused, error_entry, refusal_response, request_id_of
from domain.errors import Refusal
from domain.records import Purpose

__all__ = ["day_asked", "purpose_of", "refusing"]

Answer = Callable[[Request], Awaitable[Response]]
_STATUS: Final[Mapping[str, int]] = {
    "FORBIDDEN": 403,
    "PURPOSE_NOT_OPEN": 403,
    "NOT_FOUND": 404,
    "IDEMPOTENCY_CONFLICT": 409,
    "STATE_CONFLICT": 409,
}


_DAY: Final = re.compile(r"(?:1[0-9]|2[0-3])[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)
"""A later year is one of another calendar."""


def day_asked(request: Request) -> dt.date:
    """The day `on` that the query has to name; raises RequestRefused."""
    text = request.query_params.get("on", "")
    try:
        if _DAY.fullmatch(text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    raise RequestRefused("DATE_INVALID", "The query names the day `on` as YYYY-MM-DD in the Gregorian calendar.")


def purpose_of(text: str) -> Purpose:
    """The purpose that the query names; raises RequestRefused for what is none."""
    try:
        return Purpose(text)
    except ValueError:
        known = ", ".join(purpose.value for purpose in Purpose)
        raise RequestRefused("BAD_USER_INPUT", f"The query names a `purpose` of: {known}.") from None


def refusing(event: str, answer: Answer) -> Answer:
    """The same endpoint, which answers refusals and logs what fails inside under the name of an event."""

    async def door(request: Request) -> Response:
        request_id = request_id_of(request.scope)
        try:
            return await answer(request)
        except RequestRefused as refused:
            return refusal_response(refused, request_id)
        except Refusal as refusal:
            entry = error_entry(refusal.code, refusal.message, request_id, facts=refusal.facts)
            return JSONResponse({"errors": [entry]}, _STATUS.get(refusal.code, 422))
        except Exception as error:
            log_failure(event, error, request_id)
            raise

    return door
