"""Funds, pledges, donations and allocations: what donors promise and give, and what it may pay.

A pledge moves no money. A donation is money received into a fund. An allocation reserves it for months (or
one pack) of workers; a remittance sends it to an institution, a return brings back what was not used.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar
from uuid import UUID

from domain.errors import Refusal, TermsNotMet
from domain.ledger import Balance
from domain.money import Currency, Money
from domain.periods import Month
from domain.schemes import FunderKind


@dataclass(eq=False, kw_only=True)
class FundsInsufficient(Refusal):
    """A donation or fund has less available than was asked."""

    code: ClassVar[str] = "INSUFFICIENT_FUNDS"
    holder: str
    available: Money
    asked: Money

    @property
    def message(self) -> str:
        return (
            f"{self.holder} has {self.available} available; {self.asked} was asked. "
            "Lower the amount or wait for another donation."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Donor:
    """A giver: a company, a state-owned enterprise, a local government or a person."""

    id: UUID
    name: str
    funder_kind: FunderKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Fund:
    """A pot with a purpose, in one currency."""

    id: UUID
    name: str
    purpose: str
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a donor lets the money pay. Empty scheme_ids allow every scheme; None leaves a bound open.

    follows_movers: whether the money may pay cover of a worker who moves to another member state.
    """

    scheme_ids: tuple[str, ...] = ()
    first_month: Month | None = None
    last_month: Month | None = None
    follows_movers: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pledge:
    """A promise of an amount; it moves no money."""

    id: UUID
    donor_id: UUID
    fund_id: UUID
    amount: Money
    pledged_on: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Donation:
    """Money received from a donor into a fund, under the donor's terms."""

    id: UUID
    donor_id: UUID
    fund_id: UUID
    funder_kind: FunderKind
    amount: Money
    received_on: dt.date
    terms: Terms


class AllocationKind(Enum):
    """Months of many workers, or one pack of one mover."""

    MONTHS = "months"
    PACK = "pack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Money reserved for workers' cover. person_months: of all its workers, each month counted once."""

    id: UUID
    donation_id: UUID
    kind: AllocationKind
    segment_id: str
    scheme_ids: tuple[str, ...]
    first_month: Month
    last_month: Month
    workers: int
    person_months: int
    amount: Money
    recorded_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a donation did, to the minor unit: received = available + reserved + sent + refunded.

    sent: with institutions for cover, less what they returned. person_months_covered: acknowledged months,
    counted once per worker and month; person_months_term: months that paid packs protect.
    """

    donation_id: UUID
    received: Money
    available: Money
    reserved: Money
    sent: Money
    refunded: Money
    person_months_covered: int
    person_months_reserved: int
    person_months_term: int

    @property
    def adds_up(self) -> bool:
        """Whether the four parts are exactly the money received."""
        return self.available + self.reserved + self.sent + self.refunded == self.received


def check_terms(terms: Terms, scheme_ids: Sequence[str], first: Month, last: Month, *, mover: bool) -> None:
    """Refuse a use that the donor's terms do not allow; raises TermsNotMet with the term that fails."""
    not_allowed = [s for s in scheme_ids if terms.scheme_ids and s not in terms.scheme_ids]
    if not_allowed:
        raise TermsNotMet(term=f"the schemes {', '.join(terms.scheme_ids)}", asked=", ".join(not_allowed))
    if terms.first_month is not None and first < terms.first_month:
        raise TermsNotMet(term=f"months from {terms.first_month}", asked=str(first))
    if terms.last_month is not None and last > terms.last_month:
        raise TermsNotMet(term=f"months up to {terms.last_month}", asked=str(last))
    if mover and not terms.follows_movers:
        raise TermsNotMet(term="only workers who stay", asked="cover of a worker who moves")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """A donation as a source of money: what its account holds now."""

    donation: Donation
    balance: Balance


def choose_purse(
    purses: Sequence[Purse], price: Money, scheme_ids: Sequence[str], month: Month, fund_name: str
) -> Purse:
    """Return the first donation, in the order given, whose terms allow a mover's pack and which can pay it whole.

    One pack has one payer, so that each donor's statement stays exact.
    Raises TermsNotMet if no donation's terms allow it, FundsInsufficient if none that allows it can pay.
    """
    allowed: list[Purse] = []
    refusal: TermsNotMet | None = None
    for purse in purses:
        try:
            check_terms(purse.donation.terms, scheme_ids, month, month, mover=True)
        except TermsNotMet as not_met:
            refusal = not_met
        else:
            allowed.append(purse)
    for purse in allowed:
        if price <= purse.balance.available:
            return purse
    if refusal is not None and not allowed:
        raise refusal
    most = max((p.balance.available for p in allowed), key=lambda m: m.minor_units, default=None)
    raise FundsInsufficient(holder=fund_name, available=most or Money.zero(price.currency), asked=price)
