"""Who is asked about, and the question itself: one person under one law on one day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from domain.circumstances import BirthPrecision, ResidenceStatus, Sex, StatedFact
from domain.countries import MemberState
from domain.credited import CreditedMonths
from domain.legislation import Legislation, Reason
from domain.schemes import Benefit, Scheme, Sector, Segment
from domain.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """What conditions depend on; None where it is not known, and nothing that names a person.

    birth_date: the first day of the month or year if birth_precision says that only this is known.
    first_entry_on: first day of insured work in the scheme's state. contract_months: the term of the contract
    for which a worker comes or goes. residence: how the person lives in the scheme's state. work_months: months
    worked in that state. firm_workers: persons whom the employer employs. stated: what the asker says is so;
    empty if none of it is. credited: the months credited in the scheme. member_since: the day membership of the
    scheme began, else it is taken from the credited months.
    """

    birth_date: dt.date
    nationality: MemberState
    sector: Sector | None
    first_entry_on: dt.date | None
    valid_pass: bool = True
    contract_months: int | None = None
    birth_precision: BirthPrecision = BirthPrecision.DAY
    sex: Sex | None = None
    residence: ResidenceStatus | None = None
    work_months: int | None = None
    firm_workers: int | None = None
    stated: tuple[StatedFact, ...] | None = None
    credited: CreditedMonths | None = None
    member_since: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One question to the law: a person in a segment of a scheme on a day.

    rule: what the answer is about, such as a segment or a benefit; it names reasons that rest on no parameter,
    of which `value` and `since` are told as well.
    """

    law: Legislation
    scheme_id: str
    segment: Segment
    person: PersonFacts
    on: dt.date
    rule: str
    value: str
    since: dt.date

    def number(self, parameter: str) -> Decimal:
        """The number in force on the day; raises RuleNotInForce."""
        return self.law.parameter(parameter).number_on(self.on)

    def cite(self, parameter: str, text: str) -> Reason:
        """A reason that cites the parameter's value in force on the day."""
        return self.law.cite(parameter, self.on, text)

    def told(self, kind: str, text: str, standing: Standing | None, source_ids: tuple[str, ...]) -> Reason:
        """A reason that rests on no parameter; without a standing of its own it is not claimed as sure."""
        return Reason(
            rule=f"{self.rule}.{kind}",
            text=text,
            value=self.value,
            since=self.since,
            source_ids=source_ids,
            standing=standing or Standing.ASSUMED,
        )


def about_benefit(
    law: Legislation, scheme: Scheme, segment: Segment, benefit: Benefit, person: PersonFacts, on: dt.date
) -> Inquiry:
    """The question what one benefit of a scheme gives a person on a day."""
    return Inquiry(
        law=law,
        scheme_id=scheme.id,
        segment=segment,
        person=person,
        on=on,
        rule=f"{scheme.id}.benefits.{benefit.id}",
        value=benefit.contingency.value,
        since=benefit.first_day,
    )
