"""What is told to those who wait: events, and how far a reader of them has come.

Numbers of events are not the order in which they are committed. So a reader does not remember a number but a snapshot
of the database: which transactions it has seen. What committed late is then still new, however low its number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from domain.records import Purpose


class EventKind(Enum):
    """What changed: the coverage of a worker, a case (a move of a worker), what a donation's money did."""

    COVERAGE = "coverage"
    CASE = "case"
    DONATION = "donation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something changed. subject_id: the worker, move or donation. owner_id: the worker or donor whom it is about.

    xact: the transaction that wrote it; number: its place among the events of all transactions.
    """

    xact: int
    number: int
    kind: EventKind
    subject_id: UUID
    owner_id: UUID

    @property
    def place(self) -> tuple[int, int]:
        return self.xact, self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Which transactions had ended: all before `first_running`, none from `next_one` on, between them those that were
    not running."""

    first_running: int
    next_one: int
    running: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Snapshot:
        """The snapshot that the database writes as `first:next:running,running`; raises ValueError for other texts."""
        first, following, running = text.split(":")
        listed = frozenset(int(part) for part in running.split(",") if part)
        return cls(first_running=int(first), next_one=int(following), running=listed)

    def sees(self, xact: int) -> bool:
        if xact < self.first_running:
            return True
        return xact < self.next_one and xact not in self.running

    def __str__(self) -> str:
        running = ",".join(str(xact) for xact in sorted(self.running))
        return f"{self.first_running}:{self.next_one}:{running}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a reader has come: it has passed all that `whole` sees, and of what `part` sees all up to `upto`.

    upto: transaction and number of an event; in this order the events of one reading are told.
    """

    whole: Snapshot
    part: Snapshot
    upto: tuple[int, int] = (0, 0)

    @classmethod
    def at(cls, snapshot: Snapshot) -> Place:
        """The place of a reader who has passed all that a snapshot sees."""
        return cls(whole=snapshot, part=snapshot)

    @classmethod
    def parse(cls, text: str) -> Place:
        """The place that str() wrote; raises ValueError for other texts."""
        whole, part, xact, number = text.split("|")
        return cls(whole=Snapshot.parse(whole), part=Snapshot.parse(part), upto=(int(xact), int(number)))

    def passed(self, event: Event) -> bool:
        return self.whole.sees(event.xact) or (self.part.sees(event.xact) and event.place <= self.upto)

    def __str__(self) -> str:
        return f"{self.whole}|{self.part}|{self.upto[0]}|{self.upto[1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one subscription follows. ids: of workers or donations; all that the actor may see if None.

    after: the cursor of the last event that the client had; from now on if None. purpose: for what the actor asks
    about persons, if they said it.
    """

    kind: EventKind
    ids: frozenset[UUID] | None
    after: str | None
    purpose: Purpose | None = None

    def takes(self, event: Event) -> bool:
        if event.kind is not self.kind:
            return False
        return self.ids is None or event.subject_id in self.ids or event.owner_id in self.ids
