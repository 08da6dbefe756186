"""The store of allocations, contribution months and remittances; what concerns many workers is one statement."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.identity.sealing import Sealer
from adapters.postgres.rows import keep_reasons, money, month, reasons_id, reasons_of
from adapters.postgres.tables import allocations, remittances, tariffs
from adapters.postgres.workers import opened_person
from domain.errors import MonthAlreadyFunded
from domain.exchange import Answer, PersonOnWire, RefusedLine
from domain.funding import Allocation, AllocationKind
from domain.money import Money
from domain.moves import PrepaidMonth
from domain.periods import Month
from domain.records import ContributionMonth, Remittance, Tariff
from domain.schemes import FunderKind

_TARIFFS = """jsonb_to_recordset(CAST(:tariffs AS jsonb))
    AS t(scheme_id text, month date, sector text, amount bigint, currency text)"""

_NUMBERED = """
    SELECT n.worker_id, w.sector, row_number() OVER (ORDER BY n.line) - 1 AS place
    FROM nomination_workers n JOIN workers w ON w.id = n.worker_id WHERE n.nomination_id = :nomination"""

_BATCHES = f"""
    WITH numbered AS ({_NUMBERED})
    SELECT t.month, n.place / :size + 1 AS part, count(DISTINCT n.worker_id) AS lines, sum(t.amount) AS amount,
           min(t.currency) AS currency
    FROM numbered n JOIN {_TARIFFS} ON t.sector = n.sector GROUP BY 1, 2 ORDER BY 1, 2"""

_MONTHS = f"""
    WITH numbered AS ({_NUMBERED})
    INSERT INTO contribution_months
           (worker_id, scheme_id, month, allocation_id, remittance_id, line, tariff_id, amount, recorded_at)
    SELECT n.worker_id, t.scheme_id, t.month, :allocation, r.id, n.place % :size + 1, t.id, t.amount, :at
    FROM numbered n
    JOIN tariffs t ON t.allocation_id = :allocation AND t.sector = n.sector
    JOIN remittances r ON r.allocation_id = :allocation AND r.month = t.month AND r.part = n.place / :size + 1
    ORDER BY t.month, n.place, t.scheme_id"""

_FUNDED = """
    SELECT count(*) AS months, min(c.month) AS first_month
    FROM nomination_workers n JOIN contribution_months c ON c.worker_id = n.worker_id
    WHERE n.nomination_id = :nomination AND c.superseded_at IS NULL
      AND c.scheme_id = ANY(:schemes) AND c.month BETWEEN :first AND :last"""

_REMITTANCES = """
    SELECT r.*, coalesce(k.reference, '') AS reference,
           coalesce(k.outcome, CASE WHEN p.settled >= p.amount THEN 'released' END,
                    CASE WHEN m.state = 'parked' THEN 'parked' WHEN m.state IS NOT NULL THEN 'sent' END,
                    'reserved') AS state
    FROM remittances r JOIN ledger_pendings p ON p.transfer_id = r.pending_transfer_id
    LEFT JOIN acknowledgements k ON k.remittance_id = r.id
    LEFT JOIN LATERAL (SELECT m.state FROM messages m WHERE m.subject_id = r.id ORDER BY m.id LIMIT 1) m ON true
    WHERE {condition} ORDER BY r.allocation_id, r.month, r.part"""

_REFUSED = "jsonb_to_recordset(CAST(:refused AS jsonb)) AS f(remittance_id uuid, line integer, code text)"

# What was sent is what was known when the message was written; a month closed since was in it all the same.
_TOTALS = f"""
    SELECT r.id, r.currency, count(DISTINCT c.line) FILTER (WHERE f.line IS NULL) AS lines,
           coalesce(sum(c.amount) FILTER (WHERE f.line IS NULL), 0) AS taken,
           coalesce(sum(c.amount) FILTER (WHERE f.line IS NOT NULL), 0) AS refused
    FROM remittances r
    JOIN messages m ON m.subject_id = r.id
    LEFT JOIN contribution_months c ON c.remittance_id = r.id AND c.recorded_at <= m.recorded_at
          AND (c.superseded_at IS NULL OR c.superseded_at > m.recorded_at)
    LEFT JOIN {_REFUSED} ON f.remittance_id = c.remittance_id AND f.line = c.line
    WHERE r.id = ANY(CAST(:ids AS uuid[])) GROUP BY r.id"""

_REFUSE = f"""
    UPDATE contribution_months c SET superseded_at = :at, superseded_why = 'refused by the institution: ' || f.code
    FROM {_REFUSED}
    WHERE c.remittance_id = f.remittance_id AND c.line = f.line AND c.superseded_at IS NULL"""

# The look-up of a known enrolment is lateral with a limit, so that it goes through the index for each worker.
# Months before it, paid later, make the enrolment begin earlier.
_ENROL = """
    WITH opened AS MATERIALIZED (
        SELECT DISTINCT ON (c.worker_id, c.scheme_id)
               c.worker_id, c.scheme_id, c.month, a.segment_id, r.institution_id, a.first_month, d.funder_kind,
               d.fund_id, k.reference, k.simulated
        FROM contribution_months c
        JOIN remittances r ON r.id = c.remittance_id
        JOIN acknowledgements k ON k.remittance_id = r.id AND k.outcome = 'accepted'
        JOIN allocations a ON a.id = c.allocation_id
        JOIN donations d ON d.id = a.donation_id
        WHERE c.remittance_id = ANY(CAST(:ids AS uuid[])) AND c.superseded_at IS NULL
        ORDER BY c.worker_id, c.scheme_id, a.first_month, c.month)
    , found AS MATERIALIZED (
        SELECT o.*, e.id AS known_id, e.first_day AS known_first_day, e.last_day AS known_last_day
        FROM opened o LEFT JOIN LATERAL (
            SELECT e.id, e.first_day, e.last_day FROM enrolments e
            WHERE e.worker_id = o.worker_id AND e.scheme_id = o.scheme_id AND e.segment_id = o.segment_id
              AND e.superseded_at IS NULL AND (e.last_day IS NULL OR e.last_day >= o.month)
            ORDER BY e.first_day LIMIT 1) e ON true)
    , begun_earlier AS (
        UPDATE enrolments e SET superseded_at = :at FROM found f
        WHERE e.id = f.known_id AND f.known_first_day > f.first_month)
    INSERT INTO enrolments (worker_id, scheme_id, segment_id, institution_id, first_day, last_day, funder_kind,
                            fund_id, reference, simulated, recorded_at)
    SELECT f.worker_id, f.scheme_id, f.segment_id, f.institution_id, f.first_month, f.known_last_day,
           f.funder_kind, f.fund_id, f.reference, f.simulated, :at
    FROM found f WHERE f.known_id IS NULL OR f.known_first_day > f.first_month
    ON CONFLICT DO NOTHING"""

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

_LINES = """
    SELECT c.line, c.worker_id, w.sealed_person, w.nationality, c.base, c.currency, c.amounts,
           i.id AS identifier_id, i.sealed_value
    FROM (SELECT c.line, c.worker_id, max(t.base) AS base, max(r.currency) AS currency,
                 jsonb_agg(jsonb_build_array(c.scheme_id, c.amount) ORDER BY c.scheme_id) AS amounts
          FROM contribution_months c
          JOIN remittances r ON r.id = c.remittance_id
          JOIN tariffs t ON t.id = c.tariff_id
          WHERE c.remittance_id = :id AND c.recorded_at <= :known_at
            AND (c.superseded_at IS NULL OR c.superseded_at > :known_at)
          GROUP BY c.line, c.worker_id) c
    JOIN workers w ON w.id = c.worker_id
    JOIN LATERAL (SELECT i.id, i.sealed_value FROM identifiers i
                  WHERE i.worker_id = c.worker_id AND i.kind = 'nik' AND i.recorded_at <= :known_at
                    AND (i.superseded_at IS NULL OR i.superseded_at > :known_at) LIMIT 1) i ON true
    ORDER BY c.line"""


class PostgresContributions:
    """Allocations, months and remittances of one unit of work."""

    def __init__(self, connection: AsyncConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

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

    async def batches(
        self, nomination_id: UUID, priced: Sequence[Tariff], lines_at_most: int
    ) -> tuple[tuple[Month, int, int, Money], ...]:
        asked = {"nomination": nomination_id, "tariffs": _tariffs(priced), "size": lines_at_most}
        rows = await self._connection.execute(text(_BATCHES), asked)
        return tuple((month(row.month), row.part, row.lines, money(row.amount, row.currency)) for row in rows)

    async def add_remittances(self, batches: Sequence[Remittance], at: dt.datetime) -> None:
        rows = [
            {
                "id": batch.id,
                "allocation_id": batch.allocation_id,
                "institution_id": batch.institution_id,
                "month": None if batch.month is None else batch.month.first_day,
                "part": batch.part,
                "lines": batch.lines,
                "amount": batch.amount.minor_units,
                "currency": batch.amount.currency.value,
                "pending_transfer_id": batch.pending_transfer_id,
                "recorded_at": at,
            }
            for batch in batches
        ]
        await self._connection.execute(insert(remittances).values(rows))

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
        return inserted.rowcount

    async def allocations(self, allocation_ids: Sequence[UUID]) -> Mapping[UUID, Allocation]:
        query = select(allocations).where(allocations.c.id.in_(allocation_ids))
        return {row.id: _allocation(row) for row in await self._connection.execute(query)}

    async def remittances_of(self, allocation_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Remittance, ...]]:
        query = _REMITTANCES.format(condition="r.allocation_id = ANY(CAST(:ids AS uuid[]))")
        found: dict[UUID, list[Remittance]] = {}
        for row in await self._connection.execute(text(query), {"ids": list(allocation_ids)}):
            found.setdefault(row.allocation_id, []).append(_remittance(row))
        return {allocation_id: tuple(rows) for allocation_id, rows in found.items()}

    async def remittances(self, remittance_ids: Sequence[UUID]) -> Mapping[UUID, Remittance]:
        query = _REMITTANCES.format(condition="r.id = ANY(CAST(:ids AS uuid[]))")
        rows = await self._connection.execute(text(query), {"ids": list(remittance_ids)})
        return {row.id: _remittance(row) for row in rows}

    async def acknowledge(self, answers: Mapping[UUID, Answer], at: dt.datetime) -> None:
        query = """
            INSERT INTO acknowledgements
                   (remittance_id, outcome, reference, accepted_lines, accepted_amount, simulated, recorded_at)
            SELECT a.remittance_id, a.outcome, a.reference, a.accepted_lines, a.accepted_amount, a.simulated, :at
            FROM jsonb_to_recordset(CAST(:answers AS jsonb)) AS a(remittance_id uuid, outcome text, reference text,
                 accepted_lines integer, accepted_amount bigint, simulated boolean)"""
        rows = [
            {
                "remittance_id": str(remittance_id),
                "outcome": answer.outcome.value,
                "reference": answer.reference,
                "accepted_lines": answer.accepted_lines or 0,
                "accepted_amount": answer.accepted_total.minor_units if answer.accepted_total else 0,
                "simulated": answer.simulated,
            }
            for remittance_id, answer in answers.items()
        ]
        await self._connection.execute(text(query), {"answers": json.dumps(rows), "at": at})

    async def lines_and_totals(
        self, remittance_ids: Sequence[UUID], refused: Mapping[UUID, tuple[RefusedLine, ...]]
    ) -> Mapping[UUID, tuple[int, Money, Money]]:
        asked = {"ids": list(remittance_ids), "refused": _refused(refused)}
        rows = await self._connection.execute(text(_TOTALS), asked)
        return {row.id: (row.lines, money(row.taken, row.currency), money(row.refused, row.currency)) for row in rows}

    async def refuse_lines(self, refused: Mapping[UUID, tuple[RefusedLine, ...]], at: dt.datetime) -> None:
        await self._connection.execute(text(_REFUSE), {"refused": _refused(refused), "at": at})

    async def refuse_whole(self, refused: Mapping[UUID, str], at: dt.datetime) -> None:
        query = """
            UPDATE contribution_months c
            SET superseded_at = :at, superseded_why = 'refused by the institution: ' || f.code
            FROM unnest(CAST(:ids AS uuid[]), CAST(:codes AS text[])) AS f(id, code)
            WHERE c.remittance_id = f.id AND c.superseded_at IS NULL"""
        asked = {"ids": list(refused), "codes": list(refused.values()), "at": at}
        await self._connection.execute(text(query), asked)

    async def enrol_for_remittances(self, remittance_ids: Sequence[UUID], at: dt.datetime) -> None:
        await self._connection.execute(text(_ENROL), {"ids": list(remittance_ids), "at": at})

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

    async def remittance_lines(
        self, remittance_id: UUID, known_at: dt.datetime
    ) -> tuple[tuple[int, PersonOnWire, Money, tuple[tuple[str, Money], ...]], ...]:
        rows = await self._connection.execute(text(_LINES), {"id": remittance_id, "known_at": known_at})
        return tuple(self._line(row) for row in rows)

    def _line(self, row: Row[Any]) -> tuple[int, PersonOnWire, Money, tuple[tuple[str, Money], ...]]:
        sealed = (("nik", row.identifier_id, row.sealed_value),)
        person = opened_person(self._sealer, row.worker_id, row.sealed_person, row.nationality, sealed)
        amounts = tuple((scheme_id, money(amount, row.currency)) for scheme_id, amount in row.amounts)
        return row.line, person, money(row.base, row.currency), amounts


def _tariffs(priced: Sequence[Tariff]) -> str:
    return json.dumps(
        [
            {
                "scheme_id": tariff.scheme_id,
                "month": tariff.month.first_day.isoformat(),
                "sector": tariff.sector.value,
                "amount": tariff.amount.minor_units,
                "currency": tariff.amount.currency.value,
            }
            for tariff in priced
        ]
    )


def _refused(refused: Mapping[UUID, tuple[RefusedLine, ...]]) -> str:
    return json.dumps(
        [
            {"remittance_id": str(remittance_id), "line": line.number, "code": line.code}
            for remittance_id, lines in refused.items()
            for line in lines
        ]
    )


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


def _remittance(row: Row[Any]) -> Remittance:
    return Remittance(
        id=row.id,
        allocation_id=row.allocation_id,
        institution_id=row.institution_id,
        month=None if row.month is None else month(row.month),
        part=row.part,
        lines=row.lines,
        amount=money(row.amount, row.currency),
        pending_transfer_id=row.pending_transfer_id,
        state=row.state,
        reference=row.reference,
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
