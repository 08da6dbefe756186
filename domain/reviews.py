"""What an operator has to look at: a worker objects to a question about them, or somebody asked in an emergency."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from uuid import UUID


class ReviewKind(Enum):
    """Why something has to be looked at."""

    OBJECTION = "objection"
    EMERGENCY = "emergency"


class ObjectionCode(Enum):
    """Why a worker objects to a question about them."""

    NO_RELATION = "no_relation"
    NOTHING_ASKED_FOR = "nothing_asked_for"
    WRONG_PURPOSE = "wrong_purpose"
    TOO_MANY_FIELDS = "too_many_fields"


class ReviewOutcome(Enum):
    """What an operator found."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One access to look at.

    code: of an objection. reason: what was said in an emergency. outcome and closed_at: None while nobody has looked.
    """

    id: UUID
    kind: ReviewKind
    worker_id: UUID
    access_record_id: int
    institution_id: str
    purpose: str
    fields: tuple[str, ...]
    code: str
    reason: str | None
    recorded_at: dt.datetime
    outcome: ReviewOutcome | None
    closed_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A worker whom one officer may look at for some hours, because of an emergency."""

    worker_id: UUID
    closes_at: dt.datetime
