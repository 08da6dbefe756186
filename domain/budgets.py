"""Budgets: how much one partner may ask within a time, shared by all processes and counted by each on its own.

The bucket of a partner is kept in one place (`Leases`). A process takes a slice of it at a time and counts what it
gives out by itself, so that hardly any request waits for the bucket. What a slice holds is taken out of the bucket
before it is given, so that all processes together never give more than the budget; a slice that one of them still
holds from before is all that can come on top. docs/adr/0013 says why.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from domain.actors import Actor, ActorKind
from domain.errors import Refusal

__all__ = ["Budget", "BudgetSpent", "Lease", "Leases", "Purses", "Spent", "partner_of"]

_SLICE_MAX = 20_000
_PURSES_MAX = 10_000


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


@dataclass(slots=True)
class _Purse:
    """What this process holds of one bucket. Below zero where more was taken than was there."""

    units: int = 0
    leased_at: dt.datetime | None = None
    full_at: dt.datetime | None = None
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Purses:
    """What one process holds of the buckets. leases: where it takes more from."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._purses: OrderedDict[str, _Purse] = OrderedDict()

    async def spend(self, account: str, budget: Budget, cost: int, now: dt.datetime) -> Spent:
        """Take the cost from a budget; raises BudgetSpent, and then nothing was taken."""
        purse = await self._holding(account, budget, cost, now)
        purse.units -= cost
        return _spent(purse, budget, cost, now)

    async def require(self, account: str, budget: Budget, cost: int, now: dt.datetime) -> None:
        """Raise BudgetSpent unless so much is there; takes nothing."""
        await self._holding(account, budget, cost, now)

    def owe(self, account: str, budget: Budget, cost: int) -> None:
        """Take what was already used; the purse may go below zero, and is filled before anything else is given.

        More than the whole budget is never owed: a full bucket ends every debt.
        """
        purse = self._purse(account)
        purse.units = max(purse.units - cost, 1 - budget.units)

    async def _holding(self, account: str, budget: Budget, cost: int, now: dt.datetime) -> _Purse:
        """The purse, once it holds as much. Between its last look and its return nothing else runs."""
        purse = self._purse(account)
        if purse.full_at is not None and (purse.full_at - now).total_seconds() > 2 * budget.seconds:
            # The clock was set back by more than the budget's time: what was known of the bucket says nothing now.
            purse.full_at = None
        if purse.leased_at is not None and (now - purse.leased_at).total_seconds() > budget.seconds:
            # What was leased long ago has been given back to the bucket since; it must not count twice.
            purse.units = min(purse.units, 0)
        if purse.units >= cost:
            return purse
        async with purse.asking:
            # Others may have filled it while this one waited.
            if purse.units < cost and _may_reach(purse, budget, cost, now):
                wanted = min(max(budget.slice, cost - purse.units), budget.units)
                found = await self._leases.lease(account, budget, wanted, now)
                purse.units += found.granted
                purse.leased_at, purse.full_at = now, found.full_at
            if purse.units >= cost:
                return purse
        raise _refused(purse, budget, cost, now)

    def _purse(self, account: str) -> _Purse:
        purse = self._purses.get(account)
        if purse is None:
            purse = self._purses[account] = _Purse()
            if len(self._purses) > _PURSES_MAX:
                self._purses.popitem(last=False)
        else:
            self._purses.move_to_end(account)
        return purse


def _may_reach(purse: _Purse, budget: Budget, cost: int, now: dt.datetime) -> bool:
    """Whether the bucket can hold what is missing. Other processes only ever leave less in it, so that a refused
    partner who goes on asking costs no further question."""
    return purse.full_at is None or purse.units + budget.available(purse.full_at, now) >= cost


def _spent(purse: _Purse, budget: Budget, cost: int, now: dt.datetime) -> Spent:
    full_at = max(purse.full_at or now, now)
    left = min(budget.units, max(0, purse.units + budget.available(full_at, now)))
    missing = dt.timedelta(seconds=math.ceil((budget.units - left) * budget.seconds_of_one))
    return Spent(asked=cost, left=left, resets=now.replace(microsecond=0) + missing)


def _refused(purse: _Purse, budget: Budget, cost: int, now: dt.datetime) -> BudgetSpent:
    spent = _spent(purse, budget, cost, now)
    wait = math.ceil(max(0, cost - spent.left) * budget.seconds_of_one)
    return BudgetSpent(wait_seconds=max(1, wait), spent=spent)
