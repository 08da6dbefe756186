"""A donor who asks for everything, month after month, and compares: what of single workers can they tell?

Twenty-four months are lived by a dozen workers whose cover one donor pays; some of them move. After each month the
donor walks every field a donor can reach. What happened to whom is known to the test, and must not be to the donor.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from graphql import GraphQLNamedType, GraphQLObjectType, get_named_type, is_leaf_type

import schema
from adapters.http.quiet_schema import QuietSchema
from domain.funding import Donation
from schema.ids import opaque_id
from tests.support.api import Api
from tests.support.databases import Databases
from tests.support.scene import A_MONTH, PACK, Scene, donor_actor

MONTHS, WORKERS, MOVES = 24, 12, 6
EXACT = ("statement", "remittances", "workers", "personMonths", "amount")
"""Fields that tell a donor exact totals of their own money, by design; see docs/explain/privacy.md."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What truly happened. moved_in: the simulated months in which exactly one worker moved."""

    donation: Donation
    allocation: str
    workers: tuple[str, ...]
    moved_in: frozenset[int]
    seen: tuple[Mapping[str, Any], ...]


_TOLD: list[Lived] = []
"""The story, lived once for all tests of the module."""


@pytest.fixture(scope="module")
def database_url(databases: Databases) -> Iterator[str]:
    with databases.copy() as url:
        yield url


@pytest.fixture
async def story(scene: Scene, api: Api) -> Lived:
    """Twenty-four months, and what the donor saw after each."""
    if not _TOLD:
        _TOLD.append(await lived_through(scene, api))
    return _TOLD[0]


async def lived_through(scene: Scene, api: Api) -> Lived:
    chance = Random(20260701)
    donation = await scene.donation(WORKERS * MONTHS * A_MONTH + MOVES * PACK)
    report = await scene.nominate(donation.fund_id, scene.lines(WORKERS))
    allocation = await scene.allocate(donation, report.id, "2025-07", "2027-06")
    await scene.remit(allocation)
    await scene.deliver()
    ids = [row.worker_id for row in await scene.rows(
        "SELECT worker_id FROM nomination_workers WHERE nomination_id = :id ORDER BY line", id=report.id)]  # fmt: skip
    moving = dict(zip(sorted(chance.sample(range(2, MONTHS - 3), MOVES)), chance.sample(ids, MOVES), strict=True))
    seen = []
    for month in range(MONTHS):
        if month in moving:
            on = scene.clock.now().date() + dt.timedelta(days=15)
            await scene.move(moving[month], move_on=on, decided_on=on - dt.timedelta(days=10))
            await scene.deliver()
        seen.append(await everything(api, donation, opaque_id("Allocation", allocation.id)))
        scene.clock.advance(days=30)
    return Lived(
        donation=donation,
        allocation=opaque_id("Allocation", allocation.id),
        workers=tuple(str(one) for one in ids),
        moved_in=frozenset(moving),
        seen=tuple(seen),
    )


async def everything(api: Api, donation: Donation, allocation: str) -> Mapping[str, Any]:
    """Every field that a donor can reach, asked at once."""
    own = opaque_id("Donation", donation.id)
    text = f"""{{ donation(id: "{own}") {{ {selection("Donation")} }}
        donations(first: 100) {{ {selection("DonationConnection")} }}
        allocation(id: "{allocation}") {{ {selection("Allocation")} }} }}"""
    return await api.data(donor_actor(donation.donor_id), text)


def selection(name: str) -> str:
    """All fields of a type, and all of what they hold."""
    kind: GraphQLNamedType = schema.build(QuietSchema).core.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    parts = []
    for field, declared in kind.fields.items():
        target = get_named_type(declared.type)
        parts.append(field if is_leaf_type(target) else f"{field} {{ {selection(target.name)} }}")
    return " ".join(parts)


def figures(seen: Mapping[str, Any]) -> dict[str, int]:
    return {row["month"]: row["workersRounded"] for row in seen["donation"]["months"]}


def without_exact(value: Any) -> Any:
    """What is seen, without the fields that tell exact totals."""
    if isinstance(value, dict):
        return {name: without_exact(part) for name, part in value.items() if name not in EXACT}
    return [without_exact(part) for part in value] if isinstance(value, list) else value


async def test_no_answer_of_twenty_four_months_names_a_worker(story: Lived) -> None:
    told = str(story.seen)

    assert [worker for worker in story.workers if worker in told] == []
    assert not _UUID.search(told)
    assert len(story.moved_in) == MOVES


async def test_no_difference_of_two_months_of_breakdowns_is_one_worker(story: Lived, scene: Scene) -> None:
    step = scene.limits.donor_rounding
    shown = [figures(seen) for seen in story.seen]

    assert all(count % step == 0 for month in shown for count in month.values())
    differences = {
        abs(later.get(month, 0) - earlier.get(month, 0))
        for earlier in shown for later in shown for month in {*earlier, *later}
    }  # fmt: skip
    assert 1 not in differences
    assert {difference % step for difference in differences} == {0}


async def test_from_breakdowns_the_month_of_a_move_is_guessed_no_better_than_by_chance(story: Lived) -> None:
    changed = {
        month for month in range(1, MONTHS)
        if without_exact(story.seen[month]) != without_exact(story.seen[month - 1])
    }  # fmt: skip
    missed = story.moved_in - changed

    # A change of the rounded figures says "one or more, some time"; most moves change nothing that is shown.
    assert len(missed) > len(story.moved_in) / 2


@pytest.mark.xfail(reason="Until totals are rounded too: exact totals tell that something happened", strict=False)
async def test_from_totals_the_month_of_a_move_is_guessed_no_better_than_by_chance(story: Lived) -> None:
    totals = [seen["donation"]["statement"] for seen in story.seen]
    changed = {month for month in range(1, MONTHS) if totals[month] != totals[month - 1]}

    assert not story.moved_in & changed
