"""Searches by identifier that find nobody: counted for each institution, so that numbers cannot be tried out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from domain.actors import Actor, ActorKind
from domain.budgets import Budget, BudgetSpent, partner_of
from domain.errors import Refusal
from resolvers.purses import Purses

__all__ = ["CountedSearches", "Searches", "SearchesSpent", "UncountedSearches"]


@dataclass(eq=False, kw_only=True)
class SearchesSpent(Refusal):
    """An institution searched for too many numbers that belong to nobody whom it may see."""

    code: ClassVar[str] = "SEARCHES_SPENT"
    wait_seconds: int

    @property
    def message(self) -> str:
        return (
            "Too many searches of your institution found nobody. The operators have been told. "
            f"Search again in {self.wait_seconds} seconds, with numbers from documents."
        )


class Searches(Protocol):
    """Who may go on searching."""

    async def begin(self, actor: Actor, now: dt.datetime) -> None:
        """Raise SearchesSpent for an actor whose institution has no miss left; the first line of a search."""
        ...

    def missed(self, actor: Actor, count: int = 1) -> None:
        """Note that so many searches found nobody."""
        ...


class UncountedSearches:
    """Lets everyone search; for use cases that are called without a door in front."""

    async def begin(self, actor: Actor, now: dt.datetime) -> None:
        return None

    def missed(self, actor: Actor, count: int = 1) -> None:
        return None


class CountedSearches:
    """Gives each institution so many misses, whoever of its officers searches; operators are told when they are spent.

    budget: misses, and the seconds in which they come back. alarm: gets the institution, once in that time.
    """

    def __init__(self, purses: Purses, budget: Budget, alarm: Callable[[str], None]) -> None:
        self._purses = purses
        self._budget = budget
        self._alarm = alarm
        self._alarmed: dict[str, dt.datetime] = {}

    async def begin(self, actor: Actor, now: dt.datetime) -> None:
        if actor.kind is not ActorKind.OFFICER:
            return
        try:
            await self._purses.require(_account(actor), self._budget, 1, now)
        except BudgetSpent as spent:
            self._tell(actor.institution_id or "", now)
            raise SearchesSpent(wait_seconds=spent.wait_seconds) from None

    def missed(self, actor: Actor, count: int = 1) -> None:
        if actor.kind is ActorKind.OFFICER and count:
            self._purses.owe(_account(actor), self._budget, count)

    def _tell(self, institution: str, now: dt.datetime) -> None:
        last = self._alarmed.get(institution)
        if last is None or (now - last).total_seconds() >= self._budget.seconds:
            self._alarmed[institution] = now
            self._alarm(institution)


def _account(actor: Actor) -> str:
    return f"misses:{partner_of(actor)}"
