"""The dated values of a rule file, and the sources they name."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from types import MappingProxyType

from adapters import rulebook_keys as keys
from adapters.rulebook_yaml import Entry
from domain.legislation import Bracket, DatedValue, Parameter, Source, Standing

_NAME = re.compile(keys.PARAMETER_NAME)


def read_sources(entry: Entry) -> Mapping[str, Source]:
    """Return the sources of a file by id."""
    sources = {}
    for source_id, row in entry.named().items():
        fields = row.fields(*keys.SOURCE)
        sources[source_id] = Source(
            id=source_id,
            title=fields["title"].text(),
            place=fields["place"].text(),
            read_on=fields["read_on"].day(),
        )
    return MappingProxyType(sources)


def read_source_ids(entry: Entry, sources: Mapping[str, Source]) -> tuple[str, ...]:
    """Return the source ids of one value: at least one, each of them listed in the file."""
    rows = entry.rows()
    if not rows:
        raise entry.refused("the value names no source", "Name at least one source of this file")
    for row in rows:
        if row.text() not in sources:
            raise row.refused(
                f"the source {row.text()} is not listed in this file",
                "List it under sources or correct the id",
            )
    return tuple(row.text() for row in rows)


def read_parameters(entry: Entry, sources: Mapping[str, Source]) -> Mapping[str, Parameter]:
    """Return the parameters of a file by name, each with its values in order of their first day."""
    parameters = {}
    for name, row in entry.named().items():
        if not _NAME.fullmatch(name):
            raise row.refused(
                "the name of a parameter is two lower-case words with a point between them",
                "Write the scheme, a point and the name of the value, for example jkk.contribution_rate_bpu",
            )
        fields = row.fields(*keys.PARAMETER)
        values = tuple(_dated_value(day, value, sources) for day, value in fields["values"].by_day())
        if values[0].number is None and not values[0].brackets:
            raise fields["values"].refused(
                "the first value is null", "Begin with the first day that has a value; null only ends one"
            )
        parameters[name] = Parameter(name=name, unit=fields["unit"].text(), values=values)
    return MappingProxyType(parameters)


def _dated_value(day: dt.date, entry: Entry, sources: Mapping[str, Source]) -> DatedValue:
    fields = entry.fields(*keys.DATED_VALUE)
    if ("value" in fields) == ("brackets" in fields):
        raise entry.refused("it needs a value or brackets, one of the two", "Give exactly one of them")
    standing = fields["standing"].word(Standing)
    source_ids = read_source_ids(fields["sources"], sources)
    if standing is Standing.ASSUMED and "note" not in fields:
        raise entry.refused("an assumed value has no note", "Add a note that says what is not verified")
    has_number = "value" in fields and not fields["value"].absent
    return DatedValue(
        first_day=day,
        number=fields["value"].decimal() if has_number else None,
        brackets=_brackets(fields["brackets"], standing, source_ids, sources) if "brackets" in fields else (),
        standing=standing,
        source_ids=source_ids,
        note=fields["note"].text() if "note" in fields else "",
    )


def _brackets(
    entry: Entry, standing: Standing, source_ids: tuple[str, ...], sources: Mapping[str, Source]
) -> tuple[Bracket, ...]:
    """The rows of a table; a row without its own standing or sources has those of the table."""
    brackets: list[Bracket] = []
    for row in entry.filled_rows():
        fields = row.fields(*keys.BRACKET)
        bracket = Bracket(
            from_amount=fields["from"].decimal(),
            value=fields["value"].decimal(),
            standing=fields["standing"].word(Standing) if "standing" in fields else standing,
            source_ids=read_source_ids(fields["sources"], sources) if "sources" in fields else source_ids,
        )
        if brackets and bracket.from_amount <= brackets[-1].from_amount:
            raise row.refused(
                f"the row from {bracket.from_amount} comes after the row from {brackets[-1].from_amount}",
                "Order the rows from the lowest to the highest",
            )
        brackets.append(bracket)
    return tuple(brackets)
