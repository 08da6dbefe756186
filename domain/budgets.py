"""Budgets: how much one partner may ask within a time, shared by all processes and counted by each on its own.

The bucket of a partner is kept in one place (`Leases`). A process takes a slice of it at a time and counts what it
gives out by itself (`resolvers/purses.py`), so that hardly any request waits for the bucket. What a slice holds is
taken out of the bucket before it is given, so that all processes together never give more than the budget; a slice
that one of them still holds from before is all that can come on top. docs/adr/0013 says why.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from domain.actors import Actor, ActorKind
from domain.errors import Refusal

__all__ = ["Budget", "BudgetSpent", "Lease", "Leases", "Spent", "partner_of"]

_SLICE_MAX = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """So many units, given back evenly over so many seconds. Raises ValueError unless both are more than zero."""

    units: int
    seconds: int

    def __post_init__(self) -> None:
        if self.units < 1 or self.seconds < 1:
            raise ValueError(f"A budget of {self.units} units in {self.seconds} s lets nobody in. Give more than zero.")

    @property
    def slice(self) -> int:
        """What a process takes at a time."""
        return max(1, min(self.units // 20, _SLICE_MAX))

    @property
    def seconds_of_one(self) -> float:
        """How long it takes until one unit is given back."""
        return self.seconds / self.units

    def available(self, full_at: dt.datetime, now: dt.datetime) -> int:
        """What a bucket holds that will be full at an instant."""
        missing = max(0.0, (full_at - now).total_seconds()) / self.seconds_of_one
        return max(0, math.floor(self.units - missing + 1e-6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What the bucket gave, perhaps less than was asked, and when it will be full again if nobody asks for more."""

    granted: int
    full_at: dt.datetime


class Leases(Protocol):
    """The buckets of all partners, shared by all processes."""

    async def lease(self, account: str, budget: Budget, wanted: int, now: dt.datetime) -> Lease:
        """Take up to so many units out of a bucket, in one step; raises TryAgain if nobody can be asked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one operation took: its cost, what is left as far as this process knows, and when all is there again."""

    asked: int
    left: int
    resets: dt.datetime


@dataclass(eq=False, kw_only=True)
class BudgetSpent(Refusal):
    """A partner's budget does not reach for what is asked. wait_seconds: until it does, if nothing else is asked."""

    code: ClassVar[str] = "RATE_LIMITED"
    wait_seconds: int
    spent: Spent

    @property
    def message(self) -> str:
        return (
            f"The budget does not reach: this costs {self.spent.asked}, {self.spent.left} are left. "
            f"Wait {self.wait_seconds} seconds or ask for less; all is there again at {self.spent.resets:%FT%TZ}."
        )

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"asked": self.spent.asked, "left": self.spent.left, "wait_seconds": self.wait_seconds}


def partner_of(actor: Actor) -> str:
    """Whose budget an actor spends: the institution's that officers share, else the actor's own."""
    if actor.kind is ActorKind.OFFICER:
        return f"institution:{actor.institution_id}"
    return f"{actor.kind.value}:{actor.subject_id or actor.id}"
