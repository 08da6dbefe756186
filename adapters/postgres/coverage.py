"""The store of coverage: spells are computed for whole sets of workers and read for one or many.

Workers whose facts are alike have spells that are alike. So the facts of the set are grouped by pattern in
the database, the domain computes each pattern once, and two statements bring all rows in line. The number
of statements does not depend on the number of workers.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.identity.sealing import Sealer
from adapters.postgres.rows import keep_reasons, month, reasons_id, reasons_of
from adapters.postgres.workers import blind_index_of
from domain.coverage import CoverageSpell, CoverState, Insurance, PaidMonth, coverage_spells
from domain.legislation import Rulebook
from domain.people import Identifier
from domain.periods import ONE_DAY
from domain.schemes import Branch, Extent, FunderKind

_AFFECTED_BY_ID = "SELECT unnest(CAST(:ids AS uuid[])) AS id"
_AFFECTED_BY_REMITTANCE = """
    SELECT DISTINCT worker_id AS id FROM contribution_months
    WHERE remittance_id = ANY(CAST(:ids AS uuid[]))"""

_AFFECTED = "CREATE TEMPORARY TABLE affected ON COMMIT DROP AS {affected}"

# The locks keep two units of work from computing the spells of one worker from different facts.
_LOCK = "SELECT workers_locked(ARRAY(SELECT id FROM affected))"

# Lateral aggregates are looked up worker by worker through the indexes, whatever the planner believes of tables
# that a bulk load has just filled.
_HISTORIES = """
    CREATE TEMPORARY TABLE histories ON COMMIT DROP AS
    SELECT worker_id, history, md5(history::text) AS pattern FROM (
        SELECT a.id AS worker_id, coalesce(e.history, '[]'::jsonb) AS history
        FROM affected a LEFT JOIN LATERAL (
            SELECT jsonb_agg(jsonb_build_array(
                       e.scheme_id, e.segment_id, e.first_day, e.last_day, e.funder_kind, e.fund_id,
                       coalesce(m.months, '[]'::jsonb)) ORDER BY e.scheme_id, e.segment_id, e.first_day) AS history
            FROM enrolments e LEFT JOIN LATERAL (
                SELECT jsonb_agg(jsonb_build_array(c.month, d.funder_kind, d.fund_id) ORDER BY c.month) AS months
                FROM contribution_months c
                JOIN acknowledgements k ON k.remittance_id = c.remittance_id AND k.outcome = 'accepted'
                JOIN allocations al ON al.id = c.allocation_id
                JOIN donations d ON d.id = al.donation_id
                WHERE c.worker_id = e.worker_id AND c.scheme_id = e.scheme_id AND c.superseded_at IS NULL
                  AND al.segment_id = e.segment_id) m ON true
            WHERE e.worker_id = a.id AND e.superseded_at IS NULL) e ON true
    ) h"""

_WANTED = """
    SELECT h.worker_id, p.scheme_id, p.institution_id, p.branch,
           daterange(p.first_day, p.last_day, '[]') AS days, p.extent, p.state, p.funder_kind, p.fund_id,
           decode(p.reasons_id, 'hex') AS reasons_id, p.rules_hash
    FROM histories h JOIN jsonb_to_recordset(CAST(:spells AS jsonb)) AS p(
        pattern text, scheme_id text, institution_id text, branch text, first_day date, last_day date,
        extent text, state text, funder_kind text, fund_id uuid, reasons_id text, rules_hash text)
    ON p.pattern = h.pattern"""

_SAME = """(s.worker_id, s.scheme_id, s.branch, s.days, s.extent, s.state, s.funder_kind, s.reasons_id)
    = (w.worker_id, w.scheme_id, w.branch, w.days, w.extent, w.state, w.funder_kind, w.reasons_id)
    AND s.fund_id IS NOT DISTINCT FROM w.fund_id"""

# Read through the index for each worker, however many other workers there are.
_CURRENT = """
    SELECT s.* FROM histories h CROSS JOIN LATERAL (
        SELECT * FROM coverage_spells c
        WHERE c.worker_id = h.worker_id AND c.superseded_at IS NULL OFFSET 0) s"""

_CLOSE = f"""
    WITH wanted AS MATERIALIZED ({_WANTED}), current AS MATERIALIZED ({_CURRENT})
    UPDATE coverage_spells c SET superseded_at = :at
    FROM (SELECT s.id FROM current s LEFT JOIN wanted w ON {_SAME} WHERE w.worker_id IS NULL) gone
    WHERE c.id = gone.id"""

_OPEN = f"""
    WITH wanted AS MATERIALIZED ({_WANTED}), current AS MATERIALIZED ({_CURRENT})
    INSERT INTO coverage_spells (worker_id, scheme_id, institution_id, branch, days, extent, state,
                                 funder_kind, fund_id, reasons_id, rules_hash, recorded_at)
    SELECT w.worker_id, w.scheme_id, w.institution_id, w.branch, w.days, w.extent, w.state, w.funder_kind,
           w.fund_id, w.reasons_id, w.rules_hash, :at
    FROM wanted w LEFT JOIN current s ON {_SAME}
    WHERE s.id IS NULL"""

KNOWN = "s.recorded_at <= :known_at AND (s.superseded_at IS NULL OR s.superseded_at > :known_at)"


class PostgresCoverage:
    """Coverage spells of one unit of work."""

    def __init__(self, connection: AsyncConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def spells_of_identifier(
        self, identifier: Identifier, known_at: dt.datetime
    ) -> tuple[UUID, tuple[CoverageSpell, ...]] | None:
        query = f"""
            SELECT i.worker_id AS person_id, s.*, r.body AS reasons
            FROM identifiers i
            LEFT JOIN coverage_spells s ON s.worker_id = i.worker_id AND {KNOWN}
            LEFT JOIN reasons r ON r.id = s.reasons_id
            WHERE i.blind_index = :blind AND i.superseded_at IS NULL AND sees_worker(i.worker_id)
            ORDER BY s.branch, s.days, s.scheme_id"""
        asked = {"blind": blind_index_of(self._sealer, identifier), "known_at": known_at}
        rows = (await self._connection.execute(text(query), asked)).all()
        if not rows:
            return None
        return rows[0].person_id, tuple(_spell(row) for row in rows if row.id is not None)

    async def spells_of(
        self, worker_ids: Sequence[UUID], known_at: dt.datetime
    ) -> Mapping[UUID, tuple[CoverageSpell, ...]]:
        query = f"""
            SELECT s.*, r.body AS reasons FROM coverage_spells s JOIN reasons r ON r.id = s.reasons_id
            WHERE s.worker_id = ANY(CAST(:ids AS uuid[])) AND {KNOWN}
            ORDER BY s.worker_id, s.branch, s.days, s.scheme_id"""
        found: dict[UUID, list[CoverageSpell]] = {}
        asked = {"ids": list(worker_ids), "known_at": known_at}
        for row in await self._connection.execute(text(query), asked):
            found.setdefault(row.worker_id, []).append(_spell(row))
        return {worker_id: tuple(spells) for worker_id, spells in found.items()}

    async def recompute(self, worker_ids: Iterable[UUID], rulebook: Rulebook, at: dt.datetime) -> int:
        return await self._recompute(_AFFECTED_BY_ID, list(worker_ids), rulebook, at)

    async def recompute_for_remittances(
        self, remittance_ids: Sequence[UUID], rulebook: Rulebook, at: dt.datetime
    ) -> int:
        return await self._recompute(_AFFECTED_BY_REMITTANCE, list(remittance_ids), rulebook, at)

    async def _recompute(self, affected: str, ids: list[UUID], rulebook: Rulebook, at: dt.datetime) -> int:
        run = self._connection.execute
        await run(text("DROP TABLE IF EXISTS pg_temp.affected, pg_temp.histories"))
        await run(text(_AFFECTED.format(affected=affected)), {"ids": ids})
        await run(text("ANALYZE affected"))
        await run(text(_LOCK))
        await run(text(_HISTORIES))
        await run(text("ANALYZE histories"))
        patterns = await run(text("SELECT DISTINCT ON (pattern) pattern, history FROM histories"))
        computed = {
            row.pattern: coverage_spells(tuple(_insurance(fact) for fact in row.history), rulebook) for row in patterns
        }
        await keep_reasons(self._connection, [spell.reasons for spells in computed.values() for spell in spells], at)
        spells = json.dumps([_plain(pattern, spell) for pattern, found in computed.items() for spell in found])
        closed = await run(text(_CLOSE), {"spells": spells, "at": at})
        opened = await run(text(_OPEN), {"spells": spells, "at": at})
        return closed.rowcount + opened.rowcount


def _insurance(fact: list[Any]) -> Insurance:
    scheme_id, segment_id, first_day, last_day, funder_kind, fund_id, months = fact
    return Insurance(
        scheme_id=scheme_id,
        segment_id=segment_id,
        first_day=dt.date.fromisoformat(first_day),
        last_day=None if last_day is None else dt.date.fromisoformat(last_day),
        funder_kind=FunderKind(funder_kind),
        fund_id=fund_id,
        months=tuple(
            PaidMonth(month=month(dt.date.fromisoformat(day)), funder_kind=FunderKind(payer), fund_id=fund)
            for day, payer, fund in months
        ),
    )


def _plain(pattern: str, spell: CoverageSpell) -> dict[str, object]:
    return {
        "pattern": pattern,
        "scheme_id": spell.scheme_id,
        "institution_id": spell.institution_id,
        "branch": spell.branch.value,
        "first_day": spell.first_day.isoformat(),
        "last_day": None if spell.last_day is None else spell.last_day.isoformat(),
        "extent": spell.extent.value,
        "state": spell.state.value,
        "funder_kind": spell.funder_kind.value,
        "fund_id": spell.fund_id,
        "reasons_id": reasons_id(spell.reasons).hex(),
        "rules_hash": spell.rules_hash,
    }


def _spell(row: Row[Any]) -> CoverageSpell:
    return CoverageSpell(
        scheme_id=row.scheme_id,
        institution_id=row.institution_id,
        branch=Branch(row.branch),
        first_day=row.days.lower,
        last_day=None if row.days.upper is None else row.days.upper - ONE_DAY,
        extent=Extent(row.extent),
        state=CoverState(row.state),
        funder_kind=FunderKind(row.funder_kind),
        fund_id=None if row.fund_id is None else str(row.fund_id),
        reasons=reasons_of(row.reasons),
        rules_hash=row.rules_hash,
    )
