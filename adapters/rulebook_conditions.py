"""The conditions of a rule file: what a person must fulfil to be in a segment or to have a benefit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from adapters import rulebook_keys as keys
from adapters.rulebook_names import count_since, number_since
from adapters.rulebook_parameters import read_source_ids
from adapters.rulebook_yaml import Entry, optional_rows
from domain.circumstances import ResidenceStatus, Sex, StatedFact
from domain.legislation import Parameter, Source
from domain.schemes import Condition, Sector
from domain.standing import Standing

_PERCENT = "months_share_min"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Reads the conditions of one segment or benefit. whose: what begins on the first day, in words."""

    parameters: Mapping[str, Parameter]
    sources: Mapping[str, Source]
    first_day: dt.date
    whose: str

    def read(self, fields: Mapping[str, Entry]) -> tuple[Condition, ...]:
        """Return the conditions under the key of that name, none if it is left out."""
        return tuple(self._condition(row) for row in optional_rows(fields, "conditions"))

    def _condition(self, entry: Entry) -> Condition:
        if "any" in entry.named():
            return self._any(entry.fields(*keys.ALTERNATIVES)["any"])
        loose = entry.fields(("kind",), keys.every_key(*keys.CONDITIONS.values()))
        kind = loose["kind"].one_of(tuple(keys.CONDITIONS))
        fields = entry.fields(*keys.CONDITIONS[kind])
        standing, source_ids = read_standing(entry, fields, self.sources)
        return Condition(
            kind=kind,
            parameter=self._bound(kind, fields["parameter"]) if "parameter" in fields else None,
            window=self._count(fields["window"]) if "window" in fields else None,
            before_semester="before_semester" in fields and fields["before_semester"].truth(),
            sectors=tuple(row.word(Sector) for row in optional_rows(fields, "sectors")),
            statuses=tuple(row.word(ResidenceStatus) for row in optional_rows(fields, "statuses")),
            sex=fields["sex"].word(Sex) if "sex" in fields else None,
            stated=fields["fact"].word(StatedFact) if "fact" in fields else None,
            standing=standing,
            source_ids=source_ids,
        )

    def _any(self, entry: Entry) -> Condition:
        lists = entry.filled_rows()
        if len(lists) == 1:
            raise entry.refused("there is only one list", "Add another list or write its conditions without any")
        any_of = tuple(tuple(self._condition(row) for row in rows.filled_rows()) for rows in lists)
        return Condition(kind="any", any_of=any_of)

    def _bound(self, kind: str, entry: Entry) -> str:
        if kind != _PERCENT:
            return self._count(entry)
        return number_since(entry, self.parameters, self.first_day, self.whose)

    def _count(self, entry: Entry) -> str:
        return count_since(entry, self.parameters, self.first_day, self.whose)


def read_standing(
    entry: Entry, fields: Mapping[str, Entry], sources: Mapping[str, Source]
) -> tuple[Standing | None, tuple[str, ...]]:
    """Return the standing and sources of what rests on no parameter; both or none are given."""
    given = [key for key in keys.STANDING_KEYS if key in fields]
    if not given:
        return None, ()
    if len(given) == 1:
        (other,) = (key for key in keys.STANDING_KEYS if key not in given)
        raise entry.refused(f"it has {given[0]} without {other}", f"Add {other} or take {given[0]} out")
    return fields["standing"].word(Standing), read_source_ids(fields["sources"], sources)
