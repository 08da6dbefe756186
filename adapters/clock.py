"""The system's clock, the only reader of the time."""

from __future__ import annotations

import datetime as dt


class SystemClock:
    """The clock of this machine, as `domain.ports.Clock`."""

    def now(self) -> dt.datetime:
        """This instant, in UTC."""
        return dt.datetime.now(dt.UTC)
