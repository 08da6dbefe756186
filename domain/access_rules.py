"""What is declared of asking about persons, as data: what each purpose opens, and the texts a worker consents to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from domain.actors import ActorKind
from domain.errors import RuleUnknown
from domain.records import Purpose

PERSON_FIELDS = (
    "certificate",
    "coverage",
    "coverage.covers.coveredUntil",
    "coverage.covers.fundId",
    "coverage.covers.funderKind",
    "coverage.covers.reasons",
    "move",
    "movePlan",
    "worker.contributions",
    "worker.enrolments",
    "workers",
)
"""What of a person a purpose has to open, by the names that receipts use. What is named by no purpose is not here:
where a worker is at home, their nationality and sector are answered whenever the worker is seen."""
PERSON = "person"
"""What is answered whenever a person is seen."""


Asker = ActorKind | None
"""A kind of actor; None for whoever does not say, or is not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Every decision of the policy (`domain/access/policies.cedar`), made once at start. What is not in it is refused.

    callers: who may call an operation. opens: what of a person a kind of actor reads for a purpose, or for none;
    PERSON stands for what is answered whenever a person is seen. further: what the code asks beyond the policy.
    """

    callers: Mapping[str, frozenset[Asker]]
    opens: Mapping[tuple[Asker, Purpose | None], frozenset[str]]
    further: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def may_call(self, asker: Asker, operation: str) -> bool:
        """Whether a kind of actor may call an operation; nobody may call one without a policy."""
        return asker in self.callers.get(operation, frozenset())

    def may_read(self, asker: Asker, name: str, purpose: Purpose | None) -> bool:
        """Whether a field of a person, by its name in receipts, is answered to a kind of actor for a purpose."""
        return (declared(name) or PERSON) in self.opens.get((asker, purpose), frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeRule:
    """What one purpose opens, for which kinds of actor, and whether it needs a relation or allows a consent.

    open_hours: how long an emergency stays open; 0 for a purpose that is none.
    """

    purpose: Purpose
    by: frozenset[ActorKind]
    relation: bool
    consent: bool
    opens: frozenset[str]
    open_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """What a worker reads before they consent. language: by ISO 639-1."""

    version: str
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """The declarations of `domain/access/`, read once at start."""

    decisions: Decisions
    purposes: Mapping[Purpose, PurposeRule]
    consent_texts: tuple[ConsentText, ...]

    def consent_text(self, version: str, language: str) -> ConsentText:
        """The text of a version in a language; raises RuleUnknown."""
        for text in self.consent_texts:
            if (text.version, text.language) == (version, language):
                return text
        raise RuleUnknown(kind="consent text", name=f"{version} in {language}")


@lru_cache(maxsize=1024)
def declared(name: str) -> str | None:
    """The field of PERSON_FIELDS that decides about a name of a receipt; None if it is open whenever a worker is."""
    parts = name.split(".")
    known = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((field for field in known if field in PERSON_FIELDS), None)
