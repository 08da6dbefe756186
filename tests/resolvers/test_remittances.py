"""From a donation to paid months: reserved, sent, answered; money and cover follow what the institution said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest

from domain.exchange import MessageKind
from domain.funding import Terms
from domain.periods import Month
from resolvers import allocations
from resolvers.context import Limits
from tests.support.databases import Databases
from tests.support.institutions import accepted, accepted_but_for, garbage, pending, refused
from tests.support.scene import (
    A_MONTH,
    OPERATOR,
    SCHEMES,
    SYSTEM,
    Scene,
    covered_worker,
    donor_actor,
    niks_in,
    refusal_code,
    rupiah,
)
from tests.support.statements import StatementCounter

REMITTANCE = ("ID.BPJSTK", MessageKind.CONTRIBUTION_REMITTANCE)


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test: messages that one leaves due would be delivered by the next."""
    with databases.copy() as url:
        yield url


async def test_an_allocation_reserves_each_worker_s_months_at_the_price_of_the_law(scene: Scene) -> None:
    donation = await scene.donation(3 * 6 * A_MONTH + 50)
    report = await scene.nominate(donation.fund_id, scene.lines(3))

    allocation = await scene.allocate(donation, report.id)

    assert (allocation.workers, allocation.person_months, allocation.amount) == (3, 18, rupiah(18 * A_MONTH))
    assert await scene.balances(donation) == (50, 18 * A_MONTH, 0, 0)
    batches = await scene.remittances(allocation)
    assert [(str(b.month), b.lines, b.amount, b.state) for b in batches] == [
        (f"2025-{month:02d}", 3, rupiah(3 * A_MONTH), "reserved") for month in range(7, 13)
    ]
    told = await scene.statement(donation)
    assert (told.person_months_covered, told.person_months_reserved) == (0, 18)


async def test_reserving_opens_no_cover(scene: Scene) -> None:
    worker = await covered_worker(scene, sent=False)

    assert await scene.schemes_on(worker.id, dt.date(2025, 8, 1)) == set()


async def test_an_acknowledgement_sends_the_money_and_opens_the_cover(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH)

    assert await scene.balances(worker.donation) == (0, 0, 6 * A_MONTH, 0)
    assert await scene.schemes_on(worker.id, dt.date(2025, 6, 30)) == set()
    assert await scene.schemes_on(worker.id, dt.date(2025, 7, 1)) == set(SCHEMES)
    assert await scene.schemes_on(worker.id, dt.date(2025, 12, 31)) == set(SCHEMES)
    told = await scene.statement(worker.donation)
    assert (told.person_months_covered, told.person_months_reserved) == (6, 0)
    assert {b.state for b in await scene.remittances(worker.allocation)} == {"accepted"}
    assert await scene.chains_are_whole()


async def test_a_large_allocation_is_sent_in_parts_that_add_up(scene: Scene) -> None:
    scene.limits = Limits(remittance_lines=4)
    donation = await scene.donation(10 * 2 * A_MONTH)
    report = await scene.nominate(donation.fund_id, scene.lines(10))

    allocation = await scene.allocate(donation, report.id, last="2025-08")
    await scene.remit(allocation)
    await scene.deliver()

    sent = scene.exchange.of_kind(MessageKind.CONTRIBUTION_REMITTANCE)
    assert sorted(len(message.lines) for message in sent) == [2, 2, 4, 4, 4, 4]
    assert sum(message.total.minor_units for message in sent) == allocation.amount.minor_units
    assert all([line.number for line in m.lines] == list(range(1, len(m.lines) + 1)) for m in sent)
    assert await scene.balances(donation) == (0, 0, 20 * A_MONTH, 0)


async def test_lines_that_the_institution_refuses_release_exactly_their_money_and_open_no_cover(scene: Scene) -> None:
    donation = await scene.donation(4 * A_MONTH)
    lines = scene.lines(4)
    report = await scene.nominate(donation.fund_id, lines)
    scene.exchange.reply(*REMITTANCE, accepted_but_for(2, 4))

    allocation = await scene.allocate(donation, report.id, last="2025-07")
    await scene.remit(allocation)
    await scene.deliver()

    assert await scene.balances(donation) == (2 * A_MONTH, 0, 2 * A_MONTH, 0)
    covered = [await scene.schemes_on(await scene.worker_of(nik), dt.date(2025, 7, 15)) for nik in niks_in(lines)]
    assert covered == [set(SCHEMES), set(), set(SCHEMES), set()]
    assert (await scene.statement(donation)).person_months_covered == 2


async def test_a_month_that_was_refused_can_be_paid_anew(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=12 * A_MONTH, sent=False)
    scene.exchange.reply(*REMITTANCE, refused)
    await scene.remit(worker.allocation)
    await scene.deliver()
    scene.exchange.reply(*REMITTANCE, accepted)
    assert await scene.balances(worker.donation) == (12 * A_MONTH, 0, 0, 0)

    report = await scene.rows("SELECT nomination_id FROM allocations WHERE id = :id", id=worker.allocation.id)
    again = await scene.allocate(worker.donation, report[0].nomination_id)
    await scene.remit(again)
    await scene.deliver()

    assert await scene.balances(worker.donation) == (6 * A_MONTH, 0, 6 * A_MONTH, 0)
    assert await scene.schemes_on(worker.id, dt.date(2025, 7, 1)) == set(SCHEMES)


async def test_a_remittance_refused_as_a_whole_frees_all_its_money_and_opens_no_cover(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH, sent=False)
    scene.exchange.reply(*REMITTANCE, refused)

    await scene.remit(worker.allocation)
    await scene.deliver()

    assert await scene.balances(worker.donation) == (6 * A_MONTH, 0, 0, 0)
    assert await scene.schemes_on(worker.id, dt.date(2025, 8, 1)) == set()
    assert {b.state for b in await scene.remittances(worker.allocation)} == {"refused"}
    told = await scene.statement(worker.donation)
    assert (told.person_months_covered, told.person_months_reserved) == (0, 0)


@pytest.mark.parametrize(
    "changes",
    [{"accepted_total": rupiah(A_MONTH - 1)}, {"accepted_total": rupiah(A_MONTH + 1)}, {"accepted_lines": 2}],
    ids=["less", "more", "other lines"],
)
async def test_an_institution_that_counts_otherwise_is_parked_and_nothing_is_posted(
    scene: Scene, changes: dict[str, object]
) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH, sent=False)
    scene.exchange.reply(*REMITTANCE, lambda message: accepted(message, **changes))

    await scene.remit(worker.allocation)
    await scene.deliver()

    assert await scene.balances(worker.donation) == (0, 6 * A_MONTH, 0, 0)
    assert {b.state for b in await scene.remittances(worker.allocation)} == {"parked"}
    assert await scene.schemes_on(worker.id, dt.date(2025, 8, 1)) == set()
    assert await scene.settle_once() == 0


async def test_one_answer_that_disagrees_does_not_hold_up_the_others(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH, sent=False)
    scene.exchange.reply(
        *REMITTANCE,
        lambda m: accepted(m, accepted_total=rupiah(1)) if m.month == Month.parse("2025-09") else accepted(m),  # type: ignore[union-attr]
    )

    await scene.remit(worker.allocation)
    await scene.deliver()

    assert await scene.balances(worker.donation) == (0, A_MONTH, 5 * A_MONTH, 0)


async def test_a_second_answer_to_the_same_remittance_changes_nothing(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH)
    message = scene.exchange.of_kind(MessageKind.CONTRIBUTION_REMITTANCE)[0]
    before = await scene.balances(worker.donation)

    async with scene.context(SYSTEM).writing() as work:
        await work.messages.keep_answers([refused(message)], scene.clock.now())
    await scene.deliver()

    assert await scene.balances(worker.donation) == before
    stands = await scene.rows(
        "SELECT stands FROM answers WHERE message_id = :id ORDER BY recorded_at", id=message.message_id
    )
    assert [row.stands for row in stands] == [True, False]


async def test_the_first_of_two_answers_that_come_before_either_had_an_effect_stands(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH, sent=False)
    await scene.remit(worker.allocation)
    await scene.deliver_once()
    messages = scene.exchange.of_kind(MessageKind.CONTRIBUTION_REMITTANCE)

    async with scene.context(SYSTEM).writing() as work:
        await work.messages.keep_answers([refused(message) for message in messages], scene.clock.now())
    await scene.deliver()

    assert await scene.balances(worker.donation) == (0, 0, 6 * A_MONTH, 0)


async def test_answers_that_come_out_of_order_give_the_same_cover(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH, sent=False)
    late = {Month.parse("2025-07"), Month.parse("2025-09")}
    scene.exchange.reply(*REMITTANCE, lambda m: pending(m) if m.month in late else accepted(m))  # type: ignore[union-attr]
    await scene.remit(worker.allocation)
    await scene.deliver()
    assert await scene.schemes_on(worker.id, dt.date(2025, 7, 15)) == set()
    assert await scene.balances(worker.donation) == (0, 2 * A_MONTH, 4 * A_MONTH, 0)

    scene.exchange.reply(*REMITTANCE, accepted)
    scene.clock.advance(hours=1)
    await scene.deliver()

    assert await scene.balances(worker.donation) == (0, 0, 6 * A_MONTH, 0)
    for day in (dt.date(2025, 7, 1), dt.date(2025, 9, 15), dt.date(2025, 12, 31)):
        assert await scene.schemes_on(worker.id, day) == set(SCHEMES)
    assert len(set(scene.exchange.asked_again)) == 2
    assert len(scene.exchange.of_kind(MessageKind.CONTRIBUTION_REMITTANCE)) == 6


async def test_an_answer_that_cannot_be_read_is_asked_for_again_and_then_left_to_a_person(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH, sent=False)
    scene.exchange.reply(*REMITTANCE, garbage)
    await scene.remit(worker.allocation)

    for _ in range(20):
        scene.clock.advance(minutes=5)
        await scene.deliver()

    assert {b.state for b in await scene.remittances(worker.allocation)} == {"parked"}
    assert await scene.balances(worker.donation) == (0, 6 * A_MONTH, 0, 0)


async def test_the_same_remittance_is_sent_with_the_same_content_at_each_attempt(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=A_MONTH * 6, sent=False)
    scene.exchange.reply(*REMITTANCE, garbage)
    await scene.remit(worker.allocation)
    await scene.deliver_once()
    await scene.passport(worker.id)
    scene.clock.advance(hours=1)
    await scene.deliver_once()

    first, again = scene.exchange.sent[:6], scene.exchange.sent[6:12]
    assert sorted(first, key=lambda m: m.message_id) == sorted(again, key=lambda m: m.message_id)


async def test_remitting_twice_sends_each_month_once(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH, sent=False)

    await scene.remit(worker.allocation)
    await scene.remit(worker.allocation)
    await scene.deliver()

    assert len(scene.exchange.of_kind(MessageKind.CONTRIBUTION_REMITTANCE)) == 6


async def test_the_donor_s_terms_are_held(scene: Scene) -> None:
    terms = Terms(scheme_ids=("ID.JKK",), first_month=Month.parse("2025-08"), last_month=Month.parse("2025-10"))
    donation = await scene.donation(10**8, terms=terms)
    report = await scene.nominate(donation.fund_id, scene.lines(1))
    only = {"scheme_ids": ("ID.JKK",)}

    assert await refusal_code(scene.allocate(donation, report.id, "2025-08", "2025-10")) == "TERMS_NOT_MET"
    assert await refusal_code(scene.allocate(donation, report.id, "2025-07", "2025-10", **only)) == "TERMS_NOT_MET"
    assert await refusal_code(scene.allocate(donation, report.id, "2025-08", "2025-11", **only)) == "TERMS_NOT_MET"
    assert await refusal_code(scene.allocate(donation, report.id, "2025-08", "2025-10", **only)) == ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scheme_ids": ()}, "VALUE_MISSING"),
        ({"scheme_ids": ("ID.NONE",)}, "RULE_UNKNOWN"),
        ({"scheme_ids": ("ID.JKK", "MY.SOCSO.CAT1")}, "RULE_UNKNOWN"),
        ({"segment_id": "nobody"}, "RULE_UNKNOWN"),
        ({"income": rupiah(-5)}, "AMOUNT_OUT_OF_RANGE"),
        ({"income": rupiah(10**30)}, "AMOUNT_OUT_OF_RANGE"),
        ({"first_month": Month.parse("2025-12"), "last_month": Month.parse("2025-07")}, "PERIOD_INVALID"),
        ({"last_month": Month.parse("2028-07")}, "LIMIT_EXCEEDED"),
        ({"first_month": Month.parse("1990-01"), "last_month": Month.parse("1990-02")}, "RULE_NOT_IN_FORCE"),
    ],
    ids=[
        "no scheme",
        "an unknown scheme",
        "two institutions",
        "an unknown segment",
        "less than no income",
        "an impossible income",
        "months backwards",
        "too many months",
        "before the law",
    ],
)
async def test_an_allocation_that_cannot_be_is_refused_with_a_code_and_reserves_nothing(
    scene: Scene, changes: dict[str, object], code: str
) -> None:
    donation = await scene.donation(10**9)
    report = await scene.nominate(donation.fund_id, scene.lines(1))
    before = await scene.counts()

    found = await refusal_code(scene.allocate(donation, report.id, **changes))  # type: ignore[arg-type]

    assert found == code
    assert await scene.counts() == before | {"idempotency_keys": before["idempotency_keys"] + 1}


async def test_a_scheme_that_is_named_twice_is_paid_once(scene: Scene) -> None:
    donation = await scene.donation(6 * A_MONTH)
    report = await scene.nominate(donation.fund_id, scene.lines(1))

    allocation = await scene.allocate(donation, report.id, scheme_ids=("ID.JKK", "ID.JKM", "ID.JKK"))

    assert (allocation.scheme_ids, allocation.amount) == (SCHEMES, rupiah(6 * A_MONTH))


async def test_a_list_of_another_fund_cannot_be_paid(scene: Scene) -> None:
    donation = await scene.donation(10**9)
    other = await scene.nominate(await scene.fund(), scene.lines(1))

    assert await refusal_code(scene.allocate(donation, other.id)) == "NOT_FOUND"


async def test_a_donor_allocates_their_own_gift_and_no_other(scene: Scene) -> None:
    donation = await scene.donation(10**9)
    report = await scene.nominate(donation.fund_id, scene.lines(1))
    command = scene.allocate_command(donation, report.id)
    other = donor_actor(await scene.donor())
    own = donor_actor(donation.donor_id)

    foreign = allocations.donation_allocate(scene.context(other), scene.key(), command)
    assert await refusal_code(foreign) == "NOT_FOUND"
    assert await refusal_code(allocations.donation_allocate(scene.context(own), scene.key(), command)) == ""


async def statements_of_a_life(scene: Scene, counted: Callable[[], StatementCounter], workers: int) -> list[list[str]]:
    """The statements of nomination, allocation, remittance, each delivery, and settling, for a number of workers."""
    donation = await scene.donation(workers * 2 * A_MONTH)
    lines = scene.lines(workers)
    taken: list[list[str]] = []
    with counted() as nominating:
        report = await scene.nominate(donation.fund_id, lines)
    with counted() as allocating:
        allocation = await scene.allocate(donation, report.id, last="2025-08")
    with counted() as remitting:
        await scene.remit(allocation)
    with counted() as delivering:
        await scene.deliver_once()
    with counted() as settling:
        await scene.settle_once()
    for counter in (nominating, allocating, remitting, delivering, settling):
        taken.append(sorted(counter.statements))
    assert (await scene.statement(donation)).person_months_covered == 2 * workers
    return taken


async def test_the_statements_are_the_same_for_5_and_for_500_workers(
    scene: Scene, counted: Callable[[], StatementCounter]
) -> None:
    few = await statements_of_a_life(scene, counted, 5)
    many = await statements_of_a_life(scene, counted, 500)

    assert [len(part) for part in many] == [len(part) for part in few]
    assert max(len(part) for part in many) <= 40
    assert scene.context(OPERATOR).limits.remittance_lines > 500
