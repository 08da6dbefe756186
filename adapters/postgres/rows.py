"""Small pieces that the stores share: ids that ascend with time, and values from rows."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.legislation import Reason
from domain.money import Currency, Money
from domain.periods import Month
from domain.plain import from_plain, to_plain


def new_id() -> UUID:
    """A UUID of version 7: unique, and later ones sort after earlier ones (RFC 9562, 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10))
    return UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)


def money(amount: int, currency: str) -> Money:
    """The Money of two columns."""
    return Money(int(amount), Currency(currency))


def month(day: dt.date) -> Month:
    """The month of a column that holds its first day."""
    return Month.of(day)


def reasons_id(reasons: Sequence[Reason]) -> bytes:
    """The name of a list of reasons: the SHA-256 of its canonical JSON."""
    canonical = json.dumps(to_plain(tuple(reasons)), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()


def reasons_of(body: list[dict[str, Any]] | None) -> tuple[Reason, ...]:
    """The reasons that a row of `reasons` holds."""
    return tuple(from_plain(Reason, item) for item in body or ())


async def keep_reasons(connection: AsyncConnection, lists: Sequence[tuple[Reason, ...]], at: dt.datetime) -> None:
    """Insert lists of reasons that are not kept yet, in one statement."""
    rows = {reasons_id(reasons).hex(): to_plain(reasons) for reasons in lists}
    await connection.execute(
        text(
            """
            INSERT INTO reasons (id, body, recorded_at)
            SELECT decode(key, 'hex'), value, :at FROM jsonb_each(CAST(:rows AS jsonb)) ORDER BY key
            ON CONFLICT (id) DO NOTHING
            """
        ),
        {"rows": json.dumps(rows), "at": at},
    )
