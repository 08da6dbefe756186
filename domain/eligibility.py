"""Whether a person may or must be in a segment of a scheme on a day, and for how long, with the reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from domain.conditions import fulfilled
from domain.inquiries import Inquiry
from domain.inquiries import PersonFacts as PersonFacts
from domain.legislation import Legislation, Reason
from domain.periods import ONE_DAY, Month, Period, term_last_day
from domain.qualifying import FEWER_MONTHS, MONTH_KINDS
from domain.schemes import Condition, Participation, PersonGroup, Scheme, Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Whether the person fits, with a reason for the segment and each condition, and the first one not met."""

    eligible: bool
    reasons: tuple[Reason, ...]
    unmet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibleStretch:
    """The first days of a window on which a person fits a segment, None if there are none.

    fits: the answer for the stretch's first day, or for the window's if there is no stretch. ends_because: what
    is no longer fulfilled after it, empty if the stretch reaches the end of the window.
    """

    period: Period | None
    fits: Eligibility
    ends_because: str


def eligibility(law: Legislation, scheme: Scheme, segment: Segment, person: PersonFacts, on: dt.date) -> Eligibility:
    """Return whether a person fulfils every condition of a segment on a day.

    A first entry that is not known is taken to be on the day itself.
    Raises RuleNotInForce if a bound is not known on that day, ValueMissing if a fact is needed and not given.
    Source: the segment in the rule file, who it is for and its conditions.
    """
    unmet = _unmet_group(law, segment, person)
    if not segment.open_on(on):
        unmet = f"the segment is in force from {segment.first_day} to {segment.last_day or 'now'}"
    of_segment = segment_reason(law, scheme, segment, person, on)
    if unmet:
        return Eligibility(eligible=False, reasons=(of_segment,), unmet=unmet)
    finding = fulfilled(_about_segment(law, scheme, segment, person, on), segment.conditions)
    return Eligibility(eligible=finding.met, reasons=(of_segment, *finding.reasons), unmet=finding.unmet)


def segment_reason(law: Legislation, scheme: Scheme, segment: Segment, person: PersonFacts, on: dt.date) -> Reason:
    """Who the segment is for, as the rule file says; without a standing of its own it is not claimed as sure."""
    asked = _about_segment(law, scheme, segment, person, on)
    return asked.told("persons", segment.grounds, segment.standing, segment.source_ids)


def _about_segment(law: Legislation, scheme: Scheme, segment: Segment, person: PersonFacts, on: dt.date) -> Inquiry:
    return Inquiry(
        law=law,
        scheme_id=scheme.id,
        segment=segment,
        person=person,
        on=on,
        rule=f"{scheme.id}.{segment.id}",
        value=segment.participation.value,
        since=segment.first_day,
    )


def eligible_stretch(
    law: Legislation, scheme: Scheme, segment: Segment, person: PersonFacts, window: Period
) -> EligibleStretch:
    """Return the first stretch of a closed window in which a person fits a segment.

    A birthday, a new value of a bound, or the first or last day of the segment begins or ends it.
    Raises RuleNotInForce and ValueMissing like `eligibility`.
    """
    assert window.last_day is not None, "a stretch is looked for in a closed window"
    first: dt.date | None = None
    fits = eligibility(law, scheme, segment, person, window.first_day)
    for day in sorted({window.first_day, *_days_of_change(law, segment, person, window)}):
        answer = eligibility(law, scheme, segment, person, day)
        if first is None and answer.eligible:
            first, fits = day, answer
        elif first is not None and not answer.eligible:
            return EligibleStretch(period=Period(first, day - ONE_DAY), fits=fits, ends_because=answer.unmet)
    period = None if first is None else Period(first, window.last_day)
    return EligibleStretch(period=period, fits=fits, ends_because="")


def _days_of_change(law: Legislation, segment: Segment, person: PersonFacts, window: Period) -> Iterator[dt.date]:
    assert window.last_day is not None
    days = [segment.first_day]
    if segment.last_day is not None:
        days.append(segment.last_day + ONE_DAY)
    years = range(window.first_day.year - person.birth_date.year, window.last_day.year - person.birth_date.year + 1)
    days.extend(_completed_on(person.birth_date, 12 * year) for year in years)
    for condition in (single for listed in segment.conditions for single in listed.single()):
        for name in (condition.parameter, condition.window):
            if name is not None:
                days.extend(value.first_day for value in law.parameter(name).values)
        days.extend(_monthly_days(condition, person, window))
    yield from (day for day in days if window.contains(day))


def _monthly_days(condition: Condition, person: PersonFacts, window: Period) -> Iterator[dt.date]:
    """The days on which a condition that counts months may turn: a month begins, or one of age or membership ends."""
    assert window.last_day is not None
    begins = Month.of(window.first_day).first_day
    if condition.kind == "age_min_months":
        begins = person.birth_date
    elif condition.kind == "membership_months_min":
        begins = person.member_since or begins
    elif condition.kind not in (*MONTH_KINDS, FEWER_MONTHS):
        return
    before = Month.of(begins).until(Month.of(window.first_day)) - 1
    for months in range(before, Month.of(begins).until(Month.of(window.last_day)) + 1):
        yield _completed_on(begins, months)


def _completed_on(begins: dt.date, months: int) -> dt.date:
    """The day on which whole months are completed; the first of the next month where the day is missing."""
    return term_last_day(begins, months) + ONE_DAY


def _unmet_group(law: Legislation, segment: Segment, person: PersonFacts) -> str:
    """Segments for workers who come in are for foreigners, those for workers abroad for nationals."""
    if segment.participation is Participation.EXCLUDED:
        return "the segment is excluded by law"
    national = person.nationality is law.member_state
    if segment.persons is PersonGroup.INBOUND and national:
        return "only workers who are not nationals of the state"
    if segment.persons is PersonGroup.OUTBOUND and not national:
        return "only nationals of the state"
    return ""
