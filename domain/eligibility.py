"""Whether a person may or must be in a segment of a scheme on a day, and for how long, with the reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from domain.countries import MemberState
from domain.errors import ValueMissing
from domain.legislation import Legislation, Reason, Standing
from domain.periods import ONE_DAY, Period, whole_years
from domain.schemes import Condition, Participation, PersonGroup, Scheme, Sector, Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """What eligibility depends on.

    first_entry_on: first day of insured work in the scheme's state, if known. contract_months: the term of the
    contract for which a worker comes or goes, if there is one.
    """

    birth_date: dt.date
    nationality: MemberState
    sector: Sector | None
    first_entry_on: dt.date | None
    valid_pass: bool = True
    contract_months: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Whether the person fits, with a reason for each condition and the first one not met."""

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
    Raises RuleNotInForce if a bound is not known on that day, ValueMissing if a sector is needed and not given.
    Source: the segment's conditions in the rule file.
    """
    reasons: list[Reason] = []
    unmet = _unmet_group(law, segment, person)
    if not segment.open_on(on):
        unmet = f"the segment is in force from {segment.first_day} to {segment.last_day or 'now'}"
    for condition in segment.conditions:
        if unmet:
            break
        met, text = _check(law, condition, person, on)
        reasons.append(_cited(law, scheme, segment, condition, on, text))
        unmet = "" if met else text
    return Eligibility(eligible=not unmet, reasons=tuple(reasons), unmet=unmet)


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
    for condition in segment.conditions:
        if condition.parameter is not None:
            days.extend(value.first_day for value in law.parameter(condition.parameter).values)
    days.extend(_birthday(person.birth_date, year) for year in range(window.first_day.year, window.last_day.year + 1))
    yield from (day for day in days if window.contains(day))


def _birthday(birth: dt.date, year: int) -> dt.date:
    """The day of a year on which a person completes a year of age; 1 March where 29 February is missing."""
    if (birth.month, birth.day) == (2, 29) and not _leap(year):
        return dt.date(year, 3, 1)
    return dt.date(year, birth.month, birth.day)


def _leap(year: int) -> bool:
    return (dt.date(year, 3, 1) - ONE_DAY).day == 29


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


def _check(law: Legislation, condition: Condition, person: PersonFacts, on: dt.date) -> tuple[bool, str]:
    if condition.kind == "nationals_only":
        return person.nationality is law.member_state, "only nationals of the state"
    if condition.kind == "valid_pass":
        return person.valid_pass, "only with a valid passport and pass"
    if condition.kind == "sectors_excluded":
        if person.sector is None:
            raise ValueMissing(rule=condition.kind, fact="the sector of the worker")
        words = ", ".join(sector.value for sector in condition.sectors)
        return person.sector not in condition.sectors, f"not for the sectors {words}"
    assert condition.parameter is not None, "the loader demands a bound for this condition"
    number = law.parameter(condition.parameter).on(on).number
    assert number is not None, "the loader gives a bound a single number"
    if condition.kind == "contract_months_min":
        if person.contract_months is None:
            raise ValueMissing(rule=condition.parameter, fact="the months of the contract")
        return person.contract_months >= number, f"with a contract of at least {number} months"
    return _age_check(condition.kind, person, on, int(number))


def _age_check(kind: str, person: PersonFacts, on: dt.date, bound: int) -> tuple[bool, str]:
    age = whole_years(person.birth_date, on)
    entry_age = whole_years(person.birth_date, person.first_entry_on or on)
    checks = {
        "age_min_years": (age >= bound, f"from the age of {bound}"),
        "age_max_years": (age <= bound, f"up to the age of {bound}"),
        "age_below": (age < bound, f"below the age of {bound}"),
        "first_entry_age_below": (entry_age < bound, f"first entry below the age of {bound}"),
        "first_entry_age_from": (entry_age >= bound, f"first entry from the age of {bound}"),
    }
    return checks[kind]


def _cited(law: Legislation, scheme: Scheme, segment: Segment, condition: Condition, on: dt.date, text: str) -> Reason:
    if condition.parameter is not None:
        return law.cite(condition.parameter, on, text)
    # Such a condition has no source of its own in the rule file, only the segment's grounds; it is not claimed as sure.
    return Reason(
        rule=f"{scheme.id}.{segment.id}.{condition.kind}",
        text=text,
        value=segment.participation.value,
        since=segment.first_day,
        source_ids=(),
        standing=Standing.ASSUMED,
    )
