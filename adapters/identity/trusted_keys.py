"""Whose signature is believed: the public keys of one issuer, each with the algorithms of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

ALGORITHMS = ("ES256", "PS256", "Ed25519")
"""What signatures are made by; `EdDSA` is the older name of the last one (RFC 9864)."""


class KeySetInvalid(Exception):
    """The public keys of an issuer cannot be used; says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A public key with its id and the names of the one algorithm it is used with."""

    kid: str
    key: Key
    algorithms: tuple[str, ...]


def trusted_keys(issuer: str, published: Mapping[str, Any], *, others_skipped: bool = False) -> dict[str, TrustedKey]:
    """Return the keys of an issuer's JSON Web Key Set by `kid`.

    others_skipped: whether keys that are meant for something else, or are of a kind that is not used, are left out;
    an identity provider publishes such keys beside those of its tokens. Otherwise they are refused like the rest:
    raises KeySetInvalid for keys that are missing, private, symmetric, too short, of another curve, meant for
    something else, without `kid` or with one that is taken.
    """
    entries = published.get("keys")
    if not isinstance(entries, list):
        entries = []
    trusted: dict[str, TrustedKey] = {}
    for entry in entries:
        if others_skipped and _is_for_others(entry):
            continue
        kid = entry.get("kid") if isinstance(entry, dict) else None
        if not isinstance(kid, str) or not kid or kid in trusted:
            raise KeySetInvalid(f"A key of {issuer} has no kid, or one that is taken. Give each its own.")
        trusted[kid] = _trusted_key(entry, kid, issuer)
    if not trusted:
        raise KeySetInvalid(f"The key set of {issuer} holds no key to believe. Give the issuer's JSON Web Key Set.")
    return trusted


def algorithms_of(key: Key) -> tuple[str, ...]:
    """The names of the one algorithm that a kind of key is used with, none for a kind that is not used."""
    if isinstance(key, ECKey) and key.curve_name == "P-256":
        return ("ES256",)
    if isinstance(key, RSAKey) and key.raw_value.key_size >= _RSA_SHORTEST_BITS:
        return ("PS256",)
    if isinstance(key, OKPKey) and key.curve_name == "Ed25519":
        return ("Ed25519", "EdDSA")
    return ()


_RSA_SHORTEST_BITS = 2_048
_OTHER_CURVES = {"P-384", "P-521", "secp256k1", "Ed448", "X25519", "X448"}


def _is_for_others(entry: object) -> bool:
    """Whether a public key says of itself that it is not for signatures of ours."""
    if not isinstance(entry, dict) or "d" in entry or "k" in entry:
        return False
    if entry.get("use", "sig") != "sig" or entry.get("crv") in _OTHER_CURVES:
        return True
    return entry.get("kty") not in ("EC", "RSA", "OKP") or entry.get("alg", "PS256") not in (*ALGORITHMS, "EdDSA")


def _trusted_key(entry: dict[str, Any], kid: str, issuer: str) -> TrustedKey:
    try:
        key = JWKRegistry.import_key(entry)
        algorithms = algorithms_of(key)
    except (JoseError, ValueError, KeyError, TypeError):
        raise KeySetInvalid(f"The key {kid} of {issuer} cannot be read. Give it as its issuer publishes it.") from None
    if not algorithms or key.is_private:
        raise KeySetInvalid(
            f"The key {kid} of {issuer} is not a public key of EC P-256, RSA of {_RSA_SHORTEST_BITS} bits or "
            "more, or Ed25519. Give the public half of such a key."
        )
    if key.get("alg", algorithms[0]) not in algorithms or key.get("use", "sig") != "sig":
        raise KeySetInvalid(f"The key {kid} of {issuer} is not meant for {algorithms[0]} signatures. Give one that is.")
    return TrustedKey(kid=kid, key=key, algorithms=algorithms)
