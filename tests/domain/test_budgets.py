"""What a process counts of a budget that it shares with others."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from domain.actors import Actor, ActorKind
from domain.budgets import Budget, BudgetSpent, Lease, partner_of
from domain.countries import MemberState
from resolvers.purses import Purses

NOW = dt.datetime(2026, 5, 3, 12, tzinfo=dt.UTC)
BUDGET = Budget(units=1000, seconds=100)


@dataclass
class Bucket:
    """The bucket in one place, as the database keeps it."""

    full_at: dt.datetime = NOW
    asked: list[int] = field(default_factory=list)

    async def lease(self, account: str, budget: Budget, wanted: int, now: dt.datetime) -> Lease:
        await asyncio.sleep(0)
        self.asked.append(wanted)
        granted = min(wanted, budget.available(self.full_at, now))
        self.full_at = max(self.full_at, now) + dt.timedelta(seconds=granted * budget.seconds_of_one)
        return Lease(granted=granted, full_at=self.full_at)


async def given(purses: Purses, cost: int, now: dt.datetime = NOW) -> int:
    """How much of a cost was given before the budget was spent, in pieces of it."""
    total = 0
    try:
        while True:
            await purses.spend("a", BUDGET, cost, now)
            total += cost
    except BudgetSpent:
        return total


async def test_a_slice_serves_many_operations() -> None:
    bucket = Bucket()
    purses = Purses(bucket)

    for _ in range(50):
        await purses.spend("a", BUDGET, 1, NOW)

    assert bucket.asked == [50]


async def test_a_budget_gives_all_of_it_and_no_more() -> None:
    assert await given(Purses(Bucket()), 1) == 1000


async def test_two_processes_give_no_more_than_the_budget() -> None:
    bucket = Bucket()
    first, second = Purses(bucket), Purses(bucket)

    total = sum(await asyncio.gather(given(first, 7), given(second, 7)))

    assert 1000 - 2 * 7 < total <= 1000


async def test_a_slice_from_before_is_all_that_comes_on_top() -> None:
    bucket = Bucket()
    held, others = Purses(bucket), Purses(bucket)
    await held.spend("a", BUDGET, 1, NOW)
    later = NOW + dt.timedelta(seconds=90)

    total = await given(held, 1, later) + await given(others, 1, later)

    assert total == BUDGET.units + BUDGET.slice - 1


async def test_a_slice_that_is_older_than_the_budgets_time_is_given_up() -> None:
    purses = Purses(Bucket())
    await purses.spend("a", BUDGET, 1, NOW)

    assert await given(purses, 1, NOW + dt.timedelta(seconds=101)) == 1000


async def test_a_spent_budget_says_how_long_to_wait_and_what_is_left() -> None:
    purses = Purses(Bucket())
    await given(purses, 10)

    with pytest.raises(BudgetSpent) as refused:
        await purses.spend("a", BUDGET, 40, NOW)

    assert refused.value.wait_seconds == 4
    assert (refused.value.spent.asked, refused.value.spent.left) == (40, 0)
    assert refused.value.spent.resets == NOW + dt.timedelta(seconds=100)


async def test_what_was_waited_for_is_there() -> None:
    purses = Purses(Bucket())
    await given(purses, 10)

    spent = await purses.spend("a", BUDGET, 40, NOW + dt.timedelta(seconds=4))

    assert spent.left == 0


async def test_a_partner_who_is_refused_and_goes_on_asking_costs_no_further_question() -> None:
    bucket = Bucket()
    purses = Purses(bucket)
    await given(purses, 10)
    questions = len(bucket.asked)

    for _ in range(100):
        with pytest.raises(BudgetSpent):
            await purses.spend("a", BUDGET, 10, NOW)

    assert len(bucket.asked) == questions


async def test_a_clock_that_was_set_back_shuts_nobody_out() -> None:
    purses = Purses(Bucket())
    await given(purses, 10)

    with pytest.raises(BudgetSpent):
        await purses.spend("a", BUDGET, 10, NOW - dt.timedelta(seconds=100))
    purses._leases = Bucket(full_at=NOW - dt.timedelta(days=1))

    assert await given(purses, 10, NOW - dt.timedelta(days=1)) == 1000


async def test_many_at_once_ask_the_bucket_once() -> None:
    bucket = Bucket()
    purses = Purses(bucket)

    await asyncio.gather(*(purses.spend("a", BUDGET, 1, NOW) for _ in range(50)))

    assert bucket.asked == [50]


async def test_the_answer_says_what_was_asked_what_is_left_and_when_all_is_there_again() -> None:
    spent = await Purses(Bucket()).spend("a", BUDGET, 20, NOW)

    assert (spent.asked, spent.left, spent.resets) == (20, 980, NOW + dt.timedelta(seconds=2))


async def test_what_is_owed_is_paid_before_anything_else_is_given() -> None:
    bucket = Bucket()
    purses = Purses(bucket)

    purses.owe("a", BUDGET, 500)

    assert await given(purses, 1) == 500


async def test_no_debt_outlasts_a_full_bucket() -> None:
    purses = Purses(Bucket())

    purses.owe("a", BUDGET, 100_000)

    assert await given(purses, 1) == 1


async def test_a_purse_that_needs_nothing_takes_nothing() -> None:
    purses = Purses(Bucket())

    for _ in range(10):
        await purses.require("a", BUDGET, 1, NOW)

    assert (await purses.spend("a", BUDGET, 1, NOW)).left == 999


@pytest.mark.parametrize(("units", "seconds"), [(0, 60), (60, 0), (-1, 60)])
def test_a_budget_that_lets_nobody_in_is_refused(units: int, seconds: int) -> None:
    with pytest.raises(ValueError, match="more than zero"):
        Budget(units=units, seconds=seconds)


def test_officers_of_an_institution_share_a_budget_and_people_have_their_own() -> None:
    officers = [
        Actor(id=name, kind=ActorKind.OFFICER, member_state=MemberState.MY, institution_id="MY.SOCSO") for name in "ab"
    ]
    people = [
        Actor(id="one", kind=kind, subject_id=UUID(int=number))
        for kind in (ActorKind.WORKER, ActorKind.DONOR)
        for number in (1, 2)
    ]

    assert {partner_of(officer) for officer in officers} == {"institution:MY.SOCSO"}
    assert len({partner_of(person) for person in people}) == 4
