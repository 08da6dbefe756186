"""What the routes beside GraphQL share: a refusal of request or domain as JSON with its status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.http.classification import log_failure
from adapters.http.refusals import RequestRefused, error_entry, refusal_response, request_id_of
from domain.errors import Refusal

__all__ = ["refusing"]

Answer = Callable[[Request], Awaitable[Response]]
_STATUS: Final[Mapping[str, int]] = {
    "FORBIDDEN": 403,
    "PURPOSE_NOT_OPEN": 403,
    "NOT_FOUND": 404,
    "IDEMPOTENCY_CONFLICT": 409,
    "STATE_CONFLICT": 409,
}


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
