"""Messages about invented persons, for the tests of the wire and of the simulated institutions."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

from domain.exchange import (
    ContributionRemittance,
    CoverHandover,
    MoveAnnouncement,
    MoveWithdrawal,
    PersonOnWire,
    PrepaidReturn,
    RemittanceLine,
)
from domain.money import Currency, Money
from domain.periods import Month

WRITTEN_AT = dt.datetime(2026, 3, 2, 1, 30, tzinfo=dt.UTC)
MOVE_ON = dt.date(2026, 9, 1)
FIXED_ID = UUID("00000000-0000-4000-8000-000000000001")


def rupiah(amount: int) -> Money:
    return Money(amount, Currency.IDR)


def person(number: int = 1, name: str = "Contoh Rekaan Satu") -> PersonOnWire:
    """An invented person; numbers give different identifiers that have the right shapes."""
    return PersonOnWire(
        name=name,
        birth_date=dt.date(1990, 1, 1),
        nationality="ID",
        identifiers=(("nik", f"3273010101{number:06d}"), ("passport", f"X{number:07d}")),
    )


def remittance(
    workers: int = 1,
    *,
    month: Month | None = None,
    first_number: int = 1,
    jkk: int = 10_000,
    message_id: UUID | None = None,
) -> ContributionRemittance:
    """Contributions of that many invented workers for one month."""
    lines = tuple(
        RemittanceLine(
            number=place,
            person=person(first_number + place - 1),
            base=rupiah(1_000_000),
            amounts=(("ID.JKK", rupiah(jkk)), ("ID.JKM", rupiah(6_800))),
        )
        for place in range(1, workers + 1)
    )
    return ContributionRemittance(
        message_id=message_id or uuid4(),
        institution_id="ID.BPJSTK",
        written_at=WRITTEN_AT,
        month=month or Month(2026, 3),
        segment_id="BPU",
        lines=lines,
        total=rupiah((jkk + 6_800) * workers),
    )


def handover(
    *,
    message_id: UUID | None = None,
    worker: PersonOnWire | None = None,
    price: int = 370_000,
    returns: tuple[PrepaidReturn, ...] = (),
) -> CoverHandover:
    """The change from own-account cover to the pack for 24 months abroad, by an agency."""
    return CoverHandover(
        message_id=message_id or uuid4(),
        institution_id="ID.BPJSTK",
        written_at=WRITTEN_AT,
        person=worker or person(),
        to_state="MY",
        ends=("ID.JKK", "ID.JKM"),
        ends_on=MOVE_ON - dt.timedelta(days=1),
        pack_scheme_id="ID.PMI",
        route="agency",
        contract_months=24,
        price=rupiah(price),
        cover_first_day=dt.date(2026, 4, 1),
        cover_last_day=dt.date(2028, 10, 31),
        returns=returns,
    )


def prepaid(month: Month, *, scheme_id: str = "ID.JKK", amount: int = 10_000) -> PrepaidReturn:
    return PrepaidReturn(scheme_id=scheme_id, month=month, amount=rupiah(amount))


def announcement(
    *, message_id: UUID | None = None, worker: PersonOnWire | None = None, wage: Money | None = None
) -> MoveAnnouncement:
    """An invented worker who comes to Malaysia."""
    return MoveAnnouncement(
        message_id=message_id or uuid4(),
        institution_id="MY.SOCSO",
        written_at=WRITTEN_AT,
        person=worker or person(),
        from_state="ID",
        move_on=MOVE_ON,
        contract_last_day=dt.date(2028, 8, 31),
        scheme_ids=("MY.SOCSO.CAT1",),
        wage=wage,
    )


def withdrawal(
    announced_id: UUID,
    institution_id: str,
    *,
    message_id: UUID | None = None,
    worker: PersonOnWire | None = None,
    written_at: dt.datetime = WRITTEN_AT,
) -> MoveWithdrawal:
    """The move that was announced does not take place."""
    return MoveWithdrawal(
        message_id=message_id or uuid4(),
        institution_id=institution_id,
        written_at=written_at,
        announced_id=announced_id,
        person=worker or person(),
        move_on=MOVE_ON,
    )
