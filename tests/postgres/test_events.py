"""Events are written whoever writes the fact, and read by the platform itself alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from adapters.postgres.rows import new_id
from domain.actors import Actor
from tests.postgres.walls import as_actor
from tests.support.databases import Databases
from tests.support.scene import OFFICER_ID, OPERATOR, SYSTEM, Scene, covered_worker, donor_actor, worker_actor


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test, so that every event in it is its own."""
    with databases.copy() as url:
        yield url


async def told(scene: Scene, kind: str) -> set[object]:
    rows = await scene.rows("SELECT subject_id FROM events WHERE kind = :kind", kind=kind)
    return {row.subject_id for row in rows}


async def test_cover_that_the_delivery_worker_writes_is_an_event(scene: Scene) -> None:
    found = await covered_worker(scene)

    assert await told(scene, "coverage") == {found.id}


@pytest.mark.parametrize("who", ["operator", "officer", "worker"])
async def test_a_move_that_any_actor_makes_is_an_event_of_its_worker(scene: Scene, who: str) -> None:
    found = await covered_worker(scene)
    actor = {"operator": OPERATOR, "officer": OFFICER_ID, "worker": worker_actor(found.id)}[who]

    move = await scene.move(found.id, actor)

    rows = await scene.rows("SELECT subject_id, owner_id FROM events WHERE kind = 'case'")
    assert {(row.subject_id, row.owner_id) for row in rows} == {(move.id, found.id)}


async def test_each_step_that_the_delivery_worker_takes_is_an_event(scene: Scene) -> None:
    found = await covered_worker(scene)
    await scene.move(found.id)
    before = len(await scene.rows("SELECT FROM events WHERE kind = 'case'"))

    await scene.deliver()

    assert len(await scene.rows("SELECT FROM events WHERE kind = 'case'")) > before


async def test_money_that_donors_and_the_delivery_worker_move_is_an_event(scene: Scene) -> None:
    found = await covered_worker(scene, sent=False)
    reserved = len(await scene.rows("SELECT FROM events WHERE kind = 'donation'"))

    await scene.remit(found.allocation)
    await scene.deliver()

    assert reserved >= 2
    assert len(await scene.rows("SELECT FROM events WHERE kind = 'donation'")) > reserved
    assert await told(scene, "donation") == {found.donation.id}


@pytest.mark.parametrize("who", ["operator", "officer", "worker", "donor", "nobody"])
async def test_nobody_but_the_platform_itself_reads_an_event(scene: Scene, who: str) -> None:
    found = await covered_worker(scene)
    actors: dict[str, Actor | None] = {
        "operator": OPERATOR,
        "officer": OFFICER_ID,
        "worker": worker_actor(found.id),
        "donor": donor_actor(found.donation.donor_id),
        "nobody": None,
    }
    counted = text("SELECT count(*) FROM events")

    async with scene.database.engine.begin() as connection:
        await as_actor(connection, scene, actors[who])
        seen = (await connection.execute(counted)).scalar_one()
    async with scene.database.engine.begin() as connection:
        await as_actor(connection, scene, SYSTEM)
        written = (await connection.execute(counted)).scalar_one()

    assert (seen, written > 0) == (0, True)


async def test_no_role_that_logs_in_writes_an_event(scene: Scene) -> None:
    invented = text("INSERT INTO events (kind, subject_id, owner_id) VALUES ('case', :id, :id)")

    for database in (scene.database, scene.delivery):
        async with database.engine.connect() as connection:
            await as_actor(connection, scene, SYSTEM)
            with pytest.raises(ProgrammingError, match="permission denied"):
                await connection.execute(invented, {"id": new_id()})
