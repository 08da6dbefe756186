"""Carrying a move out, step by step: which step may follow which, and what an answer leads to.

The steps are facts with an instant; the last one is the state of the move. At each of them the worker is
covered (by the old scheme until the last step, by the new ones from it) and the money is reserved, sent or free.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from domain.exchange import AnswerOutcome


class MoveStep(Enum):
    """The steps of a move, in the order in which they can come."""

    ANNOUNCED = "announced"
    DESTINATION_ACCEPTED = "destination_accepted"
    COMPLETED = "completed"
    DESTINATION_REFUSED = "destination_refused"
    DESTINATION_SILENT = "destination_silent"
    HOME_REFUSED = "home_refused"
    WITHDRAWN = "withdrawn"


ENDED = frozenset(
    {
        MoveStep.COMPLETED,
        MoveStep.DESTINATION_REFUSED,
        MoveStep.DESTINATION_SILENT,
        MoveStep.HOME_REFUSED,
        MoveStep.WITHDRAWN,
    }
)
"""Steps after which nothing follows; of these only COMPLETED changes the worker's cover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken:
    """One step that was taken, when, and what it rests on (an institution's reference or reason)."""

    move_id: UUID
    step: MoveStep
    evidence: str
    simulated: bool
    taken_at: dt.datetime


def after_answer(state: MoveStep, outcome: AnswerOutcome) -> MoveStep | None:
    """The step that an institution's answer leads to, or None if the answer comes too late to matter.

    The destination is asked first. Only when it accepted is the home institution told, and only when that
    accepted too does the old cover end and the new one open, both on the same midnight.
    """
    if state is MoveStep.ANNOUNCED:
        accepted = outcome is AnswerOutcome.ACCEPTED
        return MoveStep.DESTINATION_ACCEPTED if accepted else MoveStep.DESTINATION_REFUSED
    if state is MoveStep.DESTINATION_ACCEPTED:
        return MoveStep.COMPLETED if outcome is AnswerOutcome.ACCEPTED else MoveStep.HOME_REFUSED
    return None
