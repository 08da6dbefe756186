"""Whatever is done to a stored chain, by whoever, the verification names the first entry that is not proven."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from adapters.audit.forms import KeptHeadsUnreadable, kept_form
from adapters.audit.heads import ChainBroken, sign_asked, sign_daily
from adapters.audit.keys import AuditKeys, create_development_keys, rotate_keys
from adapters.postgres.audit_archive import AuditArchive, ChainsHidden
from domain.audit import Fault, FaultKind
from tests.postgres.chains import (
    CHAIN,
    OTHER,
    a_day_passes,
    a_lived_chain,
    acts,
    archive_of,
    found,
    heads_of,
    plant,
    write_anew,
)
from tests.support.scene import Scene

TABLES = ("audit_entries", "audit_heads", "audit_signed_heads")


@pytest.fixture
def keys(tmp_path: Path) -> AuditKeys:
    create_development_keys(tmp_path / "audit")
    return AuditKeys(tmp_path / "audit")


@pytest.fixture
async def lived(scene: Scene, keys: AuditKeys) -> AsyncIterator[Scene]:
    """Chains with signed heads, in a database that has no other; taken away afterwards."""
    await plant(scene, *(f"DELETE FROM {table}" for table in TABLES))
    await a_lived_chain(scene, keys)
    yield scene
    await plant(scene, *(f"DELETE FROM {table}" for table in TABLES))


async def kept_elsewhere(scene: Scene, folder: Path) -> Path:
    """What an institution keeps of the heads that were handed out."""
    file = folder / "kept.json"
    file.write_text(json.dumps({"heads": [kept_form(signed.kept) for signed in await heads_of(scene)]}))
    return file


async def test_a_chain_that_nobody_touched_is_whole(lived: Scene, keys: AuditKeys, tmp_path: Path) -> None:
    kept = await kept_elsewhere(lived, tmp_path)

    told = await found(lived, keys, kept=(kept,))

    assert told.text == f"{CHAIN}: 8 entries, whole; 2 signed heads, 2 kept elsewhere"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE audit_entries SET actor_id = 'x' {where} = 4", Fault(kind=FaultKind.CHANGED, number=4)),
        ("UPDATE audit_entries SET at = at + interval '1 us' {where} = 1", Fault(kind=FaultKind.CHANGED, number=1)),
        ("UPDATE audit_entries SET hash = sha256('x') {where} = 8", Fault(kind=FaultKind.CHANGED, number=8)),
        ("DELETE FROM audit_entries {where} = 1", Fault(kind=FaultKind.MISSING, number=1)),
        ("DELETE FROM audit_entries {where} = 5", Fault(kind=FaultKind.MISSING, number=5)),
        ("DELETE FROM audit_entries {where} > 6", Fault(kind=FaultKind.CUT, number=7, last=8)),
        (
            "UPDATE audit_entries SET number = CASE number WHEN 2 THEN -4 WHEN 4 THEN -2 END {where} IN (2, 4);"
            "UPDATE audit_entries SET number = -number {where} < 0",
            Fault(kind=FaultKind.CHANGED, number=2),
        ),
        (
            "DELETE FROM audit_entries {where} = 5; UPDATE audit_entries SET number = number - 1 {where} > 5",
            Fault(kind=FaultKind.CHANGED, number=5),
        ),
        ("UPDATE audit_heads SET hash = sha256('x')", Fault(kind=FaultKind.HEAD_WRONG, number=8)),
        ("UPDATE audit_heads SET number = 7", Fault(kind=FaultKind.HEAD_WRONG, number=8)),
        ("DELETE FROM audit_entries", Fault(kind=FaultKind.CUT, number=1, last=8)),
        (
            "DELETE FROM audit_entries {where} > 4;"
            "UPDATE audit_heads h SET number = 4, hash = (SELECT e.hash FROM audit_entries e {where} = 4)"
            f" WHERE h.chain = '{CHAIN}'",
            Fault(kind=FaultKind.CUT, number=5, last=6),
        ),
        ("DELETE FROM audit_entries; DELETE FROM audit_heads", Fault(kind=FaultKind.CUT, number=1, last=6)),
        ("UPDATE audit_signed_heads SET number = 5 {where} = 6", Fault(kind=FaultKind.HEAD_FORGED, number=4, last=5)),
        (
            "UPDATE audit_signed_heads SET signed_at = signed_at - interval '1 h' {where} = 6",
            Fault(kind=FaultKind.HEAD_FORGED, number=4, last=6),
        ),
    ],
)
async def test_the_first_bad_entry_is_named(lived: Scene, keys: AuditKeys, change: str, fault: Fault) -> None:
    await plant(lived, *change.format(where=f"WHERE chain = '{CHAIN}' AND number").split(";"))

    told = await found(lived, keys)

    assert told.faults[0] == fault
    assert f"{CHAIN}: BROKEN: " in told.text


async def test_an_entry_changed_with_its_own_hash_is_found_where_the_next_one_does_not_follow(
    lived: Scene, keys: AuditKeys
) -> None:
    await write_anew(lived, 4, only=True)

    told = await found(lived, keys)

    assert told.faults == (Fault(kind=FaultKind.UNLINKED, number=4, last=5),)


async def test_a_last_entry_changed_with_its_own_hash_is_found_by_the_chains_head(
    lived: Scene, keys: AuditKeys
) -> None:
    await write_anew(lived, 8, only=True)

    assert (await found(lived, keys)).faults == (Fault(kind=FaultKind.HEAD_WRONG, number=8),)


async def test_a_whole_tail_written_anew_is_found_between_two_signed_heads(lived: Scene, keys: AuditKeys) -> None:
    await write_anew(lived, 5)

    assert (await found(lived, keys)).faults == (Fault(kind=FaultKind.REWRITTEN, number=4, last=6),)


async def test_a_whole_chain_written_anew_is_found_before_the_first_signed_head(lived: Scene, keys: AuditKeys) -> None:
    await write_anew(lived, 1)

    assert (await found(lived, keys)).faults[0] == Fault(kind=FaultKind.REWRITTEN, number=1, last=3)


async def test_what_is_not_signed_yet_can_be_written_anew_unseen(lived: Scene, keys: AuditKeys) -> None:
    # The limit of a daily head, and why one can be asked for: until then the database's own guards stand alone.
    await write_anew(lived, 7)
    assert (await found(lived, keys)).faults == ()

    await sign_asked(archive_of(lived), keys, lived.clock.now())
    await write_anew(lived, 7)

    assert (await found(lived, keys)).faults == (Fault(kind=FaultKind.REWRITTEN, number=7, last=8),)


async def test_a_tail_signed_anew_by_the_owner_of_the_key_is_found_by_heads_kept_elsewhere(
    lived: Scene, keys: AuditKeys, tmp_path: Path
) -> None:
    kept = await kept_elsewhere(lived, tmp_path)
    stored = await heads_of(lived)
    await write_anew(lived, 5)
    await plant(lived, f"DELETE FROM audit_signed_heads WHERE chain = '{CHAIN}' AND number > 3")
    async with archive_of(lived).read() as reading:
        entries = [entry async for entry in reading.entries(CHAIN, through=6)]
    head = stored[1].head.__class__(number=6, hash=entries[-1].hash)
    await archive_of(lived).add(keys.sign(CHAIN, head, stored[1].kept.signed_at), "daily")

    assert (await found(lived, keys)).faults == ()
    assert (await found(lived, keys, kept=(kept,))).faults == (Fault(kind=FaultKind.HEAD_LOST, number=4, last=6),)


async def test_heads_that_were_taken_away_are_found_by_heads_kept_elsewhere(
    lived: Scene, keys: AuditKeys, tmp_path: Path
) -> None:
    kept = await kept_elsewhere(lived, tmp_path)
    await plant(lived, "DELETE FROM audit_signed_heads", "DELETE FROM audit_entries", "DELETE FROM audit_heads")

    assert (await found(lived, keys, kept=(kept,))).faults == (Fault(kind=FaultKind.HEAD_LOST, number=1),)


async def test_chains_that_were_swapped_are_found_at_their_first_entries(lived: Scene, keys: AuditKeys) -> None:
    swap = f"SET chain = CASE chain WHEN '{CHAIN}' THEN '{OTHER}' ELSE '{CHAIN}' END"
    await plant(
        lived,
        "ALTER TABLE audit_entries DROP CONSTRAINT pk_audit_entries",
        f"UPDATE audit_entries {swap}",
        "ALTER TABLE audit_entries ADD CONSTRAINT pk_audit_entries PRIMARY KEY (chain, number)",
    )

    for chain in (CHAIN, OTHER):
        assert (await found(lived, keys, chain)).faults[0] == Fault(kind=FaultKind.CHANGED, number=1)


async def test_heads_signed_by_another_key_prove_nothing(lived: Scene, tmp_path: Path) -> None:
    create_development_keys(tmp_path / "stranger")

    told = await found(lived, AuditKeys(tmp_path / "stranger"))

    assert told.faults[0] == Fault(kind=FaultKind.HEAD_FORGED, number=1, last=3)


async def test_after_a_rotation_older_heads_are_believed_and_the_new_key_signs(
    lived: Scene, keys: AuditKeys, tmp_path: Path
) -> None:
    made = rotate_keys(tmp_path / "audit")

    rotated = AuditKeys(tmp_path / "audit")
    await a_day_passes(lived, rotated)

    assert (await found(lived, rotated)).faults == ()
    assert (await heads_of(lived))[-1].kept.key_id == made


async def test_each_chain_is_signed_once_a_day_however_many_workers_try(lived: Scene, keys: AuditKeys) -> None:
    tries = await asyncio.gather(*(sign_daily(archive_of(lived), keys, lived.clock.now()) for _ in range(4)))

    assert sorted(chain for signed in tries for chain in signed) == [CHAIN, OTHER]
    assert await sign_daily(archive_of(lived), keys, lived.clock.now()) == ()
    assert [signed.head.number for signed in await heads_of(lived)] == [3, 6, 8]


async def test_a_quiet_chain_is_signed_each_day_too(lived: Scene, keys: AuditKeys) -> None:
    await a_day_passes(lived, keys)
    await a_day_passes(lived, keys)

    assert [signed.head.number for signed in await heads_of(lived)] == [3, 6, 8, 8]
    assert (await found(lived, keys)).faults == ()


async def test_the_head_of_a_broken_chain_is_not_signed_and_the_others_are(lived: Scene, keys: AuditKeys) -> None:
    await plant(lived, f"UPDATE audit_entries SET subject = 'x' WHERE chain = '{CHAIN}' AND number = 7")

    with pytest.raises(ChainBroken, match="entry 7 was changed"):
        await sign_daily(archive_of(lived), keys, lived.clock.now())

    assert [len(await heads_of(lived, chain)) for chain in (CHAIN, OTHER)] == [2, 3]


async def test_a_signed_head_is_never_changed_and_a_head_never_goes_back(lived: Scene) -> None:
    for statement in (
        "UPDATE audit_signed_heads SET number = number",
        "DELETE FROM audit_signed_heads",
        "TRUNCATE audit_signed_heads",
        "UPDATE audit_heads SET number = number - 1",
        "UPDATE audit_heads SET number = number + 1",
        "UPDATE audit_heads SET hash = sha256('x'), number = number",
        "DELETE FROM audit_heads",
        "TRUNCATE audit_heads",
    ):
        with pytest.raises(DBAPIError) as broken:
            async with lived.superuser.begin() as connection:
                await connection.execute(text(statement))
        assert getattr(broken.value.orig, "sqlstate", "") == "23514"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"heads": [{}]}', '{"heads": [{"signedAt": "2026-01-01"}]}'])
async def test_a_file_that_holds_no_heads_is_refused(
    lived: Scene, keys: AuditKeys, tmp_path: Path, content: str
) -> None:
    (tmp_path / "kept.json").write_text(content)

    with pytest.raises(KeptHeadsUnreadable, match="audit/heads"):
        await found(lived, keys, kept=(tmp_path / "kept.json",))


async def test_acts_go_on_after_a_head_was_signed(lived: Scene, keys: AuditKeys) -> None:
    await acts(lived, 2)

    assert (await found(lived, keys)).entries == 10


async def test_a_role_that_sees_no_entries_is_told_so_instead_of_that_chains_are_cut_off(scene: Scene) -> None:
    await acts(scene, 1)

    with pytest.raises(ChainsHidden, match="lingkar_delivery"):
        await AuditArchive(scene.database.engine).check_sees_entries()
    await AuditArchive(scene.delivery.engine).check_sees_entries()
