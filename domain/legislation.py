"""The law of one member state as dated data, and answers that cite it.

Records only: `adapters/rulebook.py` fills them from `domain/rules/`. A value is asked for a day; a day
outside the known dates is refused, never answered with zero.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from domain.countries import MemberState
from domain.errors import RuleNotInForce, RuleUnknown
from domain.money import Currency
from domain.schemes import Institution, Scheme, Sector, Segment, Text


class Standing(Enum):
    """How sure a value is: an official text or two that agree; one secondary source; not verified."""

    CONFIRMED = "confirmed"
    REPORTED = "reported"
    ASSUMED = "assumed"


WEAKEST_LAST = (Standing.CONFIRMED, Standing.REPORTED, Standing.ASSUMED)


def weakest(standings: tuple[Standing, ...]) -> Standing:
    """The standing of an answer is that of its weakest value; of no value, confirmed."""
    return max(standings, key=WEAKEST_LAST.index, default=Standing.CONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a value was read: its title, its place and the day it was read."""

    id: str
    title: str
    place: str
    read_on: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """One row of a table: from this amount upwards (until the next row) the value applies."""

    from_amount: Decimal
    value: Decimal
    standing: Standing
    source_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedValue:
    """A value from its first day on: a number, a table of brackets, or None where the law ended it."""

    first_day: dt.date
    number: Decimal | None
    brackets: tuple[Bracket, ...]
    standing: Standing
    source_ids: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A named value of the law through time; `values` ascend by first day."""

    name: str
    unit: str
    values: tuple[DatedValue, ...]

    def on(self, day: dt.date) -> DatedValue:
        """Return the value in force on a day; raises RuleNotInForce outside the known dates."""
        found = None
        for value in self.values:
            if value.first_day <= day:
                found = value
        if found is None:
            raise RuleNotInForce(rule=self.name, asked_on=day, nearest=f"the first is {self.values[0].first_day}")
        if found.number is None and not found.brackets:
            raise RuleNotInForce(rule=self.name, asked_on=day, nearest=f"the last one ended before {found.first_day}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One step of an answer: the rule and value used, since when, its sources and its standing."""

    rule: str
    text: str
    value: str
    since: dt.date | None
    source_ids: tuple[str, ...]
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """A dated reduction of contributions that depends on the segment, the sector and the funder."""

    id: str
    scheme_ids: tuple[str, ...]
    segment_ids: tuple[str, ...]
    sectors: tuple[Sector, ...]
    excluded_funders: tuple[str, ...]
    first_day: dt.date
    last_day: dt.date
    factor: Decimal
    standing: Standing
    source_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """An instrument between states; `totalization` says whether periods are added under it."""

    id: str
    parties: tuple[str, ...]
    kind: str
    first_day: dt.date | None
    totalization: bool
    standing: Standing
    source_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Legislation:
    """Everything the rule file of one member state says; `content_hash` names this very version."""

    member_state: MemberState
    name: Text
    currency: Currency
    institutions: Mapping[str, Institution]
    schemes: Mapping[str, Scheme]
    parameters: Mapping[str, Parameter]
    reliefs: tuple[Relief, ...]
    sources: Mapping[str, Source]
    content_hash: str

    def parameter(self, name: str) -> Parameter:
        """The parameter of this name; raises RuleUnknown if the file has none."""
        if name not in self.parameters:
            raise RuleUnknown(kind="parameter", name=name)
        return self.parameters[name]

    def segment(self, scheme_id: str, segment_id: str, on: dt.date) -> Segment:
        """The segment of a scheme in force on a day; unknown and not in force are two refusals."""
        scheme = self.schemes.get(scheme_id)
        if scheme is None or segment_id not in scheme.segments:
            raise RuleUnknown(kind="segment", name=f"{scheme_id}.{segment_id}")
        segment = scheme.segments[segment_id]
        if not segment.open_on(on):
            known = f"it is known from {segment.first_day} to {segment.last_day or 'now'}"
            raise RuleNotInForce(rule=f"{scheme_id}.{segment_id}", asked_on=on, nearest=known)
        return segment

    def cite(self, name: str, on: dt.date, text: str, value: str | None = None) -> Reason:
        """A reason that cites the parameter's value in force on a day."""
        parameter = self.parameter(name)
        dated = parameter.on(on)
        shown = value if value is not None else f"{dated.number} {parameter.unit}"
        return Reason(
            rule=name,
            text=text,
            value=shown,
            since=dated.first_day,
            source_ids=dated.source_ids,
            standing=dated.standing,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """The legislation of all member states that have a rule file, and the agreements between states."""

    states: Mapping[MemberState, Legislation]
    agreements: tuple[Agreement, ...]
    agreement_sources: Mapping[str, Source]

    def legislation(self, state: MemberState) -> Legislation:
        """The legislation of a state; raises RuleUnknown where no rule file exists yet."""
        if state not in self.states:
            raise RuleUnknown(kind="member state with a rule file", name=state.value)
        return self.states[state]

    def scheme(self, scheme_id: str) -> Scheme:
        """The scheme of this id in any state; raises RuleUnknown."""
        for legislation in self.states.values():
            if scheme_id in legislation.schemes:
                return legislation.schemes[scheme_id]
        raise RuleUnknown(kind="scheme", name=scheme_id)

    def institution(self, institution_id: str) -> Institution:
        """The institution of this id in any state; raises RuleUnknown."""
        for legislation in self.states.values():
            if institution_id in legislation.institutions:
                return legislation.institutions[institution_id]
        raise RuleUnknown(kind="institution", name=institution_id)

    def of_scheme(self, scheme_id: str) -> Legislation:
        """The legislation to which a scheme belongs; raises RuleUnknown."""
        return self.legislation(self.scheme(scheme_id).member_state)

    def agreement_between(self, one: MemberState, other: MemberState, on: dt.date) -> Agreement | None:
        """An agreement with totalization in force between two states on a day, if there is one."""
        for agreement in self.agreements:
            parties = set(agreement.parties)
            known = agreement.first_day is not None and agreement.first_day <= on
            if agreement.totalization and known and {one.value, other.value} <= parties:
                return agreement
        return None
