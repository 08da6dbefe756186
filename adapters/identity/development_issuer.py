"""An issuer of tokens for development and demonstrations only: whoever can read its keys can be anyone."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from adapters.identity.actor_claims import claims_of
from adapters.identity.issuers import LIFETIME_LIMIT_SECONDS, TrustedIssuer
from adapters.identity.key_sets import KeySet
from adapters.identity.signing_folder import SigningKeys
from domain.actors import Actor, ActorKind

_KEYS = SigningKeys(
    name="issuer", type=ECKey, curve="P-256", algorithm="ES256", remedy="python -m lingkar issuer rotate"
)


class NotDevelopment(Exception):
    """The development issuer was asked for outside development."""


class DevelopmentIssuer:
    """Issues tokens for any actor.

    folder: holds or gets the signing keys, `issuer-<n>.key`, mode 0600. environment: must be "development", else
    NotDevelopment is raised.
    """

    def __init__(self, folder: Path, *, environment: str) -> None:
        if environment != "development":
            raise NotDevelopment(
                f"Tokens of the development issuer are not issued in the environment {environment}. "
                "Name real issuers in LINGKAR_ISSUERS_FILE."
            )
        self._folder = folder
        _KEYS.create_first(folder)
        _KEYS.read(folder)

    def public_keys(self) -> dict[str, Any]:
        """The JSON Web Key Set by which this issuer's tokens are verified, as its folder is now."""
        return {"keys": [dict(key.as_dict(private=False)) for key in _KEYS.read(self._folder)]}

    def rotate(self) -> str:
        """Sign by a new key from now on; what older ones signed stays valid. Returns the new key's id."""
        return _KEYS.rotate(self._folder)

    def revoke_older(self) -> int:
        """End what all keys but the newest signed; returns how many keys that were."""
        return _KEYS.forget_older(self._folder)

    def trusted(self, issuer: str) -> TrustedIssuer:
        """This issuer as the API believes it in development: for every kind of actor, without binding."""

        async def read() -> bytes:
            return json.dumps(self.public_keys()).encode()

        return TrustedIssuer(
            name="development",
            issuer=issuer,
            kinds=frozenset(ActorKind),
            keys=KeySet(issuer, read),
            lifetime_seconds=LIFETIME_LIMIT_SECONDS,
        )

    def issue(
        self,
        actor: Actor,
        *,
        now: dt.datetime,
        lifetime_seconds: int,
        audience: str,
        issuer: str,
        bound_to: Mapping[str, str] | None = None,
    ) -> str:
        """Return a token for an actor that is valid from now.

        lifetime_seconds: 1 to 86,400; raises ValueError for others. bound_to: what stands in `cnf`.
        """
        if not 0 < lifetime_seconds <= LIFETIME_LIMIT_SECONDS:
            raise ValueError(
                f"A token of {lifetime_seconds} seconds was asked; it lives 1 to {LIFETIME_LIMIT_SECONDS}. "
                "Ask for a shorter one and get a new one when it ends."
            )
        assert now.tzinfo is not None, "an instant has a zone"
        issued_at = int(now.timestamp())
        claims: dict[str, Any] = {
            "iss": issuer,
            "aud": audience,
            "sub": actor.id,
            "iat": issued_at,
            "exp": issued_at + lifetime_seconds,
            **claims_of(actor),
        }
        return self.sign(claims | ({"cnf": dict(bound_to)} if bound_to else {}))

    def sign(self, claims: Mapping[str, Any], *, kind: str = "at+jwt") -> str:
        """Return claims signed by the newest key. kind: what stands in `typ`."""
        key = _KEYS.read(self._folder)[0]
        return jwt.encode({"alg": "ES256", "kid": key.kid, "typ": kind}, dict(claims), key, algorithms=["ES256"])
