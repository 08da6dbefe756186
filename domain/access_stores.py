"""What the use cases ask of the database about accesses to persons, as protocols; see domain/stores.py."""

from __future__ import annotations

import datetime as dt
from typing import Protocol
from uuid import UUID

from domain.reviews import ObjectionCode, Review, ReviewOutcome


class Reviews(Protocol):
    """What operators have to look at, and what they found."""

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
