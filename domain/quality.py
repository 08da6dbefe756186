"""What a rule file says of its own limits: what is left out, and which rules of quality are not done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class QualityRule(Enum):
    """What a complete rule file has; how each is judged stands in `adapters/quality.py`."""

    OWN_LANGUAGE = "own_language"
    CONTRIBUTIONS = "contributions"
    CONDITIONS_SOURCED = "conditions_sourced"
    WAITING = "waiting"
    DEATH_BENEFIT = "death_benefit"
    EMPLOYMENT_INJURY_BENEFIT = "employment_injury_benefit"
    OLD_AGE_BENEFIT = "old_age_benefit"
    DUE_DATES = "due_dates"
    RESTART = "restart"
    IDENTIFIERS = "identifiers"
    WORKED_CASES = "worked_cases"
    ADAPTER = "adapter"


class QualityState(Enum):
    """Why a rule is not done: somebody still has to, or it does not fit the state."""

    TODO = "todo"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """A quality rule that is not done, as the file says, and why."""

    state: QualityState
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something of the law that the rule file leaves out on purpose, and why."""

    what: str
    why: str
