"""Receipts: each read of a person by somebody else names the fields it was answered, or there is no answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from domain.actors import Actor
from schema.ids import opaque_id
from tests.support.api import Api, codes, without_what_is_left
from tests.support.asked import PROBLEM, World, identifier, lived, move_input
from tests.support.databases import Databases
from tests.support.scene import OFFICER_ID, OPERATOR, Scene, worker_actor

FOR = "purpose: ADMINISTRATION"


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test, so that the last record is this test's."""
    with databases.copy() as url:
        yield url


async def fields(scene: Scene, world: World) -> set[str]:
    """The fields that the latest record about the worker names."""
    query = "SELECT fields FROM access_records WHERE worker_id = :id ORDER BY id DESC LIMIT 1"
    return set((await scene.rows(query, id=world.worker_id))[0].fields)


def reads(world: World) -> dict[str, tuple[str, set[str]]]:
    """Every way to read a person, and the names of the fields that the record then has."""
    return {
        "worker": (
            f'worker(id: "{world.worker}", {FOR}) {{ sector enrolments {{ schemeId }} '
            "contributions { amount { amount } } }",
            {"worker.sector", "worker.enrolments.schemeId", "worker.contributions.amount.amount"},
        ),
        "node": (f'node(id: "{world.worker}", {FOR}) {{ ... on Worker {{ homeState }} }}', {"worker.homeState"}),
        "workerByIdentifier": (
            f"workerByIdentifier(identifier: {identifier(world)}, {FOR}) {{ moves {{ id }} }}",
            {"move.id"},
        ),
        "workers": (f"workers({FOR}) {{ edges {{ cursor node {{ nationality }} }} }}", {"worker.nationality"}),
        "coverageOn": (
            f'coverageOn(identifier: {identifier(world)}, on: "2025-10-16", purpose: CLAIM) '
            f"{{ ... on CoverageDetermination {{ outcome covers {{ funderKind }} }} {PROBLEM} }}",
            {"coverage.outcome", "coverage.covers.funderKind"},
        ),
        "movePlan": (
            f"movePlan(input: {move_input(world)}, {FOR}) {{ ... on MovePlan {{ obstacle }} {PROBLEM} }}",
            {"movePlan.obstacle"},
        ),
        "move": (f'move(id: "{world.move}", {FOR}) {{ id }}', {"move.id"}),
        "certificate": (f'certificate(number: "{world.certificate}", {FOR}) {{ digest }}', {"certificate.digest"}),
    }


async def test_every_way_to_read_a_person_leaves_the_names_of_its_fields(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    found = {}

    for name, (question, _) in reads(world).items():
        await api.data(OFFICER_ID, f"{{ {question} }}")
        found[name] = await fields(scene, world)

    assert found == {name: named for name, (_, named) in reads(world).items()}


async def test_what_a_mutation_gives_back_of_a_person_is_recorded_too(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    shown = f'workerId: "{world.worker}", identifier: {identifier(world)}'
    again = f'identifierRecord(idempotencyKey: "k", {shown})'

    await api.data(
        OFFICER_ID,
        f"mutation {{ {again} {{ ... on IdentifierRecordPayload {{ worker {{ sector }} }} {PROBLEM} }} }}",
    )

    assert await fields(scene, world) == {"worker.sector"}


async def test_fragments_are_followed_and_what_is_skipped_is_not_named(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    query = """query($id: ID!, $no: Boolean!) { worker(id: $id, purpose: CLAIM) { ...Seen ...Seen
        sector @include(if: $no) nationality @skip(if: true) } }
        fragment Seen on Worker { homeState alias: recordedAt }"""

    await api.data(OFFICER_ID, query, {"id": world.worker, "no": False})

    assert await fields(scene, world) == {"worker.homeState", "worker.recordedAt"}


@pytest.mark.parametrize("actor", [OFFICER_ID, OPERATOR])
async def test_without_a_receipt_there_is_no_answer(scene: Scene, api: Api, actor: Actor) -> None:
    world = await lived(scene)
    async with scene.superuser.begin() as connection:
        await connection.execute(text("ALTER TABLE access_records ADD CONSTRAINT broken CHECK (false) NOT VALID"))

    for name, (question, _) in reads(world).items():
        if not (name == "coverageOn" and actor is OPERATOR):
            answer = await api.ask(actor, f"{{ {question} }}")
            assert codes(answer) == {"INTERNAL_SERVER_ERROR"}, name
            assert not any((answer.get("data") or {}).values()), name


async def test_a_worker_objects_and_reads_what_the_operator_found(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    await api.data(OFFICER_ID, f'{{ worker(id: "{world.worker}", {FOR}) {{ sector }} }}')
    myself = worker_actor(world.worker_id)
    records = "{ me { accessRecords(first: 1) { edges { node { id fields objectedAt objectionOutcome } } } } }"
    (record,) = (await api.data(myself, records))["me"]["accessRecords"]["edges"]
    objection = f"""mutation {{ accessRecordObject(idempotencyKey: "o", accessRecordId: "{record["node"]["id"]}",
        code: TOO_MANY_FIELDS) {{ ... on AccessRecordObjectPayload {{ reviewId }} {PROBLEM} }} }}"""

    review = (await api.data(myself, objection))["accessRecordObject"]["reviewId"]
    desk = "{ reviews { edges { node { id kind institutionId code fields } } } }"
    waiting = [edge["node"] for edge in (await api.data(OPERATOR, desk))["reviews"]["edges"]]
    found = f'idempotencyKey: "c", reviewId: "{review}", outcome: NOT_JUSTIFIED'
    await api.data(OPERATOR, f"mutation {{ reviewClose({found}) {{ {PROBLEM} }} }}")
    (after,) = (await api.data(myself, records))["me"]["accessRecords"]["edges"]
    left = [edge["node"]["id"] for edge in (await api.data(OPERATOR, desk))["reviews"]["edges"]]

    assert {
        "id": review,
        "kind": "OBJECTION",
        "institutionId": "ID.BPJSTK",
        "code": "too_many_fields",
        "fields": ["worker.sector"],
    } in waiting
    assert (record["node"]["objectedAt"], record["node"]["objectionOutcome"]) == (None, None)
    assert after["node"]["objectedAt"] is not None
    assert after["node"]["objectionOutcome"] == "not_justified"
    assert review not in left


async def test_an_objection_is_made_once_and_only_to_ones_own_record(scene: Scene, api: Api) -> None:
    world = await lived(scene)

    def objection(key: str) -> str:
        named = f'idempotencyKey: "{key}", accessRecordId: "{world.access_record}", code: NO_RELATION'
        return f"mutation {{ accessRecordObject({named}) {{ {PROBLEM} }} }}"

    stranger = worker_actor(scene.context().new_id())
    others = await api.ask(stranger, objection("a"))
    first = await api.ask(worker_actor(world.worker_id), objection("b"))
    second = await api.ask(worker_actor(world.worker_id), objection("c"))
    repeated = await api.ask(worker_actor(world.worker_id), objection("b"))

    assert (codes(others), codes(first), codes(second)) == ({"NOT_FOUND"}, set(), {"STATE_CONFLICT"})
    assert repeated == first


async def test_who_holds_a_hidden_document_is_refused_like_a_worker_who_is_not_there(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    mine = await lived(scene)
    await _hide(scene, mine)
    nobody = opaque_id("Worker", scene.context().new_id())

    def record(worker: str, key: str) -> str:
        named = f'idempotencyKey: "{key}", workerId: "{worker}", identifier: {identifier(mine)}'
        return f"mutation {{ identifierRecord({named}) {{ {PROBLEM} }} }}"

    taken = await api.post(OFFICER_ID, record(world.worker, "a"))
    absent = await api.post(OFFICER_ID, record(nobody, "b"))

    assert codes(taken.json()) == {"NOT_FOUND"}
    assert (taken.status_code, without_what_is_left(taken)) == (absent.status_code, without_what_is_left(absent))


async def _hide(scene: Scene, world: World) -> None:
    """Let nothing relate the worker of a world to the officer any more, as only a test can."""
    async with scene.superuser.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in ("enrolments", "moves"):
            await connection.execute(text(f"DELETE FROM {table} WHERE worker_id = :id"), {"id": world.worker_id})
