"""Signatures on the wire: Ed25519 over the time and the digest, and the folder in which keys lie.

The text of a signature follows the envelope standard of the Digital Convergence Initiative, version 1.0.0.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

SKEW_SECONDS = 300
_ALGORITHM = "ed25519"
_HEADERS = "(created) (expires) digest"
_TEXT = re.compile(
    r'Signature: namespace="spdci", kidId="([A-Za-z0-9._-]{1,64})\|([0-9a-f]{16})\|ed25519", '
    r'algorithm="ed25519", created="([0-9]{1,12})", expires="([0-9]{1,12})", '
    r'headers="\(created\) \(expires\) digest", signature="([A-Za-z0-9+/]{86}==)"'
)
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class SignatureRefused(Exception):
    """A signature does not prove what it should; the text says why and names no content."""


class KeyMissing(Exception):
    """The key folder has no such key, or its file is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A private key and the name under which the other side knows its public half."""

    owner: str
    private_key: Ed25519PrivateKey

    def sign(self, digest: str, now: dt.datetime) -> str:
        """Return the signature text over a digest (SHA-256, hexadecimal), valid for five minutes from now."""
        created = int(now.timestamp())
        expires = created + SKEW_SECONDS
        raw = self.private_key.sign(_signed_bytes(created, expires, digest))
        return (
            f'Signature: namespace="spdci", kidId="{self.owner}|{key_id(self.private_key.public_key())}|'
            f'{_ALGORITHM}", algorithm="{_ALGORITHM}", created="{created}", expires="{expires}", '
            f'headers="{_HEADERS}", signature="{base64.b64encode(raw).decode("ascii")}"'
        )


def check_signature(text: str, *, owner: str, public_key: Ed25519PublicKey, digest: str, now: dt.datetime) -> None:
    """Return if the text proves that this owner signed this digest within five minutes of now.

    Raises SignatureRefused for any other text, owner, key, digest or time.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise SignatureRefused("the signature text does not have its shape")
    created, expires, instant = int(match[3]), int(match[4]), now.timestamp()
    if match[1] != owner:
        raise SignatureRefused("the signature is of another sender")
    if match[2] != key_id(public_key):
        raise SignatureRefused("the signature is by a key that is not known for this sender")
    if not 0 < expires - created <= SKEW_SECONDS:
        raise SignatureRefused(f"the signature is meant to last other than 1 to {SKEW_SECONDS} seconds")
    if instant > expires:
        raise SignatureRefused("the signature has expired")
    if created - instant > SKEW_SECONDS:
        raise SignatureRefused("the signature was made too far in the future")
    try:
        public_key.verify(base64.b64decode(match[5], validate=True), _signed_bytes(created, expires, digest))
    except (InvalidSignature, binascii.Error) as error:
        raise SignatureRefused("the signature does not fit the content") from error


def signer_named_in(text: str) -> str | None:
    """Who a signature text claims to be by, unproven; None if the text has not the shape of one."""
    match = _TEXT.fullmatch(text)
    return match[1] if match else None


def key_id(public_key: Ed25519PublicKey) -> str:
    """The short name of a public key: the first 16 hexadecimal digits of its SHA-256."""
    raw = public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys in a folder: `<owner>.private` and `<owner>.public`, each PEM or 32 raw bytes."""

    folder: Path

    def signer(self, owner: str) -> Signer:
        """The signer of this owner; raises KeyMissing."""
        content = self._read(owner, "private")
        try:
            if len(content) == 32:
                return Signer(owner=owner, private_key=Ed25519PrivateKey.from_private_bytes(content))
            key = load_pem_private_key(content, password=None)
        except (ValueError, TypeError) as error:
            raise KeyMissing(f"The private key file of {owner} is not a key. Replace it.") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyMissing(f"The private key of {owner} is not Ed25519. Replace it.")
        return Signer(owner=owner, private_key=key)

    def public_key(self, owner: str) -> Ed25519PublicKey:
        """The public key of this owner; raises KeyMissing."""
        content = self._read(owner, "public")
        try:
            if len(content) == 32:
                return Ed25519PublicKey.from_public_bytes(content)
            key = load_pem_public_key(content)
        except (ValueError, TypeError) as error:
            raise KeyMissing(f"The public key file of {owner} is not a key. Replace it.") from error
        if not isinstance(key, Ed25519PublicKey):
            raise KeyMissing(f"The public key of {owner} is not Ed25519. Replace it.")
        return key

    def _read(self, owner: str, half: str) -> bytes:
        try:
            return (self.folder / _file_name(owner, half)).read_bytes()
        except OSError as error:
            raise KeyMissing(
                f"No {half} key of {owner} is in the key folder. Put one there or create development keys."
            ) from error


def create_development_keys(folder: Path, owners: Iterable[str]) -> Keyring:
    """Make the keys that are missing and return the keyring; keys that exist stay as they are.

    Safe when several processes start at once: a private key appears whole or not at all, the first one wins,
    and the public half is always written from the private one that lies in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ring = Keyring(folder)
    for owner in owners:
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _put_if_absent(folder / _file_name(owner, "private"), pem, mode=0o600)
        public = ring.signer(owner).private_key.public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        _put_if_absent(folder / _file_name(owner, "public"), pem, mode=0o644)
    return ring


def _signed_bytes(created: int, expires: int, digest: str) -> bytes:
    return f"(created): {created}\n(expires): {expires}\ndigest: SHA-256={digest}".encode("ascii")


def _file_name(owner: str, half: str) -> str:
    if not _OWNER.fullmatch(owner):
        raise KeyMissing("The owner of a key is written with letters, digits, dots, dashes and underscores.")
    return f"{owner}.{half}"


def _put_if_absent(place: Path, content: bytes, *, mode: int) -> None:
    """Write a file in one step unless it exists; a link is made whole or refused."""
    if place.exists():
        return
    draft = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.link(draft, place)
    except FileExistsError:
        # Another process was first; its key is as good as ours.
        return
    finally:
        draft.unlink()
