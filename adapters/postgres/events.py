"""The store of events: what is new to a reader (row security: to the platform itself), and what an actor may know."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.live import Event, EventKind, Place, Snapshot

CHANNEL = "lingkar_events"
"""On this channel a transaction that wrote events notifies, once."""

# The condition on pg_snapshot_xmin is what the index serves; what it lets through is then looked at row by row.
_AFTER = """
    SELECT CAST(CAST(xact AS text) AS bigint) AS xact, number, kind, subject_id, owner_id FROM events
    WHERE xact >= pg_snapshot_xmin(CAST(:whole AS pg_snapshot))
      AND NOT pg_visible_in_snapshot(xact, CAST(:whole AS pg_snapshot))
      AND NOT (pg_visible_in_snapshot(xact, CAST(:part AS pg_snapshot))
               AND (xact, number) <= (CAST(:xact AS xid8), CAST(:number AS bigint)))
      AND pg_visible_in_snapshot(xact, CAST(:upto AS pg_snapshot))
      AND kind = ANY(CAST(:kinds AS text[]))
    ORDER BY xact, number LIMIT :limit"""


class PostgresEvents:
    """Events of one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def snapshot(self) -> Snapshot:
        found = await self._connection.execute(text("SELECT CAST(pg_current_snapshot() AS text)"))
        return Snapshot.parse(found.scalar_one())

    async def after(self, place: Place, upto: Snapshot, kinds: Sequence[EventKind], *, limit: int) -> tuple[Event, ...]:
        asked = {
            "whole": str(place.whole),
            "part": str(place.part),
            "xact": str(place.upto[0]),
            "number": place.upto[1],
            "upto": str(upto),
            "kinds": [kind.value for kind in kinds],
            "limit": limit,
        }
        return tuple(
            Event(
                xact=row.xact,
                number=row.number,
                kind=EventKind(row.kind),
                subject_id=row.subject_id,
                owner_id=row.owner_id,
            )
            for row in await self._connection.execute(text(_AFTER), asked)
        )

    async def visible_workers(self, worker_ids: Sequence[UUID]) -> frozenset[UUID]:
        query = "SELECT id FROM unnest(CAST(:ids AS uuid[])) AS named(id) WHERE sees_worker(id)"
        rows = await self._connection.execute(text(query), {"ids": list(worker_ids)})
        return frozenset(row.id for row in rows)
