"""The keys by which certificates are signed and believed: ES256, in a folder, the newest one signs.

`certificate-1.key`, `certificate-2.key`, … hold a private key each (JSON Web Key, mode 0600). A key that does not
sign any more is `certificate-<n>.public`: its bodies are believed, and nobody can make new ones by it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from adapters.identity.key_files import KeyFilesInvalid, folder_held, read_secret, write_secret_once
from adapters.identity.trusted_keys import KeySetInvalid, TrustedIssuer, trusted_keys

KEY_ID_BYTES = 8
"""Short, because the QR code carries it; a key set in which two are alike is refused."""
_NAME = re.compile(r"certificate-([1-9][0-9]{0,3})\.(key|public)")


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
        private = {number: _key(path) for number, path in _files(folder, "key").items()}
        if not private:
            raise KeyFilesInvalid(
                "The key folder holds no certificate-1.key. Restore it, or make one with: python -m lingkar keys rotate"
            )
        public = {number: _key(path) for number, path in _files(folder, "public").items()}
        newest = max(private)
        self.issuer = issuer
        self.signing = private[newest]
        # The signing key first, then the younger before the older.
        older = {**public, **private}
        del older[newest]
        self._ordered = [self.signing, *(older[number] for number in sorted(older, reverse=True))]

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
    trusted = trusted_keys([TrustedIssuer(issuer=issuer, keys=published)])
    keys = {kid: trust.key for kid, trust in trusted.items() if isinstance(trust.key, ECKey)}
    if len(keys) != len(trusted):
        raise KeySetInvalid("The key set holds a key that is not for ES256. Certificates are signed by ES256 alone.")
    return BelievedKeys(issuer=issuer, keys=keys)


def create_development_keys(folder: Path) -> None:
    """Make the first signing key of a folder that has none."""
    with folder_held(folder):
        if not _files(folder, "key"):
            _write(folder, 1)


def rotate_keys(folder: Path) -> str:
    """Make the next signing key and keep of the older ones only the public half; returns the new key's id."""
    with folder_held(folder):
        older = _files(folder, "key")
        number = max((*older, *_files(folder, "public")), default=0) + 1
        made = _write(folder, number)
        for old_number, path in older.items():
            half = dict(_key(path).as_dict(private=False))
            write_secret_once(folder / f"certificate-{old_number}.public", json.dumps(half).encode())
            path.unlink()
        return str(made.kid)


def key_id(key: ECKey) -> str:
    """The id of a key: the first bytes of its thumbprint (RFC 7638), as base64url."""
    thumbprint = base64.urlsafe_b64decode(key.thumbprint() + "=")
    assert len(thumbprint) == hashlib.sha256().digest_size, "a thumbprint is a SHA-256"
    return base64.urlsafe_b64encode(thumbprint[:KEY_ID_BYTES]).decode().rstrip("=")


def _files(folder: Path, half: str) -> dict[int, Path]:
    found = ((path, _NAME.fullmatch(path.name)) for path in folder.glob("certificate-*"))
    return {int(match[1]): path for path, match in found if match is not None and match[2] == half}


def _write(folder: Path, number: int) -> ECKey:
    bare = ECKey.generate_key("P-256")
    key = ECKey.import_key(bare.as_dict(private=True) | {"kid": key_id(bare), "alg": "ES256", "use": "sig"})
    content = json.dumps(key.as_dict(private=True)).encode()
    write_secret_once(folder / f"certificate-{number}.key", content)
    return key


def _key(path: Path) -> ECKey:
    try:
        key = ECKey.import_key(json.loads(read_secret(path)))
        if key.curve_name == "P-256" and key.kid == key_id(key) and key.is_private == (path.suffix == ".key"):
            return key
    except (JoseError, ValueError, TypeError, KeyError):
        pass
    raise KeyFilesInvalid(f"The key file {path.name} does not hold a key as this program writes it. Restore it.")
