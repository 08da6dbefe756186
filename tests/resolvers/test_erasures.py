"""A person is erased when nothing needs them: who it was is gone, and months, money and the chain stay."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from uuid import UUID

import pytest

from adapters.retention import RETENTION_FILE, RuleFileRefused, load_retention
from domain.errors import ErasureRefused, StateConflict
from domain.retention import Ending, ErasureReason, Hindrance
from resolvers.erasures import RetentionReport, WorkerErase, end_what_is_over, worker_erase
from tests.support.scene import (
    A_MONTH,
    OFFICER_ID,
    SYSTEM,
    CoveredWorker,
    Scene,
    covered_worker,
    nik_of,
    niks_in,
    refusal_code,
)

ASKED = ErasureReason.WORKER_ASKED


async def erase(scene: Scene, worker_id: UUID, key: str = "") -> UUID:
    command = WorkerErase(worker_id=worker_id, reason=ASKED)
    return await worker_erase(scene.context(), key or scene.key(), command)


async def hindrances(scene: Scene, worker_id: UUID) -> tuple[Hindrance, ...]:
    with pytest.raises(ErasureRefused) as refused:
        await erase(scene, worker_id)
    return refused.value.hindrances


async def nominated_only(scene: Scene) -> tuple[UUID, str]:
    """A worker whom a file named and for whom nothing was paid."""
    lines = scene.lines(1)
    await scene.nominate(await scene.fund(), lines)
    nik = niks_in(lines)[0]
    return await scene.worker_of(nik), nik


async def long_over(scene: Scene) -> CoveredWorker:
    """A worker whose last cover ended more than ten years ago."""
    worker = await covered_worker(scene)
    scene.clock.advance(days=365 * 12)
    return worker


async def test_of_an_erased_worker_nothing_says_who_it_was(scene: Scene) -> None:
    worker_id, nik = await nominated_only(scene)

    await erase(scene, worker_id)

    (key,) = await scene.rows("SELECT wrapped_key FROM person_keys WHERE worker_id = :id", id=worker_id)
    assert key.wrapped_key is None
    async with scene.context().reading() as work:
        assert await work.workers.worker_of(nik_of(nik)) is None
        with pytest.raises(StateConflict):
            await work.workers.person(worker_id, scene.clock.now() - dt.timedelta(seconds=1))


async def test_a_number_of_an_erased_worker_cannot_be_guessed_from_its_index(scene: Scene) -> None:
    worker_id, _ = await nominated_only(scene)
    before = await scene.rows("SELECT blind_index FROM identifiers WHERE worker_id = :id", id=worker_id)

    await erase(scene, worker_id)

    after = await scene.rows("SELECT blind_index FROM identifiers WHERE worker_id = :id", id=worker_id)
    assert len(after) == len(before) == 1
    assert after != before


async def test_months_money_and_the_chain_stay(scene: Scene) -> None:
    worker = await long_over(scene)
    months = await scene.rows("SELECT * FROM contribution_months WHERE worker_id = :id ORDER BY id", id=worker.id)
    balances = await scene.balances(worker.donation)

    await erase(scene, worker.id)

    kept = await scene.rows("SELECT * FROM contribution_months WHERE worker_id = :id ORDER BY id", id=worker.id)
    assert kept == months != []
    assert await scene.balances(worker.donation) == balances
    assert await scene.chains_are_whole()
    done = await scene.rows("SELECT reason FROM erasures WHERE worker_id = :id", id=worker.id)
    assert [row.reason for row in done] == ["worker_asked"]


async def test_a_worker_with_cover_is_not_erased_and_every_hindrance_is_named(scene: Scene) -> None:
    worker = await covered_worker(scene)
    await scene.move(worker.id)

    assert await hindrances(scene, worker.id) == (
        Hindrance.COVER_STANDS,
        Hindrance.MOVE_OPEN,
        Hindrance.MONEY_OPEN,
        Hindrance.PERIOD_RUNS,
    )
    async with scene.context().reading() as work:
        assert (await work.workers.person(worker.id, scene.clock.now())).name


async def test_money_that_is_reserved_keeps_a_worker_from_being_erased(scene: Scene) -> None:
    worker = await covered_worker(scene, sent=False)

    assert Hindrance.MONEY_OPEN in await hindrances(scene, worker.id)


async def test_a_worker_is_kept_until_the_period_after_the_last_cover_is_over(scene: Scene) -> None:
    worker = await covered_worker(scene)
    scene.clock.advance(days=365 * 5)
    assert await hindrances(scene, worker.id) == (Hindrance.PERIOD_RUNS,)

    scene.clock.advance(days=365 * 7)

    assert await erase(scene, worker.id) == worker.id


async def test_a_worker_is_erased_once_and_the_same_key_gives_the_same_answer(scene: Scene) -> None:
    worker_id, _ = await nominated_only(scene)
    key = scene.key()

    assert await erase(scene, worker_id, key) == await erase(scene, worker_id, key) == worker_id

    assert await refusal_code(erase(scene, worker_id)) == "STATE_CONFLICT"


async def test_an_officer_erases_nobody(scene: Scene) -> None:
    worker_id, _ = await nominated_only(scene)
    command = WorkerErase(worker_id=worker_id, reason=ASKED)

    assert await refusal_code(worker_erase(scene.context(OFFICER_ID), scene.key(), command)) == "FORBIDDEN"


async def test_a_document_is_not_recorded_for_an_erased_worker(scene: Scene) -> None:
    worker_id, _ = await nominated_only(scene)
    await erase(scene, worker_id)

    assert await refusal_code(scene.passport(worker_id)) == "STATE_CONFLICT"


async def test_the_same_person_can_be_nominated_again_and_is_another_worker(scene: Scene) -> None:
    lines = scene.lines(1)
    await scene.nominate(await scene.fund(), lines)
    before = await scene.worker_of(niks_in(lines)[0])
    await erase(scene, before)

    await scene.nominate(await scene.fund(), lines)

    assert await scene.worker_of(niks_in(lines)[0]) != before


async def test_money_of_a_nomination_is_not_reserved_for_an_erased_worker(scene: Scene) -> None:
    donation = await scene.donation(12 * A_MONTH)
    lines = scene.lines(2)
    report = await scene.nominate(donation.fund_id, lines)
    erased, other = [await scene.worker_of(nik) for nik in niks_in(lines)]
    await erase(scene, erased)

    allocation = await scene.allocate(donation, report.id)
    await scene.remit(allocation)
    await scene.deliver()

    assert allocation.amount.minor_units == 6 * A_MONTH
    paid = await scene.rows(
        "SELECT DISTINCT worker_id FROM contribution_months WHERE allocation_id = :id", id=allocation.id
    )
    assert [row.worker_id for row in paid] == [other]


async def test_what_is_over_is_counted_and_then_ended(scene: Scene) -> None:
    worker = await long_over(scene)
    fresh, _ = await nominated_only(scene)
    system = scene.context(SYSTEM)

    counted = await end_what_is_over(system, apply=False)
    assert counted.persons >= 1
    assert counted.keys > 0
    assert await end_what_is_over(system, apply=True) == counted

    assert await end_what_is_over(scene.context(SYSTEM), apply=False) == RetentionReport(persons=0, keys=0)
    gone = await scene.rows("SELECT worker_id, reason FROM erasures WHERE reason = 'period_over'")
    assert worker.id in {row.worker_id for row in gone}
    assert fresh not in {row.worker_id for row in gone}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("table: identifiers", "table: workers", "comes twice"),
        ("table: idempotency_keys", "table: others", "idempotency_keys is missing"),
        ('years: "10"', "years: null", "what is kept has no end"),
        ('years: "10"', 'years: "0"', "under a year"),
        ('years: "10"', "years: 10", "not in quotes"),
    ],
)
def test_a_wrong_file_of_periods_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    written = RETENTION_FILE.read_text()
    assert old in written
    (tmp_path / "retention.yaml").write_text(written.replace(old, new, 1))

    with pytest.raises(RuleFileRefused, match=why):
        load_retention(tmp_path / "retention.yaml")


def test_no_period_is_given_as_surer_than_it_is() -> None:
    unsure = [period for period in load_retention() if period.standing.value == "assumed"]

    assert all(period.note for period in unsure)
    assert {period.table for period in load_retention() if period.ending is Ending.ERASED} == {
        *("workers", "identifiers", "person_keys"),
    }
