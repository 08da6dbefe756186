"""What a check of a number says. It looks at the shape and never tells whether the number was given to anyone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from domain.legislation import Reason


class IdentifierOutcome(Enum):
    """Whether a number looks as its kind does: it does, something speaks against it, or it cannot be one."""

    FITS = "fits"
    DOUBTFUL = "doubtful"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierCheck:
    """The outcome with a reason for each thing that was looked at; the number itself is in none of them."""

    outcome: IdentifierOutcome
    reasons: tuple[Reason, ...]
