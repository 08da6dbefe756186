"""What the tests of conditions and benefits share: an invented law, and a person of whom little is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.credited import CreditedMonths
from domain.inquiries import Inquiry, PersonFacts
from domain.legislation import Legislation
from domain.money import Currency, Money
from domain.periods import Month
from domain.schemes import Benefit, Scheme, Segment

INVENTED = load_rulebook(Path(__file__).parents[1] / "rules" / "invented")
LAW = INVENTED.legislation(MemberState.ID)
SCHEME = LAW.schemes["ID.ALL"]
EMPLOYED = SCHEME.segments["employed"]
OWN_ACCOUNT = SCHEME.segments["own_account"]
ON = dt.date(2026, 8, 20)

PERSON = PersonFacts(
    birth_date=dt.date(1966, 3, 15),
    nationality=MemberState.ID,
    sector=None,
    first_entry_on=None,
)


def rupiah(amount: int) -> Money:
    return Money(amount, Currency.IDR)


def credited(*runs: str) -> CreditedMonths:
    """Months written as runs such as 2010-01/2019-12."""
    ends = [run.partition("/") for run in runs]
    return CreditedMonths.of((Month.parse(first), Month.parse(last or first)) for first, _, last in ends)


def months_up_to(count: int, last: str = "2026-08") -> CreditedMonths:
    """That many months in a row, up to a month."""
    end = Month.parse(last)
    return CreditedMonths.of([(end.plus(1 - count), end)])


def person(**changes: object) -> PersonFacts:
    """The usual person with some facts changed."""
    return replace(PERSON, **changes)  # type: ignore[arg-type]


def asked(who: PersonFacts = PERSON, on: dt.date = ON, segment: Segment = EMPLOYED, law: Legislation = LAW) -> Inquiry:
    """A question about the segment itself."""
    return Inquiry(
        law=law,
        scheme_id=SCHEME.id,
        segment=segment,
        person=who,
        on=on,
        rule=f"{SCHEME.id}.{segment.id}",
        value="asked",
        since=segment.first_day,
    )


def bounded(name: str, *values: tuple[str, str]) -> Legislation:
    """The law with other values of one parameter, by first day."""
    parameter = LAW.parameter(name)
    first = parameter.values[0]
    changed = replace(
        parameter,
        values=tuple(
            replace(first, first_day=dt.date.fromisoformat(day), number=Decimal(number)) for day, number in values
        ),
    )
    return replace(LAW, parameters=MappingProxyType({**LAW.parameters, name: changed}))


def with_benefits(benefits: Mapping[str, Benefit]) -> Legislation:
    """The law with other benefits of its scheme."""
    scheme: Scheme = replace(SCHEME, benefits=MappingProxyType(dict(benefits)))
    return replace(LAW, schemes=MappingProxyType({SCHEME.id: scheme}))
