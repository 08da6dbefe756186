"""Signing the heads of audit chains, and verifying the chains against them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.audit.forms import kept_heads_in
from adapters.audit.keys import AuditKeys
from adapters.postgres.audit_archive import AuditArchive, AuditReading
from domain.audit import START, ChainCheck, Fault, FaultKind, KeptHead


class ChainBroken(Exception):
    """A head is not signed, because the entries up to it do not hold together."""

    def __init__(self, chain: str, fault: Fault) -> None:
        super().__init__(f"{chain}: {said(fault)}. Its head was not signed. Run: python -m lingkar audit verify")
        self.chain = chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found of one chain. entries: how many hold. faults: none if the chain is whole, the first one first."""

    chain: str
    entries: int
    signed_heads: int
    kept_heads: int
    faults: tuple[Fault, ...]

    @property
    def text(self) -> str:
        """The finding in one line."""
        if self.faults:
            return f"{self.chain}: BROKEN: {'; '.join(said(fault) for fault in self.faults)}"
        heads = f"{self.signed_heads} signed heads, {self.kept_heads} kept elsewhere"
        return f"{self.chain}: {self.entries} entries, whole; {heads}"


async def sign_daily(archive: AuditArchive, keys: AuditKeys, now: dt.datetime) -> tuple[str, ...]:
    """Sign the head of every chain that has none for this day (UTC); returns the chains that were signed.

    Of several who do this at once one is first for each chain; the others find it done. Raises ChainBroken for the
    first chain that does not hold, after signing all others.
    """
    async with archive.read() as reading:
        chains = await reading.without_head_of(now.astimezone(dt.UTC).date())
    return await _sign_all(archive, keys, chains, "daily", now)


async def sign_asked(archive: AuditArchive, keys: AuditKeys, now: dt.datetime) -> tuple[str, ...]:
    """Sign the head of every chain that grew since it was last signed; the same otherwise."""
    async with archive.read() as reading:
        chains = await reading.chains()
    return await _sign_all(archive, keys, chains, "asked", now)


async def verified(archive: AuditArchive, keys: AuditKeys, kept_files: Sequence[Path] = ()) -> tuple[Verified, ...]:
    """Recompute every chain, against its own head, the signed heads and those that were kept elsewhere.

    kept_files: as `/audit/heads/…` hands them out. Raises KeptHeadsUnreadable.
    """
    kept = [head for file in kept_files for head in kept_heads_in(file)]
    async with archive.read() as reading:
        chains = sorted({*await reading.chains(), *(head.chain for head in kept)})
        return tuple([await _verified(reading, keys, chain, kept) for chain in chains])


def said(fault: Fault) -> str:
    """A fault in words."""
    place = f"entry {fault.number}" if fault.last is None else f"entries {fault.number} to {fault.last}"
    return _SAID[fault.kind].format(place=place, before=fault.number - 1)


async def _sign_all(
    archive: AuditArchive, keys: AuditKeys, chains: Sequence[str], occasion: str, now: dt.datetime
) -> tuple[str, ...]:
    signed, broken = [], None
    for chain in chains:
        try:
            if await _sign(archive, keys, chain, occasion, now):
                signed.append(chain)
        except ChainBroken as found:
            broken = broken or found
    if broken is not None:
        raise broken
    return tuple(signed)


async def _sign(archive: AuditArchive, keys: AuditKeys, chain: str, occasion: str, now: dt.datetime) -> bool:
    # What was signed before was read then; a signature needs only what came since. `verify` reads everything.
    async with archive.read() as reading:
        heads = [signed for signed in await reading.signed_heads(chain) if keys.believes(signed.kept)]
        start = heads[-1].head if heads else START
        check, head = ChainCheck(chain, start=start), await reading.head(chain)
        async for entry in reading.entries(chain, after=start.number):
            if not check.read(entry):
                break
    fault = check.end(head)
    if fault is not None:
        raise ChainBroken(chain, fault)
    if occasion == "asked" and heads and check.reached == start:
        return False
    return await archive.add(keys.sign(chain, check.reached, now), occasion)


async def _verified(reading: AuditReading, keys: AuditKeys, chain: str, kept: Sequence[KeptHead]) -> Verified:
    heads, own = await reading.signed_heads(chain), [head for head in kept if head.chain == chain]
    check = ChainCheck(chain, heads, own, believed=keys.believes)
    async for entry in reading.entries(chain):
        if not check.read(entry):
            break
    check.end(await reading.head(chain))
    return Verified(
        chain=chain,
        entries=check.reached.number,
        signed_heads=len(heads),
        kept_heads=len(own),
        faults=check.faults,
    )


_SAID = {
    FaultKind.MISSING: "{place} is missing",
    FaultKind.CHANGED: "{place} was changed",
    FaultKind.UNLINKED: "one of {place} was changed and hashed anew",
    FaultKind.CUT: "{place} is cut off: a head says the chain was longer",
    FaultKind.HEAD_WRONG: "{place} is not what the chain's own head says",
    FaultKind.REWRITTEN: "what follows entry {before} was written anew, beginning at {place}: a signed head differs",
    FaultKind.HEAD_FORGED: "a signed head is not by a key of ours or not of this chain; nothing vouches for {place}",
    FaultKind.HEAD_LOST: "a head that was kept elsewhere is not the one stored here; "
    "what follows entry {before} was written anew, beginning at {place}",
}
