"""A small OpenID Connect issuer for development: real protocols, invented people, no password.

Client credentials with private_key_jwt (RFC 7523), the code flow with PKCE (RFC 7636, S256 only), DPoP (RFC 9449),
discovery and a key set. Everything it remembers is in memory and gone with the process.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from adapters.identity.compact import COMPACT, NotCompact, unverified, verified
from adapters.identity.confirmation import read_proof
from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.identity.token_faults import TokenRefused
from adapters.identity.trusted_keys import ALGORITHMS, algorithms_of
from domain.actors import Actor, ActorKind
from sandbox.issuer_clients import PEOPLE, Client, Clients

TOKEN_SECONDS: Final = 900
ASSERTION_SECONDS: Final = 300
"""How far ahead a client's assertion may end."""
CODE_SECONDS: Final = 60
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_REMEMBERED_AT_MOST: Final = 10_000


class OAuthRefused(Exception):
    """What OAuth calls an error; `args[0]` is its word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    """What a code is good for, once."""

    client: str
    redirect_uri: str
    challenge: str
    actor: Actor
    until: dt.datetime


class _Once:
    """Names that may be used once until they are too old to be used anyway."""

    def __init__(self) -> None:
        self._until: dict[str, dt.datetime] = {}

    def first_time(self, name: str, *, now: dt.datetime, until: dt.datetime) -> bool:
        self._until = {known: end for known, end in self._until.items() if end > now}
        if name in self._until or len(self._until) >= _REMEMBERED_AT_MOST:
            return False
        self._until[name] = until
        return True


class IssuerDesk:
    """What the issuer decides; sandbox/issuer_routes.py carries it.

    address: its `iss`, without a slash at the end. audience: for whom its tokens are.
    """

    def __init__(
        self,
        issuer: DevelopmentIssuer,
        clients: Clients,
        *,
        address: str,
        audience: str,
        now: Callable[[], dt.datetime],
    ) -> None:
        self._issuer = issuer
        self._clients = clients
        self._address = address
        self._audience = audience
        self._now = now
        self._used = _Once()
        self._codes: dict[str, _Code] = {}

    def configuration(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self._address,
            "jwks_uri": f"{self._address}/jwks.json",
            "authorization_endpoint": f"{self._address}/authorize",
            "token_endpoint": f"{self._address}/token",
            "grant_types_supported": ["client_credentials", "authorization_code"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "dpop_signing_alg_values_supported": list(ALGORITHMS),
            "authorization_response_iss_parameter_supported": True,
        }

    def public_keys(self) -> dict[str, Any]:
        """The key set, as it is now."""
        return self._issuer.public_keys()

    def token(self, asked: Mapping[str, str], proofs: list[str]) -> dict[str, Any]:
        """Answer the token endpoint; raises OAuthRefused."""
        grant = asked.get("grant_type")
        if grant == "client_credentials":
            actor = self._machine(asked)
        elif grant == "authorization_code":
            actor = self._person(asked)
        else:
            raise OAuthRefused("unsupported_grant_type")
        bound_to = self._bound_to(proofs)
        token = self._issuer.issue(
            actor,
            now=self._now(),
            lifetime_seconds=TOKEN_SECONDS,
            audience=self._audience,
            issuer=self._address,
            bound_to=bound_to,
        )
        return {"access_token": token, "token_type": "DPoP" if bound_to else "Bearer", "expires_in": TOKEN_SECONDS}

    def checked_request(self, asked: Mapping[str, str]) -> Client:
        """Return the client of a request to sign in whose client, address and challenge are right.

        Raises OAuthRefused: nobody is sent to an address that the client did not register.
        """
        client = self._clients.named(asked.get("client_id"))
        right = (
            client is not None
            and asked.get("redirect_uri") in client.redirect_uris
            and asked.get("response_type") == "code"
            and asked.get("code_challenge_method") == "S256"
            and _CHALLENGE.fullmatch(asked.get("code_challenge", ""))
        )
        if client is None or not right:
            raise OAuthRefused("invalid_request")
        return client

    def sign_in(self, asked: Mapping[str, str]) -> str:
        """Return where a person goes who signed in, with the code; raises OAuthRefused."""
        client = self.checked_request(asked)
        now, code = self._now(), secrets.token_urlsafe(32)
        self._codes = {known: kept for known, kept in self._codes.items() if kept.until > now}
        self._codes[code] = _Code(
            client=client.name,
            redirect_uri=asked["redirect_uri"],
            challenge=asked["code_challenge"],
            actor=_person_who(asked),
            until=now + dt.timedelta(seconds=CODE_SECONDS),
        )
        back = {"code": code, "state": asked.get("state", ""), "iss": self._address}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def _machine(self, asked: Mapping[str, str]) -> Actor:
        actor = self._authenticated(asked).actor
        if actor is None:
            raise OAuthRefused("unauthorized_client")
        return actor

    def _person(self, asked: Mapping[str, str]) -> Actor:
        # Taken out before anything is looked at: a code that is tried wrongly is not tried again.
        code = self._codes.pop(asked.get("code", ""), None)
        client = self._clients.named(asked.get("client_id"))
        if code is None or client is None or code.until <= self._now():
            raise OAuthRefused("invalid_grant")
        if client.key is not None:
            self._authenticated(asked)
        verifier = asked.get("code_verifier", "")
        right = (
            code.client == client.name
            and code.redirect_uri == asked.get("redirect_uri")
            and _VERIFIER.fullmatch(verifier)
            and hmac.compare_digest(code.challenge, challenge_of(verifier))
        )
        if not right:
            raise OAuthRefused("invalid_grant")
        return code.actor

    def _authenticated(self, asked: Mapping[str, str]) -> Client:
        """The client whose key signed the assertion (RFC 7523, 3), which is used once."""
        assertion = asked.get("client_assertion", "")
        if asked.get("client_assertion_type") != _ASSERTION or not COMPACT.fullmatch(assertion):
            raise OAuthRefused("invalid_client")
        try:
            header, claimed = unverified(assertion)
            client = self._clients.named(claimed.get("sub"))
            if client is None or client.key is None:
                raise OAuthRefused("invalid_client")
            key = JWKRegistry.import_key({**client.key})
            if header.get("alg") not in algorithms_of(key):
                raise OAuthRefused("invalid_client")
            claims = verified(assertion, key, algorithms_of(key))
        except (NotCompact, JoseError, ValueError, TypeError):
            raise OAuthRefused("invalid_client") from None
        self._check_assertion(claims, client, asked)
        return client

    def _check_assertion(self, claims: Mapping[str, Any], client: Client, asked: Mapping[str, str]) -> None:
        now, ends, name = self._now(), claims.get("exp"), claims.get("jti")
        right = (
            claims.get("iss") == client.name
            and claims.get("aud") in (self._address, f"{self._address}/token")
            and asked.get("client_id", client.name) == client.name
            and isinstance(ends, int)
            and 0 < ends - now.timestamp() <= ASSERTION_SECONDS
            and isinstance(name, str)
            and 0 < len(name) <= 128
        )
        if not right:
            raise OAuthRefused("invalid_client")
        until = now + dt.timedelta(seconds=ASSERTION_SECONDS)
        if not self._used.first_time(f"assertion {client.name} {name}", now=now, until=until):
            raise OAuthRefused("invalid_client")

    def _bound_to(self, proofs: list[str]) -> dict[str, str] | None:
        if not proofs:
            return None
        now = self._now()
        try:
            if len(proofs) > 1:
                raise OAuthRefused("invalid_dpop_proof")
            proof = read_proof(proofs[0], method="POST", address=f"{self._address}/token", token=None, now=now)
        except TokenRefused:
            raise OAuthRefused("invalid_dpop_proof") from None
        if not self._used.first_time(f"proof {proof.digest.hex()}", now=now, until=proof.until):
            raise OAuthRefused("invalid_dpop_proof")
        return {"jkt": proof.thumbprint}


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _person_who(asked: Mapping[str, str]) -> Actor:
    """The invented person who was chosen, or the donor or worker of an id."""
    person = asked.get("person", "")
    if person in PEOPLE:
        return PEOPLE[person]
    try:
        subject = UUID(asked.get("subject", ""))
        kind = ActorKind(person)
    except ValueError:
        raise OAuthRefused("invalid_request") from None
    if kind not in (ActorKind.DONOR, ActorKind.WORKER):
        raise OAuthRefused("invalid_request")
    return replace(Actor(id=f"{kind.value}-{subject}", kind=kind), subject_id=subject)
