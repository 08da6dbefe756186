"""The counts of a donation's months, kept with the facts, are the facts' own after each thing that changes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from domain.exchange import MessageKind
from resolvers import funding
from tests.support.databases import Databases
from tests.support.institutions import accepted, refused
from tests.support.scene import A_MONTH, OPERATOR, PACK, Scene, covered_worker, donor_actor


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test, so that every month in it is this test's."""
    with databases.copy() as url:
        yield url


async def counts(scene: Scene) -> list[tuple[int, int]]:
    """Covered and reserved of each month, after the counts were compared with the facts."""
    async with scene.database.read(OPERATOR, scene.clock.now()) as work:
        assert await work.funding.months_counted_otherwise() == (), "what is kept is what is counted"
    rows = await scene.rows("SELECT covered, reserved FROM donation_months ORDER BY donation_id, month")
    return [(row.covered, row.reserved) for row in rows]


async def test_months_are_reserved_until_an_institution_accepts_them(scene: Scene) -> None:
    donation = await scene.donation(20 * 6 * A_MONTH)
    report = await scene.nominate(donation.fund_id, scene.lines(4))

    allocation = await scene.allocate(donation, report.id)
    before = await counts(scene)
    await scene.remit(allocation)
    await scene.deliver()

    assert before == [(0, 4)] * 6
    assert await counts(scene) == [(4, 0)] * 6


async def test_a_worker_whose_schemes_are_paid_by_two_allocations_counts_once(scene: Scene) -> None:
    donation = await scene.donation(20 * 6 * A_MONTH)
    report = await scene.nominate(donation.fund_id, scene.lines(3))

    first = await scene.allocate(donation, report.id, scheme_ids=("ID.JKK",))
    await scene.remit(first)
    await scene.deliver()
    await scene.allocate(donation, report.id, scheme_ids=("ID.JKM",))

    assert await counts(scene) == [(3, 0)] * 6


async def test_what_an_institution_refuses_and_a_move_gives_back_is_counted_no_more(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=30 * A_MONTH + 3 * PACK, beside=2)
    before = await counts(scene)
    await scene.move(worker.id)
    await scene.deliver()
    after = await counts(scene)
    scene.exchange.reply("ID.BPJSTK", MessageKind.CONTRIBUTION_REMITTANCE, refused)
    other = await covered_worker(scene)
    scene.exchange.reply("ID.BPJSTK", MessageKind.CONTRIBUTION_REMITTANCE, accepted)

    assert sum(covered for covered, _ in after) < sum(covered for covered, _ in before)
    assert await counts(scene)
    refused_rows = await scene.rows(
        "SELECT covered, reserved FROM donation_months WHERE donation_id = :id", id=other.donation.id
    )
    assert {tuple(row) for row in refused_rows} == {(0, 0)}


async def test_the_statement_and_the_months_read_what_is_kept(scene: Scene) -> None:
    worker = await covered_worker(scene, beside=6)
    scene_months = await scene.rows(
        "SELECT sum(covered) AS covered FROM donation_months WHERE donation_id = :id", id=worker.donation.id
    )

    told = await scene.statement(worker.donation)

    assert told.person_months_covered == scene_months[0].covered > 0


async def test_a_donor_is_told_person_months_rounded_and_money_exactly(scene: Scene) -> None:
    worker = await covered_worker(scene, beside=1)
    donor = scene.context(donor_actor(worker.donation.donor_id))

    exact = await scene.statement(worker.donation)
    told = (await funding.statements(donor, [worker.donation.id]))[worker.donation.id]

    assert exact.person_months_covered == 12
    assert told.person_months_covered == 10
    assert (told.sent, told.available) == (exact.sent, exact.available)


async def test_nobody_but_the_triggers_writes_the_counts(scene: Scene) -> None:
    await covered_worker(scene)

    with pytest.raises(Exception, match="permission denied"):
        async with scene.database.write(OPERATOR, scene.clock.now()) as work:
            await work._connection.execute(text("UPDATE donation_months SET covered = 7"))  # type: ignore[attr-defined]


async def test_a_count_that_is_not_that_of_the_facts_is_found(scene: Scene) -> None:
    worker = await covered_worker(scene)
    async with scene.superuser.begin() as connection:
        await connection.execute(text("UPDATE donation_months SET covered = covered + 1 WHERE month = '2025-08-01'"))

    async with scene.database.read(OPERATOR, scene.clock.now()) as work:
        found = await work.funding.months_counted_otherwise()

    assert [(donation_id, str(month)) for donation_id, month in found] == [(worker.donation.id, "2025-08")]
