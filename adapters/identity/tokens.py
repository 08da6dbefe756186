"""Tokens: who the bearer of a request is, and an issuer of tokens for development.

A token is a JSON Web Token signed by a trusted issuer (RFC 7519, RFC 8725). The algorithm follows from the
key and never from the token; nothing that a token names is fetched; every refusal looks the same outside.
"""

from __future__ import annotations

import binascii
import datetime as dt
import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwk import ECKey
from joserfc.util import urlsafe_b64decode

from adapters.identity.key_files import read_secret, write_secret_once
from adapters.identity.trusted_keys import TrustedIssuer, TrustedKey, trusted_keys
from domain.actors import Actor, ActorKind
from domain.countries import MemberState
from domain.errors import Refusal

LIFETIME_LIMIT_SECONDS = 86_400
TOKEN_LIMIT_BYTES = 4_096
LEEWAY_SECONDS = 30
_VERIFIED_MAX = 4096
"""Tokens whose signature is remembered."""


class TokenFault(Enum):
    """Why a token was refused; for logs, never for the one who sent it."""

    MISSING = "missing"
    SCHEME = "scheme"
    SIZE = "size"
    HEADER = "header"
    KEY = "key"
    ALGORITHM = "algorithm"
    SIGNATURE = "signature"
    CLAIM_MISSING = "claim_missing"
    CLAIM_INVALID = "claim_invalid"
    EXPIRED = "expired"
    LIFETIME = "lifetime"
    ISSUER = "issuer"
    ACTOR = "actor"


@dataclass(eq=False, kw_only=True)
class TokenRefused(Refusal):
    """No valid token came with the request. `fault` is for logs; the message is always the same."""

    code: ClassVar[str] = "UNAUTHENTICATED"
    fault: TokenFault

    @property
    def message(self) -> str:
        return (
            "The request carries no token that is valid here and now. "
            "Get a token from your issuer and send it once, as `Authorization: Bearer <token>`."
        )

    @property
    def facts(self) -> Mapping[str, Any]:
        """None: what was wrong would help to forge the next one."""
        return {}


class TokenReader:
    """Reads the actor from a request's Authorization header.

    issuers: whom to believe, each only in its own name. audience: what must stand in `aud`.
    leeway_seconds: by how much clocks may differ. Raises KeySetInvalid for keys that cannot be used.
    """

    def __init__(
        self, issuers: Sequence[TrustedIssuer], *, audience: str, leeway_seconds: int = LEEWAY_SECONDS
    ) -> None:
        self._keys = trusted_keys(issuers)
        self._audience = audience
        self._leeway_seconds = leeway_seconds
        self._verified: OrderedDict[bytes, tuple[TrustedKey, dict[str, Any]]] = OrderedDict()

    def read(self, authorization_header: str | None, *, now: dt.datetime) -> Actor:
        """Return the actor of a request; raises TokenRefused for anything but one valid token.

        authorization_header: its whole value, `Bearer <token>`, or None if the request has none.
        now: this instant, with its zone. The token must carry exp, iat, sub, aud and iss, live a day at
        most, and name a complete actor: an officer with state and institution, a donor or worker with
        their own id.
        """
        token = _bearer_token(authorization_header)
        key, claims = self._signed(token)
        self._check_claims(claims, key, _seconds(now))
        return _actor(claims)

    def expiry(self, authorization_header: str | None) -> dt.datetime:
        """Until when the token of a header that `read` took is good."""
        return dt.datetime.fromtimestamp(self._signed(_bearer_token(authorization_header))[1]["exp"], dt.UTC)

    def _signed(self, token: str) -> tuple[TrustedKey, dict[str, Any]]:
        """The claims that a trusted key signed. Verifying costs most of a small answer, so that what was found good is
        remembered by its digest; whether the token is still valid is looked at each time."""
        digest = hashlib.sha256(token.encode()).digest()
        known = self._verified.get(digest)
        if known is None:
            key = self._key_of(token)
            known = self._verified[digest] = (key, _verified_claims(token, key))
            if len(self._verified) > _VERIFIED_MAX:
                self._verified.popitem(last=False)
        return known

    def _key_of(self, token: str) -> TrustedKey:
        header = _header(token)
        kid, algorithm = header.get("kid"), header.get("alg")
        # A header that brings or points to a key (jku, x5u, jwk), or demands what we do not know (crit),
        # is refused for that alone.
        if not header.keys() <= {"alg", "kid", "typ"} or header.get("typ", "JWT") not in ("JWT", "at+jwt"):
            raise TokenRefused(fault=TokenFault.HEADER)
        key = self._keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise TokenRefused(fault=TokenFault.KEY)
        if algorithm != key.algorithm:
            raise TokenRefused(fault=TokenFault.ALGORITHM)
        return key

    def _check_claims(self, claims: dict[str, Any], key: TrustedKey, now_seconds: int) -> None:
        registry = jwt.JWTClaimsRegistry(
            now=now_seconds,
            leeway=self._leeway_seconds,
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            iss={"essential": True},
            aud={"essential": True, "value": self._audience},
        )
        try:
            registry.validate(claims)
        except ExpiredTokenError:
            raise TokenRefused(fault=TokenFault.EXPIRED) from None
        except MissingClaimError:
            raise TokenRefused(fault=TokenFault.CLAIM_MISSING) from None
        except InvalidClaimError:
            raise TokenRefused(fault=TokenFault.CLAIM_INVALID) from None
        # An issuer is believed only under its own keys.
        if claims["iss"] != key.issuer:
            raise TokenRefused(fault=TokenFault.ISSUER)
        # Compared and not subtracted: a difference of an endless whole number and a fraction overflows.
        if not claims["iat"] < claims["exp"] <= claims["iat"] + LIFETIME_LIMIT_SECONDS:
            raise TokenRefused(fault=TokenFault.LIFETIME)


class NotDevelopment(Exception):
    """The development issuer was asked for outside development."""


class DevelopmentIssuer:
    """Issues tokens for any actor, for development and demonstrations only.

    folder: holds or gets the signing key, `issuer.key`, mode 0600. environment: must be "development",
    else NotDevelopment is raised: whoever can read the folder can be anyone.
    """

    def __init__(self, folder: Path, *, environment: str) -> None:
        if environment != "development":
            raise NotDevelopment(
                f"Tokens of the development issuer are not issued in the environment {environment}. "
                "Configure the public keys of a real issuer."
            )
        self._key = _signing_key(folder)

    def public_keys(self) -> dict[str, Any]:
        """The JSON Web Key Set by which this issuer's tokens are verified."""
        return {"keys": [dict(self._key.as_dict(private=False))]}

    def issue(self, actor: Actor, *, now: dt.datetime, lifetime_seconds: int, audience: str, issuer: str) -> str:
        """Return a token for an actor that is valid from now.

        lifetime_seconds: 1 to 86,400; raises ValueError for others.
        """
        if not 0 < lifetime_seconds <= LIFETIME_LIMIT_SECONDS:
            raise ValueError(
                f"A token of {lifetime_seconds} seconds was asked; it lives 1 to {LIFETIME_LIMIT_SECONDS}. "
                "Ask for a shorter one and get a new one when it ends."
            )
        issued_at = _seconds(now)
        claims = {
            "iss": issuer,
            "aud": audience,
            "sub": actor.id,
            "iat": issued_at,
            "exp": issued_at + lifetime_seconds,
            **_actor_claims(actor),
        }
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key, algorithms=["ES256"])


_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)")
_SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")
_INSTITUTION = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,99}")
_ISSUER_KEY_NAME = "issuer.key"
_OWN_CLAIMS = ("lingkar_state", "lingkar_institution", "lingkar_subject")
_CLAIMS_OF_KIND = {
    ActorKind.OFFICER: {"lingkar_state", "lingkar_institution"},
    ActorKind.DONOR: {"lingkar_subject"},
    ActorKind.WORKER: {"lingkar_subject"},
    ActorKind.OPERATOR: set[str](),
    ActorKind.SYSTEM: set[str](),
}


def _bearer_token(authorization_header: str | None) -> str:
    if not authorization_header:
        raise TokenRefused(fault=TokenFault.MISSING)
    if len(authorization_header) >= TOKEN_LIMIT_BYTES + len("Bearer "):
        raise TokenRefused(fault=TokenFault.SIZE)
    match = _BEARER.fullmatch(authorization_header)
    if not match:
        raise TokenRefused(fault=TokenFault.SCHEME)
    return match[1]


def _header(token: str) -> dict[str, Any]:
    try:
        header = json.loads(urlsafe_b64decode(token.partition(".")[0].encode()), object_pairs_hook=_once_each)
    except (ValueError, binascii.Error, RecursionError):
        raise TokenRefused(fault=TokenFault.HEADER) from None
    if not isinstance(header, dict):
        raise TokenRefused(fault=TokenFault.HEADER)
    return header


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return dict(pairs)


class _StrictDecoder(json.JSONDecoder):
    """Refuses an object that names something twice: two readers could take different ones."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=_once_each)


def _verified_claims(token: str, key: TrustedKey) -> dict[str, Any]:
    try:
        return jwt.decode(token, key.key, algorithms=[key.algorithm], decoder_cls=_StrictDecoder).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        raise TokenRefused(fault=TokenFault.SIGNATURE) from None


def _actor(claims: Mapping[str, Any]) -> Actor:
    try:
        kind = ActorKind(claims.get("lingkar_kind"))
    except ValueError:
        raise TokenRefused(fault=TokenFault.ACTOR) from None
    # An actor is exactly what its kind needs: nothing missing, nothing more.
    if {name for name in _OWN_CLAIMS if claims.get(name) is not None} != _CLAIMS_OF_KIND[kind]:
        raise TokenRefused(fault=TokenFault.ACTOR)
    if not _SUBJECT.fullmatch(claims["sub"]):
        raise TokenRefused(fault=TokenFault.ACTOR)
    state = _state(claims.get("lingkar_state"))
    return Actor(
        id=claims["sub"],
        kind=kind,
        member_state=state,
        institution_id=_institution(claims.get("lingkar_institution"), state),
        subject_id=_subject(claims.get("lingkar_subject")),
    )


def _state(claim: object) -> MemberState | None:
    if claim is None:
        return None
    try:
        return MemberState(claim)
    except ValueError:
        raise TokenRefused(fault=TokenFault.ACTOR) from None


def _institution(claim: object, state: MemberState | None) -> str | None:
    if claim is None or state is None:
        return None
    # An institution's id begins with its member state, so a pair that disagrees is a mistake of the issuer.
    if not isinstance(claim, str) or not _INSTITUTION.fullmatch(claim):
        raise TokenRefused(fault=TokenFault.ACTOR)
    if not claim.startswith(f"{state.value}."):
        raise TokenRefused(fault=TokenFault.ACTOR)
    return claim


def _subject(claim: object) -> UUID | None:
    if claim is None:
        return None
    try:
        subject = UUID(claim) if isinstance(claim, str) else None
    except ValueError:
        subject = None
    if subject is None or str(subject) != claim or subject.int == 0:
        raise TokenRefused(fault=TokenFault.ACTOR)
    return subject


def _actor_claims(actor: Actor) -> dict[str, str]:
    claims = {
        "lingkar_kind": actor.kind.value,
        "lingkar_state": actor.member_state.value if actor.member_state else None,
        "lingkar_institution": actor.institution_id,
        "lingkar_subject": str(actor.subject_id) if actor.subject_id else None,
    }
    return {name: value for name, value in claims.items() if value is not None}


def _signing_key(folder: Path) -> ECKey:
    fresh = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig"}, auto_kid=True)
    path = folder / _ISSUER_KEY_NAME
    written = (
        read_secret(path)
        if path.exists()
        else write_secret_once(path, json.dumps(fresh.as_dict(private=True)).encode())
    )
    return ECKey.import_key(json.loads(written))


def _seconds(now: dt.datetime) -> int:
    assert now.tzinfo is not None, "an instant has a zone"
    return int(now.timestamp())
