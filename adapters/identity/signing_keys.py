"""The signing keys of one name in a folder: ES256, the newest signs, of the older ones the public half may stay.

`<name>-1.key`, `<name>-2.key`, … hold a private key each (JSON Web Key, mode 0600). A key that does not sign any
more is `<name>-<n>.public`: what it signed is believed, and nobody can sign by it again.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from adapters.identity.key_files import KeyFilesInvalid, folder_held, read_secret, write_secret_once

KEY_ID_BYTES = 8
"""Short, because the QR code of a certificate carries it; a key set in which two are alike is refused."""


def signing_keys(folder: Path, name: str) -> list[ECKey]:
    """Return the key that signs, then the others, younger before older; nothing if none can sign.

    Raises KeyFilesInvalid for a file that is not what it should be.
    """
    private = {number: _key(path) for number, path in _files(folder, name, "key").items()}
    if not private:
        return []
    public = {number: _key(path) for number, path in _files(folder, name, "public").items()}
    newest = max(private)
    # The signing key first, then the younger before the older.
    older = {**public, **private}
    del older[newest]
    return [private[newest], *(older[number] for number in sorted(older, reverse=True))]


def create_first_key(folder: Path, name: str) -> None:
    """Make the first signing key of a folder that has none of this name."""
    with folder_held(folder):
        if not _files(folder, name, "key"):
            _write(folder, name, 1)


def rotate(folder: Path, name: str) -> str:
    """Make the next signing key and keep of the older ones only the public half; returns the new key's id."""
    with folder_held(folder):
        older = _files(folder, name, "key")
        number = max((*older, *_files(folder, name, "public")), default=0) + 1
        made = _write(folder, name, number)
        for old_number, path in older.items():
            half = dict(_key(path).as_dict(private=False))
            write_secret_once(folder / f"{name}-{old_number}.public", json.dumps(half).encode())
            path.unlink()
        return str(made.kid)


def forget_older(folder: Path, name: str) -> int:
    """Take the public halves of older keys away, which ends what they signed; returns how many there were."""
    with folder_held(folder):
        older = _files(folder, name, "public")
        for path in older.values():
            path.unlink()
        return len(older)


def key_id(key: ECKey) -> str:
    """The id of a key: the first bytes of its thumbprint (RFC 7638), as base64url."""
    thumbprint = base64.urlsafe_b64decode(key.thumbprint() + "=")
    assert len(thumbprint) == hashlib.sha256().digest_size, "a thumbprint is a SHA-256"
    return base64.urlsafe_b64encode(thumbprint[:KEY_ID_BYTES]).decode().rstrip("=")


def _files(folder: Path, name: str, half: str) -> dict[int, Path]:
    wanted = re.compile(rf"{re.escape(name)}-([1-9][0-9]{{0,3}})\.{half}")
    found = ((path, wanted.fullmatch(path.name)) for path in folder.glob(f"{name}-*"))
    return {int(match[1]): path for path, match in found if match is not None}


def _write(folder: Path, name: str, number: int) -> ECKey:
    bare = ECKey.generate_key("P-256")
    key = ECKey.import_key(bare.as_dict(private=True) | {"kid": key_id(bare), "alg": "ES256", "use": "sig"})
    content = json.dumps(key.as_dict(private=True)).encode()
    write_secret_once(folder / f"{name}-{number}.key", content)
    return key


def _key(path: Path) -> ECKey:
    try:
        key = ECKey.import_key(json.loads(read_secret(path)))
        if key.curve_name == "P-256" and key.kid == key_id(key) and key.is_private == (path.suffix == ".key"):
            return key
    except (JoseError, ValueError, TypeError, KeyError):
        pass
    raise KeyFilesInvalid(f"The key file {path.name} does not hold a key as this program writes it. Restore it.")
