"""Consent: one institution, one purpose, one time; given and taken back by the worker, with effect at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from domain.actors import Actor, ActorKind
from domain.countries import MemberState
from domain.records import Purpose
from resolvers import consents
from schema.ids import opaque_id
from tests.support.api import Api, codes
from tests.support.asked import PROBLEM
from tests.support.databases import Databases
from tests.support.scene import CoveredWorker, Scene, covered_worker, worker_actor

EPF = Actor(id="officer-EPF", kind=ActorKind.OFFICER, member_state=MemberState.MY, institution_id="MY.EPF")
SOCSO = Actor(id="officer-MY", kind=ActorKind.OFFICER, member_state=MemberState.MY, institution_id="MY.SOCSO")
WORKER = "query($id: ID!, $for: Purpose) { worker(id: $id, purpose: $for) { sector enrolments { schemeId } } }"
COVERAGE = """query($value: String!, $for: Purpose!) { coverageOn(
    identifier: {kind: "passport", issuingState: ID, value: $value}, on: "2025-08-01", purpose: $for) {
    ... on CoverageDetermination { outcome } ... on Problem { code } } }"""


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test, so that whom an actor may see is known."""
    with databases.copy() as url:
        yield url


@pytest.fixture
async def worker(scene: Scene) -> CoveredWorker:
    """A worker covered in Indonesia, with whom no institution of Malaysia has anything to do."""
    return await covered_worker(scene)


async def seen(api: Api, actor: Actor, worker: CoveredWorker, purpose: str | None) -> Any:
    return (await api.data(actor, WORKER, {"id": opaque_id("Worker", worker.id), "for": purpose}))["worker"]


async def withdraw(scene: Scene, worker: CoveredWorker, consent: consents.Consent) -> None:
    command = consents.ConsentWithdraw(consent_id=consent.id)
    await consents.consent_withdraw(scene.context(worker_actor(worker.id)), scene.key(), command)


async def test_a_consent_opens_the_worker_to_that_institution_and_what_hangs_on_them(
    scene: Scene, api: Api, worker: CoveredWorker
) -> None:
    before = await seen(api, EPF, worker, "CLAIM")
    await scene.consent(worker.id, "MY.EPF")

    after = await seen(api, EPF, worker, "CLAIM")

    assert before is None
    assert {row["schemeId"] for row in after["enrolments"]} == {"ID.JKK", "ID.JKM"}


async def test_a_consent_opens_nothing_for_another_purpose_without_one_or_to_another_institution(
    scene: Scene, api: Api, worker: CoveredWorker
) -> None:
    await scene.consent(worker.id, "MY.EPF")

    assert await seen(api, EPF, worker, "PENSION") is None
    assert await seen(api, SOCSO, worker, "CLAIM") is None


async def test_a_consent_answers_the_coverage_question_of_its_purpose(
    scene: Scene, api: Api, worker: CoveredWorker
) -> None:
    await scene.consent(worker.id, "MY.EPF")

    found = {
        purpose: (await api.data(EPF, COVERAGE, {"value": worker.passport.value, "for": purpose}))["coverageOn"]
        for purpose in ("CLAIM", "PENSION")
    }

    assert found == {"CLAIM": {"outcome": "COVERED"}, "PENSION": {"code": "PERSON_NOT_VISIBLE"}}


async def test_a_withdrawn_consent_opens_nothing_from_the_next_request_on(
    scene: Scene, api: Api, worker: CoveredWorker
) -> None:
    consent = await scene.consent(worker.id, "MY.EPF")
    assert await seen(api, EPF, worker, "CLAIM") is not None

    await withdraw(scene, worker, consent)

    assert await seen(api, EPF, worker, "CLAIM") is None


async def test_a_worker_who_withdraws_between_two_pages_is_not_on_the_second(scene: Scene, api: Api) -> None:
    people = [await covered_worker(scene) for _ in range(3)]
    given = {one.id: await scene.consent(one.id, "MY.EPF", purpose=Purpose.PENSION) for one in people}
    page = """query($after: String) { workers(first: 1, after: $after, purpose: PENSION) {
        edges { node { id } } pageInfo { endCursor } } }"""
    first = (await api.data(EPF, page))["workers"]
    rest = sorted((one for one in people if opaque_id("Worker", one.id) != first["edges"][0]["node"]["id"]),
                  key=lambda one: one.id)  # fmt: skip

    await withdraw(scene, rest[0], given[rest[0].id])
    second = (await api.data(EPF, page, {"after": first["pageInfo"]["endCursor"]}))["workers"]

    assert [edge["node"]["id"] for edge in second["edges"]] == [opaque_id("Worker", rest[1].id)]


async def test_a_consent_holds_on_its_first_and_last_day_and_not_beside_them(
    scene: Scene, api: Api, worker: CoveredWorker
) -> None:
    first = scene.clock.now().date() + dt.timedelta(days=2)
    await scene.consent(worker.id, "MY.EPF", first_day=first, last_day=first + dt.timedelta(days=1))
    found = []

    for _ in range(4):
        scene.clock.advance(days=1)
        found.append(await seen(api, EPF, worker, "CLAIM") is not None)

    assert found == [False, True, True, False]


async def test_what_was_asked_under_a_consent_is_recorded_with_its_purpose(
    scene: Scene, api: Api, worker: CoveredWorker
) -> None:
    await scene.consent(worker.id, "MY.EPF")
    await seen(api, EPF, worker, "CLAIM")
    mine = "{ me { accessRecords(first: 1) { edges { node { institutionId purpose fields } } } } }"

    (record,) = (await api.data(worker_actor(worker.id), mine))["me"]["accessRecords"]["edges"]

    assert record["node"] == {
        "institutionId": "MY.EPF",
        "purpose": "claim",
        "fields": ["worker.sector", "worker.enrolments.schemeId"],
    }


async def test_the_worker_sees_what_they_consented_to_and_what_they_took_back(
    scene: Scene, api: Api, worker: CoveredWorker
) -> None:
    consent = await scene.consent(worker.id, "MY.EPF", purpose=Purpose.PENSION)
    await withdraw(scene, worker, consent)
    mine = "{ me { consents { institutionId purpose textVersion textLanguage withdrawnAt } } }"

    (found,) = (await api.data(worker_actor(worker.id), mine))["me"]["consents"]

    assert found.pop("withdrawnAt") is not None
    assert found == {
        "institutionId": "MY.EPF",
        "purpose": "PENSION",
        "textVersion": "2026-1",
        "textLanguage": "id",
    }


async def test_a_consent_is_withdrawn_once_and_only_by_who_gave_it(
    scene: Scene, api: Api, worker: CoveredWorker
) -> None:
    consent = opaque_id("Consent", (await scene.consent(worker.id, "MY.EPF")).id)

    def withdrawing(key: str) -> str:
        return f'mutation {{ consentWithdraw(idempotencyKey: "{key}", consentId: "{consent}") {{ {PROBLEM} }} }}'

    other = await api.ask(worker_actor((await covered_worker(scene)).id), withdrawing("a"))
    first = await api.ask(worker_actor(worker.id), withdrawing("b"))
    second = await api.ask(worker_actor(worker.id), withdrawing("c"))
    repeated = await api.ask(worker_actor(worker.id), withdrawing("b"))

    assert (codes(other), codes(first), codes(second)) == ({"NOT_FOUND"}, set(), {"STATE_CONFLICT"})
    assert repeated == first


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"institutionId": "MY.NOBODY"}, "RULE_UNKNOWN"),
        ({"textVersion": "1999-1"}, "RULE_UNKNOWN"),
        ({"textLanguage": "xx"}, "RULE_UNKNOWN"),
        ({"firstDay": "2025-09-02", "lastDay": "2025-09-01"}, "PERIOD_INVALID"),
        ({"firstDay": "2024-01-01", "lastDay": "2024-12-31"}, "PERIOD_INVALID"),
        ({"firstDay": "2025-07-01", "lastDay": "2035-07-01"}, "PERIOD_INVALID"),
    ],
)
async def test_a_consent_without_a_known_institution_text_or_time_is_refused(
    scene: Scene, api: Api, worker: CoveredWorker, changed: dict[str, str], code: str
) -> None:
    wanted = {
        "institutionId": "MY.EPF",
        "purpose": "CLAIM",
        "firstDay": "2025-07-01",
        "lastDay": "2026-06-30",
        "textVersion": "2026-1",
        "textLanguage": "en",
    }
    query = f"""mutation($input: ConsentGiveInput!) {{
        consentGive(idempotencyKey: "k", input: $input) {{ {PROBLEM} }} }}"""

    answer = await api.ask(worker_actor(worker.id), query, {"input": wanted | changed})

    assert codes(answer) == {code}
    assert (await scene.counts())["consents"] == 0


async def test_every_consent_text_is_there_in_each_of_its_languages(api: Api, worker: CoveredWorker) -> None:
    found = (await api.data(worker_actor(worker.id), "{ consentTexts { version language text } }"))["consentTexts"]

    assert {(one["version"], one["language"]) for one in found} >= {("2026-1", "en"), ("2026-1", "id")}
    assert all(len(one["text"]) > 100 for one in found)
