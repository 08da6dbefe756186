"""The database, the hands that work on it, and the served platform."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from starlette.types import ASGIApp

import app
import schema
from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.postgres.roles import APP, url_as
from adapters.settings import Settings
from tests.live.listening import Live, serving
from tests.support.clock import SettableClock
from tests.support.databases import Databases
from tests.support.fixtures import clock, counted, database, delivery, exchange, scene, settings, superuser, var_folder
from tests.support.scene import RULEBOOK

__all__ = ["clock", "counted", "database", "delivery", "exchange", "scene", "settings", "superuser", "var_folder"]

_built = functools.cache(schema.build)


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test, so that no event of another test is heard."""
    with databases.copy() as url:
        yield url


@pytest.fixture
def changes() -> dict[str, Any]:
    """Settings that a module of tests has otherwise."""
    return {"donor_event_seconds": 0.2}


@pytest.fixture
def build(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, clock: SettableClock, changes: dict[str, Any]
) -> Callable[[str], ASGIApp]:
    """Builds the platform on a database."""
    monkeypatch.setattr(app, "SystemClock", lambda: clock)
    monkeypatch.setattr(app, "load_rulebook", lambda: RULEBOOK)
    monkeypatch.setattr(schema, "build", _built)
    return lambda url: app.build_api(settings.model_copy(update=changes), url_as(APP, url))


@pytest.fixture
async def live(
    build: Callable[[str], ASGIApp], database_url: str, settings: Settings, clock: SettableClock
) -> AsyncIterator[Live]:
    issuer = DevelopmentIssuer(settings.keys_folder, environment="development")
    async with serving(build(database_url)) as port:
        yield Live(port=port, issuer=issuer, settings=settings, clock=clock)
