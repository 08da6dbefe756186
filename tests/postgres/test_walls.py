"""The second wall alone: whatever a statement says, an actor's transaction holds to the table in the documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.postgres.rows import new_id
from domain.errors import NotFound
from resolvers.workers import moves_of
from tests.postgres.walls import ACTORS, BELONGS, Wall, as_actor, asking, one_row_of_each, whole_world
from tests.support.asked import lived
from tests.support.databases import Databases
from tests.support.scene import OFFICER_ID, OFFICER_TH, Scene, covered_worker

PRIVACY = Path(__file__).parents[2] / "docs" / "explain" / "privacy.md"
HELD = (
    "access_records",
    "allocations",
    "certificate_statuses",
    "certificate_withdrawals",
    "certificates",
    "contribution_months",
    "coverage_spells",
    "enrolments",
    "identifiers",
    "messages",
    "move_steps",
    "moves",
    "nomination_workers",
    "workers",
)
"""The tables that hold persons or what belongs to one."""
_ROW = re.compile(r"^\| `(\w+)` \| (.+) \|$", flags=re.MULTILINE)


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test, so that whom an actor may see is known."""
    with databases.copy() as url:
        yield url


def as_documented() -> dict[str, tuple[str, ...]]:
    """The table of docs/explain/privacy.md: for each table what each actor may."""
    return {table: tuple(cells.split(" | ")) for table, cells in _ROW.findall(PRIVACY.read_text())}


async def test_every_table_has_a_row_in_the_documents(scene: Scene) -> None:
    tables = await scene.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")

    assert {row.tablename for row in tables} == set(BELONGS) == set(as_documented())


async def test_each_actor_reads_adds_and_changes_what_the_documents_say_and_nothing_else(scene: Scene) -> None:
    world, ids = await whole_world(scene)
    rows = await one_row_of_each(scene, ids)
    found: dict[str, dict[str, str]] = {table: {} for table in BELONGS}

    for name, actor in (await asking(scene, world)).items():
        database = scene.delivery if name == "delivery" else scene.database
        async with database.engine.begin() as connection:
            await as_actor(connection, scene, actor)
            wall = Wall(connection, ids, rows)
            for table in BELONGS:
                found[table][name] = await wall.cell(table)

    assert {table: tuple(cells[name] for name in ACTORS) for table, cells in found.items()} == as_documented()


async def test_a_transaction_in_which_nobody_said_who_asks_sees_no_person(scene: Scene) -> None:
    await covered_worker(scene)

    async with scene.database.engine.begin() as connection:
        seen = [(await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() for table in HELD]

    assert seen == [0] * len(HELD)


async def test_who_asked_last_on_a_connection_is_forgotten_with_the_transaction(scene: Scene) -> None:
    await covered_worker(scene)

    async with scene.database.engine.connect() as connection:
        await as_actor(connection, scene, OFFICER_ID)
        own = (await connection.execute(text("SELECT count(*) FROM workers"))).scalar_one()
        await connection.commit()
        left = (await connection.execute(text("SELECT count(*) FROM workers"))).scalar_one()

    assert (own, left) == (1, 0)


async def test_two_hundred_transactions_of_two_institutions_on_one_connection_never_mix(scene: Scene) -> None:
    await covered_worker(scene)

    async with scene.database.engine.connect() as connection:
        for turn in range(200):
            actor, sees = ((OFFICER_ID, 1), (OFFICER_TH, 0))[turn % 2]
            await as_actor(connection, scene, actor)
            assert (await connection.execute(text("SELECT count(*) FROM workers"))).scalar_one() == sees
            await connection.rollback()


async def test_what_names_a_hidden_worker_is_refused_like_what_names_nobody(scene: Scene) -> None:
    world, ids = await whole_world(scene)
    rows = await one_row_of_each(scene, ids)
    named = [table for table, row in rows.items() if "worker_id" in row]

    async with scene.database.engine.begin() as connection:
        await as_actor(connection, scene, OFFICER_TH)
        for table in named:
            columns = ", ".join(rows[table])
            insert = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL\\:\\:{table}, "
            hidden, absent = [
                await Wall(connection, ids, rows).outcome(
                    insert + "CAST(:row AS jsonb))", row=json.dumps(rows[table] | {"worker_id": str(worker)})
                )
                for worker in (world.worker_id, new_id())
            ]
            assert hidden == absent == ("42501", 0), table


async def test_a_store_that_meets_a_hidden_row_says_what_absence_says(scene: Scene) -> None:
    world = await lived(scene)
    (moved,) = (await moves_of(scene.context(), [world.worker_id]))[world.worker_id]
    said = []

    for worker_id in (world.worker_id, new_id()):
        again = replace(moved, id=new_id(), worker_id=worker_id, allocation_id=None, steps=())
        with pytest.raises(NotFound) as refused:
            async with scene.context(OFFICER_TH).writing() as work:
                await work.moves.add(again)
        said.append(str(refused.value))

    assert said[0] == said[1]


async def test_every_table_of_persons_holds_even_its_owner(scene: Scene) -> None:
    held = await scene.rows("SELECT relname FROM pg_class WHERE relforcerowsecurity")

    assert set(HELD) <= {row.relname for row in held}


async def test_nothing_in_the_database_goes_around_row_security_but_what_is_listed(scene: Scene) -> None:
    around = await scene.rows(
        """SELECT p.proname AS name FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'\\:\\:regnamespace
           UNION ALL
           SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'\\:\\:regnamespace AND (c.relkind = 'm' OR
               c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY(c.reloptions), false))"""
    )

    assert {row.name for row in around} == {
        "donation_months_acknowledged",
        "donation_months_closed",
        "donation_months_follow",
        "donation_months_locked",
        "donation_months_reserve",
        "case_changed",
        "coverage_changed",
        "donation_changed",
        "ledger_accounts_locked",
        "ledger_apply",
        "ledger_pendings_locked",
        "leave_access_records",
        "leave_answer_records",
        "months_funded",
        "nominated_workers",
        "only_forward",
        "open_in_emergency",
        "own_relations",
        "relations",
        "sees_worker",
        "withdrawn_places",
        "workers_in_sight",
        "workers_locked",
    }
