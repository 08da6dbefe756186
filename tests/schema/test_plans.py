"""Plans: declared for fields that there are, answered through indexes, remembered, and given up without a trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from graphql import GraphQLObjectType, parse

import schema
from adapters.http.quiet_schema import QuietSchema
from adapters.postgres.planner import PostgresPlan, PostgresReads
from adapters.postgres.planner.trust import actor_settings
from adapters.postgres.planner.wire import StatementFailed, Wire
from adapters.postgres.roles import APP, url_as
from adapters.postgres.unit_of_work import PostgresDatabase
from bench.readers.actors import ACTORS
from bench.readers.questions import LIST, ON, POINT, QUESTIONS, ROLL_UP, Asked
from domain.actors import Actor, ActorKind
from domain.reads import Member, NotPlannable, Question
from schema.ids import opaque_id
from schema.planning import PlannedReads
from schema.plans import PLANS
from tests.support.api import Api
from tests.support.databases import plain_url
from tests.support.scene import OFFICER_ID, OPERATOR, Scene, covered_worker, donor_actor, worker_actor

GROWING = {
    *("workers", "identifiers", "enrolments", "access_records", "coverage_spells", "contribution_months", "moves"),
    *("move_steps", "certificates", "donations", "allocations", "tariffs", "remittances", "acknowledgements"),
    *("ledger_accounts", "ledger_transfers", "ledger_transactions", "ledger_pendings", "messages"),
    "donation_months",
}
PERSON = """id homeState coverageOn(on: "2025-08-15") { outcome standing reasons { text }
            covers { coveredUntil reasons { text } } }
            enrolments { reference } contributions { month amount { amount } acknowledged reasons { text } }
            moves { step steps { takenAt } } certificates { number }"""
GIFT = """id statement { addsUp available { amount } personMonthsCovered } months { month workersRounded }"""
READS = {
    "coverageOn": (
        OFFICER_ID,
        """{ coverageOn(identifier: {kind: "passport", issuingState: ID, value: "C0000001"}, on: "2025-08-15",
             purpose: CLAIM) { ... on CoverageDetermination { outcome covers { branch coveredUntil } } } }""",
    ),
    "coverageOf": (
        OFFICER_ID,
        """{ coverageOf(workers: [{id: "WORKER"}, {identifier: {kind: "passport", issuingState: ID,
             value: "C0000001"}}], on: "2025-08-15", purpose: CLAIM) {
             ... on CoverageDetermination { outcome covers { branch coveredUntil } } } }""",
    ),
    "worker, by an officer": (OFFICER_ID, '{ worker(id: "WORKER", purpose: ADMINISTRATION) { PERSON } }'),
    "me": (worker_actor, "{ me { PERSON accessRecords { edges { node { purpose } } } } }"),
    "workers, by an officer": (
        OFFICER_ID,
        "{ workers(first: 50, purpose: ADMINISTRATION) { edges { node { PERSON } } } }",
    ),
    "workers, by an operator": (OPERATOR, "{ workers(first: 50) { edges { node { PERSON } } } }"),
    "donation": (OPERATOR, '{ donation(id: "DONATION") { GIFT } }'),
    "donations, by a donor": (donor_actor, "{ donations { edges { node { GIFT } } } }"),
    "allocation": (OPERATOR, '{ allocation(id: "ALLOCATION") { amount { amount } remittances { state month } } }'),
}


class Kept:
    """Reads that keep the last plan and question instead of answering."""

    searches = False

    def __init__(self, reads: PostgresReads) -> None:
        self.reads = reads
        self.made = 0

    def plan(self, members: tuple[Member, ...], kind: ActorKind) -> Kept:
        self.plan_ = self.reads.plan(members, kind)
        self.made += 1
        return self

    async def answer(self, question: Question) -> bytes:
        self.question = question
        return b""


@pytest.fixture
def explained(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection on which sequential scans are the last choice: what is left of them has no index to take."""
    with psycopg.connect(plain_url(url_as(APP, database_url)), autocommit=True) as connection:
        # The tables of a test are so small that PostgreSQL would rather read them whole; on large ones it would not.
        connection.execute("SET enable_seqscan = off")
        yield connection


def test_every_declared_field_is_in_the_contract() -> None:
    core = schema.build(QuietSchema).core

    for name, fields in PLANS.items():
        kind = core.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        assert set(fields) <= set(kind.fields), name


@pytest.mark.parametrize("name", READS)
async def test_no_plan_reads_a_growing_table_from_end_to_end(
    scene: Scene, database: PostgresDatabase, explained: psycopg.Connection[Any], name: str
) -> None:
    plan, question = await _planned(scene, database, name)

    assert not _read_from_end_to_end(explained, plan, question) & GROWING


def test_the_reads_that_are_explained_begin_with_every_root_that_has_a_plan() -> None:
    documents = " ".join(document for _, document in READS.values())

    # A node is a worker, donation or allocation, planned as they are.
    assert [name for name in PLANS["Query"] if name != "node" and f"{{ {name}" not in documents] == []


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda asked: asked.name)
async def test_no_plan_of_the_measurements_reads_a_growing_table_from_end_to_end(
    scene: Scene, database: PostgresDatabase, explained: psycopg.Connection[Any], asked: Asked
) -> None:
    worker = await covered_worker(scene)
    variables: dict[str, dict[str, Any]] = {
        POINT.name: {"value": "C0000001", "on": ON},
        LIST.name: {"first": 50, "on": ON},
        ROLL_UP.name: {"id": opaque_id("Donation", worker.donation.id)},
    }
    kept = Kept(database.reads)
    planned = PlannedReads(schema.build(QuietSchema).core, kept)

    await _asked(planned, scene, ACTORS[asked.actor], asked.document, variables[asked.name])

    assert not _read_from_end_to_end(explained, kept.plan_, kept.question) & GROWING


async def test_a_plan_is_made_once_for_a_document_a_kind_of_actor_and_a_page(
    scene: Scene, database: PostgresDatabase
) -> None:
    kept = Kept(database.reads)
    planned = PlannedReads(schema.build(QuietSchema).core, kept)
    document = (
        "query($n: Int!, $id: Boolean!) { workers(first: $n, purpose: ADMINISTRATION) "
        "{ edges { node { id @include(if: $id) sector } } } }"
    )

    for actor in (OPERATOR, OPERATOR, OFFICER_ID, OFFICER_ID):
        for first in (1, 2, 1):
            for shown in (True, False):
                await _asked(planned, scene, actor, document, {"n": first, "id": shown})

    assert kept.made == 2 * 2 * 2


async def test_an_argument_that_is_refused_once_leaves_the_plan_for_others(
    scene: Scene, database: PostgresDatabase
) -> None:
    kept = Kept(database.reads)
    planned = PlannedReads(schema.build(QuietSchema).core, kept)
    document = "query($id: ID!) { worker(id: $id) { sector } }"

    with pytest.raises(NotPlannable, match="arguments are refused"):
        await _asked(planned, scene, OPERATOR, document, {"id": "rubbish"})
    worker = await covered_worker(scene, sent=False)
    await _asked(planned, scene, OPERATOR, document, {"id": opaque_id("Worker", worker.id)})

    assert kept.made == 1


async def test_a_lost_connection_is_answered_by_the_other_path(scene: Scene, api: Api) -> None:
    worker = await covered_worker(scene)
    query = "{ me { enrolments { schemeId } } }"
    before = await api.data(worker_actor(worker.id), query)

    await scene.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
        "pid <> pg_backend_pid()"
    )

    assert await api.data(worker_actor(worker.id), query) == before
    assert await api.data(worker_actor(worker.id), query) == before


async def test_a_worker_who_is_not_known_gets_the_error_of_the_other_path(scene: Scene, api: Api) -> None:
    nobody = worker_actor((await scene.donation(1)).id)

    answer = await api.ask(nobody, "{ me { id } }")

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]


async def test_settings_hold_for_their_statement_alone_also_when_it_fails(database: PostgresDatabase) -> None:
    read = "SELECT coalesce(current_setting('lingkar.actor', true), '') || $1::text"
    broken = "SELECT (1 / length($1))::text"

    async with database.reads._wires.one() as wire:
        told = await wire.value(read, [b"!"], {"lingkar.actor": "officer", "lingkar.purpose": "claim"})
        with pytest.raises(StatementFailed, match="22012"):
            await wire.value(broken, [b""], {"lingkar.actor": "donor"})
        after = await wire.value(read, [b"!"])

        assert (told, after, wire.usable) == (b"officer!", b"!", True)


async def test_no_more_than_a_bounded_number_of_statements_stays_prepared(
    monkeypatch: pytest.MonkeyPatch, database: PostgresDatabase
) -> None:
    monkeypatch.setattr("adapters.postgres.planner.wire._STATEMENTS_MAX", 3)

    async with database.reads._wires.one() as wire:
        for number in range(5):
            assert await wire.value(f"SELECT '{number}'", []) == str(number).encode()
        left = await wire.value("SELECT count(*)::text FROM pg_prepared_statements", [])

    assert isinstance(wire, Wire)
    assert left == b"3"


async def _planned(scene: Scene, database: PostgresDatabase, name: str) -> tuple[PostgresPlan, Question]:
    who, document = READS[name]
    worker = await covered_worker(scene)
    subject = worker.id if who is worker_actor else worker.donation.donor_id
    actor = who if isinstance(who, Actor) else who(subject)
    for word, text in (
        ("PERSON", PERSON),
        ("GIFT", GIFT),
        ("WORKER", opaque_id("Worker", worker.id)),
        ("DONATION", opaque_id("Donation", worker.donation.id)),
        ("ALLOCATION", opaque_id("Allocation", worker.allocation.id)),
    ):
        document = document.replace(word, text)
    kept = Kept(database.reads)
    await _asked(PlannedReads(schema.build(QuietSchema).core, kept), scene, actor, document, {})
    return kept.plan_, kept.question


async def _asked(planned: PlannedReads, scene: Scene, actor: Actor, document: str, variables: dict[str, Any]) -> bytes:
    parsed = parse(document)
    operation: Any = parsed.definitions[0]
    return await planned.answer(document, parsed, operation, variables, scene.context(actor))


def _read_from_end_to_end(explained: psycopg.Connection[Any], plan: PostgresPlan, question: Question) -> frozenset[str]:
    """The tables that a plan scans sequentially."""
    for setting in actor_settings(question).items():
        explained.execute("SELECT set_config(%s, %s, false)", setting)
    told = explained.pgconn.exec_params(b"EXPLAIN (FORMAT JSON) " + plan.query.encode(), plan.values(question))
    found = told.get_value(0, 0)
    assert found is not None, told.error_message
    nodes = _nodes(json.loads(found)[0]["Plan"])
    return frozenset(node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan")


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)
