"""Money received, reserved and given back: each act once, and never more than there is."""

from __future__ import annotations

import pytest

from domain.actors import Actor, ActorKind
from domain.errors import IdempotencyConflict
from domain.exchange import MessageKind
from domain.funding import FundsInsufficient
from domain.money import Currency, Money
from resolvers import funding
from tests.support.institutions import refused
from tests.support.scene import A_MONTH, OPERATOR, Scene, donor_actor, refusal_code, rupiah


async def gift(scene: Scene, amount: int) -> funding.DonationRecord:
    made = await scene.donation(1)
    return funding.DonationRecord(
        donor_id=made.donor_id,
        fund_id=made.fund_id,
        amount=rupiah(amount),
        received_on=made.received_on,
        terms=made.terms,
    )


async def test_a_pledge_moves_no_money(scene: Scene) -> None:
    donation = await scene.donation(1_000)
    before = await scene.counts()

    await scene.pledge(donation)

    after = await scene.counts()
    assert after["pledges"] == before["pledges"] + 1
    assert after["ledger_transfers"] == before["ledger_transfers"]
    assert await scene.balances(donation) == (1_000, 0, 0, 0)


async def test_the_same_key_twice_is_one_donation(scene: Scene) -> None:
    command, key = await gift(scene, 500), scene.key()
    first = await funding.donation_record(scene.context(), key, command)
    before = await scene.counts()

    second = await funding.donation_record(scene.context(), key, command)

    assert second == first
    assert await scene.counts() == before


async def test_the_same_key_with_another_amount_is_refused_and_nothing_is_posted(scene: Scene) -> None:
    command, key = await gift(scene, 500), scene.key()
    await funding.donation_record(scene.context(), key, command)
    other = funding.DonationRecord(
        donor_id=command.donor_id,
        fund_id=command.fund_id,
        amount=rupiah(501),
        received_on=command.received_on,
        terms=command.terms,
    )
    before = await scene.counts()

    with pytest.raises(IdempotencyConflict):
        await funding.donation_record(scene.context(), key, other)

    assert await scene.counts() == before


async def test_the_same_key_for_another_act_is_refused(scene: Scene) -> None:
    donation, key = await scene.donation(1_000), scene.key()
    back = funding.DonationRefund(donation_id=donation.id, amount=rupiah(400))
    await funding.donation_refund(scene.context(), key, back)
    opened = funding.FundOpen(name="n", purpose="p", currency=rupiah(1).currency)

    assert await refusal_code(funding.fund_open(scene.context(), key, opened)) == "IDEMPOTENCY_CONFLICT"
    assert await scene.balances(donation) == (600, 0, 0, 400)


async def test_the_same_key_of_another_actor_is_another_key(scene: Scene) -> None:
    command, key = await gift(scene, 500), scene.key()
    other = Actor(id="operator-two", kind=ActorKind.OPERATOR)

    first = await funding.donation_record(scene.context(OPERATOR), key, command)
    second = await funding.donation_record(scene.context(other), key, command)

    assert first.id != second.id


async def test_a_key_that_failed_stays_failed_when_the_money_is_there_later(scene: Scene) -> None:
    donation, key = await scene.donation(A_MONTH), scene.key()
    report = await scene.nominate(donation.fund_id, scene.lines(1))
    too_much = funding.DonationRefund(donation_id=donation.id, amount=rupiah(A_MONTH))
    allocation = await scene.allocate(donation, report.id, last="2025-07")
    assert await refusal_code(funding.donation_refund(scene.context(), key, too_much)) == "INSUFFICIENT_FUNDS"

    # The institution refuses the month, so the money is free again.
    scene.exchange.reply("ID.BPJSTK", MessageKind.CONTRIBUTION_REMITTANCE, refused)
    await scene.remit(allocation)
    await scene.deliver()

    assert await scene.balances(donation) == (A_MONTH, 0, 0, 0)
    with pytest.raises(FundsInsufficient) as again:
        await funding.donation_refund(scene.context(), key, too_much)
    assert (again.value.available, again.value.asked) == (rupiah(0), rupiah(A_MONTH))
    assert await refusal_code(funding.donation_refund(scene.context(), scene.key(), too_much)) == ""


async def test_a_refund_of_more_than_is_available_is_refused_and_the_rest_can_still_go_back(scene: Scene) -> None:
    donation = await scene.donation(6 * A_MONTH + 100)
    await scene.allocate(donation, (await scene.nominate(donation.fund_id, scene.lines(1))).id)
    too_much = funding.DonationRefund(donation_id=donation.id, amount=rupiah(101))
    available = funding.DonationRefund(donation_id=donation.id, amount=rupiah(100))

    assert await refusal_code(funding.donation_refund(scene.context(), scene.key(), too_much)) == "INSUFFICIENT_FUNDS"
    await funding.donation_refund(scene.context(), scene.key(), available)

    assert await scene.balances(donation) == (0, 6 * A_MONTH, 0, 100)


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1, 10**30])
async def test_an_amount_that_is_no_gift_is_refused_and_nothing_is_posted(scene: Scene, amount: int) -> None:
    command = await gift(scene, amount)
    before = await scene.counts()

    code = await refusal_code(funding.donation_record(scene.context(), scene.key(), command))

    assert code == "AMOUNT_OUT_OF_RANGE"
    assert await scene.counts() == before | {"idempotency_keys": before["idempotency_keys"] + 1}


async def test_a_gift_in_another_currency_than_the_fund_s_is_refused(scene: Scene) -> None:
    made = await scene.donation(1)
    command = funding.DonationRecord(
        donor_id=made.donor_id,
        fund_id=made.fund_id,
        amount=Money(100, Currency.MYR),
        received_on=made.received_on,
        terms=made.terms,
    )

    assert await refusal_code(funding.donation_record(scene.context(), scene.key(), command)) == "CURRENCY_MISMATCH"


async def test_a_donor_cannot_promise_in_another_donor_s_name(scene: Scene) -> None:
    donation = await scene.donation(1)
    mine = donor_actor(await scene.donor())
    command = funding.PledgeRecord(
        donor_id=donation.donor_id, fund_id=donation.fund_id, amount=rupiah(5), pledged_on=donation.received_on
    )

    assert await refusal_code(funding.pledge_record(scene.context(mine), scene.key(), command)) == "NOT_FOUND"


async def test_a_donor_sees_no_statement_of_another_donor_s_gift(scene: Scene) -> None:
    donation = await scene.donation(1_000)
    mine = donor_actor(await scene.donor())

    assert await funding.statements(scene.context(mine), [donation.id]) == {}
    assert await funding.months_of_figures(scene.context(mine), [donation.id]) == {}
    assert await refusal_code(funding.donation(scene.context(mine), donation.id)) == "NOT_FOUND"
