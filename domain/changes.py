"""What of the law changes between two days: values, reliefs, segments and benefits that begin or end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from domain.countries import MemberState
from domain.errors import PeriodInvalid
from domain.legislation import DatedValue, Legislation, Parameter, Rulebook, Standing
from domain.periods import ONE_DAY, Period


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One change of one rule. before, after: what holds on the day before and on the day; None where nothing does.

    on: the first day of the new state. rule: the name of the parameter, relief, segment or benefit.
    """

    member_state: MemberState
    rule: str
    on: dt.date
    before: str | None
    after: str | None
    standing: Standing
    source_ids: tuple[str, ...]
    note: str


def rules_changing(
    rulebook: Rulebook, first_day: dt.date, last_day: dt.date, state: MemberState | None = None
) -> tuple[RuleChange, ...]:
    """Return every change whose first day lies in a period, by day, state and rule; of one state or of all.

    Only what the rule files know is listed: a change that nobody has entered yet does not show.
    Raises PeriodInvalid if the period ends before it begins, RuleUnknown for a state without a rule file.
    """
    if last_day < first_day:
        raise PeriodInvalid(what="period of changes", rule=f"it ends on {last_day}, before {first_day}")
    window = Period(first_day, last_day)
    laws = list(rulebook.states.values()) if state is None else [rulebook.legislation(state)]
    found = [change for law in laws for change in _changes(law) if window.contains(change.on)]
    return tuple(sorted(found, key=lambda change: (change.on, change.member_state.value, change.rule)))


def _changes(law: Legislation) -> Iterator[RuleChange]:
    for parameter in law.parameters.values():
        yield from _of_parameter(law, parameter)
    for relief in law.reliefs:
        factor = f"contributions are multiplied by {relief.factor}"
        span = Period(relief.first_day, relief.last_day)
        yield from _span(law, relief.id, span, factor, relief.standing, relief.source_ids)
    for scheme in law.schemes.values():
        for segment in scheme.segments.values():
            span = Period(segment.first_day, segment.last_day)
            rule, standing = f"{scheme.id}.{segment.id}", segment.standing or Standing.ASSUMED
            yield from _span(law, rule, span, segment.participation.value, standing, segment.source_ids)
        for benefit in scheme.benefits.values():
            span = Period(benefit.first_day, benefit.last_day)
            rule, text = f"{scheme.id}.benefits.{benefit.id}", f"{benefit.name.en}, {benefit.payment.value}"
            yield from _span(law, rule, span, text, benefit.standing or Standing.REPORTED, benefit.source_ids)


def _of_parameter(law: Legislation, parameter: Parameter) -> Iterator[RuleChange]:
    previous: DatedValue | None = None
    for value in parameter.values:
        before, after = shown(previous, parameter.unit), shown(value, parameter.unit)
        if before != after:
            yield RuleChange(
                member_state=law.member_state,
                rule=parameter.name,
                on=value.first_day,
                before=before,
                after=after,
                standing=value.standing,
                source_ids=value.source_ids,
                note=value.note,
            )
        previous = value


def _span(
    law: Legislation, rule: str, span: Period, text: str, standing: Standing, source_ids: tuple[str, ...]
) -> Iterator[RuleChange]:
    turns: list[tuple[dt.date, str | None, str | None]] = [(span.first_day, None, text)]
    if span.last_day is not None:
        turns.append((span.last_day + ONE_DAY, text, None))
    for on, before, after in turns:
        yield RuleChange(
            member_state=law.member_state,
            rule=rule,
            on=on,
            before=before,
            after=after,
            standing=standing,
            source_ids=source_ids,
            note="",
        )


def shown(value: DatedValue | None, unit: str) -> str | None:
    """A value as people read it, None where the law has none."""
    if value is None or (value.number is None and not value.brackets):
        return None
    if value.brackets:
        rows = ", ".join(f"{row.from_amount}: {row.value}" for row in value.brackets)
        return f"table of {unit} ({rows})"
    return f"{value.number} {unit}"
