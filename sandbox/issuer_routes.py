"""The routes of the development issuer: what comes over HTTP, carried to the desk and back."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.issuer import IssuerDesk, OAuthRefused
from sandbox.issuer_clients import PEOPLE

_BODY_BYTES: Final = 16_384


def issuer_application(desk: IssuerDesk) -> Starlette:
    """The issuer as an ASGI application."""

    async def configuration(_: Request) -> Response:
        return JSONResponse(desk.configuration())

    async def keys(_: Request) -> Response:
        return JSONResponse(desk.public_keys(), headers={"cache-control": "no-cache"})

    async def token(request: Request) -> Response:
        try:
            answer = desk.token(await _form(request), request.headers.getlist("dpop"))
        except OAuthRefused as refused:
            status = 401 if refused.args[0] == "invalid_client" else 400
            return JSONResponse({"error": refused.args[0]}, status, headers={"cache-control": "no-store"})
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    async def authorize(request: Request) -> Response:
        try:
            if request.method == "POST":
                return RedirectResponse(desk.sign_in(await _form(request)), 303)
            asked = _once_each(list(request.query_params.multi_items()))
            desk.checked_request(asked)
        except OAuthRefused as refused:
            return JSONResponse({"error": refused.args[0]}, 400)
        return HTMLResponse(_page(asked), headers={"content-security-policy": _PAGE_POLICY})

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", configuration),
            Route("/.well-known/oauth-authorization-server", configuration),
            Route("/jwks.json", keys),
            Route("/token", token, methods=["POST"]),
            Route("/authorize", authorize, methods=["GET", "POST"]),
        ]
    )


_PAGE_POLICY: Final = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_KEPT: Final = ("client_id", "redirect_uri", "response_type", "code_challenge", "code_challenge_method", "state")


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/x-www-form-urlencoded":
        raise OAuthRefused("invalid_request")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _BODY_BYTES:
            raise OAuthRefused("invalid_request")
    return _once_each(parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=50))


def _once_each(pairs: list[tuple[str, str]]) -> dict[str, str]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise OAuthRefused("invalid_request")
    return dict(pairs)


def _page(asked: Mapping[str, str]) -> str:
    kept = "".join(f'<input type="hidden" name="{name}" value="{escape(asked.get(name, ""))}">' for name in _KEPT)
    people = "".join(
        f'<button name="person" value="{name}">{name}, {actor.kind.value} {actor.institution_id or ""}</button> '
        for name, actor in PEOPLE.items()
    )
    subject = '<input name="subject" aria-label="Id of a donor or worker">'
    others = '<button name="person" value="donor">donor</button> <button name="person" value="worker">worker</button>'
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Development sign-in</title>'
        "<h1>Development sign-in</h1><p>Everyone here is invented; there is no password.</p>"
        f'<form method="post">{kept}<p>{people}</p><p>{subject} {others}</p></form></html>'
    )
