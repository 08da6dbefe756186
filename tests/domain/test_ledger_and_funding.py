"""Transfers, donors' terms, and which donation pays a mover's pack."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import CurrencyMismatch, TermsNotMet
from domain.funding import FundsInsufficient, Purse, Statement, Terms, check_terms, choose_purse
from domain.ledger import Account, AccountKind, Balance, TransferKind, transfer
from domain.money import Currency, Money
from domain.periods import Month
from tests.domain.moving import DONATION_ID, purse, rupiah

DONOR = Account(id=UUID(int=1), kind=AccountKind.DONOR, owner_id=UUID(int=9), currency=Currency.IDR)
DONATION = Account(id=UUID(int=2), kind=AccountKind.DONATION, owner_id=DONATION_ID, currency=Currency.IDR)
RINGGIT = Account(id=UUID(int=3), kind=AccountKind.REMITTED, owner_id=DONATION_ID, currency=Currency.MYR)
NOW = Month(2026, 2)


def test_a_transfer_debits_one_account_and_credits_another() -> None:
    found = transfer(UUID(int=5), TransferKind.POSTED, DONOR, DONATION, rupiah(100))

    assert (found.debit_account_id, found.credit_account_id, found.amount) == (DONOR.id, DONATION.id, rupiah(100))


@pytest.mark.parametrize(("debit", "credit"), [(DONATION, RINGGIT), (RINGGIT, DONATION)])
def test_a_transfer_between_two_currencies_is_refused(debit: Account, credit: Account) -> None:
    with pytest.raises(CurrencyMismatch):
        transfer(UUID(int=5), TransferKind.POSTED, debit, credit, rupiah(100))


@pytest.mark.parametrize("amount", [0, -1])
def test_a_transfer_of_nothing_or_less_is_a_fault_of_the_program(amount: int) -> None:
    with pytest.raises(AssertionError):
        transfer(UUID(int=5), TransferKind.POSTED, DONOR, DONATION, rupiah(amount))


def test_a_transfer_from_an_account_to_itself_is_a_fault_of_the_program() -> None:
    with pytest.raises(AssertionError):
        transfer(UUID(int=5), TransferKind.POSTED, DONATION, DONATION, rupiah(1))


@pytest.mark.parametrize(
    ("kind", "pending_id"),
    [
        (TransferKind.POST, None),
        (TransferKind.RELEASE, None),
        (TransferKind.POSTED, UUID(int=7)),
        (TransferKind.PENDING, UUID(int=7)),
    ],
)
def test_only_settling_transfers_name_what_they_settle_and_they_always_do(
    kind: TransferKind, pending_id: UUID | None
) -> None:
    with pytest.raises(AssertionError):
        transfer(UUID(int=5), kind, DONOR, DONATION, rupiah(1), pending_id)


@given(posted=st.integers(0, 10**12), pending=st.integers(0, 10**12))
def test_what_is_reserved_is_not_available(posted: int, pending: int) -> None:
    balance = Balance(posted=rupiah(posted), pending=rupiah(pending))

    assert balance.available + balance.pending == balance.posted


@given(st.lists(st.integers(0, 10**12), min_size=4, max_size=4), st.integers(-1, 1))
def test_a_statement_adds_up_only_to_the_minor_unit(parts: list[int], error: int) -> None:
    available, reserved, sent, refunded = (rupiah(part) for part in parts)
    statement = Statement(
        donation_id=DONATION_ID,
        received=rupiah(sum(parts) + error),
        available=available,
        reserved=reserved,
        sent=sent,
        refunded=refunded,
        person_months_covered=0,
        person_months_reserved=0,
        person_months_term=0,
    )

    assert statement.adds_up == (error == 0)


def test_terms_without_bounds_allow_every_use() -> None:
    check_terms(Terms(), ["ID.JKK", "MY.EPF.FOR"], Month(1999, 1), Month(2099, 12), mover=True)


def test_terms_allow_their_first_and_their_last_month() -> None:
    terms = Terms(scheme_ids=("ID.JKK",), first_month=Month(2026, 1), last_month=Month(2026, 12))

    check_terms(terms, ["ID.JKK"], Month(2026, 1), Month(2026, 12), mover=False)


@pytest.mark.parametrize(
    ("scheme_id", "first", "last", "mover", "asked"),
    [
        ("ID.JHT", Month(2026, 1), Month(2026, 12), False, "ID.JHT"),
        ("ID.JKK", Month(2025, 12), Month(2026, 12), False, "2025-12"),
        ("ID.JKK", Month(2026, 1), Month(2027, 1), False, "2027-01"),
        ("ID.JKK", Month(2026, 1), Month(2026, 12), True, "cover of a worker who moves"),
    ],
)
def test_a_use_outside_the_terms_is_refused_with_what_was_asked(
    scheme_id: str, first: Month, last: Month, mover: bool, asked: str
) -> None:
    terms = Terms(scheme_ids=("ID.JKK",), first_month=Month(2026, 1), last_month=Month(2026, 12), follows_movers=False)

    with pytest.raises(TermsNotMet) as refused:
        check_terms(terms, [scheme_id], first, last, mover=mover)

    assert refused.value.asked == asked


def paid_by(*purses: Purse, price: int = 370_000) -> UUID:
    return choose_purse(purses, rupiah(price), ("ID.PMI",), NOW, "Fund F").donation.id


def test_of_two_donations_that_can_pay_the_first_pays() -> None:
    assert paid_by(purse(400_000, donation_id=UUID(int=11)), purse(900_000, donation_id=UUID(int=12))) == UUID(int=11)


def test_a_donation_that_can_pay_to_the_last_rupiah_pays() -> None:
    assert paid_by(purse(370_000, donation_id=UUID(int=11))) == UUID(int=11)


def test_a_donation_that_is_too_small_is_passed_over_and_never_joined_with_another() -> None:
    small, large = purse(369_999, donation_id=UUID(int=11)), purse(370_000, donation_id=UUID(int=12))

    assert paid_by(small, large) == UUID(int=12)
    with pytest.raises(FundsInsufficient) as refused:
        paid_by(small, replace(small, donation=replace(small.donation, id=UUID(int=13))))
    assert refused.value.available == rupiah(369_999)


def test_a_donation_whose_terms_forbid_movers_is_passed_over() -> None:
    stays, follows = purse(900_000, Terms(follows_movers=False)), purse(900_000, donation_id=UUID(int=12))

    assert paid_by(stays, follows) == UUID(int=12)


def test_if_every_donation_forbids_it_the_terms_are_the_reason() -> None:
    with pytest.raises(TermsNotMet):
        paid_by(purse(900_000, Terms(follows_movers=False)))


def test_if_one_donation_allows_it_and_is_too_small_the_amount_is_the_reason() -> None:
    with pytest.raises(FundsInsufficient) as refused:
        paid_by(purse(900_000, Terms(follows_movers=False)), purse(5))

    assert (refused.value.available, refused.value.asked) == (rupiah(5), rupiah(370_000))


def test_what_is_reserved_for_others_does_not_pay() -> None:
    reserved = purse(400_000)
    held = replace(reserved, balance=Balance(posted=rupiah(400_000), pending=rupiah(40_000)))

    with pytest.raises(FundsInsufficient) as refused:
        paid_by(held)

    assert refused.value.available == rupiah(360_000)


def test_a_fund_without_donations_has_nothing_available() -> None:
    with pytest.raises(FundsInsufficient) as refused:
        paid_by()

    assert refused.value.available == Money(0, Currency.IDR)
