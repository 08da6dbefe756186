"""The store of nomination files: rows are streamed in by COPY, sealed on the way, and placed by set."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.identity.sealing import Sealer
from adapters.postgres.rows import new_id
from adapters.postgres.tables import nomination_refusals, nominations
from adapters.postgres.workers import blind_index_of, sealed_person
from domain.countries import MemberState
from domain.nominations import IDENTIFIER_KIND, NominatedPerson, RefusedRow
from domain.people import Identifier
from domain.records import NominationRefusal, NominationReport, SectorCount
from domain.schemes import Sector

_STAGE = """
    CREATE TEMPORARY TABLE nominated (
        line integer, worker_id uuid, identifier_id uuid, blind_index bytea, sealed_person bytea,
        birth_precision text, sealed_value bytea, wrapped_key bytea,
        sector text, refused_code text, refused_reason text) ON COMMIT DROP"""

# One import at a time, so that two files with the same new person cannot both add them.
_LOCK = "SELECT pg_advisory_xact_lock(7145202)"

_PLACE = (
    "ANALYZE nominated",
    """UPDATE nominated n SET worker_id = i.worker_id, identifier_id = NULL FROM identifiers i
       WHERE i.blind_index = n.blind_index AND i.superseded_at IS NULL""",
    """INSERT INTO workers (id, home_state, nationality, sector, sealed_person, birth_precision, recorded_at)
       SELECT worker_id, :state, :state, sector, sealed_person, birth_precision, :at FROM nominated
       WHERE identifier_id IS NOT NULL ORDER BY worker_id""",
    """INSERT INTO person_keys (worker_id, state, wrapped_key, recorded_at)
       SELECT worker_id, :state, wrapped_key, :at FROM nominated WHERE identifier_id IS NOT NULL ORDER BY worker_id""",
    """INSERT INTO identifiers (id, worker_id, kind, issuing_state, blind_index, sealed_value, recorded_at)
       SELECT identifier_id, worker_id, :kind, :state, blind_index, sealed_value, :at FROM nominated
       WHERE identifier_id IS NOT NULL ORDER BY worker_id""",
    """INSERT INTO nominations (id, fund_id, rows_accepted, rows_refused, file_digest, recorded_at)
       SELECT :id, :fund, count(*) FILTER (WHERE refused_code IS NULL),
              count(*) FILTER (WHERE refused_code IS NOT NULL), :digest, :at FROM nominated""",
    """INSERT INTO nomination_workers (nomination_id, worker_id, line)
       SELECT :id, worker_id, line FROM nominated WHERE refused_code IS NULL ORDER BY line""",
    """INSERT INTO nomination_refusals (nomination_id, line, code, reason)
       SELECT :id, line, refused_code, refused_reason FROM nominated WHERE refused_code IS NOT NULL""",
)


class PostgresNominations:
    """Nomination files of one unit of work."""

    def __init__(self, connection: AsyncConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def add_nomination(
        self,
        report_id: UUID,
        fund_id: UUID,
        rows: Iterable[NominatedPerson | RefusedRow],
        home: MemberState,
        at: dt.datetime,
    ) -> NominationReport:
        run = self._connection.execute
        await run(text(_LOCK))
        await run(text(_STAGE))
        digest = await self._copy(rows, home)
        asked = {
            "id": report_id,
            "fund": fund_id,
            "kind": IDENTIFIER_KIND,
            "state": home.value,
            "digest": digest,
            "at": at,
        }
        for statement in _PLACE:
            used = {name: value for name, value in asked.items() if f":{name}" in statement}
            await run(text(statement), used)
        report = await self.nomination(report_id)
        assert report is not None, "the report was inserted above"
        return report

    async def _copy(self, rows: Iterable[NominatedPerson | RefusedRow], home: MemberState) -> bytes:
        """Stream the rows into the staging table; returns a digest of what was read."""
        digest = hashlib.sha256()
        raw = await self._connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None, "the connection of an open unit of work is there"
        async with driver.cursor() as cursor, cursor.copy("COPY nominated FROM STDIN") as copy:
            for row in rows:
                values = self._staged(row, home)
                digest.update(repr((values[0], values[3], values[9])).encode())
                await copy.write_row(values)
        return digest.digest()

    def _staged(self, row: NominatedPerson | RefusedRow, home: MemberState) -> tuple[object, ...]:
        if isinstance(row, RefusedRow):
            return (row.line, *[None] * 8, row.code.value, row.reason)
        worker_id, identifier_id = new_id(), new_id()
        identifier = Identifier(kind=IDENTIFIER_KIND, state=home, value=row.nik)
        sealer, wrapped_key = self._sealer.new_person(worker_id, home.value)
        return (
            row.line,
            worker_id,
            identifier_id,
            blind_index_of(self._sealer, identifier),
            sealed_person(sealer, worker_id, row.name, row.birth.first_day),
            row.birth.precision.value,
            sealer.seal(row.nik, table="identifiers", column="sealed_value", row=identifier_id),
            wrapped_key,
            row.sector.value,
            None,
            None,
        )

    async def nomination(self, nomination_id: UUID) -> NominationReport | None:
        query = select(nominations).where(nominations.c.id == nomination_id)
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            return None
        return NominationReport(
            id=row.id,
            fund_id=row.fund_id,
            rows_accepted=row.rows_accepted,
            rows_refused=row.rows_refused,
            recorded_at=row.recorded_at,
        )

    async def nomination_refusals(
        self, nomination_id: UUID, *, after_line: int, limit: int
    ) -> tuple[NominationRefusal, ...]:
        table = nomination_refusals
        query = (
            select(table)
            .where(table.c.nomination_id == nomination_id, table.c.line > after_line)
            .order_by(table.c.line)
            .limit(limit)
        )
        rows = await self._connection.execute(query)
        return tuple(NominationRefusal(line=row.line, code=row.code, reason=row.reason) for row in rows)

    async def sectors_of(self, nomination_id: UUID) -> tuple[SectorCount, ...]:
        query = """
            SELECT sector, count(*) AS workers FROM nominated_workers(:id) GROUP BY sector ORDER BY sector"""
        rows = await self._connection.execute(text(query), {"id": nomination_id})
        return tuple(SectorCount(sector=Sector(row.sector), workers=row.workers) for row in rows)
