"""Proofs of possession in the table: one process takes one, and no other does."""

from __future__ import annotations

import asyncio
import datetime as dt

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.postgres.proofs import PostgresProofs

NOW = dt.datetime(2025, 7, 1, 3, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(seconds=60)


async def test_of_two_processes_that_get_the_same_proof_at_once_one_takes_it(database_url: str) -> None:
    engines = [create_async_engine(database_url), create_async_engine(database_url)]
    processes = [PostgresProofs(engine) for engine in engines]
    try:
        for number in range(20):
            digest = number.to_bytes(32)
            taken = await asyncio.gather(*(process.first_time(digest, until=LATER) for process in processes))
            assert sorted(taken) == [False, True]
    finally:
        for engine in engines:
            await engine.dispose()


async def test_what_is_too_old_is_forgotten_and_the_rest_kept(database_url: str) -> None:
    engine = create_async_engine(database_url)
    proofs = PostgresProofs(engine)
    try:
        await proofs.first_time(b"old", until=NOW - dt.timedelta(seconds=1))
        await proofs.first_time(b"young", until=LATER)

        await proofs.forget_old(NOW)

        async with engine.connect() as connection:
            kept = (
                await connection.execute(text("SELECT digest FROM proofs_seen WHERE length(digest) < 32"))
            ).scalars()
            assert list(kept) == [b"young"]
    finally:
        await engine.dispose()
