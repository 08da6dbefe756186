"""Which hosts this server answers for, and from which web pages it takes what changes something."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from adapters.http.refusals import RequestRefused

__all__ = ["check_host", "check_origin"]


def check_host(headers: Headers, hosts: Collection[str] | None) -> None:
    """Refuse a request without exactly one Host, or for a host that is not ours.

    hosts: names in small letters, without port; None takes every name. Refusal: BAD_REQUEST.
    """
    given = headers.getlist("host")
    if len(given) != 1 or not given[0].strip():
        raise RequestRefused("BAD_REQUEST", "The request does not have exactly one Host header. Send one.")
    if hosts is not None and _name(given[0]) not in hosts:
        raise RequestRefused(
            "BAD_REQUEST", "The Host header names another server. Use the address that you were given."
        )


def check_origin(headers: Headers, origins: Collection[str]) -> None:
    """Refuse a request that a browser sends for the page of another site.

    origins: further pages, such as `https://portal.example`; the server's own always may. A request without the
    header comes from no page. `null`, which pages in a sandbox and local files send, is nobody's.
    Refusal: CSRF_BLOCKED.
    """
    given = headers.getlist("origin")
    if not given:
        return
    origin = given[0].strip().lower()
    if len(given) == 1 and (origin in origins or _is_own(origin, headers.get("host", ""))):
        return
    message = "The request comes from the page of another site. Send it from a page of ours, or without a browser."
    raise RequestRefused("CSRF_BLOCKED", message)


def _is_own(origin: str, host: str) -> bool:
    scheme, separator, name = origin.partition("://")
    return bool(separator) and scheme in ("http", "https") and name == host.strip().lower()


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host.strip()}").hostname or ""
    except ValueError:
        return ""
