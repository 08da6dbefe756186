"""Donors, funds, pledges and donations: what is promised, received and given back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.actors import ActorKind
from domain.errors import AmountOutOfRange, CurrencyMismatch, NameInvalid, NotFound, PeriodInvalid
from domain.funding import Donation, Donor, Fund, FundsInsufficient, Pledge, Statement, Terms
from domain.ledger import Account, AccountKind, Transaction, TransactionKind, TransferKind, transfer
from domain.money import Currency, Money
from domain.people import checked_name
from domain.records import MonthOfFigures
from domain.schemes import FunderKind
from domain.stores import UnitOfWork
from resolvers.context import Context, found_or_refused, permit
from resolvers.once import once

_LARGEST = 10**15
"""No single gift is larger than this many minor units; a larger one is a typing mistake."""

_PURPOSE_AT_MOST = 500
"""Characters of a fund's purpose; longer texts belong into a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DonorRegister:
    """Command: a donor becomes known."""

    name: str
    funder_kind: FunderKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FundOpen:
    """Command: a pot with a purpose is opened."""

    name: str
    purpose: str
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeRecord:
    """Command: a donor promises an amount."""

    donor_id: UUID
    fund_id: UUID
    amount: Money
    pledged_on: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class DonationRecord:
    """Command: a donor's money was received."""

    donor_id: UUID
    fund_id: UUID
    amount: Money
    received_on: dt.date
    terms: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class DonationRefund:
    """Command: unspent money goes back to the donor."""

    donation_id: UUID
    amount: Money


async def donor_register(context: Context, key: str, command: DonorRegister) -> Donor:
    """Register a donor; operators only. Raises NameInvalid."""
    permit(context, "donorRegister")

    async def act(work: UnitOfWork) -> UUID:
        name = checked_name(command.name)
        donor = Donor(id=context.new_id(), name=name, funder_kind=command.funder_kind)
        await work.funding.add_donor(donor, context.now)
        return donor.id

    donor_id = await once(context, "donorRegister", key, command, act)
    async with context.reading() as work:
        return found_or_refused(await work.funding.donor(donor_id), "donor")


async def fund_open(context: Context, key: str, command: FundOpen) -> Fund:
    """Open a fund; operators only. Raises NameInvalid."""
    permit(context, "fundOpen")

    async def act(work: UnitOfWork) -> UUID:
        name = checked_name(command.name)
        if len(command.purpose) > _PURPOSE_AT_MOST:
            raise NameInvalid(rule=f"the purpose has more than {_PURPOSE_AT_MOST} characters")
        fund = Fund(id=context.new_id(), name=name, purpose=command.purpose, currency=command.currency)
        await work.funding.add_fund(fund, context.now)
        return fund.id

    fund_id = await once(context, "fundOpen", key, command, act)
    async with context.reading() as work:
        return found_or_refused(await work.funding.fund(fund_id), "fund")


async def pledge_record(context: Context, key: str, command: PledgeRecord) -> Pledge:
    """Record a promise; it moves no money. Donors record their own, operators anyone's."""
    permit(context, "pledgeRecord")

    async def act(work: UnitOfWork) -> UUID:
        _check_amount(command.amount)
        await _fund_and_donor(context, work, command.fund_id, command.donor_id, command.amount)
        pledge = Pledge(
            id=context.new_id(),
            donor_id=command.donor_id,
            fund_id=command.fund_id,
            amount=command.amount,
            pledged_on=command.pledged_on,
        )
        await work.funding.add_pledge(pledge, context.now)
        return pledge.id

    pledge_id = await once(context, "pledgeRecord", key, command, act)
    async with context.reading() as work:
        return found_or_refused(await work.funding.pledge(pledge_id), "pledge")


async def donation_record(context: Context, key: str, command: DonationRecord) -> Donation:
    """Record money received: one donation, one transfer from the donor's account to the donation's own.

    Operators only. Raises AmountOutOfRange, CurrencyMismatch with the fund's currency, NotFound, and for terms
    RuleUnknown (a scheme that is in no rule file) or PeriodInvalid.
    """
    permit(context, "donationRecord")

    async def act(work: UnitOfWork) -> UUID:
        _check_amount(command.amount)
        _check_terms(context, command.terms)
        donor = await _fund_and_donor(context, work, command.fund_id, command.donor_id, command.amount)
        donation = Donation(
            id=context.new_id(),
            donor_id=donor.id,
            fund_id=command.fund_id,
            funder_kind=donor.funder_kind,
            amount=command.amount,
            received_on=command.received_on,
            terms=command.terms,
        )
        await work.funding.add_donation(donation, context.now)
        await _receive(context, work, donation)
        return donation.id

    donation_id = await once(context, "donationRecord", key, command, act)
    return await donation(context, donation_id)


async def donation_refund(context: Context, key: str, command: DonationRefund) -> Donation:
    """Give unspent money back to the donor; what is reserved or sent stays. Operators only.

    Raises FundsInsufficient if less is available, NotFound.
    """
    permit(context, "donationRefund")

    async def act(work: UnitOfWork) -> UUID:
        _check_amount(command.amount)
        found = await work.funding.donations([command.donation_id], context.actor)
        given = found_or_refused(found.get(command.donation_id), "donation")
        accounts = await work.ledger.accounts_of([given.id])
        own = accounts[given.id, AccountKind.DONATION.value]
        source = accounts[given.id, AccountKind.DONOR.value]
        balances = await work.ledger.lock([own.id, source.id])
        if balances[own.id].available < command.amount:
            available = balances[own.id].available
            raise FundsInsufficient(holder="This donation", available=available, asked=command.amount)
        back = transfer(context.new_id(), TransferKind.POSTED, own, source, command.amount)
        refund = Transaction(id=context.new_id(), kind=TransactionKind.REFUND, subject_id=given.id, transfers=(back,))
        await work.ledger.post(refund, context.now)
        return given.id

    donation_id = await once(context, "donationRefund", key, command, act)
    return await donation(context, donation_id)


async def donation(context: Context, donation_id: UUID) -> Donation:
    """One donation that the actor may see: a donor their own, an operator any. Raises NotFound."""
    permit(context, "donation")
    async with context.reading() as work:
        found = await work.funding.donations([donation_id], context.actor)
    return found_or_refused(found.get(donation_id), "donation")


async def donations(context: Context, *, after: UUID | None, limit: int) -> tuple[Donation, ...]:
    """A page of donations that the actor may see, in the order they were recorded."""
    permit(context, "donations")
    async with context.reading() as work:
        return await work.funding.donation_page(context.actor, after=after, limit=limit)


async def statements(context: Context, donation_ids: Sequence[UUID]) -> Mapping[UUID, Statement]:
    """What donations did, to the minor unit; only for donations that the actor may see.

    Donors are told person-months rounded; operators, who see workers, exactly.
    """
    round_to = context.limits.donor_rounding if context.actor.kind is ActorKind.DONOR else 1
    async with context.reading() as work:
        own = await work.funding.donations(donation_ids, context.actor)
        return await work.funding.statements(tuple(own), round_to)


async def months_of_figures(
    context: Context, donation_ids: Sequence[UUID]
) -> Mapping[UUID, tuple[MonthOfFigures, ...]]:
    """Workers covered by month, rounded so that no change shows a single worker."""
    async with context.reading() as work:
        own = await work.funding.donations(donation_ids, context.actor)
        return await work.funding.months_of_figures(tuple(own), context.limits.donor_rounding)


async def _fund_and_donor(context: Context, work: UnitOfWork, fund_id: UUID, donor_id: UUID, amount: Money) -> Donor:
    fund = found_or_refused(await work.funding.fund(fund_id), "fund")
    donor = await work.funding.donor(donor_id)
    if donor is None or (context.actor.kind is ActorKind.DONOR and context.actor.subject_id != donor.id):
        raise NotFound(kind="donor")
    if amount.currency is not fund.currency:
        raise CurrencyMismatch(expected=fund.currency.value, given=amount.currency.value)
    return donor


async def _receive(context: Context, work: UnitOfWork, given: Donation) -> None:
    """Open the donation's accounts and move the money in from outside.

    Each donation has its own account for the outside, so that two gifts of one donor never wait for each other.
    """
    currency = given.amount.currency
    own, source, remitted = (
        Account(id=context.new_id(), kind=kind, owner_id=given.id, currency=currency)
        for kind in (AccountKind.DONATION, AccountKind.DONOR, AccountKind.REMITTED)
    )
    await work.ledger.open_accounts([own, source, remitted], at=context.now)
    received = transfer(context.new_id(), TransferKind.POSTED, source, own, given.amount)
    await work.ledger.post(
        Transaction(id=context.new_id(), kind=TransactionKind.DONATION, subject_id=given.id, transfers=(received,)),
        context.now,
    )


def _check_terms(context: Context, terms: Terms) -> None:
    for scheme_id in terms.scheme_ids:
        context.rulebook.scheme(scheme_id)
    if terms.first_month is not None and terms.last_month is not None and terms.last_month < terms.first_month:
        raise PeriodInvalid(what="range of months in the terms", rule="its last month lies before its first")


def _check_amount(amount: Money) -> None:
    if not 0 < amount.minor_units <= _LARGEST:
        largest = Money(_LARGEST, amount.currency)
        raise AmountOutOfRange(given=str(amount), limit=f"more than nothing and at most {largest}")
