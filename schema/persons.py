"""What the law asks about a person: facts that conditions and benefits depend on, and nothing that names one."""

from __future__ import annotations

import datetime as dt

import strawberry

from domain.circumstances import ResidenceStatus, Sex, StatedFact
from domain.countries import MemberState
from domain.credited import CreditedMonths
from domain.inquiries import PersonFacts
from domain.people import Calendar
from domain.periods import Month
from domain.schemes import Sector
from resolvers.context import Context
from resolvers.identifiers import birth_date_of
from schema.scalars import BirthText


@strawberry.input(name="MonthRunInput", description="A run of months in a row, both ends included.")
class MonthRunInput:
    first: Month
    last: Month


@strawberry.input(
    name="PersonInput",
    description="Facts of a person, without anything that names one. What a rule needs and is left out is asked for.",
)
class PersonInput:
    birth_date: BirthText
    nationality: MemberState
    calendar: Calendar | None = strawberry.field(
        default=None, description="The calendar in which the birth date is written; GREGORIAN if left out."
    )
    sex: Sex | None = None
    sector: Sector | None = None
    residence: ResidenceStatus | None = strawberry.field(
        default=None, description="How the person lives in the state whose law is asked about."
    )
    first_entry_on: dt.date | None = strawberry.field(
        default=None, description="First day of insured work in the scheme's state, if there was one."
    )
    contract_months: int | None = strawberry.field(
        default=None, description="The term of the contract for which the person comes or goes."
    )
    work_months: int | None = strawberry.field(default=None, description="Months worked in the scheme's state.")
    firm_workers: int | None = strawberry.field(default=None, description="How many persons the employer employs.")
    valid_pass: bool = strawberry.field(default=True, description="Whether the passport and pass are valid.")
    stated: list[StatedFact] | None = strawberry.field(
        default=None, description="What of these is so; an empty list says that none is, left out that it is not known."
    )
    credited_months: list[MonthRunInput] | None = strawberry.field(
        default=None, description="The months credited in the scheme; a month given twice counts once."
    )
    member_since: dt.date | None = strawberry.field(
        default=None, description="The day on which membership began, if it is not the first credited month."
    )


def person_of(context: Context, given: PersonInput, on: dt.date) -> PersonFacts:
    """The facts that an input states of a person who lives on a day.

    Raises DateInvalid and DateOutOfRange for the birth date, PeriodInvalid for a run of months that is reversed.
    """
    birth = birth_date_of(context, given.birth_date, given.calendar or Calendar.GREGORIAN, on)
    credited = given.credited_months
    return PersonFacts(
        birth_date=birth.first_day,
        birth_precision=birth.precision,
        nationality=given.nationality,
        sex=given.sex,
        sector=given.sector,
        residence=given.residence,
        first_entry_on=given.first_entry_on,
        contract_months=given.contract_months,
        work_months=given.work_months,
        firm_workers=given.firm_workers,
        valid_pass=given.valid_pass,
        stated=None if given.stated is None else tuple(given.stated),
        credited=None if credited is None else CreditedMonths.of((run.first, run.last) for run in credited),
        member_since=given.member_since,
    )
