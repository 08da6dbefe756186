"""Reading a request body, counted while it arrives."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from adapters.http.refusals import RequestRefused

__all__ = ["read_body"]


async def read_body(request: Request, *, at_most: int, seconds: float) -> bytes:
    """Return the body; what is too long is not read to its end.

    at_most: bytes. seconds: how long the client may take. Refusals: PAYLOAD_TOO_LARGE, REQUEST_TIMEOUT.
    """
    if _declared_length(request) > at_most:
        raise _too_large(at_most)
    body = bytearray()
    deadline = asyncio.timeout(seconds)
    try:
        async with deadline:
            async for chunk in request.stream():
                body += chunk
                if len(body) > at_most:
                    raise _too_large(at_most)
    except TimeoutError:
        if not deadline.expired():
            raise
        message = f"The body did not arrive within {seconds:g} seconds. Send it at once."
        raise RequestRefused("REQUEST_TIMEOUT", message, headers={"Connection": "close"}) from None
    return bytes(body)


def _declared_length(request: Request) -> int:
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() and len(declared) < 19 else 0


def _too_large(at_most: int) -> RequestRefused:
    message = f"The body is longer than {at_most} bytes. Split it."
    return RequestRefused("PAYLOAD_TOO_LARGE", message, headers={"Connection": "close"})
