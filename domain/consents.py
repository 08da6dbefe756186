"""Consent: a worker lets an institution ask about them for a purpose and a time, and takes that back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from domain.records import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a worker let an institution ask, and the text that they read. withdrawn_at: None while it holds."""

    id: UUID
    worker_id: UUID
    institution_id: str
    purpose: Purpose
    first_day: dt.date
    last_day: dt.date
    text_version: str
    text_language: str
    recorded_at: dt.datetime
    withdrawn_at: dt.datetime | None = None
