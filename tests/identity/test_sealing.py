"""Sealed fields: they open in their own place only, and keys can be rotated."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from adapters.identity.key_files import KeyFilesInvalid
from adapters.identity.sealing import (
    BLIND_INDEX_BYTES,
    KeyFolder,
    RootKeyMissing,
    SealBroken,
    Sealer,
    add_root_key,
    create_development_keys,
)

ROW = UUID("018f0000-0000-7000-8000-000000000001")
OTHER_ROW = UUID("018f0000-0000-7000-8000-000000000002")
PLACE = {"table": "identifier", "column": "value"}


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    return Sealer(create_development_keys(tmp_path))


@pytest.mark.parametrize("text", ["3374901505800001", "", "Nguyễn Thị Ánh", "မောင်", "x" * 10_000])
def test_a_sealed_text_opens_in_its_place(text: str, sealer: Sealer) -> None:
    blob = sealer.seal(text, **PLACE, row=ROW)

    assert sealer.open(blob, **PLACE, row=ROW) == text


def test_the_text_is_not_in_the_blob_and_no_two_blobs_are_equal(sealer: Sealer) -> None:
    blobs = {sealer.seal("3374901505800001", **PLACE, row=ROW) for _ in range(100)}

    assert len(blobs) == 100
    assert not any(b"33749015" in blob for blob in blobs)


def test_a_blob_is_thirty_bytes_longer_than_its_text(sealer: Sealer) -> None:
    blob = sealer.seal("3374901505800001", **PLACE, row=ROW)

    assert (len(blob), blob[0], blob[1]) == (16 + 30, 1, 1)


@pytest.mark.parametrize(
    ("table", "column", "row"),
    [("identifier", "value", OTHER_ROW), ("identifier", "name", ROW), ("worker", "value", ROW)],
    ids=["row", "column", "table"],
)
def test_a_blob_that_was_moved_does_not_open(table: str, column: str, row: UUID, sealer: Sealer) -> None:
    blob = sealer.seal("3374901505800001", **PLACE, row=ROW)

    with pytest.raises(SealBroken):
        sealer.open(blob, table=table, column=column, row=row)


def test_a_blob_with_any_one_bit_changed_does_not_open(sealer: Sealer) -> None:
    blob = sealer.seal("Siti", **PLACE, row=ROW)

    for place in range(len(blob)):
        spoiled = bytearray(blob)
        spoiled[place] ^= 1
        with pytest.raises((SealBroken, RootKeyMissing)):
            sealer.open(bytes(spoiled), **PLACE, row=ROW)


@pytest.mark.parametrize("kept", [0, 1, 2, 14, 29, 33])
def test_a_blob_that_was_cut_does_not_open(kept: int, sealer: Sealer) -> None:
    blob = sealer.seal("Siti", **PLACE, row=ROW)

    with pytest.raises(SealBroken):
        sealer.open(blob[:kept], **PLACE, row=ROW)


def test_no_failure_to_open_shows_the_text(sealer: Sealer) -> None:
    blob = sealer.seal("3374901505800001", **PLACE, row=ROW)

    with pytest.raises(SealBroken) as broken:
        sealer.open(blob, **PLACE, row=OTHER_ROW)

    assert "identifier.value" in str(broken.value)
    assert "33749015" not in str(broken.value)


def test_after_a_rotation_the_old_opens_and_the_new_key_seals(tmp_path: Path, sealer: Sealer) -> None:
    old = sealer.seal("Siti", **PLACE, row=ROW)

    assert add_root_key(tmp_path) == 2
    rotated = Sealer(KeyFolder(tmp_path))

    assert rotated.open(old, **PLACE, row=ROW) == "Siti"
    assert rotated.seal("Siti", **PLACE, row=ROW)[1] == 2


def test_the_highest_key_seals_also_when_its_name_sorts_before(tmp_path: Path) -> None:
    create_development_keys(tmp_path)
    while add_root_key(tmp_path) < 10:
        pass

    assert Sealer(KeyFolder(tmp_path)).seal("Siti", **PLACE, row=ROW)[1] == 10


def test_a_blob_of_a_key_that_is_gone_says_which_file_it_needs(tmp_path: Path, sealer: Sealer) -> None:
    old = sealer.seal("Siti", **PLACE, row=ROW)
    add_root_key(tmp_path)
    (tmp_path / "root-1.key").unlink()

    with pytest.raises(RootKeyMissing, match=r"root-1\.key"):
        Sealer(KeyFolder(tmp_path)).open(old, **PLACE, row=ROW)


def test_keys_of_another_folder_do_not_open(tmp_path: Path, sealer: Sealer) -> None:
    other = Sealer(create_development_keys(tmp_path / "other"))
    blob = sealer.seal("Siti", **PLACE, row=ROW)

    with pytest.raises(SealBroken):
        other.open(blob, **PLACE, row=ROW)


def test_a_blind_index_is_the_same_for_the_same_identifier_and_sixteen_bytes_long(
    tmp_path: Path, sealer: Sealer
) -> None:
    index = sealer.blind_index("nik", "ID", "3374901505800001")

    assert index == Sealer(KeyFolder(tmp_path)).blind_index("nik", "ID", "3374901505800001")
    assert len(index) == BLIND_INDEX_BYTES == 16


def test_a_blind_index_stays_when_root_keys_are_rotated(tmp_path: Path, sealer: Sealer) -> None:
    index = sealer.blind_index("nik", "ID", "3374901505800001")

    add_root_key(tmp_path)
    (tmp_path / "root-1.key").unlink()

    assert Sealer(KeyFolder(tmp_path)).blind_index("nik", "ID", "3374901505800001") == index


@pytest.mark.parametrize(
    ("kind", "state", "value"),
    [("kpj", "ID", "12345678"), ("passport", "MY", "12345678"), ("passport", "ID", "12345679")],
)
def test_a_blind_index_differs_by_kind_state_and_value(kind: str, state: str, value: str, sealer: Sealer) -> None:
    assert sealer.blind_index(kind, state, value) != sealer.blind_index("passport", "ID", "12345678")


def test_a_blind_index_needs_the_secret(tmp_path: Path, sealer: Sealer) -> None:
    other = Sealer(create_development_keys(tmp_path / "other"))

    assert other.blind_index("nik", "ID", "1") != sealer.blind_index("nik", "ID", "1")


def test_created_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    create_development_keys(tmp_path / "keys")

    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()}

    assert modes == {"root-1.key": 0o600, "index.key": 0o600}


def test_creating_keys_again_changes_none(tmp_path: Path) -> None:
    first = create_development_keys(tmp_path)

    again = create_development_keys(tmp_path)

    assert (again.roots, again.index_secret) == (first.roots, first.index_secret)


def test_many_that_create_keys_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(create_development_keys, [tmp_path / "keys"] * 16))

    assert len({(folder.roots[1], folder.index_secret) for folder in folders}) == 1


@pytest.mark.parametrize("lost", ["index.key", "root-1.key"])
def test_a_lost_key_file_is_never_replaced_by_a_new_one(lost: str, tmp_path: Path) -> None:
    create_development_keys(tmp_path)
    (tmp_path / lost).unlink()

    with pytest.raises(KeyFilesInvalid, match=lost):
        create_development_keys(tmp_path)

    assert not (tmp_path / lost).exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_may_read_is_refused(mode: int, tmp_path: Path) -> None:
    create_development_keys(tmp_path)
    (tmp_path / "root-1.key").chmod(mode)

    with pytest.raises(KeyFilesInvalid, match="0600"):
        KeyFolder(tmp_path)


@pytest.mark.parametrize("name", ["root-0.key", "root-01.key", "root-256.key", "root-x.key", "root-2"])
def test_a_misnamed_root_key_is_refused(name: str, tmp_path: Path) -> None:
    create_development_keys(tmp_path)
    (tmp_path / name).touch(0o600)

    with pytest.raises(KeyFilesInvalid, match=name):
        KeyFolder(tmp_path)


def test_a_key_of_another_length_is_refused(tmp_path: Path) -> None:
    create_development_keys(tmp_path)
    (tmp_path / "root-1.key").write_bytes(os.urandom(31))

    with pytest.raises(KeyFilesInvalid, match="31 bytes"):
        KeyFolder(tmp_path)


def test_after_the_last_key_id_no_other_is_added(tmp_path: Path) -> None:
    create_development_keys(tmp_path)
    (tmp_path / "root-1.key").rename(tmp_path / "root-255.key")

    with pytest.raises(KeyFilesInvalid, match="255"):
        add_root_key(tmp_path)


def test_the_sealed_form_of_version_one_stays_readable(tmp_path: Path) -> None:
    for name, byte in (("root-1.key", 1), ("index.key", 2)):
        (tmp_path / name).write_bytes(bytes([byte]) * 32)
        (tmp_path / name).chmod(0o600)
    sealer = Sealer(KeyFolder(tmp_path))

    stored = bytes.fromhex(STORED_BLOB)

    assert sealer.open(stored, **PLACE, row=ROW) == "Siti"
    assert sealer.blind_index("nik", "ID", "3374901505800001").hex() == STORED_INDEX


# Written by version 1 with the fixed keys of the test above; code that cannot read it loses stored values.
STORED_BLOB = "01011f48f924fd7d88159d4702bc6a425156f408110d120011e8ed2363245490356b"
STORED_INDEX = "041a2e4fdd1301715e411da19aa877ed"
