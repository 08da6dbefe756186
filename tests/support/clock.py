"""A clock that tests set; each reading is one second later, so that no two acts are at one instant."""

from __future__ import annotations

import datetime as dt


class SettableClock:
    """A Clock that begins on 1 July 2025."""

    def __init__(self) -> None:
        self._now = dt.datetime(2025, 7, 1, 3, 0, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        self._now += dt.timedelta(seconds=1)
        return self._now

    def advance(self, **duration: float) -> dt.datetime:
        """Let time pass; returns the instant."""
        self._now += dt.timedelta(**duration)
        return self._now
