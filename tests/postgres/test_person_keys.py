"""Each person's values are sealed by a key of their own, which is wrapped anew when the root key changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import app
from adapters.identity.sealing import KeyFolder, RootKeyMissing, SealBroken, Sealer, add_root_key
from adapters.identity.sealing import create_development_keys as create_sealing_keys
from adapters.postgres.resealing import Resealed, Resealing
from adapters.postgres.roles import APP, OWNER, url_as
from adapters.postgres.unit_of_work import PostgresDatabase
from adapters.settings import Settings
from domain.exchange import PersonOnWire
from tests.postgres.chains import plant
from tests.support.databases import Databases
from tests.support.scene import Scene, niks_in

NOTHING = Resealed(keys=0, persons=0)


@pytest.fixture
def database_url(databases: Databases) -> object:
    """A database for each test: what is left to do is counted over all rows."""
    with databases.copy() as url:
        yield url


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> AsyncIterator[PostgresDatabase]:
    """A database with root keys of its own."""
    made = PostgresDatabase(url_as(APP, database_url), Sealer(create_sealing_keys(tmp_path / "keys")))
    yield made
    await made.close()


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The database as who changes the root key reaches it."""
    made = create_async_engine(url_as(OWNER, database_url))
    yield made
    await made.dispose()


@pytest.fixture
async def people(scene: Scene) -> dict[UUID, PersonOnWire]:
    lines = scene.lines(5)
    await scene.nominate(await scene.fund(), lines)
    ids = [await scene.worker_of(nik) for nik in niks_in(lines)]
    for worker_id in ids[:2]:
        await scene.passport(worker_id)
    return await read(scene, ids)


async def read(scene: Scene, ids: list[UUID]) -> dict[UUID, PersonOnWire]:
    async with scene.context().reading() as work:
        return {worker_id: await work.workers.person(worker_id, scene.clock.now()) for worker_id in ids}


async def as_before_there_were_keys(scene: Scene, people: dict[UUID, PersonOnWire], folder: Path) -> None:
    """Seal the values by keys of their columns, and take the keys of persons away."""
    older = Sealer(KeyFolder(folder))
    for row in await scene.rows("SELECT id FROM workers"):
        person = people[row.id]
        plain = f'["{person.name}","{person.birth_date}"]'
        blob = older.seal(plain, table="workers", column="sealed_person", row=row.id)
        await plant(scene, "UPDATE workers SET sealed_person = :blob WHERE id = :id", blob=blob, id=row.id)
    for row in await scene.rows("SELECT id, worker_id, kind FROM identifiers"):
        value = dict(people[row.worker_id].identifiers)[row.kind]
        blob = older.seal(value, table="identifiers", column="sealed_value", row=row.id)
        await plant(scene, "UPDATE identifiers SET sealed_value = :blob WHERE id = :id", blob=blob, id=row.id)
    await plant(scene, "DELETE FROM person_keys")


async def test_a_new_root_key_wraps_the_keys_anew_and_touches_no_sealed_value(
    scene: Scene, people: dict[UUID, PersonOnWire], tmp_path: Path, owner: AsyncEngine
) -> None:
    sealed = await scene.rows("SELECT sealed_person FROM workers ORDER BY id")
    add_root_key(tmp_path / "keys")
    resealing = Resealing(owner, Sealer(KeyFolder(tmp_path / "keys")))

    assert await resealing.left() == Resealed(keys=5, persons=0)
    assert await resealing.batch(3, scene.clock.now()) == Resealed(keys=3, persons=0)
    assert await resealing.left() == Resealed(keys=2, persons=0)
    assert await resealing.batch(3, scene.clock.now()) == Resealed(keys=2, persons=0)

    assert await resealing.batch(3, scene.clock.now()) == await resealing.left() == NOTHING
    assert await scene.rows("SELECT sealed_person FROM workers ORDER BY id") == sealed
    assert {bytes(row.wrapped_key)[1] for row in await scene.rows("SELECT wrapped_key FROM person_keys")} == {2}


async def test_a_process_that_runs_on_reads_what_is_wrapped_by_a_newer_root_key(
    scene: Scene, people: dict[UUID, PersonOnWire], tmp_path: Path, owner: AsyncEngine
) -> None:
    add_root_key(tmp_path / "keys")
    await Resealing(owner, Sealer(KeyFolder(tmp_path / "keys"))).batch(9, scene.clock.now())

    assert await read(scene, list(people)) == people


async def test_after_resealing_the_older_root_key_is_not_needed(
    scene: Scene, people: dict[UUID, PersonOnWire], tmp_path: Path, owner: AsyncEngine, database_url: str
) -> None:
    add_root_key(tmp_path / "keys")
    await Resealing(owner, Sealer(KeyFolder(tmp_path / "keys"))).batch(9, scene.clock.now())
    (tmp_path / "keys" / "root-1.key").unlink()

    later = PostgresDatabase(url_as(APP, database_url), Sealer(KeyFolder(tmp_path / "keys")))
    scene.database = later

    assert await read(scene, list(people)) == people
    await later.close()


async def test_before_resealing_the_older_root_key_is_needed(
    scene: Scene, people: dict[UUID, PersonOnWire], tmp_path: Path, database_url: str
) -> None:
    add_root_key(tmp_path / "keys")
    (tmp_path / "keys" / "root-1.key").unlink()
    scene.database = PostgresDatabase(url_as(APP, database_url), Sealer(KeyFolder(tmp_path / "keys")))

    with pytest.raises(RootKeyMissing, match=r"root-1\.key"):
        await read(scene, list(people))
    await scene.database.close()


async def test_values_from_before_there_were_keys_of_persons_open_and_are_sealed_anew(
    scene: Scene, people: dict[UUID, PersonOnWire], tmp_path: Path, owner: AsyncEngine
) -> None:
    await as_before_there_were_keys(scene, people, tmp_path / "keys")
    resealing = Resealing(owner, Sealer(KeyFolder(tmp_path / "keys")))
    assert await read(scene, list(people)) == people
    assert await resealing.left() == Resealed(keys=0, persons=5)

    assert await resealing.batch(3, scene.clock.now()) == Resealed(keys=0, persons=3)
    assert await read(scene, list(people)) == people
    assert await resealing.batch(3, scene.clock.now()) == Resealed(keys=0, persons=2)

    assert await resealing.left() == NOTHING
    assert await read(scene, list(people)) == people
    blobs = await scene.rows("SELECT sealed_person AS b FROM workers UNION ALL SELECT sealed_value FROM identifiers")
    assert {bytes(row.b)[0] for row in blobs} == {2}


async def test_a_document_of_a_worker_from_before_there_were_keys_gets_one(
    scene: Scene, people: dict[UUID, PersonOnWire], tmp_path: Path, owner: AsyncEngine
) -> None:
    await as_before_there_were_keys(scene, people, tmp_path / "keys")
    worker_id = list(people)[4]

    shown = await scene.passport(worker_id)

    person = (await read(scene, [worker_id]))[worker_id]
    assert dict(person.identifiers)["passport"] == shown.value
    resealing = Resealing(owner, Sealer(KeyFolder(tmp_path / "keys")))
    assert await resealing.batch(9, scene.clock.now()) == Resealed(keys=0, persons=5)
    assert (await read(scene, [worker_id]))[worker_id] == person


async def test_two_who_reseal_at_once_do_each_person_once(
    scene: Scene, people: dict[UUID, PersonOnWire], tmp_path: Path, owner: AsyncEngine
) -> None:
    add_root_key(tmp_path / "keys")
    resealing = Resealing(owner, Sealer(KeyFolder(tmp_path / "keys")))

    done = await asyncio.gather(*(resealing.batch(2, scene.clock.now()) for _ in range(4)))

    assert sum(one.keys for one in done) <= 5
    while await resealing.batch(2, scene.clock.now()) != NOTHING:
        pass
    assert await read(scene, list(people)) == people


async def test_the_key_of_one_person_does_not_open_another(scene: Scene, people: dict[UUID, PersonOnWire]) -> None:
    one, other, *_ = people
    swap = "UPDATE person_keys SET wrapped_key = (SELECT wrapped_key FROM person_keys WHERE worker_id = :other)"
    await plant(scene, f"{swap} WHERE worker_id = :one", one=one, other=other)

    with pytest.raises(SealBroken):
        await read(scene, [one])


async def test_a_wrapped_key_that_stands_in_another_state_does_not_open(
    scene: Scene, people: dict[UUID, PersonOnWire]
) -> None:
    one = next(iter(people))
    await plant(scene, "UPDATE workers SET home_state = 'MY' WHERE id = :one", one=one)

    with pytest.raises(SealBroken):
        await read(scene, [one])


async def test_the_database_lets_sealed_values_change_in_no_other_way(
    scene: Scene, people: dict[UUID, PersonOnWire]
) -> None:
    for statement in (
        r"UPDATE workers SET sealed_person = '\x02ff'",
        r"UPDATE workers SET sealed_person = '\x01ff'",
        r"UPDATE identifiers SET sealed_value = '\x02ff'",
        r"UPDATE identifiers SET blind_index = sha256('x'), superseded_at = now()",
        "UPDATE person_keys SET state = 'MY'",
        "UPDATE person_keys SET wrapped_key = wrapped_key",
        "DELETE FROM person_keys",
        "TRUNCATE person_keys",
    ):
        with pytest.raises(DBAPIError) as broken:
            async with scene.superuser.begin() as connection:
                await connection.execute(text(statement))
        assert getattr(broken.value.orig, "sqlstate", "") == "23514"


async def test_the_command_reseals_all_and_says_what_is_left(
    scene: Scene, people: dict[UUID, PersonOnWire], tmp_path: Path, database_url: str
) -> None:
    add_root_key(tmp_path / "keys")
    settings = Settings(environment="development", var_folder=tmp_path)
    said: list[str] = []

    left = await app.reseal(settings, database_url, 4, said.append)

    assert left == NOTHING
    assert said == ["Wrapped 4 keys, sealed 0 persons anew.", "Wrapped 1 keys, sealed 0 persons anew."]
