"""What the platform keeps of workers, remittances, moves and questions, as records made from rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from domain.countries import MemberState
from domain.exchange import MessageKind
from domain.legislation import Reason
from domain.money import Money
from domain.move_steps import MoveStep, StepTaken
from domain.moves import MovePlan
from domain.periods import Month
from domain.schemes import FunderKind, Sector


class Purpose(Enum):
    """For what an institution asks about a person; it is recorded and the worker sees it."""

    ELIGIBILITY_CHECK = "eligibility_check"
    CLAIM = "claim"
    PENSION = "pension"
    STATISTICS = "statistics"
    ADMINISTRATION = "administration"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """For what somebody asks about a person, and for which fields, by the contract's names; never a value."""

    purpose: Purpose | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker, without anything that names the person. purpose: for what they were asked about, if it was said."""

    id: UUID
    home_state: MemberState
    nationality: MemberState
    sector: Sector
    recorded_at: dt.datetime
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A worker in a segment of a scheme, as an institution confirmed it."""

    worker_id: UUID
    scheme_id: str
    segment_id: str
    institution_id: str
    first_day: dt.date
    last_day: dt.date | None
    funder_kind: FunderKind
    fund_id: UUID | None
    reference: str
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributionMonth:
    """One month of one worker in one scheme, reserved or paid, by whom, and why it costs what it costs."""

    worker_id: UUID
    scheme_id: str
    month: Month
    amount: Money
    funder_kind: FunderKind
    fund_id: UUID
    acknowledged: bool
    reference: str
    reasons: tuple[Reason, ...]


LOUD = 10**17
"""What is added to the place of an emergency's record; no database counts so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRecord:
    """Who asked about a worker: the institution, for what, about which day, which fields, with what outcome, when.

    objected_at: when the worker objected to it, if they did; objection_outcome: what an operator found, if one looked.
    """

    id: int
    institution_id: str
    actor_kind: str
    purpose: str
    asked_about: dt.date | None
    outcome: str
    fields: tuple[str, ...]
    recorded_at: dt.datetime
    objected_at: dt.datetime | None
    objection_outcome: str | None

    @property
    def place(self) -> int:
        """Where it stands when records are read downwards: emergencies first, whenever they were, then the latest."""
        return self.id + (LOUD if self.purpose == Purpose.EMERGENCY.value else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NominationReport:
    """How many rows of a nomination file went in and how many were refused."""

    id: UUID
    fund_id: UUID
    rows_accepted: int
    rows_refused: int
    recorded_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NominationRefusal:
    """One refused row: its line in the file (the header is line 1), the code and the reason."""

    line: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorCount:
    """How many nominated workers are in one sector; the price of a month can depend on it."""

    sector: Sector
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """The price of one month in one scheme for one sector, as it was quoted for an allocation."""

    scheme_id: str
    month: Month
    sector: Sector
    base: Money
    amount: Money
    reasons: tuple[Reason, ...]
    rules_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remittance:
    """A batch of contributions for one month (None: one pack) on its way to an institution."""

    id: UUID
    allocation_id: UUID
    institution_id: str
    month: Month | None
    part: int
    lines: int
    amount: Money
    pending_transfer_id: UUID
    state: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move that was announced: its plan, its steps so far, and the allocation that pays its pack."""

    id: UUID
    worker_id: UUID
    plan: MovePlan
    allocation_id: UUID | None
    steps: tuple[StepTaken, ...]
    recorded_at: dt.datetime

    @property
    def step(self) -> MoveStep:
        """The last step, which is the state of the move."""
        return self.steps[-1].step


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMessage:
    """A message to an institution as it lies in the outbox; its personal content is added at delivery."""

    id: UUID
    institution_id: str
    kind: MessageKind
    subject_id: UUID
    body: dict[str, object]
    state: str
    attempts: int
    trouble: str
    recorded_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfFigures:
    """A donor's months in figures: workers covered, rounded so that no single worker can be seen."""

    month: Month
    workers_rounded: int
