"""Whose signature is believed: the public keys of trusted issuers, each with its one algorithm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey


class KeySetInvalid(Exception):
    """The public keys of an issuer cannot be used; says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """An issuer and the public keys by which its tokens are known, as a JSON Web Key Set.

    issuer: exactly what stands in the claim `iss`. keys: several while keys are being rotated; each with
    its own `kid`, unique over all issuers. A key taken out ends every token it has signed.
    """

    issuer: str
    keys: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A public key with the one algorithm it is used with and the one issuer it speaks for."""

    key: Key
    algorithm: str
    issuer: str


def trusted_keys(issuers: Sequence[TrustedIssuer]) -> dict[str, TrustedKey]:
    """Return the keys of all issuers by `kid`.

    Raises KeySetInvalid for keys that are missing, private, symmetric, too short, of another curve, meant
    for something else, without `kid` or with one that is taken.
    """
    trusted: dict[str, TrustedKey] = {}
    for issuer in issuers:
        published = issuer.keys.get("keys")
        if not isinstance(published, list) or not published:
            raise KeySetInvalid(f"The key set of {issuer.issuer} holds no keys. Give the issuer's JSON Web Key Set.")
        for entry in published:
            kid = entry.get("kid") if isinstance(entry, dict) else None
            if not isinstance(kid, str) or not kid or kid in trusted:
                raise KeySetInvalid(f"A key of {issuer.issuer} has no kid, or one that is taken. Give each its own.")
            trusted[kid] = _trusted_key(entry, kid, issuer.issuer)
    if not trusted:
        raise KeySetInvalid("No issuer is trusted. Name at least one, with its keys.")
    return trusted


_RSA_SHORTEST_BITS = 2_048


def _trusted_key(entry: dict[str, Any], kid: str, issuer: str) -> TrustedKey:
    try:
        key = JWKRegistry.import_key(entry)
        algorithm = _algorithm_of(key)
    except (JoseError, ValueError, KeyError, TypeError):
        raise KeySetInvalid(f"The key {kid} of {issuer} cannot be read. Give it as its issuer publishes it.") from None
    if algorithm is None or key.is_private:
        raise KeySetInvalid(
            f"The key {kid} of {issuer} is not a public key of EC P-256, RSA of {_RSA_SHORTEST_BITS} bits or "
            "more, or Ed25519. Give the public half of such a key."
        )
    if key.get("alg", algorithm) != algorithm or key.get("use", "sig") != "sig":
        raise KeySetInvalid(f"The key {kid} of {issuer} is not meant for {algorithm} signatures. Give one that is.")
    return TrustedKey(key=key, algorithm=algorithm, issuer=issuer)


def _algorithm_of(key: Key) -> str | None:
    """The one algorithm that a kind of key is used with, None for a kind that is not used."""
    if isinstance(key, ECKey) and key.curve_name == "P-256":
        return "ES256"
    if isinstance(key, RSAKey) and key.raw_value.key_size >= _RSA_SHORTEST_BITS:
        return "PS256"
    if isinstance(key, OKPKey) and key.curve_name == "Ed25519":
        return "Ed25519"
    return None
