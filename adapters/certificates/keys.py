"""The keys by which certificates are signed and believed: `certificate-<n>` in a folder of their own."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from adapters.identity.signing_folder import SigningKeys
from adapters.identity.trusted_keys import KeySetInvalid, trusted_keys

__all__ = ["BelievedKeys", "CertificateKeys", "believed_keys", "create_development_keys", "rotate_keys"]

_KEYS = SigningKeys(
    name="certificate", type=ECKey, curve="P-256", algorithm="ES256", remedy="python -m lingkar keys rotate"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BelievedKeys:
    """Whose certificates are believed: the address of one platform, and its public keys by key id."""

    issuer: str
    keys: Mapping[str, ECKey]


class CertificateKeys:
    """The signing keys of a folder, read once. Raises KeyFilesInvalid if there is none or one is not what it should be.

    issuer: the address under which the platform is known, which stands in every body.
    """

    def __init__(self, folder: Path, issuer: str) -> None:
        self.issuer = issuer
        self._ordered = _KEYS.read(folder)
        self.signing = self._ordered[0]

    def public_set(self) -> dict[str, Any]:
        """The JSON Web Key Set by which bodies are verified, with the address of who signs."""
        return {"issuer": self.issuer, "keys": [dict(key.as_dict(private=False)) for key in self._ordered]}

    def derived(self, purpose: str) -> bytes:
        """A secret for one purpose, the same in every process of the platform; it tells nothing of the signing key."""
        private = self.signing.as_dict(private=True)["d"]
        return hmac.digest(str(private).encode(), purpose.encode(), hashlib.sha256)

    def believed(self) -> BelievedKeys:
        """These keys as a verifier holds them."""
        return believed_keys(self.public_set())


def believed_keys(published: Mapping[str, Any]) -> BelievedKeys:
    """The keys of a published set; raises KeySetInvalid for one that cannot be used."""
    issuer = published.get("issuer")
    if not isinstance(issuer, str) or not issuer:
        raise KeySetInvalid("The key set names no issuer. Export it with: python -m lingkar keys export")
    trusted = trusted_keys(issuer, published)
    keys = {kid: trust.key for kid, trust in trusted.items() if isinstance(trust.key, ECKey)}
    if len(keys) != len(trusted):
        raise KeySetInvalid("The key set holds a key that is not for ES256. Certificates are signed by ES256 alone.")
    return BelievedKeys(issuer=issuer, keys=keys)


def create_development_keys(folder: Path) -> None:
    """Make the first signing key of a folder that has none."""
    _KEYS.create_first(folder)


def rotate_keys(folder: Path) -> str:
    """Make the next signing key and keep of the older ones only the public half; returns the new key's id."""
    return _KEYS.rotate(folder)
