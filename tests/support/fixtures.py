"""Fixtures of the tests that need the database: one hand for each layer they begin at."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import app
import schema
from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.identity.sealing import Sealer
from adapters.identity.sealing import create_development_keys as create_sealing_keys
from adapters.postgres.roles import APP, DELIVERY, url_as
from adapters.postgres.unit_of_work import PostgresDatabase
from adapters.settings import Settings
from tests.support.api import Api
from tests.support.clock import SettableClock
from tests.support.databases import Databases, plain_url
from tests.support.institutions import FakeExchange
from tests.support.scene import ACCESS, RULEBOOK, Scene
from tests.support.statements import StatementCounter

__all__ = [
    "api",
    "clock",
    "counted",
    "database",
    "database_url",
    "delivery",
    "exchange",
    "scene",
    "settings",
    "superuser",
    "var_folder",
]
# The hands below work as the platform's own roles do; only a test's own look behind the scenes is a superuser's.


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
    """The module's database as the API reaches it, with real commits."""
    made = PostgresDatabase(url_as(APP, database_url), Sealer(create_sealing_keys(settings.keys_folder)))
    yield made
    await made.close()


@pytest.fixture
async def delivery(database_url: str, settings: Settings) -> AsyncIterator[PostgresDatabase]:
    """The same database as the delivery worker reaches it."""
    made = PostgresDatabase(url_as(DELIVERY, database_url), Sealer(create_sealing_keys(settings.keys_folder)))
    yield made
    await made.close()


@pytest.fixture
async def superuser(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The same database without any wall."""
    made = create_async_engine(database_url)
    yield made
    await made.dispose()


@pytest.fixture
def exchange() -> FakeExchange:
    return FakeExchange()


@pytest.fixture
def scene(
    database: PostgresDatabase,
    delivery: PostgresDatabase,
    superuser: AsyncEngine,
    clock: SettableClock,
    exchange: FakeExchange,
) -> Scene:
    """A hand that makes funds, donors, workers, allocations and moves through the use cases."""
    return Scene(database=database, delivery=delivery, superuser=superuser, clock=clock, exchange=exchange)


@pytest.fixture
def counted(database: PostgresDatabase, delivery: PostgresDatabase) -> Callable[[], StatementCounter]:
    """Count the statements that reach the module's database from the platform."""
    return lambda: StatementCounter(database.engine.sync_engine, delivery.engine.sync_engine)


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
    # Reading the law and the policy and making the schema take longer than most tests; none keeps anything.
    monkeypatch.setattr(app, "load_rulebook", lambda: RULEBOOK)
    monkeypatch.setattr(app, "load_access_rules", lambda: ACCESS)
    monkeypatch.setattr(app.schema, "build", _built)
    monkeypatch.setattr(app, "PostgresDatabase", remembered)
    issuer = DevelopmentIssuer(settings.keys_folder, environment="development")
    built = app.build_api(settings, url_as(APP, database_url))
    with psycopg.connect(plain_url(database_url), autocommit=True) as direct:
        # The clock of a test begins anew; budgets that others left would lie in its future.
        direct.execute("DELETE FROM budgets")
    transport = httpx2.ASGITransport(app=built, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://lingkar.test") as client:
        yield Api(client=client, issuer=issuer, settings=settings, clock=clock, engine=engines[0].engine.sync_engine)
    await engines[0].close()
