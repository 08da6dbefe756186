"""The planned path and the ordinary executor are asked the same and must write the same, to the byte."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from graphql import OperationDefinitionNode, OverlappingFieldsCanBeMergedRule, parse, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import create_async_engine

import schema
from adapters.http.quiet_schema import CheckedDocument, QuietSchema
from adapters.identity.sealing import Sealer, create_development_keys
from adapters.postgres.roles import APP, DELIVERY, url_as
from adapters.postgres.unit_of_work import PostgresDatabase
from domain.actors import Actor
from domain.exchange import MessageKind
from domain.funding import Terms
from domain.periods import Month
from domain.reads import NotPlannable
from domain.records import Purpose
from resolvers.context import Context
from schema.ids import cursor, opaque_id
from schema.planning import PlannedReads
from schema.plans import PLANS
from tests.support.clock import SettableClock
from tests.support.databases import Databases, plain_url
from tests.support.facts import RandomFacts
from tests.support.institutions import FakeExchange, refused
from tests.support.operations import Made, Maker, Word
from tests.support.scene import (
    A_MONTH,
    OFFICER_ID,
    OFFICER_MY,
    OFFICER_TH,
    OPERATOR,
    PACK,
    SYSTEM,
    Scene,
    covered_worker,
    donor_actor,
    worker_actor,
)

AT_ONCE = 25
"""Operations of one example; between examples a worker with other facts is added."""


@dataclass(slots=True)
class Both:
    """The two paths over one database."""

    runner: asyncio.Runner
    scene: Scene
    connection: psycopg.Connection[Any]
    schema: QuietSchema
    planned: PlannedReads
    facts: RandomFacts
    actors: list[Actor] = field(default_factory=list)
    pool: dict[str, list[Any]] = field(default_factory=dict)
    compared: int = 0
    fields: set[str] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)

    def compare(self, actor: Actor, made: Made) -> None:
        """Ask both paths; what the planned one answers, the ordinary one must answer too, with the same traces."""
        self.runner.run(self._compare(actor, made))

    async def _compare(self, actor: Actor, made: Made) -> None:
        context = self.scene.context(actor)
        checked = _checked(self.schema, made)
        if checked is None:
            self.reasons["refused by a rule"] += 1
            return
        asked = (checked.text, checked.document, checked.operations[0], made.variables)
        before = self._newest_trace()
        why = ""
        try:
            quick = await self.planned.answer(*asked, context)
        except NotPlannable as reason:
            quick, why = b"", reason.reason
        if not quick:
            assert why not in ("statement failed", "no connection"), made
            assert self._newest_trace() == before, f"a plan that gives up leaves nothing behind: {made}"
            self.reasons[why] += 1
            return
        between = self._newest_trace()
        slow = await self._ordinary(checked, made, context)
        assert quick == slow, f"\n{actor.kind} {made.text}\n{made.variables}\n{quick.decode()}\n{slow.decode()}"
        assert self._traces(before, between) == self._traces(between, self._newest_trace()), made
        self.compared += 1
        self.fields |= made.fields

    async def _ordinary(self, checked: Any, made: Made, context: Context) -> bytes:
        name = checked.operations[0].name
        result = await self.schema.execute_checked(
            checked,
            operation_name=name.value if name else None,
            variables=made.variables,
            context=schema.Request(context),
        )
        answer = {"data": result.data} if not result.errors else {"errors": [str(error) for error in result.errors]}
        return json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()

    def _newest_trace(self) -> int:
        found = self.connection.execute("SELECT coalesce(max(id), 0) FROM access_records").fetchone()
        assert found is not None
        return int(found[0])

    def _traces(self, after: int, until: int) -> list[Any]:
        query = """SELECT worker_id::text, institution_id, actor_kind, actor_id, purpose, asked_about::text, outcome,
                   fields::text, recorded_at::text FROM access_records WHERE id > %s AND id <= %s"""
        return sorted(map(str, self.connection.execute(query, (after, until)).fetchall()))


def _checked(built: QuietSchema, made: Made) -> CheckedDocument | None:
    """The document, if no two of its fields contradict one another; the other rules it keeps by the way it is made."""
    document = parse(made.text)
    if validate(built.core, document, [OverlappingFieldsCanBeMergedRule]):
        return None
    operations = tuple(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return CheckedDocument(text=made.text, document=document, operations=operations)


@pytest.fixture(scope="module")
def both(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """A database with stories and facts, and both paths over it."""
    sealer = Sealer(create_development_keys(tmp_path_factory.mktemp("keys")))
    with (
        databases.copy() as url,
        asyncio.Runner() as runner,
        psycopg.connect(plain_url(url), autocommit=True) as direct,
    ):
        database, delivery = (PostgresDatabase(url_as(role, url), sealer) for role in (APP, DELIVERY))
        superuser = create_async_engine(url)
        scene = Scene(
            database=database,
            delivery=delivery,
            superuser=superuser,
            clock=SettableClock(),
            exchange=FakeExchange(),
        )
        built = schema.build(QuietSchema)
        facts = RandomFacts(Random(7), direct, sealer, ())
        made = Both(
            runner=runner,
            scene=scene,
            connection=direct,
            schema=built,
            planned=PlannedReads(built.core, database.reads),
            facts=facts,
        )
        runner.run(_lived(made))
        yield made
        runner.run(database.close())
        runner.run(delivery.close())
        runner.run(superuser.dispose())


async def _lived(both: Both) -> None:
    """Donations whose workers are covered, moved, refused or not yet paid for, and everyone who may ask about it."""
    scene = both.scene
    moved = await covered_worker(scene, amount=30 * A_MONTH + 3 * PACK, beside=2)
    await scene.move(moved.id)
    await scene.deliver()
    turned_back = await covered_worker(scene)
    scene.exchange.reply("MY.SOCSO", MessageKind.MOVE_ANNOUNCEMENT, refused)
    await scene.move(turned_back.id)
    await scene.deliver()
    terms = Terms(scheme_ids=("ID.JKK", "ID.JKM"), first_month=Month(2025, 7), follows_movers=False)
    waiting = await covered_worker(scene, sent=False, terms=terms)
    await scene.nominate(waiting.donation.fund_id, scene.lines(4, refused=3))
    lived = (moved, turned_back, waiting)
    both.facts.funds = tuple(one.donation.fund_id for one in lived)
    both.actors += [OPERATOR, OFFICER_ID, OFFICER_MY, OFFICER_TH, SYSTEM]
    both.actors += [donor_actor(one.donation.donor_id) for one in lived] + [worker_actor(one.id) for one in lived]
    workers = [one.id for one in lived]
    donations = [one.donation.id for one in lived]
    allocations = [one.allocation.id for one in lived]
    nominations = [row[0] for row in both.connection.execute("SELECT id FROM nominations").fetchall()]
    moves = [row[0] for row in both.connection.execute("SELECT id FROM moves").fetchall()]
    numbers = [row[0] for row in both.connection.execute("SELECT number FROM certificates").fetchall()]
    ids = {
        "Worker": [opaque_id("Worker", one) for one in workers],
        "Donation": [opaque_id("Donation", one) for one in donations],
        "Allocation": [opaque_id("Allocation", one) for one in allocations],
        "Nomination": [opaque_id("Nomination", one) for one in nominations],
        "Move": [opaque_id("Move", one) for one in moves],
    }
    nobody = [opaque_id("Worker", UUID(int=1)), "rubbish"]
    some = [1, 1, 2, 2, 3, 3, 4, 5, 20]
    purposes = [Word(purpose.name) for purpose in Purpose] + [Word("ADMINISTRATION"), Word("CLAIM")] * 2
    days = ["2025-01-01", "2025-08-15", "2025-10-15", "2025-10-16", "2026-01-31", "2030-01-01"]
    instants = [
        "2025-07-01T00:00:00Z",
        "2025-07-01T09:00:00.000001Z",
        "2025-07-02T12:00:00+07:00",
        "2027-01-01T00:00:00Z",
    ]
    both.pool |= {
        "Query.worker.id": [*ids["Worker"] * 3, *nobody, ids["Donation"][0]],
        "Query.donation.id": [*ids["Donation"] * 2, opaque_id("Donation", UUID(int=2)), ids["Worker"][0], "rubbish"],
        "Query.allocation.id": [*ids["Allocation"] * 2, opaque_id("Allocation", UUID(int=2)), "rubbish"],
        "Query.node.id": [*(one for known in ids.values() for one in known[:3]), *ids["Donation"] * 2, *nobody],
        "Query.workers.first": [*some, 0, 100, 101],
        "Query.workers.after": [cursor("workers", one) for one in workers]
        + ["rubbish", cursor("donations", workers[0])],
        "Query.donations.first": [*some, 0],
        "Query.donations.after": [cursor("donations", one) for one in donations],
        "Query.coverageOn.identifier": [_passport(one.passport.value) for one in lived]
        + [_passport("C9999999"), _passport("no")],
        "Query.coverageOn.on": days,
        "Query.coverageOn.purpose": purposes,
        "Query.coverageOf.workers": [
            _people(ids["Worker"], lived[:2], 3),
            _people(ids["Worker"][1:], lived[2:], 0),
            _people([*ids["Worker"], nobody[0]], lived, 1),
            _people(ids["Worker"][:1], (), 2),
            ({"id": ids["Donation"][0]}, {"id": ids["Worker"][0]}),
        ],
        "Query.coverageOf.on": days,
        "Query.coverageOf.purpose": [*purposes, *[Word("ADMINISTRATION")] * 20],
        "Query.coverageOf.knownAt": instants,
        "Query.worker.purpose": purposes,
        "Query.node.purpose": purposes,
        "Query.workers.purpose": [*purposes, Word("PENSION")],
        "Query.coverageOn.knownAt": instants,
        "Worker.coverageOn.on": days,
        "Worker.coverageOn.knownAt": instants,
        "Worker.accessRecords.first": [*some, 0],
        "Worker.accessRecords.after": [cursor(f"accessRecords/{workers[0]}", 3)],
        "Query.memberState.code": [Word("ID"), Word("TH")],
        "Query.scheme.id": ["ID.JKK"],
        "Query.move.id": ids["Move"],
        "Query.nomination.id": ids["Nomination"],
        "Query.certificate.number": numbers,
        "Query.messages.first": some,
        "Parameter.valueOn.on": days,
    }


def _passport(value: str) -> dict[str, Any]:
    return {"kind": Word("PASSPORT"), "issuingState": Word("ID"), "value": value}


def _people(ids: list[str], shown: Sequence[Any], again: int) -> tuple[dict[str, Any], ...]:
    """Persons by id and by passport, one whom nobody knows, and some of them again."""
    people = [{"id": one} for one in ids] + [{"identifier": _passport(one.passport.value)} for one in shown]
    return (*people, {"identifier": _passport("C9999999")}, *people[:again])


def _example(both: Both, seed: int) -> None:
    """Add a worker, then ask some operations of anybody."""
    random = Random(seed)
    both.facts.random = random
    worker_id, shown = both.facts.worker()
    both.pool["Query.worker.id"].append(opaque_id("Worker", worker_id))
    both.pool["Query.node.id"].append(opaque_id("Worker", worker_id))
    both.pool["Query.workers.after"].append(cursor("workers", worker_id))
    both.pool["Query.coverageOn.identifier"].append(_passport(shown.value))
    others = tuple({"id": opaque_id("Worker", one)} for one in (worker_id, UUID(int=seed % 1000)))
    both.pool["Query.coverageOf.workers"].append((*others, {"identifier": _passport(shown.value)}))
    both.actors.append(worker_actor(worker_id))
    maker = Maker(random, both.schema.core, both.pool)
    for _ in range(AT_ONCE):
        actor = _asking(both, random)
        both.compare(actor, maker.operation(actor.kind))


def _asking(both: Both, random: Random) -> Actor:
    return random.choice(both.actors[:11]) if random.random() < 0.8 else random.choice(both.actors)


_SETTINGS: Any = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}


def test_both_paths_answer_5000_operations_alike(both: Both) -> None:
    @settings(max_examples=5000 // AT_ONCE, derandomize=True, **_SETTINGS)
    @given(st.integers(min_value=0, max_value=2**63))
    def examples(seed: int) -> None:
        _example(both, seed)

    examples()

    assert both.compared >= 2800, both.reasons
    never = {f"{kind}.{name}" for kind, fields in PLANS.items() for name in fields} - both.fields
    assert not never, "each field that has a plan was compared"


@pytest.mark.soak
def test_both_paths_answer_100000_operations_alike(both: Both) -> None:
    @settings(max_examples=100_000 // AT_ONCE, **_SETTINGS)
    @given(st.integers(min_value=0, max_value=2**63))
    def examples(seed: int) -> None:
        _example(both, seed)

    examples()

    assert both.compared >= 55_000, both.reasons
