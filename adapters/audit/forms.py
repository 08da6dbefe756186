"""Heads, signed heads and entries as JSON: what is published, kept elsewhere, and put into bundles."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from domain.audit import AuditEntry, KeptHead, SignedHead, instant


class KeptHeadsUnreadable(Exception):
    """A file of kept heads is not what the platform hands out; says so and what to do."""


def kept_form(kept: KeptHead) -> dict[str, Any]:
    """A signed head as anyone may keep it."""
    return {
        "chain": kept.chain,
        "signedAt": instant(kept.signed_at),
        "digest": kept.digest.hex(),
        "keyId": kept.key_id,
        "signature": base64.urlsafe_b64encode(kept.signature).decode().rstrip("="),
    }


def signed_form(signed: SignedHead) -> dict[str, Any]:
    """A signed head with what its digest stands for."""
    return kept_form(signed.kept) | {"number": signed.head.number, "hash": signed.head.hash.hex()}


def entry_form(entry: AuditEntry) -> dict[str, Any]:
    """An entry; the hash is over the first seven values and the previous hash, in this order."""
    return {
        "chain": entry.chain,
        "number": entry.number,
        "at": instant(entry.at),
        "actorKind": entry.actor_kind,
        "actorId": entry.actor_id,
        "action": entry.action,
        "subject": entry.subject,
        "previousHash": entry.previous_hash.hex(),
        "hash": entry.hash.hex(),
    }


def kept_heads_in(file: Path) -> tuple[KeptHead, ...]:
    """The kept heads in a file, as `/audit/heads/…` hands them out; raises KeptHeadsUnreadable for anything else."""
    try:
        told = json.loads(file.read_bytes())
        return tuple(_kept(head) for head in told["heads"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise KeptHeadsUnreadable(
            f"{file.name} holds no heads as the platform hands them out. Take them from /audit/heads/<chain>."
        ) from None


def _kept(told: Mapping[str, str]) -> KeptHead:
    at = dt.datetime.fromisoformat(told["signedAt"])
    if at.tzinfo is None:
        raise ValueError("an instant without its zone")
    return KeptHead(
        chain=str(told["chain"]),
        signed_at=at,
        digest=bytes.fromhex(told["digest"]),
        key_id=str(told["keyId"]),
        signature=base64.urlsafe_b64decode(told["signature"] + "=="),
    )
