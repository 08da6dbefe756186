"""What a request carries to show who asks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What a request carries to show who asks, as it was sent.

    authorization, proofs: the values of the headers Authorization and DPoP. method, address: of the request, the
    address as everyone knows it, without query. certificate: SHA-256 of the client's certificate in base64url, which
    a trusted proxy has verified.
    """

    authorization: tuple[str, ...]
    proofs: tuple[str, ...] = ()
    method: str = "POST"
    address: str = ""
    certificate: str | None = None
