"""Many at once on the real database, with real commits: exactly as much happens as there is money for."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterator, Sequence

import pytest

from domain.move_steps import MoveStep
from domain.records import NominationReport
from resolvers import allocations, funding, moves
from tests.support.databases import Databases
from tests.support.scene import (
    A_MONTH,
    PACK,
    Scene,
    covered_worker,
    niks_in,
    refusal_code,
    rupiah,
)


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test, so that counts are of this test alone."""
    with databases.copy() as url:
        yield url


async def all_at_once(doing: Sequence[Awaitable[object]]) -> Counter[str]:
    """How the acts ended, by the refusal's code; the empty one succeeded."""
    return Counter(await asyncio.gather(*(refusal_code(one) for one in doing)))


async def test_of_ten_allocations_at_once_from_a_gift_for_one_exactly_one_succeeds(scene: Scene) -> None:
    donation = await scene.donation(6 * A_MONTH)
    reports = [await scene.nominate(donation.fund_id, scene.lines(1)) for _ in range(10)]
    commands = [scene.allocate_command(donation, report.id) for report in reports]

    ended = await all_at_once(
        [allocations.donation_allocate(scene.context(), scene.key(), command) for command in commands]
    )

    assert ended == {"": 1, "INSUFFICIENT_FUNDS": 9}
    assert await scene.balances(donation) == (0, 6 * A_MONTH, 0, 0)
    assert (await scene.counts())["contribution_months"] == 12


async def test_the_same_key_a_hundred_times_at_once_is_one_donation(scene: Scene) -> None:
    made = await scene.donation(1)
    command = funding.DonationRecord(
        donor_id=made.donor_id,
        fund_id=made.fund_id,
        amount=rupiah(5_000),
        received_on=made.received_on,
        terms=made.terms,
    )
    before = await scene.counts()
    key = scene.key()

    answers = await asyncio.gather(*(funding.donation_record(scene.context(), key, command) for _ in range(100)))

    after = await scene.counts()
    assert len({answer.id for answer in answers}) == 1
    assert after["donations"] == before["donations"] + 1
    assert after["ledger_transfers"] == before["ledger_transfers"] + 1
    assert after["audit_entries"] == before["audit_entries"] + 1


async def test_the_same_key_with_two_amounts_at_once_is_one_donation_and_conflicts(scene: Scene) -> None:
    made = await scene.donation(1)
    key = scene.key()
    commands = [
        funding.DonationRecord(
            donor_id=made.donor_id,
            fund_id=made.fund_id,
            amount=rupiah(amount),
            received_on=made.received_on,
            terms=made.terms,
        )
        for amount in (100, 200) * 5
    ]
    before = await scene.counts()

    ended = await all_at_once([funding.donation_record(scene.context(), key, command) for command in commands])

    assert ended == {"": 5, "IDEMPOTENCY_CONFLICT": 5}
    assert (await scene.counts())["donations"] == before["donations"] + 1


async def test_refunds_at_once_give_back_no_more_than_there_is(scene: Scene) -> None:
    donation = await scene.donation(1_000)
    command = funding.DonationRefund(donation_id=donation.id, amount=rupiah(300))

    ended = await all_at_once([funding.donation_refund(scene.context(), scene.key(), command) for _ in range(10)])

    assert ended == {"": 3, "INSUFFICIENT_FUNDS": 7}
    assert await scene.balances(donation) == (100, 0, 0, 900)


async def test_a_refund_and_an_allocation_at_once_never_spend_the_same_money(scene: Scene) -> None:
    donation = await scene.donation(6 * A_MONTH)
    report = await scene.nominate(donation.fund_id, scene.lines(1))
    back = funding.DonationRefund(donation_id=donation.id, amount=rupiah(1))

    ended = await all_at_once(
        [
            funding.donation_refund(scene.context(), scene.key(), back),
            allocations.donation_allocate(scene.context(), scene.key(), scene.allocate_command(donation, report.id)),
        ]
    )

    assert ended == {"": 1, "INSUFFICIENT_FUNDS": 1}
    assert (await scene.statement(donation)).adds_up


async def test_two_files_at_once_with_the_same_new_persons_make_one_worker_of_each(scene: Scene) -> None:
    fund, lines = await scene.fund(), scene.lines(20)
    before = await scene.counts()

    reports: list[NominationReport] = await asyncio.gather(
        scene.nominate(fund, lines), scene.nominate(fund, [lines[0], *reversed(lines[1:])])
    )

    after = await scene.counts()
    assert [report.rows_accepted for report in reports] == [20, 20]
    assert after["workers"] == before["workers"] + 20
    assert after["identifiers"] == before["identifiers"] + 20
    assert after["nomination_workers"] == before["nomination_workers"] + 40


async def test_two_donations_at_once_for_the_same_months_pay_them_once(scene: Scene) -> None:
    first = await scene.donation(10**8)
    second = await scene.donation(10**8, first.fund_id)
    lines = scene.lines(40)
    one_way = await scene.nominate(first.fund_id, lines)
    other_way = await scene.nominate(first.fund_id, [lines[0], *reversed(lines[1:])])

    ended = await all_at_once(
        [
            allocations.donation_allocate(scene.context(), scene.key(), scene.allocate_command(first, one_way.id)),
            allocations.donation_allocate(scene.context(), scene.key(), scene.allocate_command(second, other_way.id)),
        ]
    )

    assert ended == {"": 1, "MONTH_ALREADY_FUNDED": 1}
    paid = (await scene.balances(first))[1] + (await scene.balances(second))[1]
    assert paid == 40 * 6 * A_MONTH


async def test_of_ten_moves_at_once_of_one_worker_exactly_one_is_made(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH + 10 * PACK)

    ended = await all_at_once([scene.move(worker.id) for _ in range(10)])

    assert ended == {"": 1, "STATE_CONFLICT": 9}
    assert await scene.balances(worker.donation) == (9 * PACK, PACK, 6 * A_MONTH, 0)


async def test_two_moves_at_once_of_one_worker_paid_by_two_funds_are_one_move(scene: Scene) -> None:
    worker = await covered_worker(scene)
    other = await scene.donation(PACK)

    ended = await all_at_once([scene.move(worker.id), scene.move(worker.id, fund_id=other.fund_id)])

    assert ended == {"": 1, "STATE_CONFLICT": 1}
    reserved = (await scene.balances(worker.donation))[1] + (await scene.balances(other))[1]
    assert reserved == PACK


async def test_ten_workers_who_move_at_once_with_money_for_three_packs_reserve_three(scene: Scene) -> None:
    donation = await scene.donation(10 * 6 * A_MONTH + 3 * PACK)
    lines = scene.lines(10)
    report = await scene.nominate(donation.fund_id, lines)
    allocation = await scene.allocate(donation, report.id)
    await scene.remit(allocation)
    await scene.deliver()
    workers = [await scene.worker_of(nik) for nik in niks_in(lines)]

    ended = await all_at_once([scene.move(worker_id) for worker_id in workers])

    assert ended == {"": 3, "LANDING_NOT_POSSIBLE": 7}
    assert await scene.balances(donation) == (0, 3 * PACK, 60 * A_MONTH, 0)


async def test_two_delivery_workers_at_once_settle_each_answer_once(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH + PACK, sent=False, beside=3)
    await scene.remit(worker.allocation)

    for _ in range(6):
        await asyncio.gather(scene.deliver_once(), scene.deliver_once(), scene.settle_once(), scene.settle_once())

    assert await scene.balances(worker.donation) == (PACK, 0, 24 * A_MONTH, 0)
    assert len(scene.exchange.sent) == 6
    assert (await scene.counts())["acknowledgements"] == 6
    assert await scene.chains_are_whole()


async def test_a_move_is_handed_over_once_by_two_delivery_workers(scene: Scene) -> None:
    worker = await covered_worker(scene)
    move = await scene.move(worker.id)

    for _ in range(6):
        await asyncio.gather(scene.deliver_once(), scene.settle_once(), scene.deliver_once(), scene.settle_once())

    found = await moves.move_of(scene.context(), move.id)
    assert [taken.step for taken in found.steps] == [
        MoveStep.ANNOUNCED, MoveStep.DESTINATION_ACCEPTED, MoveStep.COMPLETED,
    ]  # fmt: skip
    assert (await scene.counts())["certificates"] == 1


async def test_the_audit_chain_stays_whole_under_many_acts_at_once(scene: Scene) -> None:
    donation = await scene.donation(10**6)
    commands = [funding.DonationRefund(donation_id=donation.id, amount=rupiah(n)) for n in range(1, 31)]

    ended = await all_at_once([funding.donation_refund(scene.context(), scene.key(), one) for one in commands])

    assert ended == {"": 30}
    assert await scene.chains_are_whole()
    rows = await scene.rows("SELECT count(*) AS n, max(number) AS last FROM audit_entries WHERE chain = 'lingkar'")
    assert rows[0].n == rows[0].last
