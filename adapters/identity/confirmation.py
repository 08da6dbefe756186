"""That the bearer of a token is whom it was given to: DPoP (RFC 9449) and mutual TLS (RFC 8705)."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from adapters.identity.compact import COMPACT, COMPACT_LIMIT_BYTES, NotCompact, unverified, verified
from adapters.identity.issuers import Binding
from adapters.identity.presented import Presented
from adapters.identity.token_faults import TokenFault, TokenRefused
from adapters.identity.trusted_keys import algorithms_of

PROOF_SECONDS = 60
"""How old a proof may be."""
CLOCKS_DIFFER_SECONDS = 30


class ProofsSeen(Protocol):
    """Remembers which proofs were taken, for every process of the platform."""

    async def first_time(self, digest: bytes, *, until: dt.datetime) -> bool:
        """Whether a proof is seen for the first time; remembered until it would be too old anyway."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A DPoP proof that is good for one request: by which key, and by what it is known again."""

    thumbprint: str
    digest: bytes
    until: dt.datetime


def check_confirmed(
    claims: Mapping[str, Any], presented: Presented, token: str, *, scheme: str, binding: Binding, now: dt.datetime
) -> Proof | None:
    """Check that a token is shown by whom it was given to; returns the proof that must not have been seen before.

    A token that is bound to a key or certificate is refused without it, whatever the issuer's binding asks for.
    Raises TokenRefused.
    """
    bound_to = claims.get("cnf", {})
    if not isinstance(bound_to, dict) or not bound_to.keys() <= {"jkt", "x5t#S256"}:
        raise TokenRefused(fault=TokenFault.NOT_BOUND)
    if not _fulfils(bound_to, binding):
        raise TokenRefused(fault=TokenFault.NOT_BOUND)
    if "x5t#S256" in bound_to and not _alike(bound_to["x5t#S256"], presented.certificate):
        raise TokenRefused(fault=TokenFault.CERTIFICATE)
    # A bound token under Bearer is a stolen one; a free one under DPoP would look bound (RFC 9449, 7.1 and 7.2).
    if (scheme == "DPoP") != ("jkt" in bound_to) or len(presented.proofs) != (1 if scheme == "DPoP" else 0):
        raise TokenRefused(fault=TokenFault.PROOF)
    if scheme != "DPoP":
        return None
    proof = read_proof(presented.proofs[0], method=presented.method, address=presented.address, token=token, now=now)
    if not _alike(bound_to["jkt"], proof.thumbprint):
        raise TokenRefused(fault=TokenFault.PROOF)
    return proof


def read_proof(text: str, *, method: str, address: str, token: str | None, now: dt.datetime) -> Proof:
    """Return a DPoP proof for this request, and for this token if there is one; raises TokenRefused.

    Whether it was seen before is asked by who called.
    """
    if len(text) >= COMPACT_LIMIT_BYTES or not COMPACT.fullmatch(text):
        raise TokenRefused(fault=TokenFault.PROOF)
    try:
        header, _ = unverified(text)
        key = _key_of(header)
        claims = verified(text, key, (header["alg"],))
    except (NotCompact, JoseError, ValueError, KeyError, TypeError):
        raise TokenRefused(fault=TokenFault.PROOF) from None
    made_at, name = claims.get("iat"), claims.get("jti")
    if not isinstance(made_at, int):
        raise TokenRefused(fault=TokenFault.PROOF)
    good = (
        claims.get("htm") == method
        and _address(claims.get("htu")) == _address(address)
        and isinstance(name, str)
        and _NAME.fullmatch(name)
        and -CLOCKS_DIFFER_SECONDS <= int(now.timestamp()) - made_at <= PROOF_SECONDS
        and (token is None or _alike(claims.get("ath"), _base64url(hashlib.sha256(token.encode()).digest())))
    )
    if not good:
        raise TokenRefused(fault=TokenFault.PROOF)
    thumbprint = key.thumbprint()
    digest = hashlib.sha256(f"{thumbprint}.{name}".encode()).digest()
    until = dt.datetime.fromtimestamp(made_at + PROOF_SECONDS + 1, dt.UTC)
    return Proof(thumbprint=thumbprint, digest=digest, until=until)


def certificate_thumbprint(der: bytes) -> str:
    """Return `x5t#S256` of a certificate."""
    return _base64url(hashlib.sha256(der).digest())


_NAME = re.compile(r"[\x21-\x7e]{1,128}")
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_USUAL_EXPONENT = "AQAB"
_RSA_LONGEST_CHARACTERS = 683
"""A modulus of 4,096 bits in base64url."""
_PORTS = {"https": 443, "http": 80}


def _fulfils(bound_to: Mapping[str, Any], binding: Binding) -> bool:
    wanted = {
        Binding.NONE: True,
        Binding.DPOP: "jkt" in bound_to,
        Binding.MTLS: "x5t#S256" in bound_to,
        Binding.ANY: bool(bound_to),
    }
    return wanted[binding]


def _key_of(header: Mapping[str, Any]) -> Key:
    """The public key that a proof brings; it is believed only because the token names it."""
    jwk = header.get("jwk")
    if header.keys() != {"typ", "alg", "jwk"} or header["typ"] != "dpop+jwt" or not isinstance(jwk, dict):
        raise NotCompact
    if jwk.keys() & _PRIVATE or (jwk.get("kty") == "RSA" and not _is_usual_rsa(jwk)):
        raise NotCompact
    key = JWKRegistry.import_key(jwk)
    if key.is_private or header["alg"] not in algorithms_of(key):
        raise NotCompact
    return key


def _is_usual_rsa(jwk: Mapping[str, Any]) -> bool:
    """Whether a stranger's RSA key costs no more time than usual ones do."""
    modulus = jwk.get("n")
    return jwk.get("e") == _USUAL_EXPONENT and isinstance(modulus, str) and len(modulus) <= _RSA_LONGEST_CHARACTERS


def _address(text: object) -> tuple[str, str, int | None, str] | None:
    """What two addresses are compared by (RFC 9449, 4.3): no query, no fragment, small letters, usual ports."""
    if not isinstance(text, str):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if "@" in parts.netloc or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port, parts.path or "/"


def _alike(claimed: object, known: str | None) -> bool:
    if not isinstance(claimed, str) or not claimed.isascii() or known is None:
        return False
    return hmac.compare_digest(claimed, known)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
