"""The store of remittances: batches of contributions, their lines, and what institutions answered."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.identity.sealing import Sealer
from adapters.postgres.contributions import NUMBERED
from adapters.postgres.rows import money, month
from adapters.postgres.tables import remittances
from adapters.postgres.workers import opened_person, person_sealer
from domain.exchange import Answer, PersonOnWire, RefusedLine
from domain.money import Money
from domain.nominations import IDENTIFIER_KIND
from domain.periods import Month
from domain.records import Remittance, Tariff

_TARIFFS = """jsonb_to_recordset(CAST(:tariffs AS jsonb))
    AS t(scheme_id text, month date, sector text, amount bigint, currency text)"""

_BATCHES = f"""
    WITH numbered AS ({NUMBERED})
    SELECT t.month, n.place / :size + 1 AS part, count(DISTINCT n.worker_id) AS lines, sum(t.amount) AS amount,
           min(t.currency) AS currency
    FROM numbered n JOIN {_TARIFFS} ON t.sector = n.sector GROUP BY 1, 2 ORDER BY 1, 2"""

REMITTANCES = """
    SELECT r.*, coalesce(k.reference, '') AS reference,
           coalesce(k.outcome, CASE WHEN p.settled >= p.amount THEN 'released' END,
                    CASE WHEN m.state = 'parked' THEN 'parked' WHEN m.state IS NOT NULL THEN 'sent' END,
                    'reserved') AS state
    FROM remittances r JOIN ledger_pendings p ON p.transfer_id = r.pending_transfer_id
    LEFT JOIN acknowledgements k ON k.remittance_id = r.id
    LEFT JOIN LATERAL (SELECT m.state FROM messages m WHERE m.subject_id = r.id ORDER BY m.id LIMIT 1) m ON true
    WHERE {condition} ORDER BY r.allocation_id, r.month, r.part, r.id"""

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

_LINES = """
    SELECT c.line, c.worker_id, w.sealed_person, w.birth_precision, w.nationality, c.base, c.currency, c.amounts,
           w.home_state, k.wrapped_key, i.id AS identifier_id, i.sealed_value
    FROM (SELECT c.line, c.worker_id, max(t.base) AS base, max(r.currency) AS currency,
                 jsonb_agg(jsonb_build_array(c.scheme_id, c.amount) ORDER BY c.scheme_id) AS amounts
          FROM contribution_months c
          JOIN remittances r ON r.id = c.remittance_id
          JOIN tariffs t ON t.id = c.tariff_id
          WHERE c.remittance_id = :id AND c.recorded_at <= :known_at
            AND (c.superseded_at IS NULL OR c.superseded_at > :known_at)
          GROUP BY c.line, c.worker_id) c
    JOIN workers w ON w.id = c.worker_id
    LEFT JOIN person_keys k ON k.worker_id = c.worker_id
    JOIN LATERAL (SELECT i.id, i.sealed_value FROM identifiers i
                  WHERE i.worker_id = c.worker_id AND i.kind = :kind AND i.recorded_at <= :known_at
                    AND (i.superseded_at IS NULL OR i.superseded_at > :known_at) LIMIT 1) i ON true
    ORDER BY c.line"""


class PostgresRemittances:
    """Remittances of one unit of work."""

    def __init__(self, connection: AsyncConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

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

    async def remittances_of(self, allocation_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Remittance, ...]]:
        query = REMITTANCES.format(condition="r.allocation_id = ANY(CAST(:ids AS uuid[]))")
        found: dict[UUID, list[Remittance]] = {}
        for row in await self._connection.execute(text(query), {"ids": list(allocation_ids)}):
            found.setdefault(row.allocation_id, []).append(_remittance(row))
        return {allocation_id: tuple(rows) for allocation_id, rows in found.items()}

    async def remittances(self, remittance_ids: Sequence[UUID]) -> Mapping[UUID, Remittance]:
        query = REMITTANCES.format(condition="r.id = ANY(CAST(:ids AS uuid[]))")
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

    async def remittance_lines(
        self, remittance_id: UUID, known_at: dt.datetime
    ) -> tuple[tuple[int, PersonOnWire, Money, tuple[tuple[str, Money], ...]], ...]:
        asked = {"id": remittance_id, "kind": IDENTIFIER_KIND, "known_at": known_at}
        rows = await self._connection.execute(text(_LINES), asked)
        return tuple(self._line(row) for row in rows)

    def _line(self, row: Row[Any]) -> tuple[int, PersonOnWire, Money, tuple[tuple[str, Money], ...]]:
        sealed = ((IDENTIFIER_KIND, row.identifier_id, row.sealed_value),)
        sealer = person_sealer(self._sealer, row.wrapped_key, row.worker_id, row.home_state)
        person = opened_person(sealer, row.worker_id, row.sealed_person, row.birth_precision, row.nationality, sealed)
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
