"""Due dates: by which day the contribution of a month must be paid, and which day comes next."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.errors import RuleNotInForce, RuleUnknown
from domain.legislation import Legislation, Reason, Standing, weakest
from domain.periods import Month
from domain.schemes import DueRule, Scheme, Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDate:
    """The last day on which the contribution of one month is paid in time; standing: of the weakest value used."""

    scheme_id: str
    segment_id: str
    month: Month
    due_on: dt.date
    reasons: tuple[Reason, ...]
    standing: Standing


def due_on(law: Legislation, scheme: Scheme, segment: Segment, month: Month) -> DueDate:
    """Return the day by which the contribution of a month is due; values are those of the month's first day.

    A day that the due month does not have is its last day. Whether a day without banking moves the payment is
    not part of the rule.
    Raises RuleUnknown if the segment has no due date, RuleNotInForce outside the known dates.
    Source: `due` of the segment and its parameters in the rule file.
    """
    rule = _rule(scheme, segment)
    on = month.first_day
    law.segment(scheme.id, segment.id, on)
    due_month = month.plus(_whole(law, rule.months_after, on))
    day = min(_whole(law, rule.day, on), due_month.last_day.day)
    reasons = (
        law.cite(rule.months_after, on, "Months after the contribution month in which it is due"),
        law.cite(rule.day, on, "Day of that month by which it is due; 31 is its last day"),
    )
    return DueDate(
        scheme_id=scheme.id,
        segment_id=segment.id,
        month=month,
        due_on=dt.date(due_month.year, due_month.number, day),
        reasons=reasons,
        standing=weakest(tuple(reason.standing for reason in reasons)),
    )


def next_due(law: Legislation, scheme: Scheme, segment: Segment, on: dt.date) -> DueDate:
    """Return the first due date on or after a day; of two months due on the same day the earlier month.

    Raises RuleUnknown if the segment has no due date, RuleNotInForce if the segment has ended and nothing is due
    any more, or if the due date of a month that may come first is not known.
    Source: as due_on.
    """
    rule = _rule(scheme, segment)
    latest = max(int(value.number or 0) for value in law.parameter(rule.months_after).values)
    first = max(Month.of(on).plus(-latest), Month.of(segment.first_day))
    found: DueDate | None = None
    for month in (first.plus(step) for step in range(latest + 3)):
        # A contribution is due in its own month or later, so no later month can come before this one.
        if found is not None and found.due_on < month.first_day:
            break
        due = due_on(law, scheme, segment, month) if segment.open_on(month.first_day) else None
        if due is not None and due.due_on >= on and (found is None or due.due_on < found.due_on):
            found = due
    if found is None:
        known = f"its months end with {segment.last_day}"
        raise RuleNotInForce(rule=f"{scheme.id}.{segment.id}.due", asked_on=on, nearest=known)
    return found


def _rule(scheme: Scheme, segment: Segment) -> DueRule:
    if segment.due is None:
        raise RuleUnknown(kind="due date", name=f"{scheme.id}.{segment.id}")
    return segment.due


def _whole(law: Legislation, name: str, on: dt.date) -> int:
    number = law.parameter(name).on(on).number
    assert number is not None, "the loader takes no table as a due date"
    return int(number)
