"""Allocations: a donation's money is reserved for workers' months, then sent to the institution in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.contributions import ContributionFacts, Quote, monthly_quote
from domain.errors import (
    AmountOutOfRange,
    LimitExceeded,
    MonthAlreadyFunded,
    NotFound,
    RuleUnknown,
    StateConflict,
    ValueMissing,
)
from domain.exchange import MessageKind
from domain.funding import (
    Allocation,
    AllocationKind,
    Donation,
    FundsInsufficient,
    check_terms,
)
from domain.ledger import Account, AccountKind, Transaction, TransactionKind, TransferKind, transfer
from domain.money import Money, total
from domain.periods import Month, month_list
from domain.records import Remittance, SectorCount, Tariff
from domain.stores import UnitOfWork
from resolvers.context import Context, found_or_refused, permit
from resolvers.once import once
from resolvers.outbox import message_due

_MONTHS_AT_MOST = 36
"""An allocation reaches at most three years ahead; prices that far are not known."""
_INCOME_AT_MOST = 10**15
"""No monthly income is larger than this many minor units; a larger one is a typing mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DonationAllocate:
    """Command: reserve a donation for the nominated workers' months in one segment of one or more schemes.

    scheme_ids: one that is named twice is paid once.
    income: the declared monthly income on which contributions are computed, in the schemes' currency.
    """

    donation_id: UUID
    nomination_id: UUID
    scheme_ids: tuple[str, ...]
    segment_id: str
    first_month: Month
    last_month: Month
    income: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRemit:
    """Command: send everything of an allocation that is not sent yet."""

    allocation_id: UUID


async def donation_allocate(context: Context, key: str, command: DonationAllocate) -> Allocation:
    """Reserve money for every nominated worker's months, all of them or none.

    Donors allocate their own donations, operators any. The number of statements does not depend on the
    number of workers. Raises FundsInsufficient, TermsNotMet, MonthAlreadyFunded, LimitExceeded, NotFound and
    AmountOutOfRange for an income that nobody has, and the refusals of the quote (RuleNotInForce,
    ValueMissing, CurrencyMismatch).
    """
    permit(context, "donationAllocate")
    command = replace(command, scheme_ids=tuple(dict.fromkeys(command.scheme_ids)))

    async def act(work: UnitOfWork) -> UUID:
        _check_complete(command)
        donation = await _donation(context, work, command)
        months = month_list(command.first_month, command.last_month)
        sectors = await _sectors(work, command, donation)
        workers = sum(sector.workers for sector in sectors)
        _check_size(context, workers, months)
        tariffs = _tariffs(context, command, donation, months, sectors)
        return await _reserve(context, work, command, donation, tariffs, workers, len(months))

    return await allocation(context, await once(context, "donationAllocate", key, command, act))


async def allocation_remit(context: Context, key: str, command: AllocationRemit) -> Allocation:
    """Put every remittance of an allocation that has no message yet into the outbox. Operators only."""
    permit(context, "allocationRemit")

    async def act(work: UnitOfWork) -> UUID:
        known = await work.contributions.allocations([command.allocation_id])
        found = found_or_refused(known.get(command.allocation_id), "allocation")
        await _lock_donation(work, found.donation_id)
        batches = (await work.remittances.remittances_of([found.id])).get(found.id, ())
        due = [batch for batch in batches if batch.state == "reserved" and batch.month is not None]
        await work.messages.write(
            [
                message_due(context, MessageKind.CONTRIBUTION_REMITTANCE, batch.id, batch.institution_id, {})
                for batch in due
            ]
        )
        return found.id

    return await allocation(context, await once(context, "allocationRemit", key, command, act))


async def allocation(context: Context, allocation_id: UUID) -> Allocation:
    """One allocation of a donation that the actor may see. Raises NotFound."""
    permit(context, "allocation")
    async with context.reading() as work:
        found = (await work.contributions.allocations([allocation_id])).get(allocation_id)
        if found is None or not await work.funding.donations([found.donation_id], context.actor):
            raise NotFound(kind="allocation")
        return found


async def remittances_of(context: Context, allocation_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Remittance, ...]]:
    """The remittances of allocations: what was sent when, and what the institution answered."""
    async with context.reading() as work:
        return await work.remittances.remittances_of(allocation_ids)


def _check_complete(command: DonationAllocate) -> None:
    if not command.scheme_ids:
        raise ValueMissing(rule="donationAllocate", fact="at least one scheme")
    if not 0 < command.income.minor_units <= _INCOME_AT_MOST:
        largest = Money(_INCOME_AT_MOST, command.income.currency)
        limit = f"an income of more than nothing and at most {largest} a month"
        raise AmountOutOfRange(given=str(command.income), limit=limit)


async def _donation(context: Context, work: UnitOfWork, command: DonationAllocate) -> Donation:
    visible = await work.funding.donations([command.donation_id], context.actor)
    donation = found_or_refused(visible.get(command.donation_id), "donation")
    check_terms(donation.terms, command.scheme_ids, command.first_month, command.last_month, mover=False)
    return donation


async def _sectors(work: UnitOfWork, command: DonationAllocate, donation: Donation) -> tuple[SectorCount, ...]:
    report = found_or_refused(await work.nominations.nomination(command.nomination_id), "nomination")
    if report.fund_id != donation.fund_id:
        raise NotFound(kind="nomination")
    sectors = await work.nominations.sectors_of(report.id)
    if not sectors:
        raise StateConflict(what="nomination", state="without accepted rows", needed="at least one")
    return sectors


def _check_size(context: Context, workers: int, months: Sequence[Month]) -> None:
    if len(months) > _MONTHS_AT_MOST:
        raise LimitExceeded(what="months", given=len(months), limit=_MONTHS_AT_MOST)
    person_months = workers * len(months)
    if person_months > context.limits.person_months:
        raise LimitExceeded(what="person-months", given=person_months, limit=context.limits.person_months)


def _tariffs(
    context: Context,
    command: DonationAllocate,
    donation: Donation,
    months: Sequence[Month],
    sectors: Sequence[SectorCount],
) -> tuple[Tariff, ...]:
    """The price of each month in each scheme for each sector, quoted once and stored with its reasons."""
    tariffs = []
    for scheme_id in command.scheme_ids:
        law = context.rulebook.of_scheme(scheme_id)
        for month in months:
            for sector in sectors:
                facts = ContributionFacts(funder_kind=donation.funder_kind, sector=sector.sector, income=command.income)
                quote = monthly_quote(law, scheme_id, command.segment_id, month, facts)
                amount = _donors_part(quote, donation)
                tariffs.append(
                    Tariff(
                        scheme_id=scheme_id,
                        month=month,
                        sector=sector.sector,
                        base=quote.base or command.income,
                        amount=amount,
                        reasons=quote.reasons,
                        rules_hash=quote.rules_hash,
                    )
                )
    return tuple(tariffs)


def _donors_part(quote: Quote, donation: Donation) -> Money:
    """What of a contribution a donor may bear; the shares of the employer or the State are not theirs to pay."""
    open_shares = tuple(share.amount for share in quote.shares if share.payer == donation.funder_kind.value)
    part = total(open_shares, quote.total.currency)
    if part.minor_units == 0:
        raise RuleUnknown(kind="share that a donor may pay", name=f"{quote.scheme_id}.{quote.segment_id}")
    return part


async def _reserve(
    context: Context,
    work: UnitOfWork,
    command: DonationAllocate,
    donation: Donation,
    tariffs: Sequence[Tariff],
    workers: int,
    months: int,
) -> UUID:
    lines = context.limits.remittance_lines
    own, remitted, available = await _lock_donation(work, donation.id)
    batches = await work.remittances.batches(command.nomination_id, tariffs, lines)
    amount = total(tuple(batch[3] for batch in batches), donation.amount.currency)
    if available < amount:
        raise FundsInsufficient(holder="This donation", available=available, asked=amount)
    await _check_not_funded(work, command)
    allocation = Allocation(
        id=context.new_id(),
        donation_id=donation.id,
        kind=AllocationKind.MONTHS,
        segment_id=command.segment_id,
        scheme_ids=command.scheme_ids,
        first_month=command.first_month,
        last_month=command.last_month,
        workers=workers,
        person_months=workers * months,
        amount=amount,
        recorded_at=context.now,
    )
    await work.contributions.add_allocation(allocation, command.nomination_id, None)
    remittances = [
        _remittance(context, allocation.id, _institution(context, command.scheme_ids), *batch) for batch in batches
    ]
    await reserve(context, work, allocation.id, own, remitted, remittances)
    inserted = await work.contributions.add_months(allocation.id, command.nomination_id, tariffs, lines, context.now)
    assert inserted == allocation.person_months * len(command.scheme_ids), "every month is inserted once"
    return allocation.id


async def reserve(
    context: Context,
    work: UnitOfWork,
    allocation_id: UUID,
    own: Account,
    remitted: Account,
    remittances: Sequence[Remittance],
) -> None:
    """Reserve the money of remittances on the donation's account and keep them with their reservations."""
    transfers = tuple(
        transfer(batch.pending_transfer_id, TransferKind.PENDING, own, remitted, batch.amount) for batch in remittances
    )
    transaction = Transaction(
        id=context.new_id(),
        kind=TransactionKind.ALLOCATION,
        subject_id=allocation_id,
        transfers=transfers,
    )
    await work.ledger.post(transaction, context.now)
    await work.remittances.add_remittances(remittances, context.now)


async def _check_not_funded(work: UnitOfWork, command: DonationAllocate) -> None:
    funded, first = await work.contributions.months_already_funded(
        command.nomination_id, command.scheme_ids, command.first_month, command.last_month
    )
    if funded:
        raise MonthAlreadyFunded(months_funded=funded, first_month=str(first))


async def _lock_donation(work: UnitOfWork, donation_id: UUID) -> tuple[Account, Account, Money]:
    accounts = await work.ledger.accounts_of([donation_id])
    own = accounts[donation_id, AccountKind.DONATION.value]
    remitted = accounts[donation_id, AccountKind.REMITTED.value]
    balances = await work.ledger.lock([own.id, remitted.id])
    return own, remitted, balances[own.id].available


def _institution(context: Context, scheme_ids: Sequence[str]) -> str:
    """The one institution that runs all schemes of an allocation; contributions are sent to it together."""
    institutions = {context.rulebook.scheme(scheme_id).institution_id for scheme_id in scheme_ids}
    if len(institutions) != 1:
        raise RuleUnknown(kind="institution of all these schemes", name=", ".join(scheme_ids))
    return institutions.pop()


def _remittance(
    context: Context, allocation_id: UUID, institution_id: str, month: Month, part: int, lines: int, amount: Money
) -> Remittance:
    return Remittance(
        id=context.new_id(),
        allocation_id=allocation_id,
        institution_id=institution_id,
        month=month,
        part=part,
        lines=lines,
        amount=amount,
        pending_transfer_id=context.new_id(),
        state="reserved",
        reference="",
    )
