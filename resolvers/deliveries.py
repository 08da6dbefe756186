"""Delivering messages and letting answers have their effect: what the delivery worker does, again and again.

Three steps, each of which may be cut off anywhere and done again: take due messages under a lease and send
them (no transaction is open meanwhile), keep what was answered, settle what was kept. The message id makes
the effect at the institution happen once, the standing answer makes it happen once here.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.errors import StateConflict, TryAgain
from domain.exchange import (
    Answer,
    AnswerOutcome,
    ContributionRemittance,
    CoverHandover,
    DeliveryFailed,
    DeliveryTrouble,
    Message,
    MessageKind,
    MoveAnnouncement,
    MoveWithdrawal,
    Pending,
    PersonOnWire,
    PrepaidReturn,
    RefusedLine,
    RemittanceLine,
)
from domain.ledger import TransactionKind, TransferKind
from domain.money import total
from domain.move_steps import MoveStep
from domain.periods import ONE_DAY
from domain.ports import Exchange
from domain.records import Move, QueuedMessage
from domain.stores import UnitOfWork
from resolvers.context import Context, permit
from resolvers.handover import post, settle_move, settlements, undo_move
from resolvers.once import audit, once

_SENT_AT_ONCE = 6
"""Messages that are taken and sent at the same time: their deadline is shorter than the lease."""
_SETTLED_AT_ONCE = 12
_LEASE_SECONDS = 30.0
"""A deliverer that died gives its messages back after this; one that is only slow loses nothing by it."""
_ATTEMPTS = 8
"""After so many attempts that the institution itself could have answered, a person has to look."""


async def deliver_due(context: Context, exchange: Exchange) -> int:
    """Send the messages that are due and keep the answers; returns how many were tried."""
    permit(context, "deliver")
    async with context.writing() as work:
        claimed = await work.messages.claim(context.now, limit=_SENT_AT_ONCE, lease_seconds=_LEASE_SECONDS)
    if not claimed:
        return 0
    results = await asyncio.gather(*(_deliver(context, exchange, message) for message in claimed))
    async with context.writing() as work:
        answers = [result for result in results if isinstance(result, Answer)]
        if answers:
            await work.messages.keep_answers(answers, context.now)
        await _rest(context, work, results)
        for message, result in zip(claimed, results, strict=True):
            await _note(context, work, message, result)
    return len(claimed)


async def settle_answers(context: Context) -> int:
    """Let answers that were kept have their effect, all of a batch together; returns how many."""
    permit(context, "settle")
    async with context.writing() as work:
        unsettled = await work.messages.unsettled(limit=_SETTLED_AT_ONCE)
        remitted = [pair for pair in unsettled if pair[0].kind is MessageKind.CONTRIBUTION_REMITTANCE]
        if remitted:
            await _apart(context, work, remitted, _guarded_remittances)
        for pair in unsettled:
            if pair[0].kind is not MessageKind.CONTRIBUTION_REMITTANCE:
                await _apart(context, work, [pair], _guarded_move)
        return len(unsettled)


async def end_silent_moves(context: Context) -> int:
    """Undo moves whose destination did not answer within the limit; the cover that is there stays."""
    permit(context, "endSilentMoves")
    before = context.now - dt.timedelta(days=context.limits.move_answer_days)
    async with context.writing() as work:
        silent = await work.moves.unanswered_since(before)
        moves = await work.moves.moves(silent, lock=True)
        announced = [move for move in moves.values() if move.step is MoveStep.ANNOUNCED]
        for move in announced:
            sent = await work.messages.of_subjects([move.id])
            await undo_move(context, work, move, sent, MoveStep.DESTINATION_SILENT, None)
        return len(announced)


async def messages_page(
    context: Context, state: str | None, *, after: UUID | None, limit: int
) -> tuple[QueuedMessage, ...]:
    """Messages to institutions, for the desk that looks at those which do not go through. Operators only."""
    permit(context, "messages")
    async with context.reading() as work:
        return await work.messages.page(state, after=after, limit=limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRetry:
    """Command: somebody looked at a parked message and wants it tried again."""

    message_id: UUID


async def message_retry(context: Context, key: str, command: MessageRetry) -> UUID:
    """Take a parked message up again, and settle its answer anew if one came. Operators only.

    Raises StateConflict for a message that is not parked (or not there).
    """
    permit(context, "messageRetry")

    async def act(work: UnitOfWork) -> UUID:
        if not await work.messages.retry(command.message_id, context.now):
            raise StateConflict(what="message", state="not parked", needed="a parked message")
        return command.message_id

    return await once(context, "messageRetry", key, command, act)


Result = Answer | Pending | DeliveryFailed | None


async def _deliver(context: Context, exchange: Exchange, queued: QueuedMessage) -> Result:
    try:
        async with context.reading() as work:
            message = await _written(work, queued)
    except Exception as error:
        # One message that cannot be written must not keep the others from being sent.
        return _not_written(queued, error)
    if message is None:
        return None
    try:
        if queued.state == "taken":
            return await exchange.answer_to(message)
        return await exchange.deliver(message)
    except DeliveryFailed as failed:
        return failed


def _not_written(queued: QueuedMessage, error: Exception) -> DeliveryFailed:
    return DeliveryFailed(
        institution_id=queued.institution_id,
        trouble=DeliveryTrouble.GARBAGE,
        peer_down=False,
        retry_after_seconds=None,
        remark=f"the message could not be written: {type(error).__qualname__}",
    )


async def _note(context: Context, work: UnitOfWork, queued: QueuedMessage, result: Result) -> None:
    """Keep how a delivery went: when to try again, or that there is nothing to deliver any more."""
    if result is None:
        await work.messages.withdraw([queued.id])
    elif isinstance(result, Answer):
        await work.messages.resume(queued.institution_id)
    elif isinstance(result, Pending) and context.now - queued.recorded_at > _patience(context):
        await work.messages.park(queued.id, "the institution took the message and has not answered since")
    elif isinstance(result, Pending):
        # To think is no failed attempt: the longer the institution has thought, the less often it is asked.
        age_seconds = (context.now - queued.recorded_at).total_seconds()
        until = context.now + dt.timedelta(seconds=min(30.0, max(1.0, age_seconds / 4)))
        await work.messages.postpone(queued.id, until=until, counted=False, trouble="", state="taken")
    else:
        await _note_trouble(context, work, queued, result)


async def _rest(context: Context, work: UnitOfWork, results: Sequence[Result]) -> None:
    """An institution that is down is no fault of its messages: it rests, once for all that met one outage."""
    waits: dict[str, float] = {}
    for result in results:
        if isinstance(result, DeliveryFailed) and result.peer_down:
            asked = result.retry_after_seconds or 0.0
            waits[result.institution_id] = max(waits.get(result.institution_id, 0.0), asked)
    for institution_id, seconds in sorted(waits.items()):
        await work.messages.rest(institution_id, at=context.now, at_least_seconds=seconds)


def _patience(context: Context) -> dt.timedelta:
    """How long an institution may keep a message without an answer before a person has to ask."""
    return dt.timedelta(days=context.limits.move_answer_days)


async def _note_trouble(context: Context, work: UnitOfWork, queued: QueuedMessage, failed: DeliveryFailed) -> None:
    waited = failed.retry_after_seconds or 0.0
    # An institution that no longer knows a message it had taken is sent the message again.
    forgotten = queued.state == "taken" and failed.trouble is DeliveryTrouble.REJECTED
    hopeless = failed.trouble in (DeliveryTrouble.TOO_LARGE, DeliveryTrouble.REJECTED) and not forgotten
    if not failed.peer_down and (hopeless or queued.attempts >= _ATTEMPTS):
        await work.messages.park(queued.id, str(failed))
        return
    pause = max(waited, min(60.0, 0.5 * 2 ** min(queued.attempts, 7)) if not failed.peer_down else 0.0)
    await work.messages.postpone(
        queued.id,
        until=context.now + dt.timedelta(seconds=pause),
        counted=not failed.peer_down,
        trouble=str(failed),
        state="due" if forgotten else queued.state,
    )


async def _written(work: UnitOfWork, queued: QueuedMessage) -> Message | None:
    """The message with its personal content, as known when it was written; the same bytes at each attempt."""
    if queued.kind is MessageKind.CONTRIBUTION_REMITTANCE:
        return await _remittance(work, queued)
    move = (await work.moves.moves([queued.subject_id]))[queued.subject_id]
    person = await work.workers.person(move.worker_id, queued.recorded_at)
    question = move.plan.question
    if queued.kind is MessageKind.MOVE_ANNOUNCEMENT:
        return MoveAnnouncement(
            message_id=queued.id,
            institution_id=queued.institution_id,
            written_at=queued.recorded_at,
            person=person,
            from_state=question.from_state.value,
            move_on=question.move_on,
            contract_last_day=question.contract_last_day,
            scheme_ids=tuple(str(scheme_id) for scheme_id in _listed(queued.body["scheme_ids"])),
            wage=question.wage,
        )
    if queued.kind is MessageKind.MOVE_WITHDRAWAL:
        return MoveWithdrawal(
            message_id=queued.id,
            institution_id=queued.institution_id,
            written_at=queued.recorded_at,
            announced_id=UUID(str(queued.body["announced_id"])),
            person=person,
            move_on=question.move_on,
        )
    return _handover(queued, move, person)


def _listed(value: object) -> list[object]:
    assert isinstance(value, list), "the body was written by this program"
    return value


async def _remittance(work: UnitOfWork, queued: QueuedMessage) -> ContributionRemittance | None:
    batch = (await work.remittances.remittances([queued.subject_id]))[queued.subject_id]
    allocation = (await work.contributions.allocations([batch.allocation_id]))[batch.allocation_id]
    rows = await work.remittances.remittance_lines(batch.id, queued.recorded_at)
    if not rows:
        return None
    assert batch.month is not None, "contributions are remitted by month"
    lines = tuple(
        RemittanceLine(number=number, person=person, base=base, amounts=amounts)
        for number, person, base, amounts in rows
    )
    amounts = tuple(amount for line in lines for _, amount in line.amounts)
    return ContributionRemittance(
        message_id=queued.id,
        institution_id=queued.institution_id,
        written_at=queued.recorded_at,
        month=batch.month,
        segment_id=allocation.segment_id,
        lines=lines,
        total=total(amounts, batch.amount.currency),
    )


def _handover(queued: QueuedMessage, move: Move, person: PersonOnWire) -> CoverHandover:
    plan, question = move.plan, move.plan.question
    assert plan.pack is not None, "a handover pays a pack"
    assert plan.pack.period.last_day is not None, "a pack has a term"
    returns = tuple(
        PrepaidReturn(scheme_id=month.scheme_id, month=month.month, amount=month.amount)
        for month in plan.returns
        if month.sent
    )
    return CoverHandover(
        message_id=queued.id,
        institution_id=queued.institution_id,
        written_at=queued.recorded_at,
        person=person,
        to_state=question.to_state.value,
        ends=tuple(scheme_id for scheme_id, _ in plan.ends),
        ends_on=question.move_on - ONE_DAY,
        pack_scheme_id=plan.pack.scheme_id,
        route=question.route,
        contract_months=question.contract_months,
        price=plan.cost_to_fund,
        cover_first_day=plan.pack.period.first_day,
        cover_last_day=plan.pack.period.last_day,
        returns=returns,
    )


Pairs = Sequence[tuple[QueuedMessage, Answer]]


async def _apart(
    context: Context, work: UnitOfWork, pairs: Pairs, settle: Callable[[Context, UnitOfWork, Pairs], Awaitable[None]]
) -> None:
    """Settle answers together; if that fails, each alone, and the one that fails waits for a person.

    What is only momentary is not the answer's fault and is raised, so that everything is tried again.
    """
    try:
        async with work.savepoint():
            await settle(context, work, pairs)
    except TryAgain:
        raise
    except Exception as error:
        if len(pairs) == 1:
            await work.messages.park(pairs[0][0].id, f"settling the answer failed: {type(error).__qualname__}")
            return
        for pair in pairs:
            await _apart(context, work, [pair], settle)


async def _guarded_remittances(context: Context, work: UnitOfWork, pairs: Pairs) -> None:
    """Settle remittances together; an answer that disagrees with what was sent waits for a person."""
    refused = {message.subject_id: answer.refused_lines for message, answer in pairs}
    counted = await work.remittances.lines_and_totals(tuple(refused), refused)
    agreed = []
    for message, answer in pairs:
        lines, taken, _ = counted[message.subject_id]
        accepted = answer.outcome is AnswerOutcome.ACCEPTED
        if accepted and (answer.accepted_lines, answer.accepted_total) != (lines, taken):
            await work.messages.park(message.id, "the institution counted other lines or another total")
        else:
            agreed.append((message, answer))
    if agreed:
        await _settle_remittances(context, work, agreed)


async def _settle_remittances(
    context: Context, work: UnitOfWork, pairs: Sequence[tuple[QueuedMessage, Answer]]
) -> None:
    """The money is sent, the months are paid, the cover follows: for a batch of remittances at once."""
    ids = [message.subject_id for message, _ in pairs]
    batches = await work.remittances.remittances(ids)
    refused: dict[UUID, tuple[RefusedLine, ...]] = {}
    parts = []
    for message, answer in pairs:
        pending = batches[message.subject_id].pending_transfer_id
        if answer.outcome is AnswerOutcome.ACCEPTED:
            parts.append((pending, TransferKind.POST, answer.accepted_total))
            refused[message.subject_id] = answer.refused_lines
    transfers = await settlements(context, work, parts)
    await post(context, work, TransactionKind.REMITTANCE, ids[0], transfers)
    rest = [(batches[i].pending_transfer_id, TransferKind.RELEASE, None) for i in ids]
    await post(context, work, TransactionKind.RELEASE, ids[0], await settlements(context, work, rest))
    await work.remittances.acknowledge({m.subject_id: answer for m, answer in pairs}, context.now)
    await _close_refused(context, work, pairs, refused)
    await work.remittances.enrol_for_remittances(ids, context.now)
    await work.coverage.recompute_for_remittances(ids, context.rulebook, context.now)
    await work.messages.settled([message.id for message, _ in pairs], "answered", context.now)
    for remittance_id in ids:
        await audit(context, work, "remittance.answered", remittance_id)


async def _close_refused(
    context: Context,
    work: UnitOfWork,
    pairs: Sequence[tuple[QueuedMessage, Answer]],
    refused: dict[UUID, tuple[RefusedLine, ...]],
) -> None:
    if any(refused.values()):
        await work.remittances.refuse_lines(refused, context.now)
    whole = [(m.subject_id, a) for m, a in pairs if a.outcome is AnswerOutcome.REFUSED]
    if whole:
        await work.remittances.refuse_whole({i: a.reason_code for i, a in whole}, context.now)


async def _guarded_move(context: Context, work: UnitOfWork, pairs: Pairs) -> None:
    message, answer = pairs[0]
    if _disagrees(message, answer):
        await work.messages.park(message.id, "the institution answered something else than was asked")
        return
    await work.messages.settled([message.id], "answered", context.now)
    if message.kind in (MessageKind.MOVE_ANNOUNCEMENT, MessageKind.COVER_HANDOVER):
        await settle_move(context, work, message, answer)


def _disagrees(message: QueuedMessage, answer: Answer) -> bool:
    """A handover that is accepted must say how much it gives back, were it nothing."""
    accepted = answer.outcome is AnswerOutcome.ACCEPTED
    return message.kind is MessageKind.COVER_HANDOVER and accepted and answer.returned_total is None
