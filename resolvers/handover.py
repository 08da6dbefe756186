"""What the institutions' answers do to a move: the next message, the handover at midnight, or the way back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from domain.certificates import CertificateOfCoverage, CertifiedCover, content_digest
from domain.errors import AmountOutOfRange
from domain.exchange import Answer, AnswerOutcome, MessageKind
from domain.ledger import AccountKind, Transaction, TransactionKind, Transfer, TransferKind
from domain.money import Money, total
from domain.move_steps import MoveStep, StepTaken, after_answer
from domain.moves import Entry, PrepaidMonth
from domain.periods import ONE_DAY
from domain.records import Enrolment, Move, QueuedMessage
from domain.schemes import FunderKind
from domain.stores import UnitOfWork
from resolvers.certificates import withdraw_untrue
from resolvers.context import Context
from resolvers.once import audit
from resolvers.outbox import message_due

_UNDONE = (MoveStep.DESTINATION_REFUSED, MoveStep.DESTINATION_SILENT, MoveStep.HOME_REFUSED)


async def settle_move(context: Context, work: UnitOfWork, message: QueuedMessage, answer: Answer) -> None:
    """Let one answer to a message of a move have its effect; an answer that comes too late has none."""
    move = (await work.moves.moves([message.subject_id], lock=True))[message.subject_id]
    step = after_answer(move.step, answer.outcome)
    expected = {
        MoveStep.ANNOUNCED: MessageKind.MOVE_ANNOUNCEMENT,
        MoveStep.DESTINATION_ACCEPTED: MessageKind.COVER_HANDOVER,
    }
    if step is None or message.kind is not expected[move.step]:
        return
    sent = await work.messages.of_subjects([move.id])
    if step in _UNDONE:
        await undo_move(context, work, move, sent, step, answer)
    elif step is MoveStep.DESTINATION_ACCEPTED:
        await _destination_accepted(context, work, move, sent, message, answer)
    else:
        await _complete(context, work, move, answer)


async def undo_move(
    context: Context,
    work: UnitOfWork,
    move: Move,
    sent: Sequence[QueuedMessage],
    step: MoveStep,
    answer: Answer | None,
) -> None:
    """End a move without making it: free the money, tell those who were told, keep the cover that is there."""
    await _settle_pack(context, work, move, TransferKind.RELEASE)
    told = [m for m in sent if m.kind is MessageKind.MOVE_ANNOUNCEMENT]
    # A message with trouble was tried, and nobody knows whether it arrived, although the try did not count.
    unsent = [m.id for m in told if m.state == "due" and m.attempts == 0 and not m.trouble]
    await work.messages.withdraw([m.id for m in told if m.state in ("due", "taken", "parked")])
    refuser = None if answer is None else answer.message_id
    withdrawals = [
        message_due(
            context,
            MessageKind.MOVE_WITHDRAWAL,
            move.id,
            message.institution_id,
            {"announced_id": str(message.id)},
        )
        for message in told
        if message.id != refuser and message.id not in unsent
    ]
    await work.messages.write(withdrawals)
    await _take(context, work, move, step, answer)


async def _destination_accepted(
    context: Context,
    work: UnitOfWork,
    move: Move,
    sent: Sequence[QueuedMessage],
    message: QueuedMessage,
    answer: Answer,
) -> None:
    """When the last destination institution has accepted, the home institution is told to hand the cover over."""
    others = [m for m in sent if m.kind is MessageKind.MOVE_ANNOUNCEMENT and m.id != message.id]
    if any(m.state != "answered" for m in others):
        return
    await _take(context, work, move, MoveStep.DESTINATION_ACCEPTED, answer)
    home = _home_institution(context, move)
    if home is None:
        current = (await work.moves.moves([move.id]))[move.id]
        await _complete(context, work, current, None)
        return
    await work.messages.write([message_due(context, MessageKind.COVER_HANDOVER, move.id, home, {})])


def _home_institution(context: Context, move: Move) -> str | None:
    if move.plan.pack is not None:
        return move.plan.pack.institution_id
    ends = move.plan.ends
    return context.rulebook.scheme(ends[0][0]).institution_id if ends else None


async def _complete(context: Context, work: UnitOfWork, move: Move, answer: Answer | None) -> None:
    """The old cover ends the day before the move, the new one opens: in one unit of work, with its money."""
    plan, day_before = move.plan, move.plan.question.move_on - ONE_DAY
    answers = await _standing_answers(work, move)
    await _settle_pack(context, work, move, TransferKind.POST, answer)
    await _return_months(context, work, move, answer)
    await work.workers.end_enrolments(plan.question.worker_id, plan.ends, day_before, context.now)
    entries = await _enrolments(context, work, move, answers, answer)
    await work.workers.open_enrolments(entries, context.now)
    await withdraw_untrue(context, work, move.worker_id)
    await work.coverage.recompute([move.worker_id], context.rulebook, context.now)
    simulated = any(enrolment.simulated for enrolment in entries)
    await work.certificates.add(_certificate(context, move, entries, simulated))
    await _take(context, work, move, MoveStep.COMPLETED, answer)


async def _standing_answers(work: UnitOfWork, move: Move) -> dict[str, Answer]:
    """What each destination institution answered, by institution."""
    return {answer.institution_id: answer for answer in await work.messages.answers_of([move.id])}


async def _enrolments(
    context: Context, work: UnitOfWork, move: Move, answers: dict[str, Answer], handover: Answer | None
) -> list[Enrolment]:
    """The enrolments that institutions confirmed; an entry nobody confirmed is not claimed as cover."""
    plan, opened = move.plan, []
    for entry in plan.host_entries:
        confirmed = answers.get(entry.institution_id)
        if confirmed is not None and confirmed.outcome is AnswerOutcome.ACCEPTED:
            opened.append(_enrolment(move, entry, confirmed, FunderKind.EMPLOYER, None))
    if plan.pack is not None and handover is not None:
        payer = FunderKind.SELF
        fund_id = None
        if plan.donation_id is not None:
            paid_by = await work.funding.donations([plan.donation_id], context.actor)
            payer, fund_id = paid_by[plan.donation_id].funder_kind, paid_by[plan.donation_id].fund_id
        opened.append(_enrolment(move, plan.pack, handover, payer, fund_id))
    return opened


def _enrolment(move: Move, entry: Entry, confirmed: Answer, funder_kind: FunderKind, fund_id: UUID | None) -> Enrolment:
    return Enrolment(
        worker_id=move.worker_id,
        scheme_id=entry.scheme_id,
        segment_id=entry.segment_id,
        institution_id=entry.institution_id,
        first_day=entry.period.first_day,
        last_day=entry.period.last_day,
        funder_kind=funder_kind,
        fund_id=fund_id,
        reference=confirmed.reference,
        simulated=confirmed.simulated,
    )


async def _settle_pack(
    context: Context, work: UnitOfWork, move: Move, kind: TransferKind, answer: Answer | None = None
) -> None:
    """Post or release what is reserved for the pack."""
    if move.allocation_id is None:
        return
    batches = (await work.remittances.remittances_of([move.allocation_id]))[move.allocation_id]
    transfers = await settlements(context, work, [(b.pending_transfer_id, kind, None) for b in batches])
    act = TransactionKind.REMITTANCE if kind is TransferKind.POST else TransactionKind.RELEASE
    await post(context, work, act, move.allocation_id, transfers)
    if kind is TransferKind.POST and answer is not None:
        await work.remittances.acknowledge({batch.id: answer for batch in batches}, context.now)


async def _return_months(context: Context, work: UnitOfWork, move: Move, answer: Answer | None) -> None:
    """Close the months that are not used; unsent ones are released, sent ones come back as the answer says."""
    returns = move.plan.returns
    if not returns:
        return
    unsent = [month for month in returns if not month.sent]
    if unsent:
        # Under the lock of the donations' accounts nothing can be sent between the look and the release.
        accounts = await work.ledger.accounts_of([m.donation_id for m in unsent if m.donation_id is not None])
        await work.ledger.lock([account.id for account in accounts.values()])
        reserved = await work.contributions.pending_of_months(move.worker_id, unsent)
        parts = [(pending, TransferKind.RELEASE, amount) for _, pending, amount in reserved]
        transfers = await settlements(context, work, parts)
        await post(context, work, TransactionKind.RELEASE, move.id, transfers)
    sent = [month for month in returns if month.sent and month.donation_id is not None]
    if answer is not None and answer.returned_total is not None:
        _check_returned(sent, answer.returned_total)
        await _give_back(context, work, move, sent, answer.returned_total)
    await work.contributions.close_months(move.worker_id, returns, "not used: the worker moved", context.now)


def _check_returned(asked: Sequence[PrepaidMonth], returned: Money) -> None:
    """Refuse money that nobody asked back: it belongs to no month, so a person has to say whose it is."""
    most = total(tuple(month.amount for month in asked), returned.currency)
    if returned.minor_units < 0 or most < returned:
        raise AmountOutOfRange(given=str(returned), limit=f"from nothing to {most}, which was asked back")


async def _give_back(
    context: Context, work: UnitOfWork, move: Move, sent: Sequence[PrepaidMonth], returned: Money
) -> None:
    """Move what the institution gives back to the donations that had paid it, oldest month first."""
    left = returned
    transfers: list[Transfer] = []
    donations = {month.donation_id for month in sent if month.donation_id is not None}
    accounts = await work.ledger.accounts_of(tuple(donations))
    await work.ledger.lock([account.id for account in accounts.values()])
    for month in sent:
        part = min(left, month.amount)
        if month.donation_id is None or part.minor_units == 0:
            continue
        left = left - part
        transfers.append(
            Transfer(
                id=context.new_id(),
                kind=TransferKind.POSTED,
                debit_account_id=accounts[month.donation_id, AccountKind.REMITTED.value].id,
                credit_account_id=accounts[month.donation_id, AccountKind.DONATION.value].id,
                amount=part,
            )
        )
    await post(context, work, TransactionKind.RETURN, move.id, transfers)


async def settlements(
    context: Context, work: UnitOfWork, parts: Sequence[tuple[UUID, TransferKind, Money | None]]
) -> list[Transfer]:
    """Transfers that post or release pending ones, wholly (None) or in part; what is settled already is left out."""
    known = await work.ledger.pending_left([pending for pending, _, _ in parts])
    await work.ledger.lock(sorted({account for debit, credit, _ in known.values() for account in (debit, credit)}))
    transfers = []
    for pending, kind, amount in parts:
        debit, credit, left = known[pending]
        part = left if amount is None else amount
        if part.minor_units > 0:
            transfers.append(
                Transfer(
                    id=context.new_id(),
                    kind=kind,
                    debit_account_id=debit,
                    credit_account_id=credit,
                    amount=part,
                    pending_id=pending,
                )
            )
    return transfers


async def post(
    context: Context, work: UnitOfWork, kind: TransactionKind, subject_id: UUID, transfers: Sequence[Transfer]
) -> None:
    """Post transfers as one transaction; none, no transaction."""
    if transfers:
        transaction = Transaction(id=context.new_id(), kind=kind, subject_id=subject_id, transfers=tuple(transfers))
        await work.ledger.post(transaction, context.now)


async def _take(context: Context, work: UnitOfWork, move: Move, step: MoveStep, answer: Answer | None) -> None:
    evidence = "no answer within the limit" if answer is None else _evidence(answer)
    simulated = answer is not None and answer.simulated
    await work.moves.take_step(
        StepTaken(move_id=move.id, step=step, evidence=evidence, simulated=simulated, taken_at=context.now)
    )
    await audit(context, work, f"move.{step.value}", move.id)


def _evidence(answer: Answer) -> str:
    said = f"{answer.institution_id} {answer.outcome.value}, reference {answer.reference or 'none'}"
    return f"{said}: {answer.reason_text}" if answer.reason_text else said


def _certificate(context: Context, move: Move, entries: Sequence[Enrolment], simulated: bool) -> CertificateOfCoverage:
    certificate_id = context.new_id()
    state = move.plan.question.to_state
    number = f"{state.value}-{certificate_id.hex[:8]}-{certificate_id.hex[-8:]}".upper()
    covers = tuple(
        CertifiedCover(
            scheme_id=entry.scheme_id,
            institution_id=entry.institution_id,
            branches=context.rulebook.scheme(entry.scheme_id).branches,
            first_day=entry.first_day,
            last_day=entry.last_day,
            reference=entry.reference,
        )
        for entry in entries
    )
    return CertificateOfCoverage(
        id=certificate_id,
        number=number,
        worker_id=move.worker_id,
        move_id=move.id,
        legislation=state,
        covers=covers,
        issued_at=context.now,
        simulated=simulated,
        digest=content_digest(number, state, covers, context.now),
    )
