"""The kinds of number by which a state and its institutions know a person, as its rule file lists them.

Records only: `adapters/rulebook_identifiers.py` fills them, `adapters/identity/` applies them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from domain.countries import MemberState
from domain.errors import IdentifierInvalid
from domain.schemes import Text
from domain.standing import Standing

PASSPORT = "passport"
"""The one kind that every state has."""


class Strength(Enum):
    """What a number that does not fit its pattern meets: a hard pattern refuses it, a soft one doubts it."""

    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierRule:
    """What numbers of one kind look like.

    pattern: a regular expression of the whole number, in capitals and without separators; None if no shape is
    published. rule: what to say of a number that does not fit it. check: the word of a check that knows more than
    the pattern (adapters/identity/checks.py), empty if there is none.
    """

    kind: str
    member_state: MemberState
    name: Text
    pattern: str | None
    rule: str
    strength: Strength
    check: str
    standing: Standing
    source_ids: tuple[str, ...]
    note: str


def identifier_rule(rules: Mapping[str, IdentifierRule], kind: str, state: MemberState) -> IdentifierRule:
    """The rule of a kind; raises IdentifierInvalid with the kinds that the state has.

    The word that was given is not repeated: it may be a number in the wrong field.
    """
    if kind not in rules:
        known = ", ".join(rules) or "none here"
        raise IdentifierInvalid(kind="identifier", rule=f"its kind is none of those that {state.value} has: {known}")
    return rules[kind]
