"""Moves, from the announcement to each of their ends, with institutions that answer as they are told."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from domain.countries import MemberState
from domain.errors import LandingNotPossible
from domain.exchange import MessageKind
from domain.funding import Terms
from domain.money import Currency, Money
from domain.move_steps import MoveStep
from domain.moves import MovePlan
from domain.plain import to_plain
from domain.records import Move
from resolvers import moves, workers
from resolvers.deliveries import end_silent_moves
from tests.support.databases import Databases
from tests.support.institutions import accepted, down, pending, refused, returning
from tests.support.scene import (
    A_MONTH,
    MOVE_ON,
    OFFICER_ID,
    OFFICER_MY,
    OFFICER_TH,
    PACK,
    SCHEMES,
    SYSTEM,
    CoveredWorker,
    Scene,
    covered_worker,
    donor_actor,
    refusal_code,
    rupiah,
    worker_actor,
)

ANNOUNCEMENT = ("MY.SOCSO", MessageKind.MOVE_ANNOUNCEMENT)
HANDOVER = ("ID.BPJSTK", MessageKind.COVER_HANDOVER)
REMITTANCE = ("ID.BPJSTK", MessageKind.CONTRIBUTION_REMITTANCE)
DAY_BEFORE = MOVE_ON - dt.timedelta(days=1)
UNUSED = 2 * A_MONTH
"""November and December: the month of the move itself is used up."""


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test: messages that one leaves due would be delivered by the next."""
    with databases.copy() as url:
        yield url


@dataclass(frozen=True, slots=True)
class Cover:
    """By which schemes a worker is covered the day before a move, on its day and well after it."""

    before: set[str]
    on: set[str]
    after: set[str]


async def cover(scene: Scene, worker: CoveredWorker) -> Cover:
    days = (DAY_BEFORE, MOVE_ON, dt.date(2026, 6, 1))
    return Cover(*[await scene.schemes_on(worker.id, day) for day in days])


async def everything_adds_up(scene: Scene, worker: CoveredWorker) -> None:
    """What holds after each end of a move: no day of an unexplained gap, totals from transfers, chains whole."""
    day = dt.date(2025, 7, 1)
    while day <= dt.date(2025, 12, 31):
        assert await scene.schemes_on(worker.id, day), f"no cover on {day}"
        day += dt.timedelta(days=15)
    assert (await scene.statement(worker.donation)).adds_up
    assert await scene.chains_are_whole()
    pending = "SELECT 1 FROM ledger_accounts WHERE pending_debits <> 0 AND owner_id = :id"
    left = await scene.rows(pending, id=worker.donation.id)
    unsettled = "SELECT 1 FROM ledger_pendings p JOIN remittances r ON r.pending_transfer_id = p.transfer_id "
    unsettled += "JOIN allocations a ON a.id = r.allocation_id WHERE p.settled < p.amount AND a.donation_id = :id"
    assert len(left) == len(await scene.rows(unsettled, id=worker.donation.id)) == 0


async def kept_as_it_was(scene: Scene, worker: CoveredWorker) -> None:
    """A move that was not made leaves the months, the cover and the money as they were."""
    months = await scene.rows(
        "SELECT 1 FROM contribution_months WHERE worker_id = :id AND superseded_at IS NULL", id=worker.id
    )
    assert len(months) == 12
    assert (await cover(scene, worker)).on == set(SCHEMES)
    assert await scene.balances(worker.donation) == (PACK, 0, 6 * A_MONTH, 0)
    assert await scene.rows("SELECT 1 FROM certificates WHERE worker_id = :id", id=worker.id) == []
    await everything_adds_up(scene, worker)


# --- made ---------------------------------------------------------------------------------------------------


async def test_a_move_that_everybody_accepts_hands_the_cover_over_at_midnight(scene: Scene) -> None:
    worker = await covered_worker(scene)

    move = await scene.move(worker.id, OFFICER_ID)
    await scene.deliver()

    assert await scene.step(move) is MoveStep.COMPLETED
    found = await cover(scene, worker)
    assert set(SCHEMES) <= found.before
    assert not set(SCHEMES) & found.on
    assert "MY.SOCSO.CAT1" in found.on
    assert "MY.SOCSO.CAT1" not in found.before
    assert "MY.SOCSO.CAT1" in found.after
    await everything_adds_up(scene, worker)


async def test_the_money_of_a_move_is_the_pack_sent_and_the_unused_months_returned(scene: Scene) -> None:
    worker = await covered_worker(scene)

    await scene.move(worker.id)
    await scene.deliver()

    assert await scene.balances(worker.donation) == (UNUSED, 0, 4 * A_MONTH + PACK, 0)
    told = await scene.statement(worker.donation)
    assert (told.person_months_covered, told.person_months_term) == (4, 31)


async def test_nothing_of_the_cover_changes_before_the_last_answer(scene: Scene) -> None:
    worker = await covered_worker(scene)
    scene.exchange.reply(*HANDOVER, pending)

    move = await scene.move(worker.id)
    await scene.deliver_once()
    await scene.settle_once()
    await scene.deliver_once()

    assert await scene.step(move) is MoveStep.DESTINATION_ACCEPTED
    assert (await cover(scene, worker)).on == set(SCHEMES)
    assert await scene.balances(worker.donation) == (0, PACK, 6 * A_MONTH, 0)


async def test_the_handover_says_what_ends_what_opens_and_what_is_asked_back(scene: Scene) -> None:
    worker = await covered_worker(scene)

    await scene.move(worker.id)
    await scene.deliver()

    (told,) = scene.exchange.of_kind(MessageKind.COVER_HANDOVER)
    assert told.ends_on == DAY_BEFORE
    assert set(told.ends) == set(SCHEMES)
    assert told.price == rupiah(PACK)
    assert sorted((str(m.month), m.scheme_id, m.amount.minor_units) for m in told.returns) == [
        ("2025-11", "ID.JKK", 10_000),
        ("2025-11", "ID.JKM", 6_800),
        ("2025-12", "ID.JKK", 10_000),
        ("2025-12", "ID.JKM", 6_800),
    ]


async def test_the_certificate_names_what_institutions_confirmed_and_that_they_are_simulated(scene: Scene) -> None:
    worker = await covered_worker(scene)

    await scene.move(worker.id)
    await scene.deliver()

    certificate = await scene.certificate(worker.id)
    assert certificate.legislation is MemberState.MY
    assert certificate.simulated
    assert "MY.SOCSO.CAT1" in {part.scheme_id for part in certificate.covers}


async def test_the_move_lets_both_states_see_the_worker_and_no_third(scene: Scene) -> None:
    worker = await covered_worker(scene)
    assert not await scene.sees(OFFICER_MY, worker.passport)

    await scene.move(worker.id)
    await scene.deliver()

    assert await scene.sees(OFFICER_MY, worker.passport)
    assert await scene.sees(OFFICER_ID, worker.passport)
    assert not await scene.sees(OFFICER_TH, worker.passport)


async def test_less_given_back_than_asked_is_what_the_fund_gets_and_the_rest_stays_sent(scene: Scene) -> None:
    worker = await covered_worker(scene)
    scene.exchange.reply(*HANDOVER, returning(rupiah(12_000)))

    move = await scene.move(worker.id)
    await scene.deliver()

    assert await scene.step(move) is MoveStep.COMPLETED
    assert await scene.balances(worker.donation) == (12_000, 0, 6 * A_MONTH + PACK - 12_000, 0)
    await everything_adds_up(scene, worker)


async def test_nothing_given_back_leaves_all_of_it_sent(scene: Scene) -> None:
    worker = await covered_worker(scene)
    scene.exchange.reply(*HANDOVER, returning(rupiah(0)))

    await scene.move(worker.id)
    await scene.deliver()

    assert await scene.balances(worker.donation) == (0, 0, 6 * A_MONTH + PACK, 0)
    await everything_adds_up(scene, worker)


@pytest.mark.parametrize(
    "returned",
    [rupiah(UNUSED + 1), rupiah(-1), Money(5, Currency.MYR), None],
    ids=["more than asked", "less than nothing", "another currency", "not said"],
)
async def test_a_handover_that_returns_what_was_not_asked_waits_for_a_person_and_moves_no_money(
    scene: Scene, returned: Money | None
) -> None:
    worker = await covered_worker(scene)
    scene.exchange.reply(*HANDOVER, lambda message: accepted(message, returned_total=returned))

    move = await scene.move(worker.id)
    await scene.deliver()

    assert await scene.step(move) is MoveStep.DESTINATION_ACCEPTED
    assert await scene.balances(worker.donation) == (0, PACK, 6 * A_MONTH, 0)
    assert (await cover(scene, worker)).on == set(SCHEMES)
    parked = await scene.rows("SELECT 1 FROM messages WHERE subject_id = :id AND state = 'parked'", id=move.id)
    assert len(parked) == 1


async def test_months_that_were_never_sent_are_released_and_not_asked_back(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH + PACK)
    more = await scene.donation(6 * A_MONTH, worker.donation.fund_id)
    rows = await scene.rows("SELECT nomination_id FROM allocations WHERE id = :id", id=worker.allocation.id)
    later = await scene.allocate(more, rows[0].nomination_id, "2026-01", "2026-06")
    assert await scene.balances(more) == (6 * A_MONTH - later.amount.minor_units, later.amount.minor_units, 0, 0)

    await scene.move(worker.id)
    await scene.deliver()

    (told,) = scene.exchange.of_kind(MessageKind.COVER_HANDOVER)
    assert {str(month.month) for month in told.returns} == {"2025-11", "2025-12"}
    assert await scene.balances(more) == (6 * A_MONTH, 0, 0, 0)
    assert {batch.state for batch in await scene.remittances(later)} == {"released"}
    assert await scene.balances(worker.donation) == (UNUSED, 0, 4 * A_MONTH + PACK, 0)
    await everything_adds_up(scene, worker)


async def test_the_others_of_a_batch_are_paid_when_one_of_it_moved_before_it_was_sent(scene: Scene) -> None:
    worker = await covered_worker(scene, sent=False, beside=2)

    move = await scene.move(worker.id, fund_id=worker.donation.fund_id)
    await scene.deliver()
    assert await scene.step(move) is MoveStep.COMPLETED
    await scene.remit(worker.allocation)
    await scene.deliver()

    sent = scene.exchange.of_kind(MessageKind.CONTRIBUTION_REMITTANCE)
    assert {str(m.month): len(m.lines) for m in sent} == {
        "2025-07": 3, "2025-08": 3, "2025-09": 3, "2025-10": 3, "2025-11": 2, "2025-12": 2,
    }  # fmt: skip
    assert await scene.balances(worker.donation) == (UNUSED, 0, 16 * A_MONTH + PACK, 0)


# --- the months of a mover are on their way while the move is made --------------------------------------------


async def test_months_that_are_sent_after_the_plan_was_made_are_neither_lost_nor_paid_twice(scene: Scene) -> None:
    worker = await covered_worker(scene, sent=False)
    move = await scene.move(worker.id, fund_id=worker.donation.fund_id)

    await scene.remit(worker.allocation)
    await scene.deliver()

    assert await scene.step(move) is MoveStep.COMPLETED
    assert await scene.rows("SELECT 1 FROM messages WHERE state = 'parked'") == []
    available, reserved, sent, _ = await scene.balances(worker.donation)
    assert reserved == 0
    assert available + sent == 6 * A_MONTH + PACK
    assert sent in (4 * A_MONTH + PACK, 6 * A_MONTH + PACK)


async def test_a_worker_whose_months_wait_for_an_answer_moves_once_it_came(scene: Scene) -> None:
    worker = await covered_worker(scene, sent=False)
    scene.exchange.reply(*REMITTANCE, pending)
    await scene.remit(worker.allocation)
    await scene.deliver_once()
    assert await refusal_code(scene.move(worker.id, fund_id=worker.donation.fund_id)) == "STATE_CONFLICT"

    scene.exchange.reply(*REMITTANCE, accepted)
    scene.clock.advance(hours=1)
    await scene.deliver()
    move = await scene.move(worker.id)
    await scene.deliver()

    assert await scene.step(move) is MoveStep.COMPLETED
    assert await scene.balances(worker.donation) == (UNUSED, 0, 4 * A_MONTH + PACK, 0)


# --- not made -------------------------------------------------------------------------------------------------


async def test_a_destination_that_refuses_leaves_everything_as_it_was(scene: Scene) -> None:
    worker = await covered_worker(scene)
    scene.exchange.reply(*ANNOUNCEMENT, refused)

    move = await scene.move(worker.id)
    await scene.deliver()

    assert await scene.step(move) is MoveStep.DESTINATION_REFUSED
    assert scene.exchange.of_kind(MessageKind.COVER_HANDOVER) == []
    assert scene.exchange.of_kind(MessageKind.MOVE_WITHDRAWAL) == []
    await kept_as_it_was(scene, worker)


async def test_a_destination_that_refused_has_no_reason_to_see_the_worker_any_more(scene: Scene) -> None:
    worker = await covered_worker(scene)
    scene.exchange.reply(*ANNOUNCEMENT, refused)

    await scene.move(worker.id)
    assert await scene.sees(OFFICER_MY, worker.passport)
    await scene.deliver()

    assert not await scene.sees(OFFICER_MY, worker.passport)


async def test_a_home_institution_that_refuses_has_the_announcement_taken_back(scene: Scene) -> None:
    worker = await covered_worker(scene)
    scene.exchange.reply(*HANDOVER, refused)

    move = await scene.move(worker.id)
    await scene.deliver()

    assert await scene.step(move) is MoveStep.HOME_REFUSED
    (announced,) = scene.exchange.of_kind(MessageKind.MOVE_ANNOUNCEMENT)
    (taken_back,) = scene.exchange.of_kind(MessageKind.MOVE_WITHDRAWAL)
    assert (taken_back.institution_id, taken_back.announced_id) == ("MY.SOCSO", announced.message_id)
    await kept_as_it_was(scene, worker)


async def moves_ended(scene: Scene) -> int:
    """How many silent moves a sweep at this instant ends."""
    return await end_silent_moves(scene.context(SYSTEM))


async def test_a_move_whose_destination_is_silent_past_the_limit_is_undone(scene: Scene) -> None:
    worker = await covered_worker(scene)
    scene.exchange.reply(*ANNOUNCEMENT, pending)
    move = await scene.move(worker.id)
    await scene.deliver_once()
    scene.clock.advance(days=13, hours=23)
    assert await moves_ended(scene) == 0

    scene.clock.advance(hours=2)
    assert await moves_ended(scene) == 1
    await scene.deliver()

    assert await scene.step(move) is MoveStep.DESTINATION_SILENT
    assert len(scene.exchange.of_kind(MessageKind.MOVE_WITHDRAWAL)) == 1
    assert await moves_ended(scene) == 0
    await kept_as_it_was(scene, worker)


async def test_an_answer_after_the_end_changes_nothing(scene: Scene) -> None:
    worker = await covered_worker(scene)
    scene.exchange.reply(*ANNOUNCEMENT, pending)
    move = await scene.move(worker.id)
    await scene.deliver_once()
    (announced,) = scene.exchange.of_kind(MessageKind.MOVE_ANNOUNCEMENT)
    scene.clock.advance(days=15)
    await moves_ended(scene)

    async with scene.context(SYSTEM).writing() as work:
        await work.messages.keep_answers([accepted(announced)], scene.clock.now())
    await scene.deliver()

    assert await scene.step(move) is MoveStep.DESTINATION_SILENT
    assert scene.exchange.of_kind(MessageKind.COVER_HANDOVER) == []
    await kept_as_it_was(scene, worker)


async def test_a_destination_that_may_have_got_the_announcement_is_told_that_the_move_is_off(scene: Scene) -> None:
    # The line broke after the message was sent: nobody knows whether it arrived.
    worker = await covered_worker(scene)
    scene.exchange.reply(*ANNOUNCEMENT, down)
    await scene.move(worker.id)
    await scene.deliver()
    assert len(scene.exchange.of_kind(MessageKind.MOVE_ANNOUNCEMENT)) >= 1

    scene.clock.advance(days=15)
    await moves_ended(scene)
    scene.clock.advance(days=1)
    await scene.deliver()

    assert len(scene.exchange.of_kind(MessageKind.MOVE_WITHDRAWAL)) == 1
    await kept_as_it_was(scene, worker)


async def test_a_destination_that_was_never_told_is_not_told_that_the_move_is_off(scene: Scene) -> None:
    worker = await covered_worker(scene)
    await scene.move(worker.id)

    scene.clock.advance(days=15)
    await moves_ended(scene)
    await scene.deliver()

    assert scene.exchange.of_kind(MessageKind.MOVE_ANNOUNCEMENT) == []
    assert scene.exchange.of_kind(MessageKind.MOVE_WITHDRAWAL) == []
    await kept_as_it_was(scene, worker)


async def test_after_a_move_that_was_not_made_the_worker_can_move_again(scene: Scene) -> None:
    worker = await covered_worker(scene)
    scene.exchange.reply(*ANNOUNCEMENT, refused)
    await scene.move(worker.id)
    await scene.deliver()
    scene.exchange.reply(*ANNOUNCEMENT, accepted)

    again = await scene.move(worker.id)
    await scene.deliver()

    assert await scene.step(again) is MoveStep.COMPLETED
    await everything_adds_up(scene, worker)


# --- not begun ------------------------------------------------------------------------------------------------


async def plan(scene: Scene, worker: CoveredWorker, **changes: object) -> MovePlan:
    return await moves.move_plan(scene.context(), scene.move_command(worker.id, **changes))


async def test_asking_for_a_plan_leaves_a_trace_and_changes_nothing(scene: Scene) -> None:
    worker = await covered_worker(scene)
    before = await scene.counts()

    found = await plan(scene, worker)

    after = await scene.counts()
    assert after == before | {"access_records": before["access_records"] + 1}
    assert (found.obstacle, found.cost_to_fund, found.returned_to_fund) == ("", rupiah(PACK), rupiah(UNUSED))


async def test_a_move_that_no_donation_can_pay_is_not_possible_and_reserves_nothing(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH + PACK - 1)
    before = await scene.counts()

    with pytest.raises(LandingNotPossible) as told:
        await scene.move(worker.id)

    assert "370" in told.value.why
    assert await scene.counts() == before | {"idempotency_keys": before["idempotency_keys"] + 1}


async def test_a_donation_that_does_not_follow_movers_pays_no_pack(scene: Scene) -> None:
    worker = await covered_worker(scene, terms=Terms(follows_movers=False))

    assert await refusal_code(scene.move(worker.id)) == "LANDING_NOT_POSSIBLE"
    assert await scene.balances(worker.donation) == (PACK, 0, 6 * A_MONTH, 0)


async def test_a_second_move_while_one_is_open_is_refused(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH + 2 * PACK)
    await scene.move(worker.id)

    assert await refusal_code(scene.move(worker.id)) == "STATE_CONFLICT"
    assert await scene.balances(worker.donation) == (PACK, PACK, 6 * A_MONTH, 0)


async def test_the_same_key_twice_is_one_move(scene: Scene) -> None:
    worker = await covered_worker(scene, amount=6 * A_MONTH + 2 * PACK)
    key, command = scene.key(), scene.move_command(worker.id)

    first = await moves.worker_move(scene.context(), key, command)
    second = await moves.worker_move(scene.context(), key, command)

    assert first.id == second.id
    assert await scene.balances(worker.donation) == (PACK, PACK, 6 * A_MONTH, 0)


async def test_a_worker_whom_the_actor_may_not_see_cannot_be_moved_nor_planned(scene: Scene) -> None:
    worker = await covered_worker(scene)
    stranger = worker_actor(worker.donation.id)

    for actor in (OFFICER_MY, OFFICER_TH, stranger):
        context, command = scene.context(actor), scene.move_command(worker.id)
        assert await refusal_code(moves.move_plan(context, command)) == "NOT_FOUND"
        assert await refusal_code(moves.worker_move(context, scene.key(), command)) == "NOT_FOUND"
    donor = scene.context(donor_actor(worker.donation.donor_id))
    assert await refusal_code(moves.move_plan(donor, scene.move_command(worker.id))) == "FORBIDDEN"


async def test_workers_move_themselves(scene: Scene) -> None:
    worker = await covered_worker(scene)

    move = await scene.move(worker.id, worker_actor(worker.id))

    assert move.worker_id == worker.id


async def test_a_move_is_hidden_from_those_who_may_not_see_the_worker(scene: Scene) -> None:
    worker = await covered_worker(scene)
    move: Move = await scene.move(worker.id)

    assert await refusal_code(moves.move_of(scene.context(OFFICER_TH), move.id)) == "NOT_FOUND"
    assert await refusal_code(moves.move_of(scene.context(OFFICER_MY), move.id)) == ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to_state": MemberState.ID}, "PERIOD_INVALID"),
        ({"contract_months": 0}, "PERIOD_INVALID"),
        ({"contract_months": -3}, "PERIOD_INVALID"),
        ({"contract_months": 2**31 - 1}, "PERIOD_INVALID"),
        ({"decided_on": dt.date(2025, 10, 17)}, "PERIOD_INVALID"),
        ({"to_state": MemberState.TH}, "RULE_UNKNOWN"),
        ({"move_on": dt.date(1900, 1, 1), "decided_on": dt.date(1900, 1, 1)}, "RULE_NOT_IN_FORCE"),
    ],
    ids=["same state", "no month", "less than no month", "endless", "decided later", "no rules", "long ago"],
)
async def test_a_move_that_cannot_be_planned_is_refused_with_a_code(
    scene: Scene, changes: dict[str, object], code: str
) -> None:
    worker = await covered_worker(scene)

    assert await refusal_code(plan(scene, worker, **changes)) == code


@pytest.mark.parametrize("move_on", [dt.date(9999, 12, 31), dt.date(9998, 6, 1)], ids=str)
async def test_a_move_at_the_end_of_the_calendar_is_refused(scene: Scene, move_on: dt.date) -> None:
    worker = await covered_worker(scene)

    assert await refusal_code(plan(scene, worker, move_on=move_on)) == "PERIOD_INVALID"


async def test_a_route_that_the_law_does_not_know_is_refused_or_an_obstacle(scene: Scene) -> None:
    worker = await covered_worker(scene)

    assert await refusal_code(scene.move(worker.id, route="by boat")) != ""


async def test_an_officer_who_may_see_a_worker_of_another_state_can_still_not_move_them(scene: Scene) -> None:
    worker = await covered_worker(scene)
    await scene.move(worker.id)
    await scene.deliver()
    assert await scene.sees(OFFICER_MY, worker.passport)

    code = await refusal_code(scene.move(worker.id, OFFICER_MY, move_on=MOVE_ON + dt.timedelta(days=800)))

    assert code == "FORBIDDEN"


@pytest.mark.parametrize("who", ["worker", "officer"])
async def test_only_an_operator_may_have_another_fund_pay_than_the_one_that_paid_before(scene: Scene, who: str) -> None:
    worker = await covered_worker(scene)
    stranger = await scene.donation(1_000_000)
    actor = worker_actor(worker.id) if who == "worker" else OFFICER_ID

    code = await refusal_code(scene.move(worker.id, actor, fund_id=stranger.fund_id))

    assert code == "NOT_FOUND"
    assert (await scene.balances(stranger))[0] == 1_000_000
    assert (await scene.move(worker.id, fund_id=stranger.fund_id)).step is MoveStep.ANNOUNCED


async def test_an_officer_cannot_put_another_document_of_a_state_not_theirs_in_its_place(scene: Scene) -> None:
    worker = await covered_worker(scene)
    await scene.move(worker.id)
    await scene.deliver()
    other = replace(worker.passport, value="C7654321")
    command = workers.IdentifierRecord(worker_id=worker.id, identifier=other)

    code = await refusal_code(workers.identifier_record(scene.context(OFFICER_MY), scene.key(), command))

    assert code == "FORBIDDEN"
    assert await scene.sees(OFFICER_ID, worker.passport)


async def test_what_a_key_was_used_for_is_not_kept_as_a_plain_digest_that_could_be_guessed(scene: Scene) -> None:
    worker = await covered_worker(scene)
    command = workers.IdentifierRecord(worker_id=worker.id, identifier=replace(worker.passport, value="C7654321"))
    plain = json.dumps(to_plain(command), sort_keys=True, separators=(",", ":"))

    await workers.identifier_record(scene.context(), "a-key", command)
    await workers.identifier_record(scene.context(), "a-key", command)

    (row,) = await scene.rows("SELECT digest FROM idempotency_keys WHERE key = :key", key="a-key")
    assert bytes(row.digest) != hashlib.sha256(plain.encode()).digest()
