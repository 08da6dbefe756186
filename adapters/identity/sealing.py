"""Sealed fields: each personal value is encrypted for its own place, and found again by a blind index.

A blob is version(1) | root key id(1) | nonce(12) | ciphertext and tag (AES-256-GCM). It opens only in the
table, column and row for which it was sealed. Each column has its own key, derived from a root key (HKDF).
The blind index has a secret of its own, which does not change when root keys do: a new one would mean
that no stored index is found any more.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from adapters.identity.key_files import KeyFilesInvalid, folder_held, read_secret, write_secret_once

BLIND_INDEX_BYTES = 16


class SealBroken(Exception):
    """A sealed value was changed, cut or moved to another place; names the place and no value."""

    def __init__(self, *, table: str, column: str, row: UUID) -> None:
        super().__init__(
            f"The sealed value in {table}.{column} of row {row} was changed or belongs to another place. "
            "Nothing of it was read. Restore the row from a backup and look for who changed it."
        )


class RootKeyMissing(Exception):
    """A value was sealed under a root key that the key folder does not hold."""

    def __init__(self, *, key_id: int) -> None:
        super().__init__(
            f"A sealed value needs root-{key_id}.key, which the key folder does not hold. Put the file back."
        )


class KeyFolder:
    """The root keys and the index secret of a folder, read once.

    folder: holds `index.key` and one or more of `root-1.key` … `root-255.key`, 32 bytes each, mode 0600.
    Raises KeyFilesInvalid if a file is missing, misnamed, of another length or readable by others.
    """

    def __init__(self, folder: Path) -> None:
        self.roots = {_key_id(path): _secret(path) for path in sorted(folder.glob("root-*"))}
        if not self.roots:
            raise KeyFilesInvalid("The key folder holds no root-1.key. Restore it or create keys first.")
        self.index_secret = _secret(folder / _INDEX_NAME)

    @property
    def newest_id(self) -> int:
        """The highest key id, under which new values are sealed."""
        return max(self.roots)


def create_development_keys(folder: Path) -> KeyFolder:
    """Create `root-1.key` and `index.key` in a folder that has none, and return what it holds.

    Refuses with KeyFilesInvalid to make one beside the other: a missing file of two is a loss to repair.
    """
    with folder_held(folder):
        if not any(path.exists() for path in (folder / _INDEX_NAME, *folder.glob("root-*"))):
            write_secret_once(folder / "root-1.key", secrets.token_bytes(_SECRET_BYTES))
            write_secret_once(folder / _INDEX_NAME, secrets.token_bytes(_SECRET_BYTES))
        return KeyFolder(folder)


def add_root_key(folder: Path) -> int:
    """Add the next root key to a folder and return its id; values sealed before still open."""
    with folder_held(folder):
        key_id = KeyFolder(folder).newest_id + 1
        if key_id > _KEY_ID_LIMIT:
            raise KeyFilesInvalid(
                f"No key id after {_KEY_ID_LIMIT} exists. Begin a new folder and seal all values anew."
            )
        write_secret_once(folder / f"root-{key_id}.key", secrets.token_bytes(_SECRET_BYTES))
    return key_id


class Sealer:
    """Seals and opens field values with the keys of a folder."""

    def __init__(self, keys: KeyFolder) -> None:
        self._roots = keys.roots
        self._newest_id = keys.newest_id
        self._ciphers: dict[tuple[int, str, str], AESGCM] = {}
        self._index_key = _derived(keys.index_secret, "blind index")

    def seal(self, text: str, *, table: str, column: str, row: UUID) -> bytes:
        """Return the blob of a text for one place; the same text gives another blob each time."""
        header = bytes((_VERSION, self._newest_id))
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._cipher(self._newest_id, table, column)
        return header + nonce + cipher.encrypt(nonce, text.encode(), _place(header, table, column, row))

    def open(self, blob: bytes, *, table: str, column: str, row: UUID) -> str:
        """Return the text that was sealed for this place.

        Raises SealBroken if the blob was changed or moved, RootKeyMissing if its key is not there.
        """
        if len(blob) < _SHORTEST_BLOB_BYTES or blob[0] != _VERSION:
            raise SealBroken(table=table, column=column, row=row)
        header, nonce, sealed = blob[:_HEADER_BYTES], blob[_HEADER_BYTES:_NONCE_END], blob[_NONCE_END:]
        cipher = self._cipher(header[1], table, column)
        try:
            return cipher.decrypt(nonce, sealed, _place(header, table, column, row)).decode()
        except InvalidTag:
            raise SealBroken(table=table, column=column, row=row) from None

    def blind_index(self, kind: str, state: str, normalised: str) -> bytes:
        """Return the 16 bytes under which an identifier is found without being stored readably.

        kind, state: of the identifier, so that equal digits of two kinds differ. normalised: its value as
        `checked_identifier` returns it. Not for values of few possibilities, such as a birth date alone.
        """
        parts = (kind, state, normalised)
        assert not any("\0" in part for part in parts), "NUL separates the parts"
        digest = hmac.digest(self._index_key, "\0".join(parts).encode(), hashlib.sha256)
        return digest[:BLIND_INDEX_BYTES]

    def _cipher(self, key_id: int, table: str, column: str) -> AESGCM:
        known = self._ciphers.get((key_id, table, column))
        if known is not None:
            return known
        assert "." not in table + column, "a dot separates table and column"
        root = self._roots.get(key_id)
        if root is None:
            raise RootKeyMissing(key_id=key_id)
        cipher = AESGCM(_derived(root, f"field {table}.{column}"))
        self._ciphers[(key_id, table, column)] = cipher
        return cipher


_VERSION = 1
_SECRET_BYTES = 32
_HEADER_BYTES = 2
_NONCE_BYTES = 12
_NONCE_END = _HEADER_BYTES + _NONCE_BYTES
_SHORTEST_BLOB_BYTES = _NONCE_END + 16
_KEY_ID_LIMIT = 255
_INDEX_NAME = "index.key"
_ROOT_NAME = re.compile(r"root-([1-9][0-9]{0,2})\.key")


def _key_id(path: Path) -> int:
    match = _ROOT_NAME.fullmatch(path.name)
    if not match or int(match[1]) > _KEY_ID_LIMIT:
        raise KeyFilesInvalid(f"{path.name} is no name of a root key. Name it root-1.key to root-{_KEY_ID_LIMIT}.key.")
    return int(match[1])


def _secret(path: Path) -> bytes:
    secret = read_secret(path)
    if len(secret) != _SECRET_BYTES:
        raise KeyFilesInvalid(
            f"The key file {path.name} has {len(secret)} bytes; a key has {_SECRET_BYTES}. Restore it."
        )
    return secret


def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"lingkar 1 {purpose}".encode()).derive(secret)


def _place(header: bytes, table: str, column: str, row: UUID) -> bytes:
    """What a blob is bound to: how it was sealed, and table.column.row."""
    return b"%b%b.%b.%b" % (header, table.encode(), column.encode(), row.bytes)
