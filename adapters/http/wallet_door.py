"""The doors for wallets: metadata, tokens for codes, nonces, and credentials for proofs (OpenID4VCI 1.0).

Refusals are in the form of OAuth, because wallets of others read them; nothing that was sent is in one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.certificates.credential_types import type_metadata, type_path
from adapters.certificates.key_proof import Nonces, proven_key
from adapters.certificates.wallet_metadata import CREDENTIAL_PATH, GRANT_TYPE, NONCE_PATH, TOKEN_PATH, WalletDesk
from adapters.http.plain_door import refusing
from adapters.http.refusals import RequestRefused
from adapters.http.request_body import read_body
from adapters.http.strict_json import read_json_object
from domain.wallet import TOKEN_LIFE, WalletCredential, WalletFault, WalletOffer, WalletRefused

__all__ = ["WalletDoor", "wallet_routes"]

_BODY_BYTES: Final = 32_768
_BODY_SECONDS: Final = 10
_FRESH_SECONDS: Final = 300
_OPEN: Final = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletDoor:
    """What the doors ask. Each may raise WalletRefused.

    give_token: for a code and the transaction code. offer_of: the offer of a token. give_credential: the signed
    credential of an offer, bound to a key, for the nonce of its proof.
    """

    desk: WalletDesk
    nonces: Nonces
    now: Callable[[], dt.datetime]
    give_token: Callable[[str, str | None], Awaitable[str]]
    offer_of: Callable[[str], Awaitable[WalletOffer]]
    give_credential: Callable[[WalletOffer, dict[str, str], str], Awaitable[str]]


def wallet_routes(door: WalletDoor) -> list[Route]:
    """Return the routes of metadata, types, token, nonce and credential."""

    async def token(request: Request) -> Response:
        code, transaction_code = _grant(request, await _body(request, WalletFault.REQUEST))
        given = await door.give_token(code, transaction_code)
        seconds = int(TOKEN_LIFE.total_seconds())
        return JSONResponse({"access_token": given, "token_type": "Bearer", "expires_in": seconds})

    async def nonce(_: Request) -> Response:
        return JSONResponse({"c_nonce": door.nonces.made(door.now())}, headers={"cache-control": "no-store"})

    async def credential(request: Request) -> Response:
        offer = await door.offer_of(_bearer(request))
        proof = _proof(_asked(await _body(request, WalletFault.CREDENTIAL_REQUEST)), offer)
        proven = proven_key(proof, door.desk.issuer, door.now())
        door.nonces.check(proven.nonce, door.now())
        given = await door.give_credential(offer, proven.key, proven.nonce)
        return JSONResponse({"credentials": [{"credential": given}]})

    def told(content: dict[str, Any]) -> Callable[[Request], Awaitable[Response]]:
        async def tell(_: Request) -> Response:
            return JSONResponse(content, headers={"cache-control": f"public, max-age={_FRESH_SECONDS}", **_OPEN})

        return tell

    desk = door.desk
    return [
        Route("/.well-known/openid-credential-issuer", told(desk.issuer_metadata()), methods=["GET"]),
        Route("/.well-known/oauth-authorization-server", told(desk.authorization_metadata()), methods=["GET"]),
        *(Route(type_path(one), told(type_metadata(desk.issuer, one)), methods=["GET"]) for one in WalletCredential),
        Route(TOKEN_PATH, refusing("wallet_token_failed", _answering(token)), methods=["POST"]),
        Route(NONCE_PATH, refusing("wallet_nonce_failed", nonce), methods=["POST"]),
        Route(CREDENTIAL_PATH, refusing("wallet_credential_failed", _answering(credential)), methods=["POST"]),
    ]


def _answering(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The same endpoint, which answers a refused wallet as OAuth does."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except WalletRefused as refused:
            fault = refused.fault
            content = {"error": fault.code, "error_description": fault.message}
            if fault.code != "invalid_token":
                return JSONResponse(content, 400)
            return JSONResponse(content, 401, headers={"www-authenticate": 'Bearer error="invalid_token"'})

    return answered


async def _body(request: Request, fault: WalletFault) -> bytes:
    try:
        return await read_body(request, at_most=_BODY_BYTES, seconds=_BODY_SECONDS)
    except (RequestRefused, ClientDisconnect):
        raise WalletRefused(fault) from None


def _grant(request: Request, body: bytes) -> tuple[str, str | None]:
    """The code and the transaction code of a token request."""
    if _media_type(request) != "application/x-www-form-urlencoded":
        raise WalletRefused(WalletFault.REQUEST)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=20)
    except ValueError:
        raise WalletRefused(WalletFault.REQUEST) from None
    form = dict(pairs)
    # A parameter that stands twice is refused (RFC 6749, 3.2): two readers could take different ones.
    if len(form) != len(pairs) or not form.get("grant_type"):
        raise WalletRefused(WalletFault.REQUEST)
    if form["grant_type"] != GRANT_TYPE:
        raise WalletRefused(WalletFault.GRANT_TYPE)
    if "authorization_details" in form:
        raise WalletRefused(WalletFault.AUTHORIZATION_DETAILS)
    if not form.get("pre-authorized_code"):
        raise WalletRefused(WalletFault.REQUEST)
    return form["pre-authorized_code"], form.get("tx_code") or None


def _bearer(request: Request) -> str:
    given = request.headers.getlist("authorization")
    scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise WalletRefused(WalletFault.TOKEN_UNKNOWN)
    return token


def _asked(body: bytes) -> dict[str, Any]:
    try:
        return read_json_object(body)
    except RequestRefused:
        raise WalletRefused(WalletFault.CREDENTIAL_REQUEST) from None


def _proof(asked: dict[str, Any], offer: WalletOffer) -> str:
    """The one proof of a request for what was offered."""
    if "credential_identifier" in asked:
        raise WalletRefused(WalletFault.CREDENTIAL_IDENTIFIER)
    if "credential_response_encryption" in asked:
        raise WalletRefused(WalletFault.ENCRYPTION)
    wanted = asked.get("credential_configuration_id")
    if not isinstance(wanted, str):
        raise WalletRefused(WalletFault.CREDENTIAL_REQUEST)
    if wanted not in {one.value for one in WalletCredential}:
        raise WalletRefused(WalletFault.CREDENTIAL_UNKNOWN)
    if wanted != offer.credential.value:
        raise WalletRefused(WalletFault.NOT_OFFERED)
    proofs = asked.get("proofs")
    given = proofs.get("jwt") if isinstance(proofs, dict) and len(proofs) == 1 else None
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], str):
        raise WalletRefused(WalletFault.PROOF_MISSING)
    return given[0]


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()
