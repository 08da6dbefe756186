"""Exports: a line for each worker in sight, in the words of the contract, with records, a true end and flat memory."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from starlette.types import Message

import schema
from adapters.http.quiet_schema import QuietSchema
from adapters.postgres.unit_of_work import PostgresDatabase
from domain.actors import Actor
from domain.exports import ExportAsked
from domain.records import Purpose
from schema import exporting
from schema.exporting import CoverageExport
from schema.ids import opaque_id
from tests.support.api import Api
from tests.support.databases import Databases
from tests.support.scene import OFFICER_ID, OFFICER_TH, OPERATOR, Scene, covered_worker
from tests.support.workers import many_workers

ON = "2025-08-15"
WHOLE = """query($people: [WorkerInput!]!) { coverageOf(workers: $people, on: "2025-08-15", purpose: ADMINISTRATION) {
    ... on CoverageDetermination { on outcome standing reasons { rule text value since sourceIds standing }
      covers { branch schemeId institutionId extent state funderKind fundId firstDay coveredUntil
               reasons { rule text value since sourceIds standing } }
      withheld { code field } } } }"""


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test, so that whom an officer sees is known."""
    with databases.copy() as url:
        yield url


async def exported(api: Api, actor: Actor = OFFICER_ID, **more: str) -> httpx2.Response:
    return await api.client.get(
        "/exports/coverage",
        params={"on": ON, "purpose": "administration"} | more,
        headers={"authorization": f"Bearer {api.token(actor)}"},
    )


def lines(answer: httpx2.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def workers(scene: Scene, number: int) -> list[str]:
    return sorted([opaque_id("Worker", (await covered_worker(scene)).id) for _ in range(number)])


async def test_each_worker_in_sight_has_a_line_in_the_words_of_the_contract(scene: Scene, api: Api) -> None:
    seen = await workers(scene, 3)
    await covered_worker(scene, sent=False)

    head, *found, tail = lines(await exported(api))

    assert (head["on"], head["purpose"]) == (ON, "administration")
    assert sorted(line["worker"] for line in found) == seen
    asked = {"people": [{"id": line["worker"]} for line in found]}
    assert [line["coverage"] for line in found] == (await api.data(OFFICER_ID, WHOLE, asked))["coverageOf"]
    assert (tail["complete"], tail["lines"]) == (True, 3)


async def test_the_last_line_tells_the_digest_of_all_lines_between(scene: Scene, api: Api) -> None:
    await workers(scene, 2)

    answer = await exported(api)

    _, *between, _ = answer.text.splitlines(keepends=True)
    assert lines(answer)[-1]["sha256"] == hashlib.sha256("".join(between).encode()).hexdigest()


async def test_pages_follow_one_another_and_an_export_goes_on_after_any_line(
    scene: Scene, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await workers(scene, 5)
    monkeypatch.setattr(exporting, "PAGE", 2)

    head, *whole, tail = lines(await exported(api))
    _, *rest, end = lines(await exported(api, after=whole[1]["worker"], knownAt=head["knownAt"]))

    assert (tail["lines"], end["lines"]) == (5, 3)
    assert rest == whole[2:]


async def test_each_worker_leaves_one_record_and_nobody_else_any(scene: Scene, api: Api) -> None:
    seen = await workers(scene, 2)
    before = (await scene.counts())["access_records"]

    await exported(api)
    await exported(api, OFFICER_TH)

    assert (await scene.counts())["access_records"] == before + 2
    kept = await scene.rows(
        """SELECT DISTINCT institution_id, purpose, CAST(asked_about AS text) AS about, outcome, fields
           FROM access_records ORDER BY 1""",
    )
    (mine,) = [row for row in kept if row.about == ON]
    assert (mine.institution_id, mine.purpose, mine.outcome) == ("ID.BPJSTK", "administration", "covered")
    assert {"coverage.outcome", "coverage.covers.reasons.text"} <= set(mine.fields)
    assert len(seen) == 2


async def test_a_scheme_leaves_out_whom_it_does_not_cover_and_their_record_is_kept_all_the_same(
    scene: Scene, api: Api
) -> None:
    await workers(scene, 2)
    before = (await scene.counts())["access_records"]

    covered = lines(await exported(api, scheme="ID.JKK"))
    nobody = lines(await exported(api, scheme="MY.SOCSO.CAT1"))

    assert (covered[-1]["lines"], nobody[-1]["lines"]) == (2, 0)
    assert (await scene.counts())["access_records"] == before + 4


async def test_a_page_whose_records_fail_is_not_sent_and_the_stream_says_that_it_is_cut(scene: Scene, api: Api) -> None:
    await workers(scene, 2)
    async with scene.superuser.begin() as connection:
        await connection.execute(text("ALTER TABLE access_records ADD CONSTRAINT broken CHECK (false) NOT VALID"))

    _, *rest = lines(await exported(api))

    assert rest == [{"complete": False, "code": "UNAVAILABLE"}]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"on": "15/08/2025"}, 400, "DATE_INVALID"),
        ({"on": "2568-08-15"}, 400, "DATE_INVALID"),
        ({"purpose": "curiosity"}, 400, "BAD_USER_INPUT"),
        ({"purpose": "claim"}, 403, "PURPOSE_NOT_OPEN"),
        ({"scheme": "ID.NONE"}, 422, "RULE_UNKNOWN"),
        ({"after": "rubbish"}, 400, "BAD_USER_INPUT"),
        ({"knownAt": "2025-08-15"}, 400, "DATE_INVALID"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
async def test_what_is_no_question_is_refused_before_anything_is_sent(
    api: Api, query: dict[str, str], status: int, code: str
) -> None:
    answer = await exported(api, OFFICER_ID, **query)

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code)


async def test_only_officers_export(api: Api) -> None:
    answer = await exported(api, OPERATOR)
    nobody = await api.client.get("/exports/coverage", params={"on": ON, "purpose": "administration"})

    assert (answer.status_code, nobody.status_code) == (403, 401)


async def test_one_institution_runs_so_many_exports_at_once_and_a_cut_one_frees_its_place(
    scene: Scene, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await workers(scene, 4)
    monkeypatch.setattr(exporting, "PAGE", 1)
    asgi: Any = api.client._transport.app  # type: ignore[attr-defined]
    before = (await scene.counts())["access_records"]

    cut = [asyncio.create_task(_cut_after_a_line(asgi, api)) for _ in range(api.settings.exports_at_once)]
    await asyncio.gather(*(task for task in cut))
    after_cut = (await scene.counts())["access_records"]
    held = [asyncio.create_task(_held(asgi, api)) for _ in range(api.settings.exports_at_once)]
    await asyncio.sleep(0.5)
    one_more = await exported(api)
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    again = await exported(api)

    assert after_cut < before + 4 * api.settings.exports_at_once, "what nobody takes is not read"
    assert (one_more.status_code, one_more.headers["retry-after"]) == (429, "30")
    assert again.status_code == 200


def _scope(api: Api) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/exports/coverage",
        "raw_path": b"/exports/coverage",
        "query_string": f"on={ON}&purpose=administration".encode(),
        "headers": [(b"host", b"lingkar.test"), (b"authorization", f"Bearer {api.token(OFFICER_ID)}".encode())],
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "server": ("lingkar.test", 80),
        "root_path": "",
    }


async def _cut_after_a_line(asgi: Any, api: Api) -> None:
    """A client that goes away after the first worker's line."""
    gone, bodies = asyncio.Event(), 0

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal bodies
        bodies += message["type"] == "http.response.body"
        if bodies == 2:
            gone.set()
            await asyncio.sleep(0.05)

    await asgi(_scope(api), receive, send)


async def _held(asgi: Any, api: Api) -> None:
    """A client that takes nothing."""

    async def receive() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        await asyncio.sleep(60)

    await asgi(_scope(api), receive, send)


async def test_ten_times_the_workers_take_no_more_memory(scene: Scene, database: PostgresDatabase) -> None:
    built = schema.build(QuietSchema)
    export = CoverageExport(built.core, database.reads, scene.clock.now)
    asked = ExportAsked(on=scene.clock.now().date(), purpose=Purpose.ADMINISTRATION)
    peaks = []
    for number in (1_000, 9_000):
        await many_workers(scene, number, OFFICER_ID.institution_id or "")
        count = 0
        tracemalloc.start()
        async for chunk in export.opened(scene.context(OFFICER_ID), asked):
            count += chunk.count(b"\n")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count == 2 + sum((1_000, 9_000)[: len(peaks)])

    assert peaks[1] < 1.5 * peaks[0] + 1_000_000
