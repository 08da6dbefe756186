"""What is counted of a person for a benefit: credited time, children, days, the degree of incapacity, age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from domain.credited import CreditedMonths
from domain.errors import AmountOutOfRange, ValueMissing
from domain.formulas import AmountLeaf, Quantity
from domain.inquiries import Inquiry, PersonFacts
from domain.money import Money
from domain.people import BirthDate
from domain.periods import ONE_DAY, Month, whole_years


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitFacts:
    """What a benefit depends on besides the law; amounts are of one month, None where they are not known.

    wage: before any ceiling. income: as declared. average_wage: the average that the scheme prescribes. balance: of
    the person's account. pension: what the benefit is a part of, such as that of the deceased. children: how many
    count. days: for which is paid. degree_percent: the degree of incapacity, from 0 to 100.
    """

    person: PersonFacts
    wage: Money | None = None
    income: Money | None = None
    average_wage: Money | None = None
    balance: Money | None = None
    pension: Money | None = None
    children: int | None = None
    days: int | None = None
    degree_percent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How much of a quantity there is, exactly; doubt says in words what of it is not known, empty if nothing."""

    number: Fraction
    doubt: str = ""


def counted(asked: Inquiry, facts: BenefitFacts, leaf: AmountLeaf, quantity: Quantity) -> Counted:
    """Return how much of a quantity there is on the asked day, as a leaf of a formula counts it.

    Raises ValueMissing if the fact was not given, AmountOutOfRange if it cannot be.
    """
    rule = leaf.parameter or asked.rule
    if quantity is Quantity.AGE_YEARS:
        return _age(asked)
    if quantity in _OF_MONTHS:
        return Counted(number=_OF_MONTHS[quantity](_months(asked, leaf, rule)))
    if quantity is Quantity.DEGREE:
        percent = _given(facts.degree_percent, rule, "the degree of incapacity in percent", at_most=100)
        return Counted(number=percent / 100)
    given = facts.children if quantity is Quantity.CHILDREN else facts.days
    return Counted(number=_given(given, rule, f"the number of {quantity.value}"))


_OF_MONTHS: dict[Quantity, Callable[[int], Fraction]] = {
    Quantity.MONTHS_CREDITED: Fraction,
    Quantity.YEARS_CREDITED: lambda months: Fraction(months, 12),
    Quantity.FULL_YEARS_CREDITED: lambda months: Fraction(months // 12),
}


def _months(asked: Inquiry, leaf: AmountLeaf, rule: str) -> int:
    """Credited months up to that of the asked day; of a leaf with a time of its own, those that begin in it."""
    credited = asked.person.credited
    if credited is None:
        raise ValueMissing(rule=rule, fact="the credited months")
    inside = credited.up_to(Month.of(asked.on))
    if leaf.credited_from is not None:
        inside = inside.since(_first_month_from(leaf.credited_from))
    if leaf.credited_before is not None:
        inside = _before(inside, leaf.credited_before)
    return len(inside)


def _first_month_from(day: dt.date) -> Month:
    """The first month that begins on a day or later."""
    return Month.of(day - ONE_DAY).plus(1)


def _before(months: CreditedMonths, day: dt.date) -> CreditedMonths:
    return months.up_to(_first_month_from(day).plus(-1))


def _age(asked: Inquiry) -> Counted:
    born = BirthDate(first_day=asked.person.birth_date, precision=asked.person.birth_precision)
    oldest, youngest = whole_years(born.first_day, asked.on), whole_years(born.last_day, asked.on)
    doubt = "" if oldest == youngest else f"of the birth only the {born.precision.value} is known"
    return Counted(number=Fraction(oldest), doubt=doubt)


def _given(number: int | Decimal | None, rule: str, fact: str, at_most: int | None = None) -> Fraction:
    if number is None:
        raise ValueMissing(rule=rule, fact=fact)
    if number < 0 or (at_most is not None and number > at_most):
        limit = "zero or more" if at_most is None else f"from 0 to {at_most}"
        raise AmountOutOfRange(given=f"{number} as {fact}", limit=limit)
    return Fraction(number)
