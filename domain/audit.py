"""The audit chain: who did what to what, each entry hashed together with the one before."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

FIRST_HASH = bytes(32)
"""What the first entry of a chain has as its previous hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry; `chain` names the institution or the platform. It holds ids, never a person's values."""

    chain: str
    number: int
    at: dt.datetime
    actor_kind: str
    actor_id: str
    action: str
    subject: str
    previous_hash: bytes
    hash: bytes


def entry_hash(
    *,
    chain: str,
    number: int,
    at: dt.datetime,
    actor_kind: str,
    actor_id: str,
    action: str,
    subject: str,
    previous_hash: bytes,
) -> bytes:
    """SHA-256 of an entry's content and the hash before it, in one canonical form."""
    instant = at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    content = [chain, number, instant, actor_kind, actor_id, action, subject, previous_hash.hex()]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).digest()


def broken_at(entries: Iterable[AuditEntry]) -> int | None:
    """The number of the first entry that was changed, moved or follows a missing one; None if the chain holds.

    entries: one chain from its first entry, in order.
    """
    previous, number = FIRST_HASH, 0
    for entry in entries:
        expected = entry_hash(
            chain=entry.chain,
            number=entry.number,
            at=entry.at,
            actor_kind=entry.actor_kind,
            actor_id=entry.actor_id,
            action=entry.action,
            subject=entry.subject,
            previous_hash=previous,
        )
        if entry.number != number + 1 or entry.previous_hash != previous or entry.hash != expected:
            return entry.number
        previous, number = entry.hash, entry.number
    return None
