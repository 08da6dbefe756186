"""The audit chains and their signed heads as they are stored, read as a whole at one instant."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Row, func, select, text, union
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.tables import audit_entries, audit_heads, audit_signed_heads
from adapters.postgres.who_asks import AS_SYSTEM
from domain.audit import AuditEntry, Head, KeptHead, SignedHead

_ROWS_AT_ONCE = 5_000


class ChainsHidden(Exception):
    """Whoever asks is connected as a role from which row security hides the entries of chains."""


class AuditArchive:
    """The audit chains of a database; nothing here is about a person."""

    def __init__(self, engine: AsyncEngine) -> None:
        # All of a chain, its head and its signed heads are seen as they were at one instant.
        self._reading = engine.execution_options(isolation_level="REPEATABLE READ")
        self._engine = engine

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AuditReading]:
        """A look at all chains as they are at one instant."""
        async with self._reading.begin() as connection:
            await connection.execute(AS_SYSTEM)
            yield AuditReading(connection)

    async def check_sees_entries(self) -> None:
        """Raises ChainsHidden for a role that would find every chain cut off; whoever signs heads sees entries."""
        query = text("SELECT has_table_privilege(current_user, 'audit_signed_heads', 'INSERT')")
        async with self._engine.begin() as connection:
            if not (await connection.execute(query)).scalar_one():
                raise ChainsHidden("This role does not see the entries of audit chains. Connect as lingkar_delivery.")

    async def add(self, signed: SignedHead, occasion: str) -> bool:
        """Store a signed head; False if the day, or for one that was asked for the entry, has one already."""
        kept = signed.kept
        row = insert(audit_signed_heads).values(
            chain=kept.chain,
            occasion=occasion,
            day=kept.signed_at.astimezone(dt.UTC).date(),
            number=signed.head.number,
            hash=signed.head.hash,
            signed_at=kept.signed_at,
            digest=kept.digest,
            key_id=kept.key_id,
            signature=kept.signature,
        )
        async with self._engine.begin() as connection:
            await connection.execute(AS_SYSTEM)
            made = row.on_conflict_do_nothing().returning(audit_signed_heads.c.id)
            return (await connection.execute(made)).one_or_none() is not None


class AuditReading:
    """One look at the chains."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def chains(self) -> tuple[str, ...]:
        """Every chain of which there is an entry, a head or a signed head."""
        tables = (audit_heads, audit_entries, audit_signed_heads)
        found = union(*(select(table.c.chain).distinct() for table in tables))
        return tuple(sorted(row.chain for row in await self._connection.execute(found)))

    async def without_head_of(self, day: dt.date) -> tuple[str, ...]:
        """The chains of which no head is signed for a day yet."""
        heads, signed = audit_heads, audit_signed_heads
        done = select(signed.c.chain).where(signed.c.day == day, signed.c.occasion == "daily")
        query = select(heads.c.chain).where(heads.c.chain.not_in(done)).order_by(heads.c.chain)
        return tuple(row.chain for row in await self._connection.execute(query))

    async def head(self, chain: str) -> Head | None:
        """The head that a chain keeps; None if it keeps none."""
        query = select(audit_heads.c.number, audit_heads.c.hash).where(audit_heads.c.chain == chain)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else Head(number=row.number, hash=bytes(row.hash))

    async def entries(self, chain: str, *, after: int = 0, through: int | None = None) -> AsyncIterator[AuditEntry]:
        """The entries of a chain in order, after a number, through another."""
        table = audit_entries
        while True:
            query = select(table).where(table.c.chain == chain, table.c.number > after)
            if through is not None:
                query = query.where(table.c.number <= through)
            rows = (await self._connection.execute(query.order_by(table.c.number).limit(_ROWS_AT_ONCE))).all()
            for row in rows:
                yield entry_of(row)
            if len(rows) < _ROWS_AT_ONCE:
                return
            after = rows[-1].number

    async def signed_heads(self, chain: str) -> tuple[SignedHead, ...]:
        """The signed heads of a chain, the oldest first."""
        table = audit_signed_heads
        query = select(table).where(table.c.chain == chain).order_by(table.c.signed_at, table.c.id)
        return tuple(_signed(row) for row in await self._connection.execute(query))

    async def kept_heads(self, chain: str, *, since: dt.date, limit: int) -> Sequence[KeptHead]:
        """What anyone may keep of the signed heads of a chain from a day on, the oldest first."""
        table = audit_signed_heads
        query = select(table).where(table.c.chain == chain, table.c.day >= since)
        rows = await self._connection.execute(query.order_by(table.c.signed_at, table.c.id).limit(limit))
        return [_signed(row).kept for row in rows]

    async def numbers_between(self, chain: str, first_day: dt.date, last_day: dt.date) -> tuple[int, int] | None:
        """The numbers of the first and the last entry made on some days, in UTC; None if there is none."""
        table = audit_entries
        begin, end = _midnight(first_day), _midnight(last_day + dt.timedelta(days=1))
        query = select(func.min(table.c.number), func.max(table.c.number)).where(
            table.c.chain == chain, table.c.at >= begin, table.c.at < end
        )
        first, last = (await self._connection.execute(query)).one()
        return None if first is None else (first, last)


def entry_of(row: Row[Any]) -> AuditEntry:
    """The entry in a row."""
    values = dict(row._mapping)
    return AuditEntry(**values | {"hash": bytes(values["hash"]), "previous_hash": bytes(values["previous_hash"])})


def _signed(row: Row[Any]) -> SignedHead:
    kept = KeptHead(
        chain=row.chain,
        signed_at=row.signed_at,
        digest=bytes(row.digest),
        key_id=row.key_id,
        signature=bytes(row.signature),
    )
    return SignedHead(kept=kept, head=Head(number=row.number, hash=bytes(row.hash)))


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
