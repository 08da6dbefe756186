"""Tokens: who the bearer of a request is.

A token is a JSON Web Token signed by a trusted issuer (RFC 7519, RFC 8725). The algorithm follows from the
key and never from the token; no address that a token names is followed; every refusal looks the same outside.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, MissingClaimError

from adapters.identity.actor_claims import actor_of
from adapters.identity.compact import COMPACT, COMPACT_LIMIT_BYTES, NotCompact, unverified, verified
from adapters.identity.confirmation import ProofsSeen, check_confirmed
from adapters.identity.issuers import TrustedIssuer
from adapters.identity.presented import Presented
from adapters.identity.token_faults import TokenFault, TokenRefused
from adapters.identity.trusted_keys import KeySetInvalid, TrustedKey
from domain.actors import Actor

LEEWAY_SECONDS = 30
_VERIFIED_MAX = 4096
"""Tokens whose signature is remembered."""
_SCHEMES = ("Bearer", "DPoP")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """What an issuer signed by one of its keys."""

    issuer: TrustedIssuer
    key: TrustedKey
    claims: dict[str, Any]


class TokenReader:
    """Reads the actor from what a request presents.

    issuers: whom to believe, each only in its own name. audience: what must stand in `aud`. proofs: remembers the
    proofs that were taken. leeway_seconds: by how much clocks may differ.
    """

    def __init__(
        self,
        issuers: Sequence[TrustedIssuer],
        *,
        audience: str,
        proofs: ProofsSeen,
        leeway_seconds: int = LEEWAY_SECONDS,
    ) -> None:
        if not issuers:
            raise KeySetInvalid("No issuer is trusted. Name at least one, with its keys.")
        self._issuers = {issuer.issuer: issuer for issuer in issuers}
        self._audience = audience
        self._proofs = proofs
        self._leeway_seconds = leeway_seconds
        self._verified: OrderedDict[bytes, _Signed] = OrderedDict()

    async def read(self, presented: Presented, *, now: dt.datetime) -> Actor:
        """Return the actor of a request; see read_until."""
        actor, _ = await self.read_until(presented, now=now)
        return actor

    async def read_until(self, presented: Presented, *, now: dt.datetime) -> tuple[Actor, dt.datetime]:
        """Return the actor of a request and until when the token is good; raises TokenRefused for anything but one
        valid token.

        now: this instant, with its zone. The token must carry exp, iat, sub, aud and iss, live no longer than its
        issuer's may, name a complete actor for whom the issuer may speak (an officer with state and institution, a
        donor or worker with their own id), and be shown by whom it was given to.
        """
        scheme, token = _scheme_and_token(presented.authorization)
        signed = await self._signed(token)
        self._check_claims(signed, _seconds(now))
        actor = actor_of(signed.claims, signed.issuer.name)
        if not signed.issuer.may_name(actor):
            raise TokenRefused(fault=TokenFault.BEYOND_ISSUER)
        binding = signed.issuer.binding
        proof = check_confirmed(signed.claims, presented, token, scheme=scheme, binding=binding, now=now)
        # Last, so that only what is good in every other way is written down.
        if proof is not None and not await self._proofs.first_time(proof.digest, until=proof.until):
            raise TokenRefused(fault=TokenFault.PROOF_REPLAYED)
        return actor, dt.datetime.fromtimestamp(signed.claims["exp"], dt.UTC)

    async def _signed(self, token: str) -> _Signed:
        """The claims that a trusted key signed. Verifying costs most of a small answer, so that what was found good is
        remembered by its digest; whether the token and its key are still valid is looked at each time."""
        digest = hashlib.sha256(token.encode()).digest()
        known = self._verified.get(digest)
        if known is not None and await known.issuer.keys.key(known.key.kid) is known.key:
            return known
        found = self._verified[digest] = await self._verify(token)
        if len(self._verified) > _VERIFIED_MAX:
            self._verified.popitem(last=False)
        return found

    async def _verify(self, token: str) -> _Signed:
        header, claimed = _unverified(token)
        # A header that brings or points to a key (jku, x5u, jwk), or demands what we do not know (crit),
        # is refused for that alone.
        if not header.keys() <= {"alg", "kid", "typ"} or header.get("typ", "JWT") not in ("JWT", "at+jwt"):
            raise TokenRefused(fault=TokenFault.HEADER)
        kid, name = header.get("kid"), claimed.get("iss")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None:
            raise TokenRefused(fault=TokenFault.ISSUER)
        key = await issuer.keys.key(kid) if isinstance(kid, str) else None
        if key is None:
            raise TokenRefused(fault=TokenFault.KEY)
        if header.get("alg") not in key.algorithms:
            raise TokenRefused(fault=TokenFault.ALGORITHM)
        try:
            return _Signed(issuer=issuer, key=key, claims=verified(token, key.key, key.algorithms))
        except NotCompact:
            raise TokenRefused(fault=TokenFault.SIGNATURE) from None

    def _check_claims(self, signed: _Signed, now_seconds: int) -> None:
        registry = jwt.JWTClaimsRegistry(
            now=now_seconds,
            leeway=self._leeway_seconds,
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            iss={"essential": True},
            aud={"essential": True, "value": self._audience},
        )
        claims = signed.claims
        try:
            registry.validate(claims)
        except ExpiredTokenError:
            raise TokenRefused(fault=TokenFault.EXPIRED) from None
        except MissingClaimError:
            raise TokenRefused(fault=TokenFault.CLAIM_MISSING) from None
        except InvalidClaimError:
            raise TokenRefused(fault=TokenFault.CLAIM_INVALID) from None
        # Compared and not subtracted: a difference of an endless whole number and a fraction overflows.
        if not claims["iat"] < claims["exp"] <= claims["iat"] + signed.issuer.lifetime_seconds:
            raise TokenRefused(fault=TokenFault.LIFETIME)


def _scheme_and_token(authorization: tuple[str, ...]) -> tuple[str, str]:
    if not authorization or authorization == ("",):
        raise TokenRefused(fault=TokenFault.MISSING)
    if len(authorization) > 1:
        raise TokenRefused(fault=TokenFault.SCHEME)
    scheme, _, token = authorization[0].partition(" ")
    if len(authorization[0]) >= COMPACT_LIMIT_BYTES + len("Bearer "):
        raise TokenRefused(fault=TokenFault.SIZE)
    if scheme not in _SCHEMES or not COMPACT.fullmatch(token):
        raise TokenRefused(fault=TokenFault.SCHEME)
    return scheme, token


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        return unverified(token)
    except NotCompact:
        raise TokenRefused(fault=TokenFault.HEADER) from None


def _seconds(now: dt.datetime) -> int:
    assert now.tzinfo is not None, "an instant has a zone"
    return int(now.timestamp())
