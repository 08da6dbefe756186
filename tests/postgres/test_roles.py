"""As whom the platform reaches its database, and what those roles may not do, straight in SQL."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from adapters.identity.sealing import Sealer, create_development_keys
from adapters.postgres.roles import APP, DELIVERY, OWNER, RoleTooStrong, prepare_roles, url_as
from adapters.postgres.unit_of_work import PostgresDatabase
from adapters.settings import Settings
from tests.postgres.test_fact_guards import NEVER_CHANGED, SUPERSEDED
from tests.support.scene import Scene

PLATFORM = (APP, DELIVERY)
_RIGHTS = """
    SELECT c.relname AS table_name, a.privilege_type, a.grantee::regrole::text AS grantee, '' AS column_name
    FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT c.relname, a.privilege_type, a.grantee::regrole::text, t.attname
    FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid, aclexplode(t.attacl) a
    WHERE c.relnamespace = 'public'::regnamespace"""


async def rights(scene: Scene, *roles: str) -> set[tuple[str, str, str]]:
    """Table, right and column (empty: all) of what roles were granted."""
    query = f"SELECT * FROM ({_RIGHTS}) r WHERE grantee = ANY(:roles)".replace("::", "\\:\\:")
    rows = await scene.rows(query, roles=list(roles))
    return {(row.table_name, row.privilege_type, row.column_name) for row in rows}


async def test_no_role_of_the_platform_owns_anything_or_stands_above_row_security(scene: Scene) -> None:
    strong = await scene.rows(
        """SELECT r.rolname FROM pg_roles r WHERE r.rolname = ANY(:roles) AND (
               r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
               OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
               OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid)
               OR EXISTS (SELECT FROM pg_proc p WHERE p.proowner = r.oid))""",
        roles=list(PLATFORM),
    )

    assert strong == []


async def test_what_is_never_changed_is_read_and_added_to_and_nothing_else(scene: Scene) -> None:
    granted = await rights(scene, *PLATFORM)

    beyond = {right for right in granted if right[0] in NEVER_CHANGED and right[1] not in ("SELECT", "INSERT")}

    assert beyond == set()


async def test_what_is_superseded_may_be_closed_and_nothing_else(scene: Scene) -> None:
    granted = await rights(scene, *PLATFORM)

    changed = {(table, column) for table, right, column in granted if table in SUPERSEDED and right == "UPDATE"}

    # Of an erased person the index by which a number was found is overwritten; a trigger lets nothing else be.
    assert changed - {("identifiers", "blind_index")} == {
        pair for pair in changed if pair[1] in ("superseded_at", "superseded_why")
    }
    assert {right for table, right, _ in granted if table in SUPERSEDED} == {"SELECT", "INSERT", "UPDATE"}


async def test_nothing_of_the_ledger_may_be_changed_or_deleted(scene: Scene) -> None:
    granted = await rights(scene, *PLATFORM)

    assert {right for table, right, _ in granted if table.startswith("ledger_")} == {"SELECT", "INSERT"}


async def test_nothing_is_deleted_but_what_is_no_fact(scene: Scene) -> None:
    granted = await rights(scene, *PLATFORM)

    assert {table for table, right, _ in granted if right in ("DELETE", "TRUNCATE")} == {
        "idempotency_keys",
        "peers",
        "proofs_seen",
    }


async def test_the_delivery_worker_can_add_no_person_and_no_gift(scene: Scene) -> None:
    granted = await rights(scene, DELIVERY)

    added = {table for table, right, _ in granted if right == "INSERT"}

    assert not added & {"workers", "identifiers", "donors", "donations", "pledges", "nominations", "person_keys"}


async def test_the_api_can_write_no_cover_and_no_answer(scene: Scene) -> None:
    granted = await rights(scene, APP)

    added = {table for table, right, _ in granted if right == "INSERT"}

    assert not added & {"coverage_spells", "enrolments", "acknowledgements", "answers", "certificates"}
    assert "certificate_statuses" not in added


async def test_nobody_writes_an_access_record_in_anothers_name(scene: Scene) -> None:
    forged = """INSERT INTO access_records (institution_id, actor_kind, actor_id, purpose, outcome, fields, recorded_at)
                VALUES ('MY.SOCSO', 'officer', 'somebody else', '', 'read', '{}', now())"""

    with pytest.raises(ProgrammingError, match="permission denied"):
        async with scene.database.engine.begin() as connection:
            await connection.execute(text(forged))


async def test_preparing_the_roles_again_changes_nothing(scene: Scene, database_url: str) -> None:
    owned = """SELECT relname AS name, relowner\\:\\:regrole\\:\\:text AS owner, relacl\\:\\:text AS acl FROM pg_class
               WHERE relnamespace = 'public'\\:\\:regnamespace
               UNION ALL SELECT proname, proowner\\:\\:regrole\\:\\:text, proacl\\:\\:text FROM pg_proc
               WHERE pronamespace = 'public'\\:\\:regnamespace ORDER BY 1, 2, 3"""
    before = await scene.rows(owned)

    prepare_roles(database_url)

    assert await scene.rows(owned) == before
    assert {"own_relations", "relations", "sees_worker"} <= {row.name for row in before if row.owner == "lingkar_sight"}


@pytest.mark.parametrize("role", ["", OWNER])
async def test_a_process_that_is_connected_as_more_than_it_needs_is_not_ready(
    role: str, database_url: str, settings: Settings
) -> None:
    url = url_as(role, database_url) if role else database_url
    strong = PostgresDatabase(url, Sealer(create_development_keys(settings.keys_folder)))

    with pytest.raises(RoleTooStrong):
        await strong.held()
    await strong.close()


@pytest.mark.parametrize("role", PLATFORM)
async def test_a_process_that_is_connected_as_its_own_role_is_ready(
    role: str, database_url: str, settings: Settings
) -> None:
    own = PostgresDatabase(url_as(role, database_url), Sealer(create_development_keys(settings.keys_folder)))

    await own.held()

    await own.close()
