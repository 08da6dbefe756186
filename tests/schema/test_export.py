"""A worker takes everything that is stored about them as one file, and nobody else does."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import httpx2
import pytest

from adapters.postgres.tables import metadata
from domain.actors import Actor
from domain.retention import ErasureReason
from resolvers.erasures import WorkerErase, worker_erase
from tests.support.api import Api
from tests.support.scene import OFFICER_ID, OPERATOR, CoveredWorker, Scene, covered_worker, donor_actor, worker_actor


async def asked(api: Api, actor: Actor) -> httpx2.Response:
    return await api.client.get("/me/export", headers={"authorization": f"Bearer {api.token(actor)}"})


async def exported(api: Api, actor: Actor) -> dict[str, Any]:
    answer = await asked(api, actor)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.fixture
async def moved(scene: Scene) -> CoveredWorker:
    worker = await covered_worker(scene)
    await scene.move(worker.id)
    await scene.deliver()
    return worker


async def test_an_export_names_the_worker_and_holds_every_sort_of_row(api: Api, moved: CoveredWorker) -> None:
    told = await exported(api, worker_actor(moved.id))

    kinds = {row["kind"]: row["value"] for row in told["person"]["identifiers"]}
    assert kinds == {"nik": moved.nik, "passport": moved.passport.value}
    assert told["person"]["name"]
    empty = {table for table, rows in told["rows"].items() if not rows}
    assert empty == {"erasures", "consents", "reviews"}


async def test_an_export_tells_who_asked(api: Api, scene: Scene, moved: CoveredWorker) -> None:
    told = await exported(api, worker_actor(moved.id))

    stored = await scene.rows("SELECT id FROM access_records WHERE worker_id = :id ORDER BY id", id=moved.id)
    assert [row["id"] for row in told["rows"]["access_records"]] == [row.id for row in stored] != []


async def test_an_export_holds_nothing_of_another_worker_and_no_key(
    api: Api, scene: Scene, moved: CoveredWorker
) -> None:
    other = await covered_worker(scene)

    text = json.dumps(await exported(api, worker_actor(moved.id)))

    for foreign in (str(other.id), other.nik, other.passport.value, str(other.donation.id), str(moved.donation.id)):
        assert foreign not in text
    for secret in ("wrapped_key", "blind_index", "sealed"):
        assert secret not in text


async def test_every_table_with_a_worker_is_exported_or_holds_nothing_for_them(api: Api, moved: CoveredWorker) -> None:
    told = await exported(api, worker_actor(moved.id))

    about = {name for name, table in metadata.tables.items() if "worker_id" in table.columns}
    assert about - set(told["rows"]) == {"person_keys", "allocations", "openings", "wallet_offers"}


@pytest.mark.parametrize("who", ["officer", "operator", "donor"])
async def test_only_workers_have_an_export(api: Api, moved: CoveredWorker, who: str) -> None:
    actor = {"officer": OFFICER_ID, "operator": OPERATOR, "donor": donor_actor(moved.donation.donor_id)}[who]

    answer = await asked(api, actor)

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")


async def test_without_a_token_there_is_no_export(api: Api) -> None:
    assert (await api.client.get("/me/export")).status_code == 401


async def test_the_export_of_an_erased_worker_names_nobody(api: Api, scene: Scene) -> None:
    worker = await covered_worker(scene)
    scene.clock.advance(days=365 * 12)
    command = WorkerErase(worker_id=worker.id, reason=ErasureReason.WORKER_ASKED)
    await worker_erase(scene.context(), scene.key(), command)

    told = await exported(api, worker_actor(worker.id))

    assert told["person"] is None
    assert [row["reason"] for row in told["rows"]["erasures"]] == ["worker_asked"]
    assert dt.datetime.fromisoformat(told["madeAt"]) > scene.clock.now() - dt.timedelta(minutes=5)
