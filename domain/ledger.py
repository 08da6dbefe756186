"""The ledger: accounts, transfers of one debit and one credit, and transactions that group them.

A pending transfer reserves money on the debit account; posting moves it, releasing frees it; both may be
done in parts until nothing of it is left. Nothing recorded is edited: a mistake is reversed by another
transfer. The database enforces all of this again (adapters/postgres/migrations).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from domain.errors import CurrencyMismatch
from domain.money import Currency, Money


class AccountKind(Enum):
    """What an account stands for.

    DONOR: the world outside, from which a donor's money comes; may be overdrawn. DONATION: what one donation
    still has; never overdrawn. REMITTED: what of one donation lies with institutions; never overdrawn.
    """

    DONOR = "donor"
    DONATION = "donation"
    REMITTED = "remitted"


class TransferKind(Enum):
    """POSTED moves at once; PENDING reserves; POST and RELEASE settle (a part of) a pending transfer."""

    POSTED = "posted"
    PENDING = "pending"
    POST = "post"
    RELEASE = "release"


class TransactionKind(Enum):
    """The business acts that move money."""

    DONATION = "donation"
    ALLOCATION = "allocation"
    REMITTANCE = "remittance"
    RELEASE = "release"
    RETURN = "return"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account; `owner_id` is the donor or the donation it belongs to."""

    id: UUID
    kind: AccountKind
    owner_id: UUID
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What an account holds: credits less debits that are posted, and what is reserved of it."""

    posted: Money
    pending: Money

    @property
    def available(self) -> Money:
        return self.posted - self.pending


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One debit and one credit of the same amount. pending_id: the transfer that POST or RELEASE settles."""

    id: UUID
    kind: TransferKind
    debit_account_id: UUID
    credit_account_id: UUID
    amount: Money
    pending_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """Transfers that happen together or not at all, and the thing they are about."""

    id: UUID
    kind: TransactionKind
    subject_id: UUID
    transfers: tuple[Transfer, ...]


def transfer(
    id: UUID,
    kind: TransferKind,
    debit: Account,
    credit: Account,
    amount: Money,
    pending_id: UUID | None = None,
) -> Transfer:
    """Return a transfer between two accounts of the amount's currency; raises CurrencyMismatch."""
    assert amount.minor_units > 0, "a transfer moves a positive amount"
    assert debit.id != credit.id, "a transfer has two accounts"
    assert (pending_id is not None) == (kind in (TransferKind.POST, TransferKind.RELEASE))
    for account in (debit, credit):
        if account.currency is not amount.currency:
            raise CurrencyMismatch(expected=account.currency.value, given=amount.currency.value)
    return Transfer(
        id=id,
        kind=kind,
        debit_account_id=debit.id,
        credit_account_id=credit.id,
        amount=amount,
        pending_id=pending_id,
    )
