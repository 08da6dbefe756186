"""Whatever breaks, and in whatever order transactions end: who follows is told of everything, or told to come back."""

from __future__ import annotations

import asyncio
import random
import socket as sockets
from collections.abc import Callable
from contextlib import AsyncExitStack
from uuid import UUID

import psycopg
from sqlalchemy import text
from starlette.types import ASGIApp

from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.settings import Settings
from domain.live import Event, EventKind, Place, Snapshot
from schema.ids import opaque_id
from tests.live.listening import COVERAGE, DONATIONS, Live, Socket, Told, serving
from tests.support.clock import SettableClock
from tests.support.databases import plain_url
from tests.support.scene import OFFICER_ID, OFFICER_TH, OPERATOR, Scene, covered_worker, donor_actor, worker_actor

AGAIN = (
    "subscription($after: String) { coverageChanged(after: $after, purpose: ADMINISTRATION) { cursor worker { id } } }"
)
_WRITE = "INSERT INTO events (kind, subject_id, owner_id) VALUES ('coverage', :id, :id)"


async def write_event(scene: Scene, worker_id: UUID, *, held: float = 0) -> None:
    """An event as a trigger writes it, in a transaction that stays open for a while afterwards."""
    async with scene.superuser.begin() as connection:
        await connection.execute(text(_WRITE), {"id": worker_id})
        await asyncio.sleep(held)
        await connection.execute(text("SELECT pg_notify('lingkar_events', '')"))


async def workers(scene: Scene, count: int) -> list[UUID]:
    await covered_worker(scene, beside=count - 1)
    return [row.id for row in await scene.rows("SELECT id FROM workers")]


async def told_until(socket: Socket, told: Told, wanted: set[str]) -> None:
    while not wanted <= set(told.subjects):
        told.add(await socket.data())


def ids(found: list[UUID]) -> set[str]:
    return {opaque_id("Worker", one) for one in found}


async def kill_listener(database_url: str) -> int:
    """End the backend that listens; how many there were."""
    query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() "
    query += "AND application_name = 'lingkar-listener'"
    async with await psycopg.AsyncConnection.connect(plain_url(database_url), autocommit=True) as connection:
        found = await (await connection.execute(query)).fetchone()
    assert found is not None
    return int(found[0])


async def test_an_event_that_commits_after_one_with_a_higher_number_is_told(live: Live, scene: Scene) -> None:
    early, late = await workers(scene, 2)
    told = Told()
    async with live.socket(OPERATOR) as socket:
        await socket.subscribe(COVERAGE)

        slow = asyncio.create_task(write_event(scene, early, held=1.0))
        await asyncio.sleep(0.2)
        await write_event(scene, late)
        told.add(await socket.data())
        await slow
        told.add(await socket.data())

        assert told.subjects == [opaque_id("Worker", late), opaque_id("Worker", early)]


async def test_who_resumes_is_told_of_what_committed_late_and_of_nothing_twice(live: Live, scene: Scene) -> None:
    early, late = await workers(scene, 2)
    told = Told()
    slow = asyncio.create_task(write_event(scene, early, held=1.5))
    await asyncio.sleep(0.2)
    async with live.socket(OPERATOR) as socket:
        await socket.subscribe(COVERAGE)
        await write_event(scene, late)
        told.add(await socket.data())
    await slow

    async with live.socket(OPERATOR) as socket:
        await socket.subscribe(AGAIN, after=told.cursor)

        told.add(await socket.data())
        assert told.subjects == [opaque_id("Worker", late), opaque_id("Worker", early)]
        assert await socket.silent()


async def test_the_first_cursor_comes_before_the_first_event(live: Live, scene: Scene) -> None:
    (found,) = await workers(scene, 1)
    async with live.silent_socket() as socket:
        await socket.say({"type": "connection_init", "payload": {"authorization": live.token(OPERATOR)}})
        begun_at = (await socket.hear())["payload"]["cursor"]
    await write_event(scene, found)

    async with live.socket(OPERATOR) as socket:
        await socket.subscribe(AGAIN, after=begun_at)

        assert (await socket.data())["worker"]["id"] == opaque_id("Worker", found)


async def test_a_cursor_of_another_actor_is_refused(live: Live, scene: Scene) -> None:
    (found,) = await workers(scene, 1)
    async with live.socket(OPERATOR) as socket:
        await socket.subscribe(COVERAGE)
        await write_event(scene, found)
        cursor = (await socket.data())["cursor"]

    async with live.socket(OFFICER_ID) as officer:
        await officer.say({"id": "1", "type": "subscribe", "payload": {"query": AGAIN, "variables": {"after": cursor}}})
        refused = await officer.told()

        assert refused["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_who_resumes_is_not_told_of_what_they_may_not_see(live: Live, scene: Scene) -> None:
    (found,) = await workers(scene, 1)
    cursors = {}
    for actor in (OFFICER_ID, OFFICER_TH, worker_actor(found)):
        async with live.silent_socket() as socket:
            await socket.say({"type": "connection_init", "payload": {"authorization": live.token(actor)}})
            cursors[actor] = (await socket.hear())["payload"]["cursor"]
    await write_event(scene, found)

    heard = {}
    for actor, cursor in cursors.items():
        async with live.socket(actor) as socket:
            await socket.subscribe(AGAIN, after=cursor)
            heard[actor] = not await socket.silent()

    assert heard == {OFFICER_ID: True, OFFICER_TH: False, worker_actor(found): True}


async def test_two_hundred_connections_lose_nothing_while_the_listener_is_killed(
    live: Live, scene: Scene, database_url: str
) -> None:
    found = await workers(scene, 20)
    wanted = ids(found)
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(live.socket(OFFICER_ID)) for _ in range(200)]
        for client in clients:
            await client.say({"id": "1", "type": "subscribe", "payload": {"query": COVERAGE}})
        for client in clients:
            await client.settled()
        told = [Told() for _ in clients]

        chance = random.Random(7)
        writing = [write_event(scene, one, held=chance.random() / 2) for one in found]
        killing = asyncio.create_task(kill_listener(database_url))
        for begin in range(0, len(writing), 5):
            await asyncio.gather(*writing[begin : begin + 5])
        await asyncio.gather(*(told_until(client, one, wanted) for client, one in zip(clients, told, strict=True)))

        assert await killing == 1
        assert all(set(one.subjects) == wanted for one in told)


async def test_a_restart_of_the_platform_loses_nothing_for_who_resumes(
    build: Callable[[str], ASGIApp], database_url: str, settings: Settings, clock: SettableClock, scene: Scene
) -> None:
    found = await workers(scene, 12)
    wanted, told = ids(found), Told()
    issuer = DevelopmentIssuer(settings.keys_folder, environment="development")
    with sockets.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    live = Live(port=port, issuer=issuer, settings=settings, clock=clock)

    async with serving(build(database_url), port), live.socket(OPERATOR) as socket:
        await socket.subscribe(COVERAGE)
        late = [asyncio.create_task(write_event(scene, one, held=1.0)) for one in found[:4]]
        await asyncio.sleep(0.2)
        for one in found[4:8]:
            await write_event(scene, one)
        await told_until(socket, told, ids(found[4:8]))
    await asyncio.gather(*late, *(write_event(scene, one) for one in found[8:]))
    async with serving(build(database_url), port), live.socket(OPERATOR) as socket:
        await socket.subscribe(AGAIN, after=told.cursor)
        await told_until(socket, told, wanted)

        assert await socket.silent()
    assert sorted(told.subjects) == sorted(wanted)


async def test_donors_are_told_once_for_all_that_happened_between_two_ticks(live: Live, scene: Scene) -> None:
    donation = await scene.donation(100)
    async with live.socket(donor_actor(donation.donor_id)) as donor:
        await donor.subscribe(DONATIONS)
        await donor.ticked()

        async with scene.superuser.begin() as connection:
            for _ in range(30):
                written = "INSERT INTO events (kind, subject_id, owner_id) VALUES ('donation', :id, :donor)"
                await connection.execute(text(written), {"id": donation.id, "donor": donation.donor_id})

        assert (await donor.data())["donation"]["id"] == opaque_id("Donation", donation.id)
        assert await donor.silent()


async def test_a_place_passes_exactly_what_was_told() -> None:
    seen = Snapshot.parse("10:14:11,13")
    place = Place(whole=Snapshot.parse("5:8:6"), part=seen, upto=(12, 3))
    nobody = UUID(int=0)

    def passed(xact: int, number: int) -> bool:
        event = Event(xact=xact, number=number, kind=EventKind.CASE, subject_id=nobody, owner_id=nobody)
        return place.passed(event)

    assert [passed(7, 9), passed(12, 3), passed(9, 99)] == [True, True, True]
    assert [passed(6, 9), passed(12, 4), passed(11, 1), passed(13, 1), passed(14, 1)] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert Place.parse(str(place)) == place
