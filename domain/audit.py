"""The audit chain: who did what to what, each entry hashed together with the one before, its head signed each day.

A chain shows by itself what was changed, taken out or moved in it. Whoever may write all rows can make a whole tail
anew; that shows only by a head that was signed before, and only for sure by one that is kept elsewhere.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

FIRST_HASH = bytes(32)
"""What the first entry of a chain has as its previous hash."""
PLATFORM_CHAIN = "lingkar"
"""The chain of those who belong to no institution."""
_HEAD_FORMAT = "lingkar audit head 1"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a chain ends: its last entry's number and hash."""

    number: int
    hash: bytes


START = Head(number=0, hash=FIRST_HASH)
"""The head of a chain without entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHead:
    """A signed head as anyone may keep it: the chain had this digest at this instant; how long it was is not told.

    digest: of number and hash, see `head_digest`. signature: over `head_bytes`, by the audit key `key_id`.
    """

    chain: str
    signed_at: dt.datetime
    digest: bytes
    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """A signed head with what its digest stands for, as the platform stores it."""

    kept: KeptHead
    head: Head


class FaultKind(Enum):
    """What is wrong with a chain."""

    MISSING = "missing"
    CHANGED = "changed"
    UNLINKED = "unlinked"
    CUT = "cut"
    HEAD_WRONG = "head_wrong"
    REWRITTEN = "rewritten"
    HEAD_FORGED = "head_forged"
    HEAD_LOST = "head_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a chain from which entry on; entries before it are proven.

    last: the last entry at which it can have begun, where that is known.
    """

    kind: FaultKind
    number: int
    last: int | None = None


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
    content = [chain, number, instant(at), actor_kind, actor_id, action, subject, previous_hash.hex()]
    return hashlib.sha256(_canonical(content)).digest()


def head_digest(head: Head) -> bytes:
    """What stands for a head outside: nobody guesses a number from it, for the hash cannot be guessed."""
    return hashlib.sha256(_canonical([head.number, head.hash.hex()])).digest()


def head_bytes(chain: str, signed_at: dt.datetime, digest: bytes) -> bytes:
    """What is signed of a head."""
    return _canonical([_HEAD_FORMAT, chain, instant(signed_at), digest.hex()])


def instant(at: dt.datetime) -> str:
    """An instant as it is hashed and signed: UTC, with microseconds."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")


class ChainCheck:
    """Reads one chain entry by entry and remembers the first fault.

    chain: whose it is. heads: signed heads stored with it. kept: signed heads that were kept elsewhere.
    believed: whether a signed head is signed by an audit key. start: the head after which the reading begins.
    """

    def __init__(
        self,
        chain: str,
        heads: Sequence[SignedHead] = (),
        kept: Sequence[KeptHead] = (),
        *,
        believed: Callable[[KeptHead], bool] = lambda _: True,
        start: Head = START,
    ) -> None:
        self._chain = chain
        self.reached = start
        self._faults: list[Fault] = []
        honest = [signed for signed in heads if _is_honest(signed, chain) and believed(signed.kept)]
        self._vouched = {signed.head.number: signed.head.hash for signed in honest if signed.head.number > start.number}
        for signed in heads:
            if signed not in honest:
                before = (other.head.number for other in honest if other.kept.signed_at < signed.kept.signed_at)
                self._note(FaultKind.HEAD_FORGED, max(before, default=0) + 1, signed.head.number)
        self._compare_kept([one for one in kept if one.chain == chain and believed(one)], honest)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults seen so far, the one that begins first before the others."""
        return tuple(sorted(self._faults, key=lambda fault: fault.number))

    def read(self, entry: AuditEntry) -> bool:
        """Read the next entry; False once the chain is broken, after which no entry proves anything."""
        before = self.reached
        content = {name: getattr(entry, name) for name in _HASHED}
        if entry.number != before.number + 1:
            return self._note(FaultKind.MISSING, before.number + 1)
        if entry.hash != entry_hash(chain=self._chain, **content):
            return self._note(FaultKind.CHANGED, entry.number)
        if entry.previous_hash != before.hash:
            # Either this entry was linked anew, or the one before was changed with its hash.
            return self._note(FaultKind.UNLINKED, max(before.number, 1), entry.number)
        if self._vouched.get(entry.number, entry.hash) != entry.hash:
            proven = max((number for number in self._vouched if number < entry.number), default=0)
            return self._note(FaultKind.REWRITTEN, proven + 1, entry.number)
        self.reached = Head(number=entry.number, hash=entry.hash)
        return True

    def end(self, head: Head | None) -> Fault | None:
        """Compare where the entries ended with the chain's head, and return the fault that begins first.

        head: as the chain keeps it; None where none is kept, as in a part of a chain.
        """
        if not self._faults:
            farthest = max((*self._vouched, 0 if head is None else head.number))
            if farthest > self.reached.number:
                self._note(FaultKind.CUT, self.reached.number + 1, farthest)
            elif head is not None and head != self.reached:
                self._note(FaultKind.HEAD_WRONG, max(min(head.number + 1, self.reached.number), 1))
        return next(iter(self.faults), None)

    def _compare_kept(self, kept: Sequence[KeptHead], honest: Sequence[SignedHead]) -> None:
        stored = {signed.kept.signed_at: signed for signed in honest}
        proven = 0
        for one in sorted(kept, key=lambda head: head.signed_at):
            known = stored.get(one.signed_at)
            if known is None or known.kept.digest != one.digest:
                self._note(FaultKind.HEAD_LOST, proven + 1, None if known is None else known.head.number)
                return
            proven = known.head.number

    def _note(self, kind: FaultKind, number: int, last: int | None = None) -> bool:
        self._faults.append(Fault(kind=kind, number=number, last=None if last is None or last <= number else last))
        return False


def first_fault(
    entries: Iterable[AuditEntry], chain: str, head: Head | None = None, heads: Sequence[SignedHead] = ()
) -> Fault | None:
    """The first fault of a whole chain, from its first entry, in order; None if it holds."""
    check = ChainCheck(chain, heads)
    for entry in entries:
        if not check.read(entry):
            break
    return check.end(head)


_HASHED = ("number", "at", "actor_kind", "actor_id", "action", "subject", "previous_hash")


def _is_honest(signed: SignedHead, chain: str) -> bool:
    return signed.kept.chain == chain and signed.kept.digest == head_digest(signed.head)


def _canonical(content: list[object]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
