"""The delivery worker goes on delivering, whatever else it has to do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import app
from adapters.postgres.roles import DELIVERY, url_as
from adapters.settings import Settings
from tests.support.scene import RULEBOOK


@pytest.mark.parametrize("failing", ["end_silent_moves", "end_what_is_over", "sign_daily"])
async def test_a_sweep_that_fails_each_time_keeps_no_message_waiting(
    failing: str, monkeypatch: pytest.MonkeyPatch, settings: Settings, database_url: str
) -> None:
    stop = asyncio.Event()

    async def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("again and again")

    async def delivers(*_: Any) -> int:
        stop.set()
        return 0

    monkeypatch.setattr(app, failing, fails)
    monkeypatch.setattr(app, "deliver_due", delivers)
    monkeypatch.setattr(app, "load_rulebook", lambda: RULEBOOK)

    await asyncio.wait_for(app.work(settings, url_as(DELIVERY, database_url), stop), timeout=30)

    assert stop.is_set()
