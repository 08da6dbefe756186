"""Everything that is stored about one worker, for the worker: machine-readable, table by table."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_OF_WORKER = "worker_id = :worker"
_WHICH = {
    "workers": ("id = :worker", "id", ("sealed_person",)),
    "identifiers": (_OF_WORKER, "recorded_at, id", ("sealed_value", "blind_index")),
    "enrolments": (_OF_WORKER, "id", ()),
    "contribution_months": (_OF_WORKER, "id", ("tariff_id", "line", "allocation_id", "remittance_id")),
    "coverage_spells": (_OF_WORKER, "id", ("reasons_id",)),
    "moves": (_OF_WORKER, "recorded_at, id", ("allocation_id",)),
    "move_steps": ("move_id IN (SELECT m.id FROM moves m WHERE m.worker_id = :worker)", "taken_at, step", ()),
    "certificates": (_OF_WORKER, "recorded_at, id", ()),
    "access_records": (_OF_WORKER, "id", ()),
    "nomination_workers": (_OF_WORKER, "nomination_id", ("line",)),
    "erasures": (_OF_WORKER, "worker_id", ()),
    "consents": (_OF_WORKER, "recorded_at, id", ()),
    "reviews": (_OF_WORKER, "recorded_at, id", ()),
}
"""By table: which rows are about a worker, in what order, and what is left out: keys, and what is a donor's."""

_DONORS = frozenset({"donation_id", "donor_id", "fund_id"})


class PostgresExports:
    """Exports of one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def rows_about(self, worker_id: UUID) -> dict[str, list[dict[str, Any]]]:
        return {table: await self._rows(table, worker_id) for table in _WHICH}

    async def _rows(self, table: str, worker_id: UUID) -> list[dict[str, Any]]:
        which, order, left_out = _WHICH[table]
        kept = "to_jsonb(t) - CAST(:left_out AS text[])"
        query = f"SELECT {kept} AS kept FROM {table} t WHERE {which} ORDER BY {order}"
        asked = {"worker": worker_id, "left_out": list(left_out)}
        return [_without_donors(row.kept) for row in await self._connection.execute(text(query), asked)]


def _without_donors(value: Any) -> Any:
    """The same without ids of donors' money, which a move's plan holds too."""
    if isinstance(value, dict):
        return {name: _without_donors(inner) for name, inner in value.items() if name not in _DONORS}
    return [_without_donors(inner) for inner in value] if isinstance(value, list) else value
