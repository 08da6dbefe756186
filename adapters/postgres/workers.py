"""The store of workers: who they are (sealed), where they are enrolled, and who asked about them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.identity.sealing import PersonKeyGone, PersonSealer, Sealer
from adapters.postgres.tables import enrolments, identifiers, person_keys
from domain.actors import Actor, ActorKind
from domain.circumstances import BirthPrecision
from domain.countries import MemberState
from domain.errors import IdentifierInvalid, NotFound, StateConflict
from domain.exchange import PersonOnWire
from domain.people import Identifier
from domain.records import LOUD, AccessRecord, Enrolment, Purpose, Worker
from domain.schemes import FunderKind, Sector


class PostgresWorkers:
    """Workers of one unit of work."""

    def __init__(self, connection: AsyncConnection, sealer: Sealer, actor: Actor) -> None:
        self._connection = connection
        self._sealer = sealer
        self._actor = actor

    async def worker(self, worker_id: UUID) -> Worker | None:
        query = "SELECT w.* FROM workers w WHERE w.id = :id AND sees_worker(w.id)"
        row = (await self._connection.execute(text(query), {"id": worker_id})).one_or_none()
        return None if row is None else _worker(row)

    async def worker_of(self, identifier: Identifier) -> Worker | None:
        query = """
            SELECT w.* FROM identifiers i JOIN workers w ON w.id = i.worker_id
            WHERE i.blind_index = :blind AND i.superseded_at IS NULL AND sees_worker(i.worker_id)"""
        asked = {"blind": blind_index_of(self._sealer, identifier)}
        row = (await self._connection.execute(text(query), asked)).one_or_none()
        return None if row is None else _worker(row)

    async def page(self, *, after: UUID | None, limit: int) -> tuple[Worker, ...]:
        query = """
            SELECT w.* FROM workers_in_sight(CAST(:after AS uuid), :limit) seen(id) JOIN workers w ON w.id = seen.id
            ORDER BY w.id"""
        rows = await self._connection.execute(text(query), {"after": after, "limit": limit})
        return tuple(_worker(row) for row in rows)

    async def person(self, worker_id: UUID, known_at: dt.datetime) -> PersonOnWire:
        query = """
            SELECT w.sealed_person, w.birth_precision, w.nationality, w.home_state, k.wrapped_key,
                   array_agg(i.kind ORDER BY i.kind) FILTER (WHERE i.id IS NOT NULL) AS kinds,
                   array_agg(i.id ORDER BY i.kind) FILTER (WHERE i.id IS NOT NULL) AS ids,
                   array_agg(i.sealed_value ORDER BY i.kind) FILTER (WHERE i.id IS NOT NULL) AS sealed
            FROM workers w LEFT JOIN person_keys k ON k.worker_id = w.id
            LEFT JOIN identifiers i ON i.worker_id = w.id AND i.recorded_at <= :known_at
                 AND (i.superseded_at IS NULL OR i.superseded_at > :known_at)
            WHERE w.id = :id GROUP BY w.id, k.worker_id"""
        row = (await self._connection.execute(text(query), {"id": worker_id, "known_at": known_at})).one()
        return opened_person(
            person_sealer(self._sealer, row.wrapped_key, worker_id, row.home_state),
            worker_id,
            row.sealed_person,
            row.birth_precision,
            row.nationality,
            tuple(zip(row.kinds or (), row.ids or (), row.sealed or (), strict=True)),
        )

    async def add_identifier(
        self, identifier_id: UUID, worker_id: UUID, identifier: Identifier, at: dt.datetime
    ) -> None:
        table = identifiers
        await self._connection.execute(
            update(table)
            .where(
                table.c.worker_id == worker_id,
                table.c.kind == identifier.kind,
                table.c.issuing_state == identifier.state.value,
                table.c.superseded_at.is_(None),
            )
            .values(superseded_at=at)
        )
        sealer = await self._sealer_of(worker_id, at)
        sealed = sealer.seal(identifier.value, table="identifiers", column="sealed_value", row=identifier_id)
        row = insert(table).values(
            id=identifier_id,
            worker_id=worker_id,
            kind=identifier.kind,
            issuing_state=identifier.state.value,
            blind_index=blind_index_of(self._sealer, identifier),
            sealed_value=sealed,
            recorded_at=at,
        )
        try:
            await self._connection.execute(row)
        except IntegrityError as broken:
            if self._actor.kind is not ActorKind.OPERATOR:
                # The document is another worker's, of whom this actor must not even learn that they are known.
                raise NotFound(kind="worker") from broken
            rule = "it cannot be recorded for this worker"
            raise IdentifierInvalid(kind=identifier.kind, rule=rule) from broken

    async def _sealer_of(self, worker_id: UUID, at: dt.datetime) -> PersonSealer:
        """What seals for a worker; makes a key for one from before there were keys of persons."""
        query = """
            SELECT w.home_state, k.worker_id AS known, k.wrapped_key
            FROM workers w LEFT JOIN person_keys k ON k.worker_id = w.id WHERE w.id = :id"""
        row = (await self._connection.execute(text(query), {"id": worker_id})).one()
        if row.known is None:
            sealer, wrapped = self._sealer.new_person(worker_id, row.home_state)
            made = insert(person_keys).values(
                worker_id=worker_id, state=row.home_state, wrapped_key=wrapped, recorded_at=at
            )
            await self._connection.execute(made)
            return sealer
        if row.wrapped_key is None:
            raise StateConflict(what="worker", state="erased", needed="one whose identity is kept")
        return person_sealer(self._sealer, row.wrapped_key, worker_id, row.home_state)

    async def enrolments_of(self, worker_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Enrolment, ...]]:
        table = enrolments
        query = (
            select(table)
            .where(table.c.worker_id.in_(worker_ids), table.c.superseded_at.is_(None))
            .order_by(table.c.worker_id, table.c.first_day, table.c.scheme_id, table.c.id)
        )
        found: dict[UUID, list[Enrolment]] = {}
        for row in await self._connection.execute(query):
            found.setdefault(row.worker_id, []).append(_enrolment(row))
        return {worker_id: tuple(rows) for worker_id, rows in found.items()}

    async def open_enrolments(self, opened: Sequence[Enrolment], at: dt.datetime) -> None:
        if opened:
            await self._connection.execute(insert(enrolments), [_row(e) | {"recorded_at": at} for e in opened])

    async def end_enrolments(
        self, worker_id: UUID, segments: Sequence[tuple[str, str]], last_day: dt.date, at: dt.datetime
    ) -> None:
        close = """
            UPDATE enrolments e SET superseded_at = :at
            FROM unnest(CAST(:schemes AS text[]), CAST(:segments AS text[])) AS s(scheme_id, segment_id)
            WHERE e.worker_id = :worker AND e.superseded_at IS NULL
              AND (e.scheme_id, e.segment_id) = (s.scheme_id, s.segment_id)
              AND (e.last_day IS NULL OR e.last_day > :last_day)
            RETURNING e.*"""
        asked = {
            "at": at,
            "schemes": [scheme for scheme, _ in segments],
            "segments": [segment for _, segment in segments],
            "worker": worker_id,
            "last_day": last_day,
        }
        closed = [_enrolment(row) for row in await self._connection.execute(text(close), asked)]
        limited = [
            _row(enrolment) | {"last_day": last_day, "recorded_at": at}
            for enrolment in closed
            if enrolment.first_day <= last_day
        ]
        if limited:
            await self._connection.execute(insert(enrolments), limited)

    async def record_access(
        self,
        *,
        worker_id: UUID | None,
        identifier: Identifier | None,
        purpose: Purpose | None,
        asked_about: dt.date | None,
        outcome: str,
        fields: Sequence[str],
    ) -> None:
        await self._leave(
            people=[] if worker_id is None else [worker_id],
            blind=blind_index_of(self._sealer, identifier) if identifier is not None and worker_id is None else None,
            purpose="" if purpose is None else purpose.value,
            asked_about=asked_about,
            outcome=outcome,
            fields=list(fields),
        )

    async def record_page(self, worker_ids: Sequence[UUID], *, purpose: Purpose | None, fields: Sequence[str]) -> None:
        await self._leave(
            people=list(worker_ids),
            blind=None,
            purpose="" if purpose is None else purpose.value,
            asked_about=None,
            outcome="read",
            fields=list(fields),
        )

    async def _leave(self, **asked: object) -> None:
        query = "SELECT leave_access_records(:people, :blind, :purpose, :asked_about, :outcome, :fields)"
        await self._connection.execute(text(query), asked)

    async def access_records_of(
        self, worker_ids: Sequence[UUID], *, before: int | None, limit: int
    ) -> Mapping[UUID, tuple[AccessRecord, ...]]:
        query = """
            SELECT r.*, v.recorded_at AS objected_at, o.outcome AS objection_outcome
            FROM unnest(CAST(:workers AS uuid[])) AS w(id) CROSS JOIN LATERAL (
                SELECT * FROM (
                    SELECT a.*, a.id + CASE a.purpose WHEN 'emergency' THEN :loud ELSE 0 END AS place
                    FROM access_records a WHERE a.worker_id = w.id) placed
                WHERE CAST(:before AS bigint) IS NULL OR placed.place < :before
                ORDER BY placed.place DESC LIMIT :limit) r
            LEFT JOIN reviews v ON v.access_record_id = r.id AND v.kind = 'objection'
            LEFT JOIN review_outcomes o ON o.review_id = v.id
            ORDER BY r.worker_id, r.place DESC"""
        asked = {"workers": list(worker_ids), "before": before, "limit": limit, "loud": LOUD}
        found: dict[UUID, list[AccessRecord]] = {}
        for row in await self._connection.execute(text(query), asked):
            found.setdefault(row.worker_id, []).append(_access(row))
        return {worker_id: tuple(rows) for worker_id, rows in found.items()}


def blind_index_of(sealer: Sealer, identifier: Identifier) -> bytes:
    """By what an identifier is found without being readable."""
    return sealer.blind_index(identifier.kind, identifier.state.value, identifier.value)


def person_sealer(sealer: Sealer, wrapped: bytes | None, worker_id: UUID, state: str) -> PersonSealer:
    """What opens the values of a worker, from a row of person_keys."""
    return sealer.person(None if wrapped is None else bytes(wrapped), worker_id, state)


def sealed_person(sealer: PersonSealer, worker_id: UUID, name: str, birth_date: dt.date) -> bytes:
    """A name and the first day that the birth date can be, as `workers.sealed_person` holds them."""
    plain = json.dumps([name, birth_date.isoformat()], ensure_ascii=False)
    return sealer.seal(plain, table="workers", column="sealed_person", row=worker_id)


def opened_person(
    sealer: PersonSealer,
    worker_id: UUID,
    sealed: bytes,
    birth_precision: str,
    nationality: str,
    sealed_identifiers: Sequence[tuple[str, UUID, bytes]],
) -> PersonOnWire:
    """The person that sealed columns hold; identifiers are kind, row id and sealed value."""
    try:
        plain = sealer.open(bytes(sealed), table="workers", column="sealed_person", row=worker_id)
    except PersonKeyGone:
        raise StateConflict(what="worker", state="erased", needed="one whose identity is kept") from None
    name, birth = json.loads(plain)
    opened = tuple(
        (kind, sealer.open(bytes(blob), table="identifiers", column="sealed_value", row=row_id))
        for kind, row_id, blob in sealed_identifiers
    )
    return PersonOnWire(
        name=name,
        birth_date=dt.date.fromisoformat(birth),
        birth_precision=BirthPrecision(birth_precision),
        nationality=nationality,
        identifiers=opened,
    )


def _worker(row: Row[Any]) -> Worker:
    return Worker(
        id=row.id,
        home_state=MemberState(row.home_state),
        nationality=MemberState(row.nationality),
        sector=Sector(row.sector),
        recorded_at=row.recorded_at,
    )


def _enrolment(row: Row[Any]) -> Enrolment:
    values = row._mapping
    kept = {name: values[name] for name in Enrolment.__dataclass_fields__}
    return Enrolment(**kept | {"funder_kind": FunderKind(kept["funder_kind"])})


def _row(enrolment: Enrolment) -> dict[str, object]:
    values = {name: getattr(enrolment, name) for name in Enrolment.__dataclass_fields__}
    return values | {"funder_kind": enrolment.funder_kind.value}


def _access(row: Row[Any]) -> AccessRecord:
    values = row._mapping
    kept = {name: values[name] for name in AccessRecord.__dataclass_fields__}
    return AccessRecord(**kept | {"fields": tuple(kept["fields"])})
