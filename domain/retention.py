"""How long what is kept, on what ground; and what keeps a person from being erased."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from domain.standing import Standing


class Ending(Enum):
    """What happens to rows when their time is over."""

    KEPT = "kept"
    DELETED = "deleted"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPeriod:
    """How long the rows of one table are kept.

    years: after the last use that the ground names; None if there is no end. ending: what happens then.
    """

    table: str
    holds: str
    years: int | None
    ending: Ending
    ground: str
    standing: Standing
    note: str = ""


class ErasureReason(Enum):
    """Why a person is erased."""

    WORKER_ASKED = "worker_asked"
    NOMINATED_IN_ERROR = "nominated_in_error"
    PERIOD_OVER = "period_over"


class Hindrance(Enum):
    """Why a person cannot be erased yet."""

    COVER_STANDS = "cover_stands"
    MOVE_OPEN = "move_open"
    MONEY_OPEN = "money_open"
    PERIOD_RUNS = "period_runs"
    KEY_MISSING = "key_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureFacts:
    """What decides whether a person can be erased.

    keyed: whether all that is known of the person is sealed by a key of theirs. last_use: the last day of cover or of a
    paid month; None for a person who never had any.
    """

    worker_id: UUID
    keyed: bool
    erased: bool
    cover_stands: bool
    move_open: bool
    money_open: bool
    last_use: dt.date | None


def hindrances(facts: ErasureFacts, on: dt.date, period: RetentionPeriod) -> tuple[Hindrance, ...]:
    """Why the person cannot be erased on a day; empty if they can.

    period: of the identity of workers. Without an end, a person who ever had cover is never erased.
    """
    found = (
        (Hindrance.KEY_MISSING, not facts.keyed),
        (Hindrance.COVER_STANDS, facts.cover_stands),
        (Hindrance.MOVE_OPEN, facts.move_open),
        (Hindrance.MONEY_OPEN, facts.money_open),
        (Hindrance.PERIOD_RUNS, _runs(facts.last_use, on, period.years)),
    )
    return tuple(hindrance for hindrance, holds in found if holds)


def period_of(periods: Sequence[RetentionPeriod], table: str) -> RetentionPeriod:
    """The period of a table; the loader has checked that every table has one."""
    return next(period for period in periods if period.table == table)


def years_before(on: dt.date, years: int) -> dt.date:
    """The same day some years ago; 28 February where there was no 29th."""
    day = 28 if (on.month, on.day) == (2, 29) else on.day
    return dt.date(on.year - years, on.month, day)


def _runs(last_use: dt.date | None, on: dt.date, years: int | None) -> bool:
    return last_use is not None and (years is None or last_use >= years_before(on, years))
