"""The store of consents; giving one and withdrawing it are two facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.tables import consents
from domain.consents import Consent
from domain.records import Purpose

# A worker reads and ends no consent but their own: row security hides the others.
_WITHDRAW = """
    WITH mine AS (SELECT id FROM consents WHERE id = :id),
         ended AS (INSERT INTO consent_withdrawals (consent_id, recorded_at) SELECT id, :at FROM mine
                   ON CONFLICT (consent_id) DO NOTHING RETURNING consent_id)
    SELECT EXISTS (SELECT FROM ended) AS ended FROM mine"""

_OF = """
    SELECT c.*, w.recorded_at AS withdrawn_at FROM consents c
    LEFT JOIN consent_withdrawals w ON w.consent_id = c.id
    WHERE c.worker_id = ANY(CAST(:ids AS uuid[])) ORDER BY c.worker_id, c.id"""


class PostgresConsents:
    """Consents of one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, consent: Consent) -> None:
        values = {name: getattr(consent, name) for name in Consent.__dataclass_fields__ if name != "withdrawn_at"}
        await self._connection.execute(insert(consents).values(**values | {"purpose": consent.purpose.value}))

    async def withdraw(self, consent_id: UUID, at: dt.datetime) -> bool | None:
        found = await self._connection.execute(text(_WITHDRAW), {"id": consent_id, "at": at})
        ended: bool | None = found.scalar_one_or_none()
        return ended

    async def of(self, worker_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Consent, ...]]:
        found: dict[UUID, list[Consent]] = {}
        for row in await self._connection.execute(text(_OF), {"ids": list(worker_ids)}):
            found.setdefault(row.worker_id, []).append(_consent(row))
        return {worker_id: tuple(rows) for worker_id, rows in found.items()}


def _consent(row: Row[Any]) -> Consent:
    values = row._mapping
    kept = {name: values[name] for name in Consent.__dataclass_fields__}
    return Consent(**kept | {"purpose": Purpose(kept["purpose"])})
