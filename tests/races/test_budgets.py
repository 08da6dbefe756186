"""Two processes' pools and one bucket in the database."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from adapters.postgres.budgets import PostgresLeases
from domain.budgets import Budget, BudgetSpent
from domain.errors import TryAgain
from resolvers.purses import Purses

NOW = dt.datetime(2026, 5, 3, 12, tzinfo=dt.UTC)
BUDGET = Budget(units=2000, seconds=60)


@pytest.fixture
async def engines(database_url: str) -> AsyncIterator[list[AsyncEngine]]:
    """The pools of two processes."""
    made = [create_async_engine(database_url, pool_size=4, max_overflow=0) for _ in range(2)]
    yield made
    for engine in made:
        await engine.dispose()


async def given(purses: Purses, account: str, cost: int, now: dt.datetime = NOW) -> int:
    total = 0
    try:
        while True:
            await purses.spend(account, BUDGET, cost, now)
            total += cost
    except BudgetSpent:
        return total


async def test_two_processes_at_once_give_exactly_the_budget(engines: list[AsyncEngine]) -> None:
    account = f"institution:{uuid4()}"
    purses = [Purses(PostgresLeases(engine)) for engine in engines]

    totals = await asyncio.gather(*(given(one, account, 1) for one in purses for _ in range(4)))

    assert sum(totals) == BUDGET.units


async def test_time_gives_back_no_more_than_the_budget(engines: list[AsyncEngine]) -> None:
    account = f"institution:{uuid4()}"
    first, second = (Purses(PostgresLeases(engine)) for engine in engines)
    await given(first, account, 1)

    half = await given(second, account, 1, NOW + dt.timedelta(seconds=30))
    whole = await given(second, account, 1, NOW + dt.timedelta(hours=5))

    assert (half, whole) == (1000, 2000)


async def test_a_bucket_that_a_wrong_clock_wrote_is_whole_again(engines: list[AsyncEngine]) -> None:
    account = f"institution:{uuid4()}"
    ahead, right = (Purses(PostgresLeases(engine)) for engine in engines)
    await given(ahead, account, 1, NOW + dt.timedelta(days=1))

    assert await given(right, account, 1) == BUDGET.units


async def test_an_account_of_a_person_is_stored_as_a_digest(engines: list[AsyncEngine]) -> None:
    person = str(uuid4())

    await Purses(PostgresLeases(engines[0])).spend(f"worker:{person}", BUDGET, 1, NOW)

    async with engines[0].connect() as connection:
        accounts = (await connection.execute(text("SELECT account FROM budgets"))).scalars().all()
    assert any(account.startswith("worker:") for account in accounts)
    assert not any(person in account for account in accounts)


async def test_a_database_that_does_not_answer_is_said_to_be_momentary(database_url: str) -> None:
    engine = create_async_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")

    with pytest.raises(TryAgain):
        await PostgresLeases(engine).lease("a", BUDGET, 1, NOW)
    await engine.dispose()
