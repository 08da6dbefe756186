"""The parts of which the schema of rule files is made: texts, words, lists, and blocks whose keys are fixed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from adapters import rulebook_keys as keys
from adapters.rulebook_keys import Keys
from domain.standing import Standing

Part = dict[str, Any]

TEXT: Part = {"type": "string", "pattern": r"\S"}
DECIMAL: Part = {
    "type": "string",
    "pattern": f"^{keys.DECIMAL}$",
    "description": "A number in quotes, with a point and without separators.",
}
DAY_PATTERN = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
DAY: Part = {"type": "string", "pattern": DAY_PATTERN, "description": "A day without quotes: 2026-01-31."}
PARAMETER: Part = {
    "type": "string",
    "pattern": f"^{keys.PARAMETER_NAME}$",
    "description": "The name of a parameter of this file, never a number.",
}
TRUTH: Part = {"type": "boolean"}
BOTH_OR_NONE: Part = {"dependentRequired": {"standing": ["sources"], "sources": ["standing"]}}


def words(known: type[Enum] | Iterable[str]) -> Part:
    """One of a few words."""
    if isinstance(known, type):
        return {"enum": [member.value for member in known]}
    return {"enum": list(known)}


def filled(part: Part) -> Part:
    """A list that is not empty."""
    return {"type": "array", "items": part, "minItems": 1}


def named(part: Part, pattern: str, *, first: int = 0) -> Part:
    """A block whose keys are names of one form, at least `first` of them."""
    return {
        "type": "object",
        "propertyNames": {"pattern": f"^{pattern}$"},
        "additionalProperties": part,
        "minProperties": first,
    }


def block(of: Keys, parts: Mapping[str, Part], **more: Any) -> Part:
    """A block with exactly these keys. Every key needs its part, so that none is published without one."""
    return {
        "type": "object",
        "properties": {key: parts[key] for key in (*of.required, *of.optional)},
        "required": list(of.required),
        "additionalProperties": False,
        **more,
    }


def when(condition: Part, then: Part, otherwise: Part | None = None) -> Part:
    """What holds if the same block fulfils a condition, and if it does not."""
    return {"if": condition, "then": then} | ({} if otherwise is None else {"else": otherwise})


def having(key: str, *values: str) -> Part:
    """The condition that a key is there, with one of these words if any are given."""
    found: Part = {"required": [key]}
    return found | ({"properties": {key: {"enum": list(values)}}} if values else {})


def without(*absent: str) -> Part:
    """None of these keys may be there."""
    return {"properties": dict.fromkeys(absent, False)}


def refer(name: str) -> Part:
    """A part that is written once, under $defs."""
    return {"$ref": f"#/$defs/{name}"}


STANDING = words(Standing)
SOURCES = filled(TEXT)
