"""The buckets of partners' budgets: one row each, one statement for a lease."""

from __future__ import annotations

import datetime as dt
import hashlib

from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.budgets import Budget, Lease
from domain.errors import TryAgain

__all__ = ["PostgresLeases"]

# A bucket is one instant: when it will be full again. Taking moves it on, time brings it nearer. An upsert locks the
# row, so that two processes take one after the other; what was given stands in the row, because RETURNING of older
# servers sees only the new row. An instant that no asking can have led to was written by a wrong clock: the bucket
# counts as full then, or its partner would be shut out until that instant.
_LEASE = text("""INSERT INTO budgets AS b (account, granted, full_at)
VALUES (:account, :wanted, :now + make_interval(secs => :wanted * :unit))
ON CONFLICT (account) DO UPDATE SET (granted, full_at) = (
    SELECT given.units, start.at + make_interval(secs => given.units * :unit)
    FROM (SELECT CASE WHEN b.full_at > :now + make_interval(secs => 2 * :seconds) THEN :now
                      ELSE greatest(b.full_at, :now) END) AS start(at),
         LATERAL (SELECT extract(epoch FROM start.at - :now)::float8) AS missing(seconds),
         LATERAL (SELECT floor((:seconds - missing.seconds) / :unit + 1e-6)) AS there(units),
         LATERAL (SELECT greatest(0, least(:wanted, there.units))::bigint) AS given(units))
RETURNING granted, full_at""")


class PostgresLeases:
    """Leases from the table `budgets`. engine: of the application's database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def lease(self, account: str, budget: Budget, wanted: int, now: dt.datetime) -> Lease:
        """Take up to so many units; raises TryAgain if the database does not answer."""
        given = {
            "account": _without_names(account),
            "wanted": wanted,
            "now": now,
            "unit": budget.seconds_of_one,
            "seconds": float(budget.seconds),
        }
        try:
            async with self._engine.connect() as connection:
                granted, full_at = (await connection.execute(_LEASE, given)).one()
        except (OperationalError, InterfaceError, PoolTimeout) as failed:
            raise TryAgain(type(failed).__name__) from failed
        return Lease(granted=granted, full_at=full_at)


def _without_names(account: str) -> str:
    """The account as it is stored: institutions by name, so that operators can read it; people as a digest."""
    kind, _, name = account.rpartition(":")
    if kind.endswith("institution"):
        return account
    return f"{kind}:{hashlib.sha256(name.encode()).hexdigest()[:32]}"
