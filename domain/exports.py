"""What an export is asked for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.records import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportAsked:
    """What an export is asked for.

    scheme_id: only workers whom it covers on the day. known_at: as known then; now if None. after: the id of the worker
    on the last line that was received, as clients know it.
    """

    on: dt.date
    purpose: Purpose
    scheme_id: str | None = None
    known_at: dt.datetime | None = None
    after: str | None = None
