"""The store of allocations and contribution months; what concerns many workers is one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.rows import keep_reasons, money, month, reasons_id, reasons_of
from adapters.postgres.tables import allocations, tariffs
from domain.errors import MonthAlreadyFunded
from domain.funding import Allocation, AllocationKind
from domain.money import Money
from domain.moves import PrepaidMonth
from domain.periods import Month
from domain.records import ContributionMonth, Tariff
from domain.schemes import FunderKind

NUMBERED = "SELECT worker_id, sector, place FROM nominated_workers(:nomination)"
"""The workers of a nomination, also for a donor who pays for them and sees none of them."""

# Rows go in by worker, so that two lists with the same workers never wait for each other in a circle.
_MONTHS = f"""
    WITH numbered AS ({NUMBERED})
    INSERT INTO contribution_months
           (worker_id, scheme_id, month, allocation_id, remittance_id, line, tariff_id, amount, recorded_at)
    SELECT n.worker_id, t.scheme_id, t.month, :allocation, r.id, n.place % :size + 1, t.id, t.amount, :at
    FROM numbered n
    JOIN tariffs t ON t.allocation_id = :allocation AND t.sector = n.sector
    JOIN remittances r ON r.allocation_id = :allocation AND r.month = t.month AND r.part = n.place / :size + 1
    ORDER BY n.worker_id, t.month, t.scheme_id"""

_COUNTED = "SELECT donation_months_reserve(:allocation)"

_FUNDED = "SELECT months, first_month FROM months_funded(:nomination, :schemes, :first, :last)"

_OF_WORKERS = """
    SELECT c.*, d.currency, d.funder_kind, d.fund_id, k.outcome IS NOT DISTINCT FROM 'accepted' AS acknowledged,
           coalesce(k.reference, '') AS reference, x.body AS reasons
    FROM contribution_months c
    JOIN allocations a ON a.id = c.allocation_id
    JOIN donations d ON d.id = a.donation_id
    JOIN tariffs t ON t.id = c.tariff_id
    JOIN reasons x ON x.id = t.reasons_id
    LEFT JOIN acknowledgements k ON k.remittance_id = c.remittance_id
    WHERE c.worker_id = ANY(CAST(:ids AS uuid[])) AND c.superseded_at IS NULL
    ORDER BY c.worker_id, c.month, c.scheme_id"""

_PREPAID = """
    SELECT c.scheme_id, a.segment_id, c.month, c.amount, a.currency, a.donation_id,
           EXISTS (SELECT 1 FROM messages m WHERE m.subject_id = c.remittance_id) AS sent
    FROM contribution_months c JOIN allocations a ON a.id = c.allocation_id
    WHERE c.worker_id = :worker AND c.superseded_at IS NULL AND c.month >= :from
    ORDER BY c.month, c.scheme_id"""

_CLOSE_MONTHS = """
    UPDATE contribution_months c SET superseded_at = :at, superseded_why = :why
    FROM unnest(CAST(:schemes AS text[]), CAST(:months AS date[])) AS p(scheme_id, month)
    WHERE c.worker_id = :worker AND c.superseded_at IS NULL
      AND (c.scheme_id, c.month) = (p.scheme_id, p.month)"""

_PENDING = """
    SELECT a.donation_id, r.pending_transfer_id, sum(c.amount) AS amount, a.currency
    FROM contribution_months c
    JOIN remittances r ON r.id = c.remittance_id
    JOIN allocations a ON a.id = c.allocation_id
    JOIN unnest(CAST(:schemes AS text[]), CAST(:months AS date[])) AS p(scheme_id, month)
      ON (c.scheme_id, c.month) = (p.scheme_id, p.month)
    WHERE c.worker_id = :worker AND c.superseded_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.subject_id = c.remittance_id)
    GROUP BY a.donation_id, r.pending_transfer_id, a.currency"""


class PostgresContributions:
    """Allocations and months of one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def months_already_funded(
        self, nomination_id: UUID, scheme_ids: Sequence[str], first: Month, last: Month
    ) -> tuple[int, Month | None]:
        asked = {
            "nomination": nomination_id,
            "schemes": list(scheme_ids),
            "first": first.first_day,
            "last": last.first_day,
        }
        row = (await self._connection.execute(text(_FUNDED), asked)).one()
        return row.months, None if row.first_month is None else month(row.first_month)

    async def add_allocation(self, allocation: Allocation, nomination_id: UUID | None, worker_id: UUID | None) -> None:
        await self._connection.execute(
            insert(allocations).values(
                id=allocation.id,
                donation_id=allocation.donation_id,
                nomination_id=nomination_id,
                worker_id=worker_id,
                kind=allocation.kind.value,
                segment_id=allocation.segment_id,
                scheme_ids=list(allocation.scheme_ids),
                first_month=allocation.first_month.first_day,
                last_month=allocation.last_month.first_day,
                workers=allocation.workers,
                person_months=allocation.person_months,
                amount=allocation.amount.minor_units,
                currency=allocation.amount.currency.value,
                recorded_at=allocation.recorded_at,
            )
        )

    async def add_months(
        self,
        allocation_id: UUID,
        nomination_id: UUID,
        priced: Sequence[Tariff],
        lines_at_most: int,
        at: dt.datetime,
    ) -> int:
        await keep_reasons(self._connection, [tariff.reasons for tariff in priced], at)
        rows = [
            {
                "allocation_id": allocation_id,
                "scheme_id": tariff.scheme_id,
                "month": tariff.month.first_day,
                "sector": tariff.sector.value,
                "base": tariff.base.minor_units,
                "amount": tariff.amount.minor_units,
                "reasons_id": reasons_id(tariff.reasons),
                "rules_hash": tariff.rules_hash,
            }
            for tariff in priced
        ]
        await self._connection.execute(insert(tariffs).values(rows))
        asked = {"allocation": allocation_id, "nomination": nomination_id, "size": lines_at_most, "at": at}
        try:
            inserted = await self._connection.execute(text(_MONTHS), asked)
        except IntegrityError as broken:
            # Another allocation paid one of these months since they were looked at.
            raise MonthAlreadyFunded(months_funded=1, first_month=str(priced[0].month)) from broken
        await self._connection.execute(text(_COUNTED), {"allocation": allocation_id})
        return inserted.rowcount

    async def allocations(self, allocation_ids: Sequence[UUID]) -> Mapping[UUID, Allocation]:
        query = select(allocations).where(allocations.c.id.in_(allocation_ids))
        return {row.id: _allocation(row) for row in await self._connection.execute(query)}

    async def contributions_of(self, worker_ids: Sequence[UUID]) -> Mapping[UUID, tuple[ContributionMonth, ...]]:
        found: dict[UUID, list[ContributionMonth]] = {}
        for row in await self._connection.execute(text(_OF_WORKERS), {"ids": list(worker_ids)}):
            found.setdefault(row.worker_id, []).append(_contribution(row))
        return {worker_id: tuple(rows) for worker_id, rows in found.items()}

    async def prepaid_months(self, worker_id: UUID, from_month: Month) -> tuple[PrepaidMonth, ...]:
        asked = {"worker": worker_id, "from": from_month.first_day}
        return tuple(
            PrepaidMonth(
                scheme_id=row.scheme_id,
                segment_id=row.segment_id,
                month=month(row.month),
                amount=money(row.amount, row.currency),
                donation_id=row.donation_id,
                sent=row.sent,
            )
            for row in await self._connection.execute(text(_PREPAID), asked)
        )

    async def months_under_way(self, worker_id: UUID) -> int:
        query = """
            SELECT count(*) FROM contribution_months c JOIN messages m ON m.subject_id = c.remittance_id
            LEFT JOIN acknowledgements k ON k.remittance_id = c.remittance_id
            WHERE c.worker_id = :worker AND c.superseded_at IS NULL AND k.remittance_id IS NULL"""
        found: int = (await self._connection.execute(text(query), {"worker": worker_id})).scalar_one()
        return found

    async def fund_of_worker(self, worker_id: UUID) -> UUID | None:
        query = """
            SELECT d.fund_id FROM contribution_months c
            JOIN allocations a ON a.id = c.allocation_id JOIN donations d ON d.id = a.donation_id
            WHERE c.worker_id = :worker AND c.superseded_at IS NULL ORDER BY c.month DESC, c.id DESC LIMIT 1"""
        return (await self._connection.execute(text(query), {"worker": worker_id})).scalar_one_or_none()

    async def close_months(self, worker_id: UUID, months: Sequence[PrepaidMonth], why: str, at: dt.datetime) -> None:
        asked = {**_months(worker_id, months), "why": why, "at": at}
        await self._connection.execute(text(_CLOSE_MONTHS), asked)

    async def pending_of_months(
        self, worker_id: UUID, months: Sequence[PrepaidMonth]
    ) -> tuple[tuple[UUID, UUID, Money], ...]:
        rows = await self._connection.execute(text(_PENDING), _months(worker_id, months))
        return tuple((row.donation_id, row.pending_transfer_id, money(row.amount, row.currency)) for row in rows)


def _months(worker_id: UUID, months: Sequence[PrepaidMonth]) -> dict[str, object]:
    return {
        "worker": worker_id,
        "schemes": [paid.scheme_id for paid in months],
        "months": [paid.month.first_day for paid in months],
    }


def _allocation(row: Row[Any]) -> Allocation:
    return Allocation(
        id=row.id,
        donation_id=row.donation_id,
        kind=AllocationKind(row.kind),
        segment_id=row.segment_id,
        scheme_ids=tuple(row.scheme_ids),
        first_month=month(row.first_month),
        last_month=month(row.last_month),
        workers=row.workers,
        person_months=row.person_months,
        amount=money(row.amount, row.currency),
        recorded_at=row.recorded_at,
    )


def _contribution(row: Row[Any]) -> ContributionMonth:
    return ContributionMonth(
        worker_id=row.worker_id,
        scheme_id=row.scheme_id,
        month=month(row.month),
        amount=money(row.amount, row.currency),
        funder_kind=FunderKind(row.funder_kind),
        fund_id=row.fund_id,
        acknowledged=row.acknowledged,
        reference=row.reference,
        reasons=reasons_of(row.reasons),
    )
