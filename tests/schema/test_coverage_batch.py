"""Coverage of many persons in one request: an answer at each place, a record for each person, few statements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from adapters.settings import Settings
from domain.actors import Actor
from schema.ids import opaque_id
from tests.support.api import Api, codes
from tests.support.databases import Databases
from tests.support.scene import A_MONTH, OFFICER_ID, OFFICER_TH, OPERATOR, Scene, covered_worker

QUESTION = """query($people: [WorkerInput!]!, $purpose: Purpose!) {
  coverageOf(workers: $people, on: "2025-08-15", purpose: $purpose) {
    __typename
    ... on CoverageDetermination { on outcome standing reasons { rule text value since sourceIds standing }
      covers { branch schemeId institutionId extent state funderKind fundId firstDay coveredUntil
               reasons { rule text value since sourceIds standing } }
      withheld { code field } }
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


def passport(value: str) -> dict[str, Any]:
    return {"identifier": {"kind": "passport", "issuingState": "ID", "value": value}}


async def answers(
    api: Api, actor: Actor, people: list[dict[str, Any]], purpose: str = "ADMINISTRATION"
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.data(actor, QUESTION, {"people": people, "purpose": purpose}))[
        "coverageOf"
    ]
    return found


async def workers_of_one_gift(scene: Scene, number: int) -> list[str]:
    """The ids of workers whose half year is paid and confirmed."""
    donation = await scene.donation((number + 10) * 6 * A_MONTH)
    report = await scene.nominate(donation.fund_id, scene.lines(number))
    await scene.remit(await scene.allocate(donation, report.id))
    await scene.deliver()
    rows = await scene.rows("SELECT worker_id FROM nomination_workers WHERE nomination_id = :id", id=report.id)
    return [opaque_id("Worker", row.worker_id) for row in rows]


async def test_each_place_is_answered_in_the_order_asked_by_id_and_by_identifier(scene: Scene, api: Api) -> None:
    worker, other = await covered_worker(scene), await covered_worker(scene, sent=False)

    found = await answers(
        api,
        OPERATOR,
        [
            passport(other.passport.value),
            {"id": opaque_id("Worker", worker.id)},
            passport("no passport"),
            passport("C9999999"),
            passport(worker.passport.value),
        ],
    )

    told = [place.get("outcome") or place["code"] for place in found]
    assert told == ["NOT_COVERED", "COVERED", "IDENTIFIER_INVALID", "PERSON_NOT_VISIBLE", "COVERED"]
    assert found[1] == found[4]


async def test_a_place_says_what_the_question_about_one_person_says(scene: Scene, api: Api) -> None:
    worker = await covered_worker(scene)
    one = QUESTION.replace("$people: [WorkerInput!]!", "$shown: IdentifierInput!").replace(
        "coverageOf(workers: $people", "coverageOn(identifier: $shown"
    )
    shown = passport(worker.passport.value)["identifier"]

    for purpose in ("ADMINISTRATION", "ELIGIBILITY_CHECK", "CLAIM"):
        alone = await api.data(OFFICER_ID, one, {"shown": shown, "purpose": purpose})
        assert await answers(api, OFFICER_ID, [passport(worker.passport.value)], purpose) == [alone["coverageOn"]]


async def test_hidden_persons_are_answered_as_nobody_and_each_question_is_kept(scene: Scene, api: Api) -> None:
    worker = await covered_worker(scene)
    before = (await scene.counts())["access_records"]

    by_passport, nobody, by_id, no_id = await answers(
        api,
        OFFICER_TH,
        [
            passport(worker.passport.value),
            passport("C9999999"),
            {"id": opaque_id("Worker", worker.id)},
            {"id": opaque_id("Worker", scene.context().new_id())},
        ],
    )

    assert by_passport == nobody == by_id == no_id
    assert nobody["code"] == "PERSON_NOT_VISIBLE"
    kept = await scene.rows(
        "SELECT worker_id, outcome, fields FROM access_records WHERE institution_id = 'TH.SSO' ORDER BY worker_id"
    )
    assert [(row.worker_id, row.outcome, row.fields) for row in kept] == [
        (worker.id, "not_visible", []),
        (worker.id, "not_visible", []),
        (None, "not_visible", []),
        (None, "not_visible", []),
    ]
    assert (await scene.counts())["access_records"] == before + 4


async def test_a_person_at_two_places_is_answered_twice_and_leaves_one_record(scene: Scene, api: Api) -> None:
    worker = await covered_worker(scene)
    before = (await scene.counts())["access_records"]
    own_id = {"id": opaque_id("Worker", worker.id)}

    found = await answers(api, OFFICER_ID, [own_id, passport(worker.passport.value), own_id, passport("C9999999")] * 2)

    assert [place["__typename"] == "CoverageDetermination" for place in found] == [True, True, True, False] * 2
    assert (await scene.counts())["access_records"] == before + 2


async def test_the_record_of_a_place_is_the_record_of_a_question_about_one_person(scene: Scene, api: Api) -> None:
    worker = await covered_worker(scene)

    await answers(api, OFFICER_ID, [passport(worker.passport.value)])

    (kept,) = await scene.rows(
        """SELECT institution_id, actor_kind, purpose, CAST(asked_about AS text), outcome, fields FROM access_records
           WHERE worker_id = :id ORDER BY id DESC LIMIT 1""",
        id=worker.id,
    )
    assert tuple(kept)[:5] == ("ID.BPJSTK", "officer", "administration", "2025-08-15", "covered")
    assert {"coverage.outcome", "coverage.covers.branch", "coverage.covers.reasons.text"} <= set(kept.fields)


async def test_without_records_there_are_no_answers(scene: Scene, api: Api) -> None:
    worker = await covered_worker(scene)
    async with scene.superuser.begin() as connection:
        await connection.execute(text("ALTER TABLE access_records ADD CONSTRAINT broken CHECK (false) NOT VALID"))

    asked = {"people": [passport(worker.passport.value)], "purpose": "ADMINISTRATION"}
    answer = await api.ask(OFFICER_ID, QUESTION, asked)

    assert codes(answer) == {"INTERNAL_SERVER_ERROR"}
    assert not answer.get("data")


async def test_a_purpose_that_is_not_open_is_said_at_each_place_and_nobody_is_looked_at(scene: Scene, api: Api) -> None:
    worker = await covered_worker(scene)
    before = (await scene.counts())["access_records"]
    people = [passport(worker.passport.value), passport("C9999999")]
    closed = await purposes_not_open(api, people)

    assert closed
    assert (await scene.counts())["access_records"] == before


async def purposes_not_open(api: Api, people: list[dict[str, Any]]) -> list[str]:
    """The purposes for which an operator is told nothing of coverage."""
    core = (await api.data(OPERATOR, '{ __type(name: "Purpose") { enumValues { name } } }'))["__type"]
    found = []
    for purpose in [value["name"] for value in core["enumValues"]]:
        if purpose in ("EMERGENCY",):
            answer = await answers(api, OPERATOR, people, purpose)
            assert [place["code"] for place in answer] == ["PURPOSE_NOT_OPEN"] * 2
            found.append(purpose)
    return found


async def test_1000_places_cost_no_more_statements_than_1_and_fit_in_one_request(scene: Scene, api: Api) -> None:
    workers = await workers_of_one_gift(scene, 30)
    absent = [opaque_id("Worker", scene.context().new_id()) for _ in range(970)]
    people = [{"id": one} for one in (*workers, *absent)]
    counts = []
    for number in (1, 1000):
        with api.counted() as counter:
            found = await answers(api, OFFICER_ID, people[:number])
        counts.append(len(counter))
        assert len(found) == number
        assert [place["__typename"] == "CoverageDetermination" for place in found[:31]] == (
            [True] * 30 + [False] * 1 if number > 1 else [True]
        )

    assert counts[0] == counts[1] <= 5


async def test_1000_identifiers_fit_in_one_request(scene: Scene, api: Api) -> None:
    found = await answers(api, OFFICER_ID, [passport(f"C{number:07d}") for number in range(1000)])

    assert {place["code"] for place in found} == {"PERSON_NOT_VISIBLE"}
    assert len(found) == 1000


@pytest.mark.parametrize(
    ("people", "code"),
    [
        ([], "BAD_USER_INPUT"),
        ([{"id": "no id"}], "BAD_USER_INPUT"),
        ([{}], "BAD_USER_INPUT"),
        ([{"id": "x", "identifier": None}], "BAD_USER_INPUT"),
        ([{"id": "x"}] * 1001, "QUERY_TOO_COMPLEX"),
    ],
    ids=["nobody", "no id", "empty place", "two of one", "1001 places"],
)
async def test_a_list_that_is_no_question_is_refused_whole(api: Api, people: list[dict[str, Any]], code: str) -> None:
    answer = await api.ask(OFFICER_ID, QUESTION, {"people": people, "purpose": "CLAIM"})

    assert codes(answer) == {code}
