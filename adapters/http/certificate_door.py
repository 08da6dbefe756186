"""The way out for certificates: bodies for who may have them, and what anyone needs to check one."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.certificates.counter import KEYS_PATH
from adapters.certificates.issuer import CertificateIssuer, HolderKeyInvalid, holder_key_of
from adapters.certificates.languages import LABELS
from adapters.certificates.status_list import FRESH_SECONDS, MEDIA_TYPE
from adapters.http.plain_door import purpose_of, refusing
from adapters.http.refusals import RequestRefused
from domain.certificates import BodyKind, CertificateFacts, Disclosure
from domain.records import Purpose

__all__ = ["AskWithdrawnIn", "Show", "certificate_routes"]

_HOLDER_KEY_CHARACTERS: Final = 2_000
_LISTS_AT_MOST: Final = 1_000_000
_KEPT_SECONDS: Final = 15
_KEYS_FRESH_SECONDS: Final = 300

Show = Callable[[Request, str, frozenset[Disclosure], Purpose | None], Awaitable[CertificateFacts]]
"""Says who asks, for what, finds the certificate and what of the person may stand in it; may raise the domain's
refusals."""
AskWithdrawnIn = Callable[[int], Awaitable[tuple[int, ...] | None]]
"""The withdrawn places of a status list; None if there is no such list."""


def certificate_routes(
    issuer: CertificateIssuer, show: Show, withdrawn_in: AskWithdrawnIn, now: Callable[[], dt.datetime]
) -> list[Route]:
    """Return the routes of bodies, of public keys with the issuer's metadata, and of status lists."""
    lists = _StatusLists(issuer, withdrawn_in, now)

    async def body(request: Request) -> Response:
        kind = _kind(request.path_params["body"])
        wanted, language, holder_key = _wanted(request), _language(request), _holder_key(request)
        said = request.query_params.get("purpose")
        purpose = None if said is None else purpose_of(said)
        facts = await show(request, request.path_params["number"], wanted, purpose)
        # Setting a page takes a while; others need not wait for it.
        made = await asyncio.to_thread(issuer.body, kind, facts, holder_key=holder_key, language=language)
        name = f"{facts.number}.{kind.value}" if "." not in kind.value else f"{facts.number}-{kind.value}"
        return Response(
            made.content, headers={"content-type": made.media_type, "content-disposition": f'inline; filename="{name}"'}
        )

    async def keys(_: Request) -> Response:
        return JSONResponse(issuer.keys.public_set(), headers=_public(_KEYS_FRESH_SECONDS))

    async def metadata(_: Request) -> Response:
        told = {"issuer": issuer.keys.issuer, "jwks_uri": issuer.keys.issuer + KEYS_PATH}
        return JSONResponse(told, headers=_public(_KEYS_FRESH_SECONDS))

    async def status(request: Request) -> Response:
        token = await lists.token(request.path_params["number"])
        return Response(token, headers={"content-type": MEDIA_TYPE, **_public(FRESH_SECONDS)})

    return [
        Route("/certificates/{number}/{body}", refusing("certificate_failed", body), methods=["GET"]),
        Route(KEYS_PATH, keys, methods=["GET"]),
        Route("/.well-known/jwt-vc-issuer", metadata, methods=["GET"]),
        Route("/status/{number:int}", refusing("status_list_failed", status), methods=["GET"]),
    ]


class _StatusLists:
    """The lists as signed a moment ago: anyone may ask, so not every question reaches the database."""

    def __init__(self, issuer: CertificateIssuer, withdrawn_in: AskWithdrawnIn, now: Callable[[], dt.datetime]) -> None:
        self._issuer = issuer
        self._withdrawn_in = withdrawn_in
        self._now = now
        self._kept: dict[int, tuple[dt.datetime, str]] = {}

    async def token(self, number: int) -> str:
        """The signed list; raises RequestRefused with NOT_FOUND for one that does not exist."""
        now = self._now()
        kept = self._kept.get(number)
        if kept is not None and 0 <= (now - kept[0]).total_seconds() < _KEPT_SECONDS:
            return kept[1]
        withdrawn = await self._withdrawn_in(number) if 0 < number < _LISTS_AT_MOST else None
        if withdrawn is None:
            raise RequestRefused("NOT_FOUND", "There is no such status list. Take its address from a certificate.")
        self._kept[number] = now, self._issuer.status_list(number, withdrawn, now)
        return self._kept[number][1]


def _kind(text: str) -> BodyKind:
    try:
        return BodyKind(text)
    except ValueError:
        known = ", ".join(kind.value for kind in BodyKind)
        raise RequestRefused("NOT_FOUND", f"A certificate has no such body. It has: {known}.") from None


def _wanted(request: Request) -> frozenset[Disclosure]:
    asked = [part for part in request.query_params.get("with", "").split(",") if part]
    try:
        return frozenset(Disclosure(part) for part in asked)
    except ValueError:
        known = ", ".join(disclosure.value for disclosure in Disclosure)
        raise RequestRefused("BAD_USER_INPUT", f"`with` names what is to stand in it, of: {known}.") from None


def _language(request: Request) -> str:
    language = request.query_params.get("language", "en")
    if language not in LABELS:
        raise RequestRefused("BAD_USER_INPUT", f"`language` is one of: {', '.join(LABELS)}.")
    return language


def _holder_key(request: Request) -> dict[str, str] | None:
    text = request.query_params.get("holderKey", "")
    if not text:
        return None
    try:
        if len(text) > _HOLDER_KEY_CHARACTERS:
            raise HolderKeyInvalid
        return holder_key_of(text)
    except HolderKeyInvalid:
        message = "`holderKey` is a public JSON Web Key of EC P-256, without its private part."
        raise RequestRefused("BAD_USER_INPUT", message) from None


def _public(seconds: int) -> dict[str, str]:
    """Headers of what anyone may read and keep for a while, from any page."""
    return {
        "cache-control": f"public, max-age={seconds}",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
    }
