"""Moves: asking for a plan, and making it. What follows once institutions answer is in resolvers/handover.py."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.actors import ActorKind
from domain.countries import MemberState
from domain.eligibility import PersonFacts
from domain.errors import LandingNotPossible, NotFound, NotPermitted, PeriodInvalid, StateConflict
from domain.exchange import MessageKind
from domain.funding import Allocation, AllocationKind, Purse
from domain.ledger import AccountKind
from domain.money import Money
from domain.move_steps import MoveStep, StepTaken
from domain.moves import MoveFacts, MovePlan, MoveQuestion, plan_move
from domain.periods import Month
from domain.records import Enrolment, Move, QueuedMessage, Remittance, Worker
from domain.schemes import Sector
from domain.stores import UnitOfWork
from resolvers.allocations import reserve
from resolvers.context import Context, found_or_refused, permit
from resolvers.once import once
from resolvers.outbox import message_due
from resolvers.purposes import check_purpose
from resolvers.traces import trace

_YEARS = range(1900, 9001)
"""Outside them no law is known, and the longest contract with the cover around it would leave the calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerMove:
    """Command and question: a worker takes work in another member state.

    sector: of the work abroad. wage: of one month abroad in the host's currency, if known. decided_on: the
    day on which it is decided and a pack would be paid. fund_id: which fund pays; the one that paid the
    worker's latest month if None, and no other but for operators.
    """

    worker_id: UUID
    to_state: MemberState
    move_on: dt.date
    contract_months: int
    route: str
    sector: Sector
    wage: Money | None
    decided_on: dt.date
    fund_id: UUID | None


async def move_plan(context: Context, command: WorkerMove) -> MovePlan:
    """The plan of a move, without doing anything. Raises NotFound and the refusals of plan_move."""
    permit(context, "movePlan")
    check_purpose(context, "movePlan")
    async with context.writing() as work:
        plan, _ = await _planned(context, work, command, lock=False)
        await trace(context, work, command.worker_id, "movePlan")
        return plan


async def worker_move(context: Context, key: str, command: WorkerMove) -> Move:
    """Make the move: reserve the pack's money and announce the worker to the destination, in one unit of work.

    Nothing of the worker's cover changes until the institutions have answered. Raises NotFound, StateConflict
    while another move of the worker is open, LandingNotPossible with the plan's obstacle.
    """
    permit(context, "workerMove")

    async def act(work: UnitOfWork) -> UUID:
        plan, purses = await _planned(context, work, command, lock=True)
        if await work.moves.open_move_of(command.worker_id) is not None:
            raise StateConflict(what="worker", state="already moving", needed="no open move")
        if await work.contributions.months_under_way(command.worker_id):
            needed = "no payment that waits for the institution's answer"
            raise StateConflict(what="worker", state="being paid for", needed=needed)
        if plan.obstacle:
            raise LandingNotPossible(why=plan.obstacle.rstrip("."))
        told = announced_institutions(context, plan)
        allocation_id = await _reserve_pack(context, work, plan, purses)
        move = _announced(context, plan, allocation_id)
        await work.moves.add(move)
        await work.messages.write([_announcement(context, move, plan, told_one) for told_one in told])
        return move.id

    return await move_of(context, await once(context, "workerMove", key, command, act))


async def move_of(context: Context, move_id: UUID) -> Move:
    """One move of a worker whom the actor may see. Raises NotFound."""
    permit(context, "move")
    check_purpose(context, "move")
    async with context.writing() as work:
        found = (await work.moves.moves([move_id])).get(move_id)
        if found is None or await work.workers.worker(found.worker_id) is None:
            raise NotFound(kind="move")
        await trace(context, work, found.worker_id, "move")
        return found


def announced_institutions(context: Context, plan: MovePlan) -> tuple[str, ...]:
    """The destination's institutions that take announcements; entries of others wait for the employer."""
    institutions = dict.fromkeys(entry.institution_id for entry in plan.host_entries)
    return tuple(institution for institution in institutions if institution in context.reached)


def _handover_obstacle(context: Context, plan: MovePlan) -> str:
    """Why the institutions cannot be told of the move, empty if they can."""
    if not announced_institutions(context, plan):
        return "no institution of the destination can be reached"
    homes = {context.rulebook.scheme(scheme_id).institution_id for scheme_id, _ in plan.ends}
    if homes and plan.pack is None:
        return "the home state has no pack for workers abroad that a handover could open"
    if plan.pack is not None and homes - {plan.pack.institution_id}:
        return "cover at another home institution must be ended first"
    return ""


async def _planned(
    context: Context, work: UnitOfWork, command: WorkerMove, *, lock: bool
) -> tuple[MovePlan, Sequence[Purse]]:
    worker = found_or_refused(await work.workers.worker(command.worker_id), "worker")
    _check_releases(context, worker)
    if not {command.move_on.year, command.decided_on.year} <= set(_YEARS):
        raise PeriodInvalid(what="move", rule=f"its days are outside the years {_YEARS[0]} to {_YEARS[-1]}")
    person = await work.workers.person(worker.id, context.now)
    spells = (await work.coverage.spells_of([worker.id], context.now)).get(worker.id, ())
    enrolments = (await work.workers.enrolments_of([worker.id])).get(worker.id, ())
    prepaid = await work.contributions.prepaid_months(worker.id, Month.of(command.move_on))
    fund_id = await _paying_fund(context, work, command)
    fund = None if fund_id is None else await work.funding.fund(fund_id)
    purses = () if fund is None else await _purses(work, fund.id, lock=lock)
    question = MoveQuestion(
        worker_id=worker.id,
        person=PersonFacts(
            birth_date=person.birth_date,
            birth_precision=person.birth_precision,
            nationality=worker.nationality,
            sector=command.sector,
            first_entry_on=_first_entry(context, enrolments, command),
        ),
        from_state=worker.home_state,
        to_state=command.to_state,
        move_on=command.move_on,
        contract_months=command.contract_months,
        route=command.route,
        wage=command.wage,
        decided_on=command.decided_on,
    )
    current = [e for e in enrolments if e.last_day is None or e.last_day >= command.move_on]
    facts = MoveFacts(
        spells=spells,
        segments=tuple(dict.fromkeys((e.scheme_id, e.segment_id) for e in current)),
        prepaid=prepaid,
        purses=tuple(purses),
        fund_name="No fund" if fund is None else fund.name,
    )
    plan = plan_move(question, facts, context.rulebook)
    return replace(plan, obstacle=plan.obstacle or _handover_obstacle(context, plan)), purses


def _check_releases(context: Context, worker: Worker) -> None:
    """Of officers, only those of the state that loses the worker may plan or make a move; none can take one."""
    if context.actor.kind is ActorKind.OFFICER and context.actor.member_state is not worker.home_state:
        raise NotPermitted(actor_kind="officer of another state", operation="workerMove")


async def _paying_fund(context: Context, work: UnitOfWork, command: WorkerMove) -> UUID | None:
    """The fund that paid the worker's latest month; only an operator may name another one."""
    own = await work.contributions.fund_of_worker(command.worker_id)
    if command.fund_id in (None, own):
        return own
    if context.actor.kind is not ActorKind.OPERATOR:
        raise NotFound(kind="fund")
    return command.fund_id


def _first_entry(context: Context, enrolments: Sequence[Enrolment], command: WorkerMove) -> dt.date:
    """The first day of insured work in the destination as far as it is known; the move at the latest."""
    there = [e.first_day for e in enrolments if context.rulebook.scheme(e.scheme_id).member_state is command.to_state]
    return min([*there, command.move_on])


async def _purses(work: UnitOfWork, fund_id: UUID, *, lock: bool) -> tuple[Purse, ...]:
    purses = await work.funding.purses(fund_id)
    if not lock or not purses:
        return purses
    accounts = await work.ledger.accounts_of([purse.donation.id for purse in purses])
    own = {owner: account for (owner, kind), account in accounts.items() if kind == AccountKind.DONATION.value}
    balances = await work.ledger.lock([account.id for account in own.values()])
    return tuple(replace(purse, balance=balances[own[purse.donation.id].id]) for purse in purses)


async def _reserve_pack(context: Context, work: UnitOfWork, plan: MovePlan, purses: Sequence[Purse]) -> UUID | None:
    """Reserve the pack's price on the donation that the plan chose; None if nobody has to pay."""
    pack, question = plan.pack, plan.question
    if pack is None or plan.donation_id is None:
        return None
    assert pack.quote is not None, "a pack has a price"
    assert any(purse.donation.id == plan.donation_id for purse in purses), "the payer is one of the purses"
    allocation = Allocation(
        id=context.new_id(),
        donation_id=plan.donation_id,
        kind=AllocationKind.PACK,
        segment_id=pack.segment_id,
        scheme_ids=(pack.scheme_id,),
        first_month=Month.of(pack.period.first_day),
        last_month=Month.of(pack.period.last_day or question.contract_last_day),
        workers=1,
        person_months=pack.quote.cover_months or 0,
        amount=plan.cost_to_fund,
        recorded_at=context.now,
    )
    await work.contributions.add_allocation(allocation, None, question.worker_id)
    accounts = await work.ledger.accounts_of([plan.donation_id])
    batch = Remittance(
        id=context.new_id(),
        allocation_id=allocation.id,
        institution_id=pack.institution_id,
        month=None,
        part=1,
        lines=1,
        amount=plan.cost_to_fund,
        pending_transfer_id=context.new_id(),
        state="reserved",
        reference="",
    )
    own = accounts[plan.donation_id, AccountKind.DONATION.value]
    remitted = accounts[plan.donation_id, AccountKind.REMITTED.value]
    await reserve(context, work, allocation.id, own, remitted, [batch])
    return allocation.id


def _announced(context: Context, plan: MovePlan, allocation_id: UUID | None) -> Move:
    move_id = context.new_id()
    step = StepTaken(
        move_id=move_id,
        step=MoveStep.ANNOUNCED,
        evidence="the plan was accepted and the destination is told",
        simulated=False,
        taken_at=context.now,
    )
    return Move(
        id=move_id,
        worker_id=plan.question.worker_id,
        plan=plan,
        allocation_id=allocation_id,
        steps=(step,),
        recorded_at=context.now,
    )


def _announcement(context: Context, move: Move, plan: MovePlan, institution_id: str) -> QueuedMessage:
    schemes = [e.scheme_id for e in plan.host_entries if e.institution_id == institution_id]
    return message_due(context, MessageKind.MOVE_ANNOUNCEMENT, move.id, institution_id, {"scheme_ids": schemes})
