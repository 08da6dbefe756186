"""What one process holds of the budgets of partners, and how it takes more."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
from collections import OrderedDict
from dataclasses import dataclass, field

from domain.budgets import Budget, BudgetSpent, Leases, Spent

_PURSES_MAX = 10_000


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
