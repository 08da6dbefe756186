"""From a request to what it presents to show who asks."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, TypeVar
from urllib.parse import unquote_to_bytes

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import HTTPConnection

from adapters.http.protocol import PEER_KEY
from adapters.http.refusals import RequestRefused, Unauthenticated
from adapters.identity.confirmation import certificate_thumbprint
from adapters.identity.presented import Presented
from adapters.identity.token_faults import TokenFault, TokenRefused

__all__ = ["Presenting", "known_or_refused"]

T = TypeVar("T")

_PEM: Final = re.compile(rb"\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")


class Presenting:
    """Reads what a request presents.

    address: under which everyone reaches the platform; what a client claims as its Host counts for nothing.
    certificate_header: in which a proxy passes the client's certificate, empty for none. proxies: who is believed
    about it.
    """

    def __init__(
        self, address: str, *, certificate_header: str, proxies: tuple[IPv4Network | IPv6Network, ...]
    ) -> None:
        self._address = address
        self._certificate_header = certificate_header
        self._proxies = proxies

    def __call__(self, request: HTTPConnection, *, said: str | None = None) -> Presented:
        """Return what a request presents, or the handshake of a socket, which is a GET.

        said: a token that came in another way than by header; beside one in a header there are two, which is refused.
        Raises TokenRefused for a certificate that no trusted proxy passed.
        """
        given = request.headers.getlist("authorization")
        return Presented(
            authorization=(*given, *(() if said is None else (said,))),
            proofs=tuple(request.headers.getlist("dpop")),
            method=request.scope.get("method", "GET"),
            # Of the scope, because the URL of a request is made with the Host that a client claims.
            address=self._address + request.scope["path"],
            certificate=self._certificate(request),
        )

    def _certificate(self, request: HTTPConnection) -> str | None:
        given = request.headers.getlist(self._certificate_header) if self._certificate_header else []
        if not given:
            return None
        if len(given) > 1 or not self._is_proxy(request):
            raise TokenRefused(fault=TokenFault.CERTIFICATE)
        return certificate_thumbprint(_der(given[0]))

    def _is_proxy(self, request: HTTPConnection) -> bool:
        connected = request.client.host if request.client else ""
        peer = request.scope.get(PEER_KEY, connected)
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)


async def known_or_refused(read: Callable[[], Awaitable[T]]) -> T:
    """Return who is read, or raise what the doors answer: refused, or the database is not there."""
    try:
        return await read()
    except TokenRefused as refused:
        raise Unauthenticated(refused.fault.value) from None
    except (SQLAlchemyError, OSError):
        message = "Whether the proof was used before cannot be known at the moment. Send a new proof shortly."
        raise RequestRefused("UNAVAILABLE", message, headers={"Retry-After": "1"}) from None


def _der(text: str) -> bytes:
    """A certificate as RFC 9440 passes it, between colons, or as nginx does, PEM with percent signs."""
    try:
        if text.startswith(":") and text.endswith(":") and len(text) > 2:
            return base64.b64decode(text[1:-1], validate=True)
        pem = _PEM.fullmatch(unquote_to_bytes(text))
        if pem is not None:
            return base64.b64decode(b"".join(pem[1].split()), validate=True)
    except (binascii.Error, ValueError):
        pass
    raise TokenRefused(fault=TokenFault.CERTIFICATE)
