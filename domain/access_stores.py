"""What the use cases ask of the database about accesses to persons, as protocols; see domain/stores.py."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from domain.consents import Consent
from domain.people import Identifier
from domain.records import Purpose
from domain.reviews import ObjectionCode, Opening, Review, ReviewOutcome


class Reviews(Protocol):
    """What operators have to look at, and what they found."""

    async def open_in_emergency(
        self, opening_id: UUID, review_id: UUID, identifier: Identifier, reason: str, closes_at: dt.datetime
    ) -> bool:
        """Open the worker with this identifier to the officer who asks, with record and review; False for nobody."""
        ...

    async def opening(self, opening_id: UUID) -> Opening | None:
        """An opening of the actor's own."""
        ...

    async def object_to(self, review_id: UUID, access_record_id: int, code: ObjectionCode, at: dt.datetime) -> bool:
        """Keep a worker's objection to a record about themselves; False if there is no such record.

        Raises StateConflict if they objected to it already.
        """
        ...

    async def page(self, *, closed: bool, after: UUID | None, limit: int) -> tuple[Review, ...]:
        """Reviews in the order they came, those that wait or those that are closed."""
        ...

    async def close(self, review_id: UUID, outcome: ReviewOutcome, at: dt.datetime) -> bool:
        """Keep what was found; False if there is no such review, or it is closed."""
        ...


class Consents(Protocol):
    """What workers let institutions ask. Who may see a worker by it is the database's rule of relations."""

    async def add(self, consent: Consent) -> None: ...

    async def withdraw(self, consent_id: UUID, at: dt.datetime) -> bool | None:
        """End a consent of the worker who asks: True, False if it was ended before, None if there is no such one."""
        ...

    async def of(self, worker_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Consent, ...]]:
        """Every consent of some workers, also those withdrawn, in the order they were given."""
        ...


class Batches(Protocol):
    """Questions about many persons at once; each method is one statement, however many they are."""

    async def in_sight(self, people: Sequence[UUID | Identifier]) -> tuple[UUID | None, ...]:
        """For each place the worker, None for nobody and for a worker whom the actor may not see."""
        ...

    async def record_answers(
        self,
        outcomes: Mapping[UUID, str],
        hidden: Sequence[UUID | Identifier],
        *,
        purpose: Purpose | None,
        asked_about: dt.date,
        fields: Sequence[str],
    ) -> None:
        """Leave a record for each worker who was shown, with the outcome, and for each person who was not."""
        ...
