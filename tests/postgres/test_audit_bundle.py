"""A stranger verifies a bundle by the script in it, without us; what anyone keeps of heads comes over a public door."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import app
import lingkar
from adapters.audit.bundle import NothingToExport, export_bundle
from adapters.audit.keys import AuditKeys, create_development_keys
from adapters.settings import Settings
from domain.audit import Head
from tests.postgres.chains import CHAIN, a_lived_chain, acts, archive_of, heads_of, plant, write_anew
from tests.support.api import Api
from tests.support.scene import Scene

FIRST_DAY, SECOND_DAY = dt.date(2025, 7, 1), dt.date(2025, 7, 2)
DOOR = f"/audit/heads/{CHAIN}"


@pytest.fixture
def keys(settings: Settings) -> AuditKeys:
    create_development_keys(settings.audit_keys_folder)
    return AuditKeys(settings.audit_keys_folder)


@pytest.fixture
async def lived(scene: Scene, keys: AuditKeys) -> AsyncIterator[Scene]:
    await a_lived_chain(scene, keys)
    yield scene
    await plant(scene, *(f"DELETE FROM audit_{table}" for table in ("entries", "heads", "signed_heads")))


async def bundle_of(scene: Scene, keys: AuditKeys, folder: Path, first: dt.date = FIRST_DAY) -> Path:
    """The bundle of the first two days, of whatever stands in the database."""
    file = folder / "bundle.zip"
    await export_bundle(archive_of(scene), keys, CHAIN, first, SECOND_DAY, file)
    return file


def strangers_finding(file: Path, *options: str) -> str:
    """What the script in a bundle says, run apart from this program and its folders."""
    with zipfile.ZipFile(file) as bundle:
        bundle.extract("verify_audit.py", file.parent)
    command = [sys.executable, "-I", "verify_audit.py", file.name, *options]
    done = subprocess.run(command, cwd=file.parent, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode == 0) == done.stdout.startswith("HOLDS"), done.stderr
    return done.stdout or done.stderr


def changed(file: Path, member: str, old: str, new: str) -> None:
    """The same bundle with one text in it changed."""
    with zipfile.ZipFile(file) as bundle:
        held = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert old in held[member]
    with zipfile.ZipFile(file, "w") as bundle:
        for name, content in held.items():
            bundle.writestr(name, content.replace(old, new, 1) if name == member else content)


async def test_a_stranger_finds_a_bundle_whole(lived: Scene, keys: AuditKeys, api: Api, tmp_path: Path) -> None:
    file = await bundle_of(lived, keys, tmp_path)
    (tmp_path / "kept.json").write_bytes((await api.client.get(DOOR)).content)
    (tmp_path / "keys.json").write_bytes((await api.client.get("/.well-known/audit-keys.json")).content)

    finding = strangers_finding(file, "--heads", "kept.json", "--keys", "keys.json")

    assert finding.startswith(f"HOLDS: {CHAIN}, entries 1 to 6, signed through entry 6\nKept heads compared: 2, ")


async def test_a_part_of_a_chain_is_widened_to_the_signed_heads_around_it(
    lived: Scene, keys: AuditKeys, tmp_path: Path
) -> None:
    file = await bundle_of(lived, keys, tmp_path, SECOND_DAY)

    assert strangers_finding(file).startswith(f"HOLDS: {CHAIN}, entries 4 to 6, signed through entry 6\n")


@pytest.mark.parametrize(
    ("member", "old", "new", "finding"),
    [
        ("entries.jsonl", "thing-1", "thing-9", "entry 2 was changed"),
        ("entries.jsonl", '"number": 5', '"number": 6', f"entry 5 of {CHAIN} is missing"),
        ("about.json", '"lastNumber": 6', '"lastNumber": 7', "entry 7 and what follows are cut off"),
        ("heads.jsonl", '"number": 6', '"number": 5', "does not say what it signs"),
        ("heads.jsonl", "T03:", "T04:", "is not signed by a key that is known"),
        ("keys.json", '"kid": "', '"kid": "x', "is not signed by a key that is known"),
    ],
)
async def test_a_stranger_finds_what_was_changed_in_a_bundle(
    lived: Scene, keys: AuditKeys, tmp_path: Path, member: str, old: str, new: str, finding: str
) -> None:
    file = await bundle_of(lived, keys, tmp_path)

    changed(file, member, old, new)

    assert finding in strangers_finding(file)


async def test_a_stranger_finds_an_entry_that_was_taken_out(lived: Scene, keys: AuditKeys, tmp_path: Path) -> None:
    file = await bundle_of(lived, keys, tmp_path)
    with zipfile.ZipFile(file) as bundle:
        second = bundle.read("entries.jsonl").decode().splitlines(keepends=True)[1]

    changed(file, "entries.jsonl", second, "")

    assert f"entry 2 of {CHAIN} is missing" in strangers_finding(file)


async def test_a_stranger_finds_a_tail_written_anew(lived: Scene, keys: AuditKeys, tmp_path: Path) -> None:
    await write_anew(lived, 5)

    assert "written anew from entry 4 on" in strangers_finding(await bundle_of(lived, keys, tmp_path))


async def test_a_stranger_finds_a_tail_signed_anew_by_the_heads_they_kept(
    lived: Scene, keys: AuditKeys, api: Api, tmp_path: Path
) -> None:
    (tmp_path / "kept.json").write_bytes((await api.client.get(DOOR)).content)
    second = (await heads_of(lived))[1]
    await write_anew(lived, 5)
    await plant(lived, f"DELETE FROM audit_signed_heads WHERE chain = '{CHAIN}' AND number = 6")
    async with archive_of(lived).read() as reading:
        (last,) = [entry async for entry in reading.entries(CHAIN, after=5, through=6)]
    anew = keys.sign(CHAIN, Head(number=6, hash=last.hash), second.kept.signed_at)
    await archive_of(lived).add(anew, "daily")
    file = await bundle_of(lived, keys, tmp_path)

    assert strangers_finding(file).startswith("HOLDS")
    assert "that you kept is not the one in the bundle" in strangers_finding(file, "--heads", "kept.json")


async def test_a_bundle_by_another_key_does_not_pass_with_the_keys_that_are_known(
    lived: Scene, keys: AuditKeys, tmp_path: Path
) -> None:
    create_development_keys(tmp_path / "stranger")
    (tmp_path / "known.json").write_text(json.dumps(AuditKeys(tmp_path / "stranger").public_set()))
    file = await bundle_of(lived, keys, tmp_path)

    assert "not signed by a key that is known" in strangers_finding(file, "--keys", "known.json")


async def test_a_bundle_holds_what_the_chain_holds_and_no_private_key(
    lived: Scene, keys: AuditKeys, tmp_path: Path
) -> None:
    file = await bundle_of(lived, keys, tmp_path)

    with zipfile.ZipFile(file) as bundle:
        names = sorted(bundle.namelist())
        entry = json.loads(bundle.read("entries.jsonl").splitlines()[0])
        published = json.loads(bundle.read("keys.json"))
        script = bundle.read("verify_audit.py").decode()
    assert names == ["about.json", "entries.jsonl", "heads.jsonl", "keys.json", "verify_audit.py"]
    assert set(entry) == {
        *("chain", "number", "at", "actorKind", "actorId", "action", "subject", "previousHash", "hash"),
    }
    assert all("d" not in key for key in published["keys"])
    assert len(script.splitlines()) < 80


async def test_days_without_entries_are_refused(lived: Scene, keys: AuditKeys, tmp_path: Path) -> None:
    with pytest.raises(NothingToExport, match="no entries from 1999-01-01"):
        await export_bundle(
            archive_of(lived), keys, CHAIN, dt.date(1999, 1, 1), dt.date(1999, 1, 2), tmp_path / "bundle.zip"
        )

    assert not (tmp_path / "bundle.zip").exists()


async def test_anyone_may_keep_heads_and_learns_from_them_no_number_of_acts(lived: Scene, api: Api) -> None:
    answer = await api.client.get(DOOR)

    told = answer.json()
    assert (answer.status_code, told["chain"], len(told["heads"])) == (200, CHAIN, 2)
    assert {name for head in told["heads"] for name in head} == {"chain", "signedAt", "digest", "keyId", "signature"}


async def test_heads_are_asked_for_from_a_day_on(lived: Scene, api: Api) -> None:
    later = (await api.client.get(f"{DOOR}?since=2025-07-02")).json()["heads"]
    wrong = await api.client.get(f"{DOOR}?since=yesterday")

    assert [head["signedAt"][:10] for head in later] == ["2025-07-02"]
    assert (wrong.status_code, wrong.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")


async def test_a_chain_that_does_not_exist_has_no_heads(api: Api) -> None:
    assert (await api.client.get("/audit/heads/XX.NOBODY")).json() == {"chain": "XX.NOBODY", "heads": []}


async def test_the_commands_sign_verify_and_export(
    lived: Scene, database_url: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINGKAR_ENVIRONMENT", "development")
    monkeypatch.setenv("LINGKAR_DATABASE_URL", database_url)
    monkeypatch.setenv("LINGKAR_VAR_FOLDER", str(settings.var_folder))
    monkeypatch.setattr(lingkar, "configure_logs", lambda **_: None)
    days = ["--from", str(FIRST_DAY), "--to", str(SECOND_DAY)]
    file = str(tmp_path / "bundle.zip")

    told = []
    for command in (
        ["sign"],
        ["sign"],
        ["verify"],
        ["export", "--institution", CHAIN, *days, file],
        ["export", "--institution", "XX.NOBODY", *days, file],
    ):
        done = await asyncio.to_thread(CliRunner().invoke, lingkar.cli, ["audit", *command])
        told.append((done.exit_code, done.output.splitlines()[0]))

    assert told == [
        (0, f"Signed: {CHAIN}."),
        (0, "Signed: none, for none grew since the last time."),
        (0, f"{CHAIN}: 8 entries, whole; 3 signed heads, 0 kept elsewhere"),
        (0, "Entries 1 to 6, signed through entry 6."),
        (2, "The chain XX.NOBODY has no entries from 2025-07-01 to 2025-07-02. Ask for other days or another chain."),
    ]


async def test_a_broken_chain_ends_the_command_with_one(
    lived: Scene, database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINGKAR_ENVIRONMENT", "development")
    monkeypatch.setenv("LINGKAR_DATABASE_URL", database_url)
    monkeypatch.setenv("LINGKAR_VAR_FOLDER", str(settings.var_folder))
    monkeypatch.setattr(lingkar, "configure_logs", lambda **_: None)
    await plant(lived, f"DELETE FROM audit_entries WHERE chain = '{CHAIN}' AND number = 2")

    done = await asyncio.to_thread(CliRunner().invoke, lingkar.cli, ["audit", "verify"])

    assert done.exit_code == 1
    assert f"{CHAIN}: BROKEN: entry 2 is missing" in done.output


async def test_the_delivery_worker_signs_by_itself(
    scene: Scene, database_url: str, settings: Settings, keys: AuditKeys
) -> None:
    await acts(scene, 2)
    stop = asyncio.Event()
    worker = asyncio.create_task(app.work(settings, database_url, stop))

    async with asyncio.timeout(30):
        while not (signed := await heads_of(scene)):
            await asyncio.sleep(0.05)
    stop.set()
    await worker

    assert [(one.head.number, keys.believes(one.kept)) for one in signed] == [(2, True)]
