"""Fixtures of the tests that need the database: one hand for each layer they begin at."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

import app
import schema
from adapters.identity.sealing import Sealer
from adapters.identity.sealing import create_development_keys as create_sealing_keys
from adapters.identity.tokens import DevelopmentIssuer
from adapters.postgres.unit_of_work import PostgresDatabase
from adapters.settings import Settings
from tests.support.api import Api
from tests.support.clock import SettableClock
from tests.support.databases import Databases
from tests.support.institutions import FakeExchange
from tests.support.scene import RULEBOOK, Scene
from tests.support.statements import StatementCounter

__all__ = ["api", "clock", "counted", "database", "database_url", "exchange", "scene", "settings", "var_folder"]


_PLENTY = 1_000_000_000


@pytest.fixture(scope="module")
def database_url(databases: Databases) -> Iterator[str]:
    """A fresh database with the newest schema, for the tests of one module; dropped afterwards."""
    with databases.copy() as url:
        yield url


@pytest.fixture(scope="session")
def var_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the keys of this process of the run are."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture
def settings(var_folder: Path) -> Settings:
    """Settings of a development platform with two institutions, and with budgets that no test spends by accident: its
    clock stands still, so that nothing would ever be given back."""
    return Settings(
        environment="development",
        var_folder=var_folder,
        institutions={"ID.BPJSTK": "http://127.0.0.1:1", "MY.SOCSO": "http://127.0.0.1:2"},
        database_url="",
        budget_officer=_PLENTY,
        budget_donor=_PLENTY,
        budget_worker=_PLENTY,
        budget_operator=_PLENTY,
        budget_system=_PLENTY,
        search_misses=1_000_000,
    )


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
async def database(database_url: str, settings: Settings) -> AsyncIterator[PostgresDatabase]:
    """The module's database, with real commits."""
    made = PostgresDatabase(database_url, Sealer(create_sealing_keys(settings.keys_folder)))
    yield made
    await made.close()


@pytest.fixture
def exchange() -> FakeExchange:
    return FakeExchange()


@pytest.fixture
def scene(database: PostgresDatabase, clock: SettableClock, exchange: FakeExchange) -> Scene:
    """A hand that makes funds, donors, workers, allocations and moves through the use cases."""
    return Scene(database=database, clock=clock, exchange=exchange)


@pytest.fixture
def counted(database: PostgresDatabase) -> Callable[[], StatementCounter]:
    """Count the statements that reach the module's database through `database`."""
    return lambda: StatementCounter(database.engine.sync_engine)


_built = functools.cache(schema.build)


@pytest.fixture
async def api(
    monkeypatch: pytest.MonkeyPatch, database_url: str, settings: Settings, clock: SettableClock
) -> AsyncIterator[Api]:
    """The whole application in this process, on the module's database, with tokens of the development issuer."""
    engines: list[PostgresDatabase] = []

    def remembered(*args: Any, **named: Any) -> PostgresDatabase:
        engines.append(PostgresDatabase(*args, **named))
        return engines[-1]

    monkeypatch.setattr(app, "SystemClock", lambda: clock)
    # Reading the rule files and making the schema take longer than most tests; neither keeps anything.
    monkeypatch.setattr(app, "load_rulebook", lambda: RULEBOOK)
    monkeypatch.setattr(app.schema, "build", _built)
    monkeypatch.setattr(app, "PostgresDatabase", remembered)
    issuer = DevelopmentIssuer(settings.keys_folder, environment="development")
    built = app.build_api(settings, database_url)
    async with engines[0].engine.begin() as connection:
        # The clock of a test begins anew; budgets that others left would lie in its future.
        await connection.execute(text("DELETE FROM budgets"))
    transport = httpx2.ASGITransport(app=built, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://lingkar.test") as client:
        yield Api(client=client, issuer=issuer, settings=settings, clock=clock, engine=engines[0].engine.sync_engine)
    await engines[0].close()
