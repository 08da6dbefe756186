"""The names of parameters that other parts of a rule file use: each must be in the file, and of the right form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from adapters.rulebook_yaml import Entry
from domain.legislation import Parameter


def known_parameter(entry: Entry, parameters: Mapping[str, Parameter]) -> Parameter:
    """The parameter of a name."""
    name = entry.text()
    if name not in parameters:
        raise entry.refused(f"the parameter {name} is not in this file", "Add it under parameters or correct the name")
    return parameters[name]


def number_named(entry: Entry, parameters: Mapping[str, Parameter]) -> str:
    """The name of a parameter whose values are numbers and never a table."""
    found = known_parameter(entry, parameters)
    if any(value.brackets for value in found.values):
        raise entry.refused(f"{found.name} is a table", "Name a parameter whose values are numbers")
    return found.name


def number_since(
    entry: Entry, parameters: Mapping[str, Parameter], first_day: dt.date, whose: str = "the segment"
) -> str:
    """The name of a number that is known on the first day of a segment or benefit, for it is needed from that day."""
    found = parameters[number_named(entry, parameters)]
    refuse_later(entry, found, first_day, whose)
    return found.name


def table_since(entry: Entry, parameters: Mapping[str, Parameter], first_day: dt.date, whose: str) -> str:
    """The name of a parameter whose values are tables, known on the first day."""
    found = known_parameter(entry, parameters)
    if any(value.number is not None for value in found.values):
        raise entry.refused(f"{found.name} is not a table", "Name a parameter with brackets, or take by out")
    refuse_later(entry, found, first_day, whose)
    return found.name


def refuse_later(entry: Entry, found: Parameter, first_day: dt.date, whose: str) -> None:
    """Refuse a parameter of which nothing is known on a first day."""
    if found.values[0].first_day > first_day:
        raise entry.refused(
            f"{found.name} is known from {found.values[0].first_day}, {whose} begins on {first_day}",
            f"Add the earlier value or let {whose} begin later",
        )


def count_since(
    entry: Entry, parameters: Mapping[str, Parameter], first_day: dt.date, whose: str = "the segment"
) -> str:
    """The name of a whole number of months, years or times."""
    return whole_named(entry, number_since(entry, parameters, first_day, whose), parameters)


def whole_named(entry: Entry, name: str, parameters: Mapping[str, Parameter]) -> str:
    """The name given, of a parameter that has whole values only."""
    for value in parameters[name].values:
        if value.number is not None and value.number != value.number.to_integral_value():
            raise entry.refused(f"{name} is {value.number} on {value.first_day}", "Give whole numbers only")
    return name


def optional_number(fields: Mapping[str, Entry], key: str, parameters: Mapping[str, Parameter]) -> str | None:
    """As number_named, None if the key is left out."""
    return number_named(fields[key], parameters) if key in fields else None


def optional_since(
    fields: Mapping[str, Entry],
    key: str,
    parameters: Mapping[str, Parameter],
    first_day: dt.date,
    whose: str = "the segment",
) -> str | None:
    """As number_since, None if the key is left out."""
    return number_since(fields[key], parameters, first_day, whose) if key in fields else None


def optional_count(
    fields: Mapping[str, Entry],
    key: str,
    parameters: Mapping[str, Parameter],
    first_day: dt.date,
    whose: str = "the segment",
) -> str | None:
    """As count_since, None if the key is left out."""
    return count_since(fields[key], parameters, first_day, whose) if key in fields else None
