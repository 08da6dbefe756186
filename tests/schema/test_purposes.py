"""For what an officer asks: each purpose opens the fields that the data file names, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type

import schema
from adapters.http.quiet_schema import QuietSchema
from domain.access_rules import PERSON_FIELDS
from domain.actors import ActorKind
from domain.records import Purpose
from tests.support.api import Api, codes
from tests.support.asked import PROBLEM, identifier, lived, move_input, queries
from tests.support.databases import Databases
from tests.support.scene import ACCESS, OFFICER_ID, OFFICER_TH, OPERATOR, Scene, worker_actor

PRIVACY = Path(__file__).parents[2] / "docs" / "explain" / "privacy.md"
REASON = "unconscious at the desk, and nobody knows where she is insured"
NESTED = """coverageOn(on: "2025-09-01") { outcome covers { branch funderKind fundId coveredUntil reasons { text } } }
    enrolments { schemeId } contributions { schemeId } moves { id } certificates { number }
    withheld { field purpose code }"""
ALL_OF_A_WORKER = {
    "coverage",
    "coverage.covers.coveredUntil",
    "coverage.covers.fundId",
    "coverage.covers.funderKind",
    "coverage.covers.reasons",
    "worker.contributions",
    "worker.enrolments",
    "move",
    "certificate",
}


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test, so that whom an actor may see is known."""
    with databases.copy() as url:
        yield url


def told(worker: dict[str, Any]) -> set[str]:
    """Which fields of a worker were answered, by the names that receipts use."""
    names = {"enrolments": "worker.enrolments", "contributions": "worker.contributions", "moves": "move",
             "certificates": "certificate", "coverageOn": "coverage"}  # fmt: skip
    found = {name for field, name in names.items() if worker[field] is not None}
    covers = (worker["coverageOn"] or {"covers": []})["covers"]
    return found | {f"coverage.covers.{name}" for cover in covers for name in cover
                    if name != "branch" and cover[name] is not None}  # fmt: skip


@pytest.mark.parametrize("purpose", [p for p in Purpose if ACCESS.purposes[p].relation])
async def test_a_purpose_opens_of_a_worker_what_its_file_names_and_says_what_it_withholds(
    scene: Scene, api: Api, purpose: Purpose
) -> None:
    world = await lived(scene)
    opens = ACCESS.purposes[purpose].opens

    query = f'{{ worker(id: "{world.worker}", purpose: {purpose.name}) {{ {NESTED} }} }}'
    worker = (await api.data(OFFICER_ID, query))["worker"]

    assert told(worker) == opens & ALL_OF_A_WORKER
    nested = {"coverage", "worker.enrolments", "worker.contributions", "move", "certificate"}
    assert {one["field"] for one in worker["withheld"]} == nested - opens
    assert {(one["purpose"], one["code"]) for one in worker["withheld"]} <= {(purpose.value, "PURPOSE_NOT_OPEN")}


@pytest.mark.parametrize("purpose", [p for p in Purpose if ACCESS.purposes[p].relation])
async def test_the_receipt_names_what_was_answered_and_not_what_was_withheld(
    scene: Scene, api: Api, purpose: Purpose
) -> None:
    world = await lived(scene)
    query = f'{{ worker(id: "{world.worker}", purpose: {purpose.name}) {{ {NESTED} }} }}'

    await api.data(OFFICER_ID, query)

    rows = await scene.rows(
        "SELECT fields, purpose FROM access_records WHERE worker_id = :id ORDER BY id DESC LIMIT 1", id=world.worker_id
    )
    named = {
        field for name in rows[0].fields for field in PERSON_FIELDS if name == field or name.startswith(f"{field}.")
    }
    assert named == ACCESS.purposes[purpose].opens & ALL_OF_A_WORKER
    assert rows[0].purpose == purpose.value


async def test_a_plan_a_move_a_page_and_a_certificate_are_refused_for_a_purpose_that_does_not_open_them(
    scene: Scene, api: Api
) -> None:
    world = await lived(scene)
    asked = {"movePlan": "movePlan", "move": "move", "workers": "workers", "certificate": "certificate"}
    found: dict[tuple[str, Purpose], bool] = {}

    for field, thing in asked.items():
        for purpose in Purpose:
            if ACCESS.purposes[purpose].relation:
                question = queries(world)[field].replace("ADMINISTRATION", purpose.name)
                refused = codes(await api.ask(OFFICER_ID, f"{{ {question} }}"))
                assert refused in (set(), {"PURPOSE_NOT_OPEN"}), (field, purpose)
                found[thing, purpose] = refused == set()

    assert found == {(thing, purpose): thing in ACCESS.purposes[purpose].opens for thing, purpose in found}


async def test_an_officer_who_does_not_say_for_what_is_not_answered(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    before = (await scene.counts())["access_records"]

    for field in ("worker", "workerByIdentifier", "workers", "movePlan", "move", "certificate", "node"):
        question = re.sub(r",? ?purpose: ADMINISTRATION", "", queries(world)[field])
        assert codes(await api.ask(OFFICER_ID, f"{{ {question} }}")) == {"VALUE_MISSING"}, field

    assert (await scene.counts())["access_records"] == before


async def test_a_purpose_that_is_not_an_operators_is_refused_to_an_operator(scene: Scene, api: Api) -> None:
    world = await lived(scene)

    for purpose, rule in ACCESS.purposes.items():
        answer = await api.ask(OPERATOR, f'{{ worker(id: "{world.worker}", purpose: {purpose.name}) {{ id }} }}')
        expected = set() if ActorKind.OPERATOR in rule.by else {"PURPOSE_NOT_OPEN"}
        assert codes(answer) == expected, purpose


async def test_nothing_is_withheld_from_the_worker_themselves(scene: Scene, api: Api) -> None:
    world = await lived(scene)

    me = (await api.data(worker_actor(world.worker_id), f"{{ me {{ {NESTED} }} }}"))["me"]

    assert told(me) == ALL_OF_A_WORKER
    assert me["withheld"] == []


def test_no_purpose_opens_anything_that_names_a_person() -> None:
    core = schema.build(QuietSchema).core
    worker = core.type_map["Worker"]
    assert isinstance(worker, GraphQLObjectType)

    for field in PERSON_FIELDS:
        assert not {"name", "birthDate", "identifier", "identifiers"} & set(field.split("."))
    assert all(not get_named_type(field.type).name.startswith("Identifier") for field in worker.fields.values())


def test_the_documents_name_what_each_purpose_opens() -> None:
    rows = re.findall(r"^\| \*(\w+)\* \| (.+) \| (.+) \|$", PRIVACY.read_text(), flags=re.MULTILINE)

    said = {purpose: (set(re.findall(r"`([\w.]+)`", opens)), consent == "yes") for purpose, opens, consent in rows}

    assert said == {purpose.value: (set(rule.opens), rule.consent) for purpose, rule in ACCESS.purposes.items()}


# --- emergencies ---


def opening(world: Any, key: str = "e", reason: str = REASON) -> str:
    given = f'idempotencyKey: "{key}", input: {{identifier: {identifier(world)}, reason: "{reason}"}}'
    return f"""mutation {{ emergencyOpen({given}) {{
        ... on EmergencyOpenPayload {{ closesAt worker {{ id {NESTED} }} }} {PROBLEM} }} }}"""


def asking(world: Any) -> str:
    return f'{{ worker(id: "{world.worker}", purpose: EMERGENCY) {{ id }} }}'


async def test_an_emergency_opens_a_worker_without_a_relation_for_its_hours_and_its_fields(
    scene: Scene, api: Api
) -> None:
    world = await lived(scene)
    before = (await api.data(OFFICER_TH, asking(world)))["worker"]

    made = (await api.data(OFFICER_TH, opening(world)))["emergencyOpen"]
    during = (await api.data(OFFICER_TH, asking(world)))["worker"]
    other_purpose = (await api.data(OFFICER_TH, asking(world).replace("EMERGENCY", "CLAIM")))["worker"]
    scene.clock.advance(hours=ACCESS.purposes[Purpose.EMERGENCY].open_hours)
    after = (await api.data(OFFICER_TH, asking(world)))["worker"]

    assert told(made["worker"]) == ACCESS.purposes[Purpose.EMERGENCY].opens & ALL_OF_A_WORKER
    assert (before, during, other_purpose, after) == (None, {"id": world.worker}, None, None)


async def test_an_emergency_is_open_to_the_officer_who_declared_it_alone(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    await api.data(OFFICER_TH, opening(world))

    colleague = type(OFFICER_TH)(
        id="another", kind=OFFICER_TH.kind, member_state=OFFICER_TH.member_state, institution_id="TH.SSO"
    )

    assert (await api.data(colleague, asking(world)))["worker"] is None


async def test_who_has_a_relation_still_declares_an_emergency_before_asking_for_one(scene: Scene, api: Api) -> None:
    world = await lived(scene)

    before = (await api.data(OFFICER_ID, asking(world)))["worker"]
    await api.data(OFFICER_ID, opening(world))

    assert before is None
    assert (await api.data(OFFICER_ID, asking(world)))["worker"] is not None


async def test_an_emergency_stands_first_in_the_workers_records_however_old_it_is(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    await api.data(OFFICER_TH, opening(world))
    for _ in range(3):
        await api.data(OFFICER_ID, f"{{ {queries(world)['worker']} }}")
    query = """query($after: String) { me { accessRecords(first: 2, after: $after) {
        edges { node { id purpose institutionId } } pageInfo { hasNextPage endCursor } } } }"""
    seen: list[dict[str, str]] = []
    after = None

    while True:
        page = (await api.data(worker_actor(world.worker_id), query, {"after": after}))["me"]["accessRecords"]
        seen += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    purposes = [record["purpose"] for record in seen]
    assert purposes[:2] == ["emergency", "emergency"]
    assert "emergency" not in purposes[2:]
    assert {record["institutionId"] for record in seen[:2]} == {"TH.SSO"}
    assert len({record["id"] for record in seen}) == len(seen)


async def test_an_emergency_lies_on_the_operators_desk_with_its_reason_until_it_is_closed(
    scene: Scene, api: Api
) -> None:
    world = await lived(scene)
    await api.data(OFFICER_TH, opening(world))
    desk = "{ reviews { edges { node { id kind institutionId reason } } } }"

    waiting = [edge["node"] for edge in (await api.data(OPERATOR, desk))["reviews"]["edges"]]
    (found,) = [one for one in waiting if one["kind"] == "EMERGENCY"]
    closing = f'reviewClose(idempotencyKey: "c", reviewId: "{found["id"]}", outcome: JUSTIFIED) {{ {PROBLEM} }}'
    await api.data(OPERATOR, f"mutation {{ {closing} }}")
    left = [edge["node"]["kind"] for edge in (await api.data(OPERATOR, desk))["reviews"]["edges"]]

    assert (found["institutionId"], found["reason"]) == ("TH.SSO", REASON)
    assert "EMERGENCY" not in left


async def test_an_emergency_is_in_the_audit_chain_and_its_reason_is_readable_nowhere(scene: Scene, api: Api) -> None:
    world = await lived(scene)

    await api.data(OFFICER_TH, opening(world))

    entries = await scene.rows("SELECT actor_id FROM audit_entries WHERE chain = 'TH.SSO' AND action = 'emergencyOpen'")
    assert [row.actor_id for row in entries] == [f"development/{OFFICER_TH.id}"]
    assert await scene.chains_are_whole()
    for table in ("openings", "reviews", "access_records", "audit_entries", "idempotency_keys"):
        for row in await scene.rows(f"SELECT to_jsonb(t)\\:\\:text AS kept FROM {table} t"):
            assert "unconscious" not in row.kept, table


async def test_an_emergency_without_a_reason_or_about_nobody_opens_nothing(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    nobody = opening(world, "n").replace(world.passport.value, "C9999999")

    empty = await api.ask(OFFICER_TH, opening(world, "a", "   "))
    endless = await api.ask(OFFICER_TH, opening(world, "b", "x" * 501))
    before = (await scene.counts())["access_records"]
    absent = await api.ask(OFFICER_TH, nobody)

    assert (codes(empty), codes(endless)) == ({"VALUE_MISSING"}, {"LIMIT_EXCEEDED"})
    assert codes(absent) == {"PERSON_NOT_VISIBLE"}
    counts = await scene.counts()
    assert (counts["openings"], counts["access_records"]) == (0, before + 1)


async def test_the_same_emergency_sent_twice_is_one(scene: Scene, api: Api) -> None:
    world = await lived(scene)

    first = await api.data(OFFICER_TH, opening(world))
    second = await api.data(OFFICER_TH, opening(world))

    assert first == second
    assert (await scene.counts())["openings"] == 1


async def test_a_move_plan_is_not_opened_by_an_emergency(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    await api.data(OFFICER_ID, opening(world))

    plan = f"movePlan(input: {move_input(world)}, purpose: EMERGENCY) {{ {PROBLEM} }}"

    assert codes(await api.ask(OFFICER_ID, f"{{ {plan} }}")) == {"PURPOSE_NOT_OPEN"}
