"""What the headers of a GraphQL request must say before its body is read."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from starlette.datastructures import Headers

from adapters.http.refusals import JSON_MEDIA_TYPE, RESPONSE_MEDIA_TYPE, RequestRefused

__all__ = ["STREAM_MEDIA_TYPE", "accepted_media_type", "check_content", "wants_page", "wants_stream"]

STREAM_MEDIA_TYPE: Final = "text/event-stream"

_RANGES: Final = {
    RESPONSE_MEDIA_TYPE: RESPONSE_MEDIA_TYPE,
    JSON_MEDIA_TYPE: JSON_MEDIA_TYPE,
    "application/*": RESPONSE_MEDIA_TYPE,
    "*/*": RESPONSE_MEDIA_TYPE,
}


def check_content(headers: Headers) -> None:
    """Refuse a body that is not plain JSON in UTF-8.

    The media type must be exactly application/json: only then does a browser ask before it sends a request
    from another site, so no further guard against forged requests is needed.
    Refusals: UNSUPPORTED_MEDIA_TYPE, UNSUPPORTED_CHARSET, UNSUPPORTED_ENCODING.
    """
    given = headers.getlist("content-type")
    media_type, *parameters = [part.strip().lower() for part in given[0].split(";")] if given else [""]
    if len(given) != 1 or media_type != JSON_MEDIA_TYPE:
        raise RequestRefused(
            "UNSUPPORTED_MEDIA_TYPE",
            "The body is not declared as JSON. Send the header Content-Type: application/json.",
        )
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') != "utf-8":
            message = "The body must be in UTF-8. Send it so, or name no charset."
            raise RequestRefused("UNSUPPORTED_CHARSET", message)
    for encoding in headers.getlist("content-encoding"):
        if encoding.strip().lower() not in ("", "identity"):
            raise RequestRefused("UNSUPPORTED_ENCODING", "The body is compressed. Send it as it is.")


def accepted_media_type(headers: Headers) -> str:
    """Return the media type of the answer, by the client's Accept header.

    The highest weight wins, then the first named. Without the header, or with a wildcard, it is
    application/graphql-response+json, whose HTTP status says whether the operation ran.
    Refusal: NOT_ACCEPTABLE if neither of the two media types is accepted.
    """
    return _answered_in(",".join(headers.getlist("accept")).strip())


@lru_cache(maxsize=256)
def _answered_in(accept: str) -> str:
    """The media type of an answer to this Accept header; most clients send one of a few."""
    best, best_weight = (RESPONSE_MEDIA_TYPE, 0.0) if accept else (RESPONSE_MEDIA_TYPE, 1.0)
    for media_range, weight in _weighted(accept):
        answer = _RANGES.get(media_range)
        if answer is not None and weight > best_weight:
            best, best_weight = answer, weight
    if best_weight <= 0:
        raise RequestRefused(
            "NOT_ACCEPTABLE", f"The answer is JSON. Accept {RESPONSE_MEDIA_TYPE} or {JSON_MEDIA_TYPE}."
        )
    return best


def wants_page(headers: Headers) -> bool:
    """Say whether a browser asks for a page."""
    accept = ",".join(headers.getlist("accept"))
    return any(media_range == "text/html" and weight > 0 for media_range, weight in _weighted(accept))


def wants_stream(headers: Headers) -> bool:
    """Say whether a stream of events is accepted before JSON is: some clients name both for every request."""
    weights = _weighted(",".join(headers.getlist("accept")))
    known = [(media_range, weight) for media_range, weight in weights if media_range in (*_RANGES, STREAM_MEDIA_TYPE)]
    first = max(known, key=lambda named: named[1], default=("", 0.0))
    return first[0] == STREAM_MEDIA_TYPE and first[1] > 0


def _weighted(accept: str) -> list[tuple[str, float]]:
    """Return each media range with its weight from 0 to 1; a weight that cannot be read counts as 0."""
    found = []
    for entry in accept.split(","):
        media_range, *parameters = [part.strip().lower() for part in entry.split(";")]
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _weight(value.strip())
        found.append((media_range, weight))
    return found


def _weight(text: str) -> float:
    """Return a weight as HTTP writes it: 0 to 1 with at most three decimals."""
    digits = text.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit() and len(text) <= len("0.000")):
        return 0.0
    return min(float(text), 1.0)
