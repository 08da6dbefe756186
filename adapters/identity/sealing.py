"""Sealed fields: each personal value is encrypted for its own place, and found again by a blind index.

Each person has a key, by which what is known of them is sealed: version 2 | nonce(12) | ciphertext and tag
(AES-256-GCM). It opens only in the table, column and row for which it was sealed. The person's key is kept wrapped
by the key of their state, which is derived from a root key (HKDF): version 1 | root key id(1) | nonce(12) |
ciphertext and tag. Who destroys a wrapped key makes all that was sealed by it unreadable; who changes the root key
wraps the keys anew and touches no sealed value. Values from before there were keys of persons are sealed by a key
of their column in the form of a wrapped key; they open until they are sealed anew.
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


class PersonKeyGone(Exception):
    """A value was sealed by the key of a person that is not there: it was destroyed, or a backup lacks it."""

    def __init__(self) -> None:
        super().__init__("The key of this person was destroyed; nothing sealed by it can be read any more.")


class KeyFolder:
    """The root keys and the index secret of a folder, read once.

    folder: holds `index.key` and one or more of `root-1.key` … `root-255.key`, 32 bytes each, mode 0600.
    Raises KeyFilesInvalid if a file is missing, misnamed, of another length or readable by others.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
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
        self._folder = keys.folder
        self._roots = keys.roots
        self._newest_id = keys.newest_id
        self._ciphers: dict[tuple[int, str, str], AESGCM] = {}
        self._index_key = _derived(keys.index_secret, "blind index")

    @property
    def newest_id(self) -> int:
        """The id of the root key by which keys are wrapped now."""
        return self._newest_id

    def new_person(self, worker_id: UUID, state: str) -> tuple[PersonSealer, bytes]:
        """Make a key for a person; returns what seals by it, and the key wrapped by that of their state."""
        secret = os.urandom(_SECRET_BYTES)
        return PersonSealer(self, secret), self._wrapped(secret, worker_id, state)

    def person(self, wrapped: bytes | None, worker_id: UUID, state: str) -> PersonSealer:
        """What opens the values of a person. wrapped: None where the person has no key (any more).

        Raises SealBroken if the wrapped key was changed or is another's, RootKeyMissing if its root key is not there.
        """
        return PersonSealer(self, None if wrapped is None else self._unwrapped(wrapped, worker_id, state))

    def rewrapped(self, wrapped: bytes, worker_id: UUID, state: str) -> bytes:
        """The same key of a person, wrapped under the newest root key."""
        return self._wrapped(self._unwrapped(wrapped, worker_id, state), worker_id, state)

    def _wrapped(self, secret: bytes, worker_id: UUID, state: str) -> bytes:
        header, nonce = bytes((_VERSION, self._newest_id)), os.urandom(_NONCE_BYTES)
        cipher = self._cipher(self._newest_id, _STATE_KEYS, state)
        return header + nonce + cipher.encrypt(nonce, secret, _place(header, _STATE_KEYS, state, worker_id))

    def _unwrapped(self, wrapped: bytes, worker_id: UUID, state: str) -> bytes:
        return self._opened(wrapped, table=_STATE_KEYS, column=state, row=worker_id)

    def seal(self, text: str, *, table: str, column: str, row: UUID) -> bytes:
        """Return the blob of a text for one place; the same text gives another blob each time.

        By a key of the column and not of a person: as values were sealed before persons had keys.
        """
        header = bytes((_VERSION, self._newest_id))
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._cipher(self._newest_id, table, column)
        return header + nonce + cipher.encrypt(nonce, text.encode(), _place(header, table, column, row))

    def open(self, blob: bytes, *, table: str, column: str, row: UUID) -> str:
        """Return the text that was sealed for this place.

        Raises SealBroken if the blob was changed or moved, RootKeyMissing if its key is not there.
        """
        return self._opened(blob, table=table, column=column, row=row).decode()

    def _opened(self, blob: bytes, *, table: str, column: str, row: UUID) -> bytes:
        if len(blob) < _SHORTEST_BLOB_BYTES or blob[0] != _VERSION:
            raise SealBroken(table=table, column=column, row=row)
        header, nonce, sealed = blob[:_HEADER_BYTES], blob[_HEADER_BYTES:_NONCE_END], blob[_NONCE_END:]
        cipher = self._cipher(header[1], table, column)
        try:
            return cipher.decrypt(nonce, sealed, _place(header, table, column, row))
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
        root = self._roots.get(key_id) or self._found_since(key_id)
        cipher = AESGCM(_derived(root, f"field {table}.{column}"))
        self._ciphers[(key_id, table, column)] = cipher
        return cipher

    def _found_since(self, key_id: int) -> bytes:
        """A root key that was added after this process began: another process seals by it already."""
        self._roots = KeyFolder(self._folder).roots
        if key_id not in self._roots:
            raise RootKeyMissing(key_id=key_id)
        return self._roots[key_id]


class PersonSealer:
    """Seals and opens the values of one person."""

    def __init__(self, sealer: Sealer, secret: bytes | None) -> None:
        self._sealer = sealer
        self._cipher = None if secret is None else AESGCM(secret)

    def seal(self, text: str, *, table: str, column: str, row: UUID) -> bytes:
        """Return the blob of a text for one place; the same text gives another blob each time.

        Raises PersonKeyGone for a person whose key is not there.
        """
        if self._cipher is None:
            raise PersonKeyGone
        nonce = os.urandom(_NONCE_BYTES)
        place = _place(_BY_PERSON, table, column, row)
        return _BY_PERSON + nonce + self._cipher.encrypt(nonce, text.encode(), place)

    def open(self, blob: bytes, *, table: str, column: str, row: UUID) -> str:
        """Return the text that was sealed for this place, by the person's key or before there was one.

        Raises PersonKeyGone, SealBroken if the blob was changed or moved, RootKeyMissing.
        """
        if blob[:1] != _BY_PERSON:
            return self._sealer.open(blob, table=table, column=column, row=row)
        if self._cipher is None:
            raise PersonKeyGone
        nonce, sealed = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
        if len(sealed) < _TAG_BYTES:
            raise SealBroken(table=table, column=column, row=row)
        try:
            return self._cipher.decrypt(nonce, sealed, _place(_BY_PERSON, table, column, row)).decode()
        except InvalidTag:
            raise SealBroken(table=table, column=column, row=row) from None


_VERSION = 1
_BY_PERSON = b"\x02"
_TAG_BYTES = 16
_STATE_KEYS = "state_keys"
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
