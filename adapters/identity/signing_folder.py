"""Signing keys in a folder: `<name>-1.key`, `<name>-2.key`, …, of which the newest signs and all are believed.

A `.key` file holds a private key (JSON Web Key, mode 0600). A key that does not sign any more is
`<name>-<n>.public`: what it signed is believed, and nobody can sign by it again.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from adapters.identity.key_files import KeyFilesInvalid, folder_held, read_secret, write_secret_once

KEY_ID_BYTES = 8
"""Short, because the QR code carries it; a key set in which two are alike is refused."""
K = TypeVar("K", ECKey, OKPKey)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeys(Generic[K]):
    """The keys of one purpose. name: of their files. remedy: the command that makes the first one."""

    name: str
    type: type[K]
    curve: Literal["P-256", "Ed25519"]
    algorithm: str
    remedy: str

    def read(self, folder: Path) -> list[K]:
        """The signing key first, then the younger before the older; raises KeyFilesInvalid if there is none."""
        private = {number: self._key(path) for number, path in self._files(folder, "key").items()}
        if not private:
            raise KeyFilesInvalid(
                f"The key folder holds no {self.name}-1.key. Restore it, or make one with: {self.remedy}"
            )
        public = {number: self._key(path) for number, path in self._files(folder, "public").items()}
        newest = max(private)
        held: dict[int, K] = {**public, **private}
        return [held[number] for number in sorted(held, key=lambda number: (number == newest, number), reverse=True)]

    def create_first(self, folder: Path) -> None:
        """Make the first signing key of a folder that has none."""
        with folder_held(folder):
            if not self._files(folder, "key"):
                self._write(folder, 1)

    def rotate(self, folder: Path) -> str:
        """Make the next signing key and keep of the older ones only the public half; returns the new key's id."""
        with folder_held(folder):
            signing: dict[int, Path] = self._files(folder, "key")
            number = max((*signing, *self._files(folder, "public")), default=0) + 1
            made = self._write(folder, number)
            for old_number, path in signing.items():
                half = dict(self._key(path).as_dict(private=False))
                write_secret_once(folder / f"{self.name}-{old_number}.public", json.dumps(half).encode())
                path.unlink()
            return str(made.kid)

    def forget_older(self, folder: Path) -> int:
        """Take the public halves of older keys away, which ends what they signed; returns how many there were."""
        with folder_held(folder):
            older: dict[int, Path] = self._files(folder, "public")
            for path in older.values():
                path.unlink()
            return len(older)

    def _files(self, folder: Path, half: str) -> dict[int, Path]:
        name = re.compile(rf"{self.name}-([1-9][0-9]{{0,3}})\.(key|public)")
        found = ((path, name.fullmatch(path.name)) for path in folder.glob(f"{self.name}-*"))
        return {int(match[1]): path for path, match in found if match is not None and match[2] == half}

    def _write(self, folder: Path, number: int) -> K:
        curve: Any = self.curve
        bare = self.type.generate_key(curve)
        key = self.type.import_key(
            bare.as_dict(private=True) | {"kid": key_id(bare), "alg": self.algorithm, "use": "sig"}
        )
        write_secret_once(folder / f"{self.name}-{number}.key", json.dumps(key.as_dict(private=True)).encode())
        return key

    def _key(self, path: Path) -> K:
        try:
            key = self.type.import_key(json.loads(read_secret(path)))
            private = path.suffix == ".key"
            if key.curve_name == self.curve and key.kid == key_id(key) and key.is_private == private:
                return key
        except (JoseError, ValueError, TypeError, KeyError):
            pass
        raise KeyFilesInvalid(f"The key file {path.name} does not hold a key as this program writes it. Restore it.")


def key_id(key: ECKey | OKPKey) -> str:
    """The id of a key: the first bytes of its thumbprint (RFC 7638), as base64url."""
    thumbprint = base64.urlsafe_b64decode(key.thumbprint() + "=")
    assert len(thumbprint) == hashlib.sha256().digest_size, "a thumbprint is a SHA-256"
    return base64.urlsafe_b64encode(thumbprint[:KEY_ID_BYTES]).decode().rstrip("=")
