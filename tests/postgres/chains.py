"""Audit chains for tests, and hands that change them in SQL with every guard taken off."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from adapters.audit.heads import Verified, sign_daily, verified
from adapters.audit.keys import AuditKeys
from adapters.postgres.audit_archive import AuditArchive
from domain.audit import AuditEntry, SignedHead, entry_hash
from tests.support.scene import OFFICER_ID, OFFICER_MY, Scene

CHAIN, OTHER = "ID.BPJSTK", "MY.SOCSO"
ROWS = "SET LOCAL session_replication_role = replica"


def archive_of(scene: Scene) -> AuditArchive:
    return AuditArchive(scene.delivery.engine)


async def acts(scene: Scene, count: int, chain: str = CHAIN) -> None:
    """So many acts of an officer, each in its own transaction."""
    actor = {CHAIN: OFFICER_ID, OTHER: OFFICER_MY}[chain]
    for number in range(count):
        async with scene.context(actor).writing() as work:
            await work.trust.append(chain, actor, "act", f"thing-{number}", scene.clock.now())


async def a_day_passes(scene: Scene, keys: AuditKeys) -> None:
    """The worker signs the heads of the day, and the next day begins."""
    await sign_daily(archive_of(scene), keys, scene.clock.now())
    scene.clock.advance(days=1)


async def a_lived_chain(scene: Scene, keys: AuditKeys) -> None:
    """Two chains of three days: heads are signed at entries 3 and 6, and entries 7 and 8 are not signed yet."""
    for count in (3, 3):
        await acts(scene, count)
        await acts(scene, count, OTHER)
        await a_day_passes(scene, keys)
    await acts(scene, 2)


async def plant(scene: Scene, *statements: str, **asked: object) -> None:
    """Change rows as somebody can who owns the tables and takes the guards off."""
    async with scene.superuser.begin() as connection:
        await connection.execute(text(ROWS))
        for statement in statements:
            await connection.execute(text(statement), asked)


async def entries_of(scene: Scene, chain: str = CHAIN) -> list[AuditEntry]:
    async with archive_of(scene).read() as reading:
        return [entry async for entry in reading.entries(chain)]


async def heads_of(scene: Scene, chain: str = CHAIN) -> tuple[SignedHead, ...]:
    async with archive_of(scene).read() as reading:
        return await reading.signed_heads(chain)


async def write_anew(scene: Scene, first: int, chain: str = CHAIN, *, only: bool = False) -> None:
    """Change an entry, hash it and all that follow anew, and move the chain's own head: what an owner can do.

    only: of the entry alone.
    """
    entries = await entries_of(scene, chain)
    previous = entries[first - 2].hash if first > 1 else bytes(32)
    for entry in entries[first - 1 : first if only else None]:
        subject = f"not {entry.subject}" if entry.number == first else entry.subject
        content = {
            "chain": chain,
            "number": entry.number,
            "at": entry.at,
            "actor_kind": entry.actor_kind,
            "actor_id": entry.actor_id,
            "action": entry.action,
            "subject": subject,
            "previous_hash": previous,
        }
        made = entry_hash(**content)  # type: ignore[arg-type]
        await plant(
            scene,
            "UPDATE audit_entries SET subject = :subject, previous_hash = :previous, hash = :hash "
            "WHERE chain = :chain AND number = :number",
            subject=subject,
            previous=previous,
            hash=made,
            chain=chain,
            number=entry.number,
        )
        previous = made
    if not only:
        await plant(scene, "UPDATE audit_heads SET hash = :hash WHERE chain = :chain", hash=previous, chain=chain)


async def found(scene: Scene, keys: AuditKeys, chain: str = CHAIN, kept: tuple[Path, ...] = ()) -> Verified:
    """What `audit verify` finds of one chain."""
    (one,) = (one for one in await verified(archive_of(scene), keys, kept) if one.chain == chain)
    return one
