"""Qualifying periods: how many months a rule needs, how many a person has, and when there will be enough.

A credited month counts from its first day on, and the month of the asked day counts if it is credited.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import ceil

from domain.credited import CreditedMonths
from domain.errors import ValueMissing
from domain.inquiries import Inquiry, PersonFacts, about_benefit
from domain.legislation import Legislation, Reason
from domain.periods import ONE_DAY, Month, term_last_day, whole_months
from domain.schemes import Condition, CoverBasis, Scheme, Segment

MONTH_KINDS = ("months_min", "months_in_window_min", "months_share_min", "membership_months_min")
FEWER_MONTHS = "months_below"
"""Counts months like the kinds above, and is no rule to be reached: it ends when another one is."""
_MONTHS_AHEAD_AT_MOST = 600
"""How far is looked for the day on which a rule will be fulfilled: longer than a working life."""

_MONTHS_OF_A_QUARTER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class QualifyingState:
    """How far a person has come towards one rule that counts months.

    rule: the parameter that holds the bound. subject: the benefit or waiting rule it belongs to. earliest_on: the
    first day on which it would be fulfilled if every month from the asked day on were credited, by the values in
    force on the asked day; None if it would not be.
    """

    kind: str
    rule: str
    subject: str
    needed_months: int
    have_months: int
    missing_months: int
    fulfilled: bool
    earliest_on: dt.date | None
    reasons: tuple[Reason, ...]


def qualifying_states(
    law: Legislation, scheme: Scheme, segment: Segment, person: PersonFacts, on: dt.date
) -> tuple[QualifyingState, ...]:
    """Return how far a person has come towards each benefit and waiting rule of a segment in force on a day.

    Raises ValueMissing if the credited months are needed and not given, RuleNotInForce for a day without a bound.
    Source: the conditions of the scheme's benefits and the segment's waiting rules.
    """
    found: list[QualifyingState] = []
    for benefit in scheme.benefits.values():
        if benefit.concerns(segment.id) and benefit.open_on(on):
            asked = about_benefit(law, scheme, segment, benefit, person, on)
            found.extend(states_of(asked, benefit.conditions))
    for rule in segment.waiting:
        asked = Inquiry(
            law=law,
            scheme_id=scheme.id,
            segment=segment,
            person=person,
            on=on,
            rule=f"{scheme.id}.{segment.id}.waiting.{rule.branch.value}",
            value=rule.extent.value,
            since=segment.first_day,
        )
        found.append(qualifying_state(asked, Condition(kind="membership_months_min", parameter=rule.months)))
    return tuple(found)


def states_of(asked: Inquiry, conditions: tuple[Condition, ...]) -> Iterator[QualifyingState]:
    """How far the person has come towards each of the conditions that count months."""
    for condition in conditions:
        for single in condition.single():
            if single.kind in MONTH_KINDS:
                yield qualifying_state(asked, single)


def qualifying_state(asked: Inquiry, condition: Condition) -> QualifyingState:
    """Return how far a person has come towards one condition that counts months; refusals as qualifying_states."""
    assert condition.parameter is not None, "the loader demands a bound for this condition"
    counts = _membership if condition.kind == "membership_months_min" else _credited
    needed, have, earliest_on = counts(asked, condition, asked.number(condition.parameter))
    text = f"{needed} months are needed, {have} are there"
    cited = [asked.cite(condition.parameter, f"{_WORDS[condition.kind]}; {text}")]
    if condition.window is not None:
        cited.append(asked.cite(condition.window, _counted_in(condition)))
    return QualifyingState(
        kind=condition.kind,
        rule=condition.parameter,
        subject=asked.rule,
        needed_months=needed,
        have_months=have,
        missing_months=max(0, needed - have),
        fulfilled=have >= needed,
        earliest_on=earliest_on,
        reasons=tuple(cited),
    )


_WORDS = {
    "months_min": "Credited months",
    "months_in_window_min": "Credited months within the last ones",
    "months_share_min": "Credited months as a share of those since the first",
    "membership_months_min": "Months of membership",
}


def _counted_in(condition: Condition) -> str:
    before = " before the semester" if condition.before_semester else ""
    return f"The last months{before} in which months are counted"


def _membership(asked: Inquiry, condition: Condition, needed: Decimal) -> tuple[int, int, dt.date | None]:
    since = asked.person.member_since or _membership_began(asked, condition).first_day
    have = max(0, whole_months(since, asked.on))
    try:
        completed_on = term_last_day(since, int(needed)) + ONE_DAY
    except (ValueError, OverflowError):
        return int(needed), have, None  # beyond the last day that the calendar knows
    return int(needed), have, max(asked.on, completed_on)


def _membership_began(asked: Inquiry, condition: Condition) -> Month:
    """The month from which membership is counted, as cover counts it; the asked month if there is none yet.

    After a lapse it is counted anew; where the law lets it go on, the months before the lapse are put in front.
    """
    credited, this_month = asked.person.credited, Month.of(asked.on)
    if credited is None:
        raise ValueMissing(rule=str(condition.parameter), fact="the day membership began, or the credited months")
    runs = credited.up_to(this_month).runs
    if not runs:
        return this_month
    began = runs[0][0]
    for (_, last), following in pairwise((*runs, (this_month, this_month))):
        began = _after(asked, began, last, following[0])
    return began


def _after(asked: Inquiry, began: Month, last: Month, following: Month) -> Month:
    """From when membership is counted in a later month, if no month between it and the last one is credited."""
    cover = asked.segment.cover
    if cover.basis is not CoverBasis.CONTRIBUTION_MONTH or last.until(following) <= 1:
        return began
    assert cover.tolerance_months is not None, "the loader asks for it where cover follows from months"
    assert cover.restart_anew is not None, "the loader asks for it where cover follows from months"
    protected = last.plus(int(asked.law.parameter(cover.tolerance_months).number_on(last.first_day)))
    if protected.until(following) <= 1:
        return began
    if asked.law.parameter(cover.restart_anew).number_on(following.first_day) != 0:
        return following
    return following.plus(-began.until(protected) - 1)


def _credited(asked: Inquiry, condition: Condition, bound: Decimal) -> tuple[int, int, dt.date | None]:
    credited = asked.person.credited
    if credited is None:
        raise ValueMissing(rule=str(condition.parameter), fact="the credited months")
    window = None if condition.window is None else int(asked.number(condition.window))

    def counted(months: CreditedMonths, day: dt.date) -> tuple[int, int]:
        last = _last_counted(condition, day)
        if condition.kind == "months_share_min":
            return _share(months.up_to(last), last, bound)
        first = None if window is None else last.plus(1 - window)
        inside = months.up_to(last)
        return int(bound), len(inside if first is None else inside.since(first))

    needed, have = counted(credited, asked.on)
    return needed, have, asked.on if have >= needed else _earliest(credited, asked.on, counted)


def _share(months: CreditedMonths, last: Month, percent: Decimal) -> tuple[int, int]:
    """The credited months that a share of the time since the first one asks for, at least one, and those there."""
    elapsed = 0 if months.first is None else months.first.until(last) + 1
    return max(1, ceil(elapsed * percent / 100)), len(months)


def _last_counted(condition: Condition, day: dt.date) -> Month:
    """The last month that counts on a day.

    A semester is two quarters in a row and ends with the quarter of the day; before it means that its six months
    do not count.
    """
    month = Month.of(day)
    if not condition.before_semester:
        return month
    quarter_begins = month.plus(-((month.number - 1) % _MONTHS_OF_A_QUARTER))
    return quarter_begins.plus(-_MONTHS_OF_A_QUARTER - 1)


def _earliest(
    credited: CreditedMonths, on: dt.date, counted: Callable[[CreditedMonths, dt.date], tuple[int, int]]
) -> dt.date | None:
    """The first day on which enough is credited; more months never make it less, so it is found by halving."""
    this_month = Month.of(on)

    def enough(ahead: int) -> bool:
        month = this_month.plus(ahead)
        needed, have = counted(credited.with_run(this_month, month), month.first_day)
        return have >= needed

    farthest = min(_MONTHS_AHEAD_AT_MOST, this_month.until(Month.of(dt.date.max)))
    ahead = bisect_left(range(farthest + 1), True, key=enough)
    return None if ahead > farthest else max(on, this_month.plus(ahead).first_day)
