"""Who is told what: each event reaches those who may read the thing at that moment, and nobody else."""

from __future__ import annotations

from domain.live import EventKind
from schema.ids import opaque_id
from tests.live.listening import CASES, COVERAGE, DONATIONS, Live, nudge
from tests.support.scene import (
    OFFICER_ID,
    OFFICER_MY,
    OFFICER_TH,
    OPERATOR,
    Scene,
    covered_worker,
    donor_actor,
    worker_actor,
)


async def test_an_officer_is_told_of_a_worker_in_sight_and_one_elsewhere_is_not(live: Live, scene: Scene) -> None:
    found = await covered_worker(scene)
    async with live.socket(OFFICER_ID) as officer, live.socket(OFFICER_TH) as elsewhere:
        await officer.subscribe(COVERAGE)
        await elsewhere.subscribe(COVERAGE)

        await nudge(scene, found.id)

        assert (await officer.data())["worker"]["id"] == opaque_id("Worker", found.id)
        assert await elsewhere.silent()


async def test_a_worker_is_told_of_themselves_alone(live: Live, scene: Scene) -> None:
    found, other = await covered_worker(scene), await covered_worker(scene)
    async with live.socket(worker_actor(found.id)) as worker:
        await worker.subscribe(COVERAGE)

        await nudge(scene, other.id)
        await nudge(scene, found.id)

        assert (await worker.data())["worker"]["id"] == opaque_id("Worker", found.id)
        assert await worker.silent()


async def test_coverage_that_institutions_confirm_is_told(live: Live, scene: Scene) -> None:
    async with live.socket(OPERATOR) as operator:
        await operator.subscribe(COVERAGE)

        found = await covered_worker(scene)

        assert (await operator.data())["worker"]["id"] == opaque_id("Worker", found.id)


async def test_each_step_of_a_case_is_told_with_the_move_as_it_is_now(live: Live, scene: Scene) -> None:
    found = await covered_worker(scene)
    async with live.socket(OFFICER_MY) as officer:
        await officer.subscribe(CASES)

        move = await scene.move(found.id)
        announced = await officer.data()
        await scene.deliver()

        steps = [(await officer.data())["move"]["step"]]
        while steps[-1] != "COMPLETED":
            steps.append((await officer.data())["move"]["step"])
        assert announced["move"] == {"id": opaque_id("Move", move.id), "step": "ANNOUNCED"}


async def test_a_donor_is_told_of_their_own_donation_and_not_of_others(live: Live, scene: Scene) -> None:
    own, other = await scene.donation(100), await scene.donation(100)
    async with live.socket(donor_actor(own.donor_id)) as donor, live.socket(donor_actor(other.donor_id)) as stranger:
        await donor.subscribe(DONATIONS)
        await stranger.subscribe(DONATIONS)
        await donor.ticked()
        await stranger.ticked()

        second = await scene.donation(70, own.fund_id, donor_id=own.donor_id)

        told = await donor.data()
        assert told["donation"]["id"] == opaque_id("Donation", second.id)
        assert told["donation"]["statement"] == {"available": {"amount": "70"}}
        assert await stranger.silent()


async def test_only_those_who_are_named_are_told_of(live: Live, scene: Scene) -> None:
    named, other = await covered_worker(scene), await covered_worker(scene)
    query = "subscription($workers: [ID!]) { coverageChanged(workers: $workers, purpose: ADMINISTRATION) "
    query += "{ cursor worker { id } } }"
    async with live.socket(OPERATOR) as operator:
        await operator.subscribe(query, workers=[opaque_id("Worker", named.id)])

        await nudge(scene, other.id)
        await nudge(scene, named.id)

        assert (await operator.data())["worker"]["id"] == opaque_id("Worker", named.id)
        assert await operator.silent()


async def test_a_reason_to_see_that_ends_ends_the_telling(live: Live, scene: Scene) -> None:
    found = await covered_worker(scene)
    await scene.move(found.id)
    async with live.socket(OFFICER_MY) as officer:
        await officer.subscribe(COVERAGE)
        await nudge(scene, found.id)
        before = await officer.data()

        # The move ends without being made, which takes the destination's reason away.
        async with scene.superuser.begin() as connection:
            await connection.exec_driver_sql("UPDATE moves SET ended_at = now() WHERE worker_id = %s", (found.id,))
        await nudge(scene, found.id)

        assert before["worker"]["id"] == opaque_id("Worker", found.id)
        assert await officer.silent()


async def test_an_officer_who_is_told_of_a_worker_leaves_the_trace_of_a_read(live: Live, scene: Scene) -> None:
    found = await covered_worker(scene)
    async with live.socket(OFFICER_ID) as officer:
        await officer.subscribe(COVERAGE)
        before = await scene.counts()

        await nudge(scene, found.id)
        await officer.data()

        assert (await scene.counts())["access_records"] == before["access_records"] + 1


async def test_a_kind_of_actor_that_reads_no_such_thing_is_refused(live: Live) -> None:
    async with live.socket(OFFICER_ID) as officer:
        await officer.subscribe(DONATIONS)

        refused = await officer.told()

        assert refused["type"] == "error"
        assert refused["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_two_connections_of_one_actor_are_answered_by_one_read(live: Live, scene: Scene) -> None:
    found = await covered_worker(scene)
    async with live.socket(OFFICER_ID) as one, live.socket(OFFICER_ID) as two:
        await one.subscribe(COVERAGE)
        await two.subscribe(COVERAGE)
        before = await scene.counts()

        await nudge(scene, found.id)

        assert (await one.data())["worker"] == (await two.data())["worker"]
        assert (await scene.counts())["access_records"] == before["access_records"] + 1


async def test_an_event_holds_ids_and_nothing_else(scene: Scene) -> None:
    found = await covered_worker(scene)

    columns = {
        row.column_name
        for row in await scene.rows("SELECT column_name FROM information_schema.columns WHERE table_name = 'events'")
    }

    assert columns == {"xact", "number", "kind", "subject_id", "owner_id"}
    rows = await scene.rows("SELECT DISTINCT kind, owner_id FROM events")
    assert (EventKind.COVERAGE.value, found.id) in {(row.kind, row.owner_id) for row in rows}
