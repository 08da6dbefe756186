"""What the tests of moves share: a worker who goes from Indonesia to Malaysia, and a fund that can pay."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from uuid import UUID

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.coverage import CoverageSpell, Insurance, PaidMonth, coverage_spells
from domain.eligibility import PersonFacts
from domain.funding import Donation, Purse, Terms
from domain.ledger import Balance
from domain.money import Currency, Money
from domain.moves import MoveFacts, MoveQuestion, PrepaidMonth
from domain.periods import Month
from domain.schemes import FunderKind, Sector

RULEBOOK = load_rulebook()
MOVE_ON = dt.date(2026, 3, 10)
DECIDED_ON = dt.date(2026, 2, 20)
FUND_ID = "00000000-0000-0000-0000-0000000000f1"
DONATION_ID = UUID("00000000-0000-0000-0000-0000000000d1")

PERSON = PersonFacts(
    birth_date=dt.date(1990, 5, 17),
    nationality=MemberState.ID,
    sector=Sector.MANUFACTURING,
    first_entry_on=None,
)

QUESTION = MoveQuestion(
    worker_id=UUID("00000000-0000-0000-0000-0000000000a1"),
    person=PERSON,
    from_state=MemberState.ID,
    to_state=MemberState.MY,
    move_on=MOVE_ON,
    contract_months=24,
    route="agency",
    wage=Money.parse("1700", Currency.MYR),
    decided_on=DECIDED_ON,
)


def rupiah(amount: int) -> Money:
    return Money(amount, Currency.IDR)


def months(first: str, count: int, funder: FunderKind = FunderKind.CORPORATE) -> tuple[PaidMonth, ...]:
    """A row of paid months."""
    start = Month.parse(first)
    return tuple(PaidMonth(month=start.plus(n), funder_kind=funder, fund_id=FUND_ID) for n in range(count))


def insured(
    scheme_id: str, first: str, count: int, *, segment_id: str = "bpu", last_day: dt.date | None = None
) -> Insurance:
    """A self-employed worker whose months a donor paid."""
    return Insurance(
        scheme_id=scheme_id,
        segment_id=segment_id,
        first_day=Month.parse(first).first_day,
        last_day=last_day,
        funder_kind=FunderKind.CORPORATE,
        fund_id=FUND_ID,
        months=months(first, count),
    )


def donor_cover(first: str = "2025-10", count: int = 6) -> tuple[CoverageSpell, ...]:
    """The spells of work accident and death insurance of a self-employed worker."""
    return coverage_spells((insured("ID.JKK", first, count), insured("ID.JKM", first, count)), RULEBOOK)


def prepaid(scheme_id: str, first: str, count: int, *, sent: bool = True) -> tuple[PrepaidMonth, ...]:
    start = Month.parse(first)
    amount = rupiah(10_000 if scheme_id == "ID.JKK" else 6_800)
    return tuple(
        PrepaidMonth(
            scheme_id=scheme_id,
            segment_id="bpu",
            month=start.plus(n),
            amount=amount,
            donation_id=DONATION_ID,
            sent=sent,
        )
        for n in range(count)
    )


def purse(available: int, terms: Terms | None = None, donation_id: UUID = DONATION_ID) -> Purse:
    donation = Donation(
        id=donation_id,
        donor_id=UUID("00000000-0000-0000-0000-0000000000b1"),
        fund_id=UUID(FUND_ID),
        funder_kind=FunderKind.CORPORATE,
        amount=rupiah(max(available, 1)),
        received_on=dt.date(2025, 9, 1),
        terms=terms or Terms(),
    )
    return Purse(donation=donation, balance=Balance(posted=rupiah(available), pending=rupiah(0)))


FACTS = MoveFacts(
    spells=donor_cover(),
    segments=(("ID.JKK", "bpu"), ("ID.JKM", "bpu")),
    prepaid=(),
    purses=(purse(1_000_000),),
    fund_name="Fund Lingkaran",
)


def asked(**changes: object) -> MoveQuestion:
    """The usual question with some facts changed."""
    return replace(QUESTION, **changes)  # type: ignore[arg-type]


def known(**changes: object) -> MoveFacts:
    """The usual facts with some changed."""
    return replace(FACTS, **changes)  # type: ignore[arg-type]


def person(**changes: object) -> PersonFacts:
    """The usual worker with some facts changed."""
    return replace(PERSON, **changes)  # type: ignore[arg-type]
