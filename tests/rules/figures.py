"""The figures of each state's law as they were read, and how a value is found in a rule file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import yaml

from domain.countries import MemberState
from domain.legislation import DatedValue, Legislation

FILES = {
    state: Path(__file__).parent / f"figures-{state.slug}.yaml"
    for state in MemberState
    if (Path(__file__).parent / f"figures-{state.slug}.yaml").exists()
}


def figures_of(state: MemberState) -> dict[str, Any]:
    """The figures of one state: rows of numbers, rows of tables, and whether they are all there is."""
    read: dict[str, Any] = yaml.safe_load(FILES[state].read_text(encoding="utf-8"))
    return read


def value_from(law: Legislation, name: str, first_day: dt.date) -> DatedValue:
    """The value of a parameter that begins on exactly this day."""
    (found,) = (value for value in law.parameter(name).values if value.first_day == first_day)
    return found
