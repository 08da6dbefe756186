"""The coverage question: before, on and after a move, as known when, to whom, and at what cost in statements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.settings import Settings
from domain.exchange import MessageKind
from tests.support.api import Api, without_what_is_left
from tests.support.databases import Databases
from tests.support.institutions import accepted, pending
from tests.support.scene import (
    A_MONTH,
    OFFICER_ID,
    OFFICER_MY,
    OFFICER_TH,
    SCHEMES,
    Scene,
    covered_worker,
    worker_actor,
)

QUESTION = """query($value: String!, $kind: String!, $on: Date!, $knownAt: DateTime) {
  coverageOn(identifier: {kind: $kind, issuingState: ID, value: $value}, on: $on, purpose: ELIGIBILITY_CHECK,
             knownAt: $knownAt) {
    __typename
    ... on CoverageDetermination { outcome covers { schemeId branch coveredUntil } }
    ... on Problem { code message }
  }
}"""
EVERYTHING = """query($value: String!, $on: Date!) {
  coverageOn(identifier: {kind: "passport", issuingState: ID, value: $value}, on: $on, purpose: ELIGIBILITY_CHECK) {
    ... on CoverageDetermination { on outcome standing
      reasons { rule text value standing sourceIds }
      covers { branch schemeId institutionId extent state funderKind fundId firstDay coveredUntil
               reasons { rule text value standing sourceIds } } }
    ... on Problem { code message }
  }
}"""


@pytest.fixture(params=[True, False], ids=["planned", "ordinary"])
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """With the planned path and without it: nobody sees a difference."""
    return settings.model_copy(update={"planned_reads": request.param})


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test, so that records are of this test alone."""
    with databases.copy() as url:
        yield url


async def answered(api: Api, value: str, on: str, *, officer: Any = OFFICER_MY, **more: Any) -> dict[str, Any]:
    asked = {"value": value, "kind": "passport", "on": on} | more
    found: dict[str, Any] = (await api.data(officer, QUESTION, asked))["coverageOn"]
    return found


def schemes(found: dict[str, Any]) -> set[str]:
    return {cover["schemeId"] for cover in found["covers"]}


async def test_the_answer_changes_on_the_day_of_the_move(scene: Scene, api: Api) -> None:
    worker = await covered_worker(scene)
    await scene.move(worker.id)
    await scene.deliver()
    passport = worker.passport.value

    before_all = await answered(api, passport, "2025-06-30")
    day_before = await answered(api, passport, "2025-10-15")
    on_the_day = await answered(api, passport, "2025-10-16")
    at_the_end = await answered(api, passport, "2027-10-15")
    long_after = await answered(api, passport, "2035-01-01")

    assert before_all["outcome"] == long_after["outcome"] == "NOT_COVERED"
    assert set(SCHEMES) <= schemes(day_before)
    assert "MY.SOCSO.CAT1" not in schemes(day_before)
    assert "MY.SOCSO.CAT1" in schemes(on_the_day)
    assert "MY.SOCSO.CAT1" in schemes(at_the_end)
    assert not set(SCHEMES) & schemes(on_the_day)


async def test_what_was_known_before_the_acknowledgement_can_still_be_asked(scene: Scene, api: Api) -> None:
    worker = await covered_worker(scene, amount=12 * A_MONTH, beside=1)
    rows = await scene.rows("SELECT nomination_id FROM allocations WHERE id = :id", id=worker.allocation.id)
    scene.exchange.reply("ID.BPJSTK", MessageKind.CONTRIBUTION_REMITTANCE, pending)
    later = await scene.allocate(worker.donation, rows[0].nomination_id, "2026-06", "2026-06")
    await scene.remit(later)
    await scene.deliver_once()
    before = scene.clock.advance(hours=1)
    scene.exchange.reply("ID.BPJSTK", MessageKind.CONTRIBUTION_REMITTANCE, accepted)
    scene.clock.advance(hours=1)
    await scene.deliver()
    after = scene.clock.advance(hours=1)

    def asked(instant: Any) -> Any:
        return answered(api, worker.passport.value, "2026-06-15", officer=OFFICER_ID, knownAt=instant.isoformat())

    assert (await asked(before))["outcome"] == "NOT_COVERED"
    assert schemes(await asked(after)) == set(SCHEMES)
    assert schemes(await answered(api, worker.passport.value, "2026-06-15", officer=OFFICER_ID)) == set(SCHEMES)


async def test_a_cover_that_a_move_ended_is_still_there_as_known_before_the_move(scene: Scene, api: Api) -> None:
    worker = await covered_worker(scene)
    before = scene.clock.advance(hours=1).isoformat()
    await scene.move(worker.id)
    await scene.deliver()

    known = await answered(api, worker.passport.value, "2025-11-15", knownAt=before)
    now = await answered(api, worker.passport.value, "2025-11-15")

    assert schemes(known) == set(SCHEMES)
    assert not set(SCHEMES) & schemes(now)


async def test_an_officer_without_a_reason_is_answered_as_about_nobody_and_both_questions_are_kept(
    scene: Scene, api: Api
) -> None:
    worker = await covered_worker(scene)
    before = (await scene.counts())["access_records"]

    asked = {"kind": "passport", "on": "2025-10-16"}
    hidden = await api.post(OFFICER_TH, QUESTION, asked | {"value": worker.passport.value})
    nobody = await api.post(OFFICER_TH, QUESTION, asked | {"value": "C9999999"})

    assert hidden.json()["data"]["coverageOn"]["code"] == "PERSON_NOT_VISIBLE"
    assert (hidden.status_code, without_what_is_left(hidden)) == (nobody.status_code, without_what_is_left(nobody))
    own = {"x-request-id", "content-length"}
    assert {k: v for k, v in hidden.headers.items() if k not in own} == {
        k: v for k, v in nobody.headers.items() if k not in own
    }
    assert (await scene.counts())["access_records"] == before + 2
    query = "{ me { accessRecords { edges { node { institutionId outcome askedAbout purpose } } } } }"
    mine = (await api.data(worker_actor(worker.id), query))["me"]["accessRecords"]["edges"]
    assert mine[0]["node"] == {
        "institutionId": "TH.SSO",
        "outcome": "not_visible",
        "askedAbout": "2025-10-16",
        "purpose": mine[0]["node"]["purpose"],
    }


async def test_hidden_and_absent_cost_the_same_statements(scene: Scene, api: Api) -> None:
    worker = await covered_worker(scene)
    counts = []
    for value in (worker.passport.value, "C9999999"):
        with api.counted() as counter:
            await answered(api, value, "2025-10-16", officer=OFFICER_TH)
        counts.append(counter.statements)

    assert counts[0] == counts[1]


@pytest.mark.parametrize("question", [QUESTION, EVERYTHING], ids=["little", "everything"])
async def test_a_coverage_question_costs_at_most_three_statements(scene: Scene, api: Api, question: str) -> None:
    worker = await covered_worker(scene)
    await scene.move(worker.id)
    await scene.deliver()
    asked = {"value": worker.passport.value, "on": "2025-10-16"}
    asked |= {"kind": "passport"} if "$kind" in question else {}

    with api.counted() as counter:
        await api.data(OFFICER_MY, question, asked)

    assert 1 <= len(counter) <= 3, counter.statements


async def test_a_page_of_100_workers_costs_no_more_statements_than_a_page_of_1(scene: Scene, api: Api) -> None:
    donation = await scene.donation(120 * 6 * A_MONTH)
    report = await scene.nominate(donation.fund_id, scene.lines(110))
    allocation = await scene.allocate(donation, report.id)
    await scene.remit(allocation)
    await scene.deliver()
    whole = """query($first: Int!) { workers(first: $first, purpose: ADMINISTRATION) { edges { node {
        id homeState coverageOn(on: "2025-08-01") { outcome covers { schemeId reasons { text } } }
        enrolments { schemeId reference } contributions { month amount { amount } reasons { text } }
        moves { step } certificates { number } } } pageInfo { endCursor } } }"""
    counts = []
    for first in (1, 100):
        with api.counted() as counter:
            page = (await api.data(OFFICER_ID, whole, {"first": first}))["workers"]["edges"]
        counts.append(len(counter))
        assert len(page) == first
        assert all(edge["node"]["coverageOn"]["outcome"] == "COVERED" for edge in page)

    assert counts[0] == counts[1]
