"""The keys by which heads of audit chains are signed: Ed25519, in a folder of their own, used for nothing else."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc.jwk import OKPKey

from adapters.identity.signing_folder import SigningKeys
from domain.audit import Head, KeptHead, SignedHead, head_bytes, head_digest

__all__ = ["AuditKeys", "create_development_keys", "rotate_keys"]

_KEYS = SigningKeys(
    name="audit",
    type=OKPKey,
    curve="Ed25519",
    algorithm="EdDSA",
    remedy="python -m lingkar keys rotate --purpose audit",
)


class AuditKeys:
    """The audit keys of a folder, read once. Raises KeyFilesInvalid if there is none or one cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._ordered = _KEYS.read(folder)
        self._public = {str(key.kid): _public(key) for key in self._ordered}

    def public_set(self) -> dict[str, Any]:
        """The JSON Web Key Set by which signed heads are verified."""
        return {"keys": [dict(key.as_dict(private=False)) for key in self._ordered]}

    def sign(self, chain: str, head: Head, signed_at: dt.datetime) -> SignedHead:
        """Sign the head of a chain at an instant."""
        digest, newest = head_digest(head), self._ordered[0]
        private = newest.private_key
        assert isinstance(private, Ed25519PrivateKey), "the newest key of the folder is a private one"
        signature = private.sign(head_bytes(chain, signed_at, digest))
        kept = KeptHead(chain=chain, signed_at=signed_at, digest=digest, key_id=str(newest.kid), signature=signature)
        return SignedHead(kept=kept, head=head)

    def believes(self, kept: KeptHead) -> bool:
        """Whether a signed head is signed by one of these keys."""
        key = self._public.get(kept.key_id)
        if key is None:
            return False
        try:
            key.verify(kept.signature, head_bytes(kept.chain, kept.signed_at, kept.digest))
        except InvalidSignature:
            return False
        return True


def create_development_keys(folder: Path) -> None:
    """Make the first audit key of a folder that has none."""
    _KEYS.create_first(folder)


def rotate_keys(folder: Path) -> str:
    """Make the next audit key and keep of the older ones only the public half; returns the new key's id."""
    return _KEYS.rotate(folder)


def _public(key: OKPKey) -> Ed25519PublicKey:
    public = key.public_key
    assert isinstance(public, Ed25519PublicKey), "the folder holds keys of this curve only"
    return public
