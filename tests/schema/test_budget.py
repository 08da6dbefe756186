"""What an operation costs stands in its answer; a partner who has spent the budget waits, on both paths alike."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.settings import Settings
from domain.actors import Actor
from schema.limits import DocumentLimits
from tests.support.api import Api, codes
from tests.support.clock import SettableClock
from tests.support.databases import Databases
from tests.support.scene import OFFICER_ID, OFFICER_MY, OFFICER_TH, OPERATOR, Scene, covered_worker


class StillClock(SettableClock):
    """Time passes only when told: every second gives something back."""

    def now(self) -> dt.datetime:
        return self._now


LIST = "query($n: Int!) { donations(first: $n) { edges { node { id amount { amount currency } } } } }"
LAW = "{ memberStates { code } }"
SEARCH = """query($value: String!) {
  coverageOn(identifier: {kind: "passport", issuingState: ID, value: $value}, on: "2025-08-15", purpose: CLAIM) {
    ... on CoverageDetermination { outcome } ... on Problem { code } } }"""
BY_IDENTIFIER = """query($value: String!) {
  workerByIdentifier(identifier: {kind: "passport", issuingState: ID, value: $value}, purpose: CLAIM) { id } }"""


@pytest.fixture(params=[True, False], ids=["planned", "ordinary"])
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """With and without the planned path, with budgets that can be spent."""
    changes = {"planned_reads": request.param, "budget_officer": 20_000, "budget_operator": 20_000, "search_misses": 5}
    return settings.model_copy(update=changes)


@pytest.fixture
def clock() -> SettableClock:
    return StillClock()


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test, so that budgets are whole."""
    with databases.copy() as url:
        yield url


async def cost(api: Api, actor: Actor, operation: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = (await api.post(actor, operation, variables)).json()["extensions"]["cost"]
    return found


async def test_an_answer_says_what_was_asked_what_is_left_and_when_all_is_there_again(api: Api) -> None:
    first = await cost(api, OPERATOR, LIST, {"n": 10})
    second = await cost(api, OPERATOR, LIST, {"n": 20})

    # The list is one field, each row of its page has six below it.
    assert (first["asked"], second["asked"]) == (1 + 10 * 6, 1 + 20 * 6)
    assert (first["left"], second["left"]) == (20_000 - 61, 20_000 - 61 - 121)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["resets"])


async def test_the_answer_before_the_cost_is_the_answer_without_it(api: Api) -> None:
    answer = await api.post(OPERATOR, LIST, {"n": 1})

    data = b'{"data":{"donations":{"edges":[]}}'
    resets = api.clock.now().replace(microsecond=0)
    assert answer.content.startswith(
        data + b',"extensions":{"cost":{"asked":7,"left":19993,"resets":"%d-' % resets.year
    )
    assert answer.json()["data"] == {"donations": {"edges": []}}


async def test_a_refused_document_costs_something_and_says_so(api: Api) -> None:
    answer = (await api.post(OPERATOR, "{ nothing }")).json()

    assert codes(answer) == {"GRAPHQL_VALIDATION_FAILED"}
    assert answer["extensions"]["cost"]["asked"] == 50


async def test_a_partner_who_has_spent_the_budget_is_told_how_long_to_wait(api: Api) -> None:
    for _ in range(33):
        await api.data(OPERATOR, LIST, {"n": 100})

    refused = await api.post(OPERATOR, LIST, {"n": 100})

    assert (refused.status_code, codes(refused.json())) == (429, {"RATE_LIMITED"})
    told = refused.json()["extensions"]["cost"]
    assert told["asked"] == 601
    assert told["left"] == 20_000 - 33 * 601
    assert refused.headers["retry-after"] == "2"
    assert refused.json()["errors"][0]["extensions"]["retryable"] is True


async def test_waiting_as_long_as_told_is_enough(api: Api) -> None:
    for _ in range(33):
        await api.data(OPERATOR, LIST, {"n": 100})
    refused = await api.post(OPERATOR, LIST, {"n": 100})

    api.clock.advance(seconds=int(refused.headers["retry-after"]))

    assert "errors" not in await api.ask(OPERATOR, LIST, {"n": 100})


async def test_a_partners_budget_is_nobody_elses(api: Api) -> None:
    for _ in range(34):
        await api.post(OPERATOR, LIST, {"n": 100})

    assert "errors" not in await api.ask(OFFICER_MY, LAW)


async def test_the_dearest_document_fits_into_the_smallest_budget() -> None:
    for kind in ("officer", "donor", "worker", "operator", "system"):
        (least,) = [rule.ge for rule in Settings.model_fields[f"budget_{kind}"].metadata if hasattr(rule, "ge")]
        assert least >= DocumentLimits().cost


# --- searches that find nobody ----------------------------------------------------------------------------------


async def searched(api: Api, operation: str, number: int, actor: Actor = OFFICER_MY) -> set[str]:
    return codes(await api.ask(actor, operation, {"value": f"C{9_000_000 + number}"}))


@pytest.mark.parametrize("operation", [SEARCH, BY_IDENTIFIER], ids=["coverage", "worker"])
async def test_after_too_many_searches_for_nobody_no_more_are_answered(api: Api, operation: str) -> None:
    for number in range(5):
        assert "SEARCHES_SPENT" not in await searched(api, operation, number)

    with capture_logs() as logged:
        refused = [await searched(api, operation, number) for number in range(5, 8)]

    assert refused == [{"SEARCHES_SPENT"}] * 3
    alarms = [line for line in logged if line["event"] == "alarm_searches_found_nobody"]
    assert [(line["institution"], line["log_level"]) for line in alarms] == [("MY.SOCSO", "warning")]
    assert "C9000" not in repr(logged)


async def test_many_guesses_in_one_operation_count_each(api: Api) -> None:
    guess = (
        'coverageOn(identifier: {{kind: "passport", issuingState: ID, value: "C{}"}}, on: "2025-08-15", purpose: CLAIM)'
    )
    guesses = " ".join(f"a{n}: {guess.format(8_000_000 + n)} {{ ... on Problem {{ code }} }}" for n in range(20))
    await api.ask(OFFICER_MY, f"{{ {guesses} }}")

    soon = await searched(api, SEARCH, 1)
    api.clock.advance(hours=1)
    later = await searched(api, SEARCH, 1)

    assert soon == {"SEARCHES_SPENT"}
    assert later == {"PERSON_NOT_VISIBLE"}


async def test_searches_that_find_someone_are_not_counted(scene: Scene, api: Api) -> None:
    worker = await covered_worker(scene)

    for _ in range(12):
        found = await api.ask(OFFICER_ID, SEARCH, {"value": worker.passport.value})
        assert codes(found) == set()


async def test_one_institutions_misses_are_not_anothers(api: Api) -> None:
    for number in range(7):
        await searched(api, SEARCH, number)

    assert await searched(api, SEARCH, 1, OFFICER_TH) == {"PERSON_NOT_VISIBLE"}


async def test_an_institution_without_misses_left_may_still_ask_about_the_law(api: Api) -> None:
    for number in range(7):
        await searched(api, SEARCH, number)

    assert "errors" not in await api.ask(OFFICER_MY, LAW)
