"""Reading what is signed in the compact form of RFC 7515, strictly: one meaning or none."""

from __future__ import annotations

import binascii
import json
import re
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.util import urlsafe_b64decode

COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
COMPACT_LIMIT_BYTES = 4_096


class NotCompact(Exception):
    """A part is not one JSON object, or the signature is not that of the key."""


def unverified(compact: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and payload of what may be forged; good for finding the key and nothing else."""
    header, payload, _ = compact.split(".")
    return _object(header), _object(payload)


def verified(compact: str, key: Key, algorithms: tuple[str, ...]) -> dict[str, Any]:
    """Return the claims that a key signed."""
    try:
        registry = _Registry(algorithms=list(algorithms))
        return jwt.decode(compact, key, registry=registry, decoder_cls=_StrictDecoder).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        raise NotCompact from None


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(urlsafe_b64decode(part.encode()), object_pairs_hook=_once_each)
    except (ValueError, binascii.Error, RecursionError):
        raise NotCompact from None
    if not isinstance(found, dict):
        raise NotCompact
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return dict(pairs)


class _Registry(jws.JWSRegistry):
    """Takes headers as long as a proof that brings an RSA key has; the whole is bounded before."""

    max_header_length = COMPACT_LIMIT_BYTES


class _StrictDecoder(json.JSONDecoder):
    """Refuses an object that names something twice: two readers could take different ones."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=_once_each)
