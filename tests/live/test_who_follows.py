"""Who may follow at all, for what, and by which tokens: the same as for every question."""

from __future__ import annotations

import asyncio

import pytest
from joserfc.jwk import ECKey

import schema
from adapters.http.quiet_schema import QuietSchema
from schema.ids import opaque_id
from tests.live.listening import CASES, COVERAGE, DONATIONS, Live, Socket
from tests.support.proofs import proof
from tests.support.scene import (
    OFFICER_ID,
    OFFICER_TH,
    OPERATOR,
    SYSTEM,
    Scene,
    covered_worker,
    donor_actor,
    worker_actor,
)

KEY = ECKey.generate_key("P-256")
TOLD, UNTOLD, F = "told", "-", "FORBIDDEN"
# Each row: operator, officer, officer elsewhere, donor, worker, system.
FOLLOWING = {
    "coverageChanged": (COVERAGE, (TOLD, TOLD, UNTOLD, F, TOLD, F)),
    "caseChanged": (CASES, (TOLD, TOLD, UNTOLD, F, TOLD, F)),
    "donationChanged": (DONATIONS, (TOLD, F, F, TOLD, F, F)),
}

EVENTS = {
    "coverageChanged": "SELECT 'coverage', id, id FROM workers",
    "caseChanged": "SELECT 'case', id, worker_id FROM moves",
    "donationChanged": "SELECT 'donation', id, donor_id FROM donations",
}


def test_every_subscription_has_a_row_in_the_table() -> None:
    core = schema.build(QuietSchema).core
    assert core.subscription_type is not None

    assert set(core.subscription_type.fields) == set(FOLLOWING)


@pytest.mark.parametrize("field", FOLLOWING)
async def test_each_kind_of_actor_is_told_or_refused_as_the_table_says(live: Live, scene: Scene, field: str) -> None:
    found = await covered_worker(scene)
    await scene.move(found.id)
    query, row = FOLLOWING[field]
    donor, worker = donor_actor(found.donation.donor_id), worker_actor(found.id)
    heard = []

    for actor in (OPERATOR, OFFICER_ID, OFFICER_TH, donor, worker, SYSTEM):
        async with live.socket(actor) as socket:
            await socket.subscribe(query)
            await write(scene, EVENTS[field])
            heard.append(await outcome(socket))

    assert tuple(heard) == row


async def write(scene: Scene, query: str) -> None:
    async with scene.superuser.begin() as connection:
        await connection.exec_driver_sql(f"INSERT INTO events (kind, subject_id, owner_id) {query}")
        await connection.exec_driver_sql("SELECT pg_notify('lingkar_events', '')")


async def outcome(socket: Socket, seconds: float = 2.0) -> str:
    try:
        async with asyncio.timeout(seconds):
            message = await socket.told()
    except TimeoutError:
        return UNTOLD
    return str(message["payload"][0]["extensions"]["code"]) if message["type"] == "error" else TOLD


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", "VALUE_MISSING"),
        ("(purpose: CLAIM)", "PURPOSE_NOT_OPEN"),
        ("(purpose: EMERGENCY)", "PURPOSE_NOT_OPEN"),
        ("(purpose: STATISTICS)", TOLD),
        ('(purpose: CLAIM, workers: ["WORKER"])', TOLD),
        ('(purpose: EMERGENCY, workers: ["WORKER"])', UNTOLD),
    ],
)
async def test_an_officer_follows_for_a_purpose_that_opens_it(
    live: Live, scene: Scene, arguments: str, expected: str
) -> None:
    found = await covered_worker(scene)
    named = arguments.replace("WORKER", opaque_id("Worker", found.id))
    async with live.socket(OFFICER_ID) as officer:
        await officer.subscribe(f"subscription {{ coverageChanged{named} {{ cursor worker {{ id }} }} }}")
        await write(scene, EVENTS["coverageChanged"])

        assert await outcome(officer) == expected


async def test_the_trace_of_an_event_names_the_purpose_and_the_fields(live: Live, scene: Scene) -> None:
    await covered_worker(scene)
    query = "subscription { coverageChanged(purpose: STATISTICS) { cursor worker { id sector homeState } } }"
    async with live.socket(OFFICER_ID) as officer:
        await officer.subscribe(query)
        await write(scene, EVENTS["coverageChanged"])
        await officer.data()

    (left,) = await scene.rows("SELECT purpose, fields FROM access_records WHERE purpose = 'statistics'")
    assert (left.purpose, set(left.fields)) == ("statistics", {"worker.id", "worker.sector", "worker.homeState"})


def bound(live: Live) -> str:
    """A token that is bound to a key."""
    return live.issuer.issue(
        OFFICER_ID,
        now=live.clock.now(),
        lifetime_seconds=600,
        audience=live.settings.token_audience,
        issuer=live.settings.development_issuer,
        bound_to={"jkt": KEY.thumbprint()},
    )


async def test_a_bound_token_comes_in_the_handshake_with_a_proof_that_is_taken_once(live: Live) -> None:
    token = bound(live)
    address = f"{live.settings.address}/graphql"
    shown = proof(KEY, address=address, now=live.clock.now(), token=token, method="GET")
    headers = {"authorization": f"DPoP {token}", "dpop": shown}

    async with live.silent_socket(additional_headers=headers) as socket:
        await socket.say({"type": "connection_init"})
        first = await socket.hear()
    async with live.silent_socket(additional_headers=headers) as socket:
        await socket.say({"type": "connection_init"})
        again = await socket.closed()

    assert (first["type"], again) == ("connection_ack", 4403)


@pytest.mark.parametrize("scheme", ["DPoP", "Bearer"])
async def test_a_bound_token_in_the_payload_ends_the_connection_with_4403(live: Live, scheme: str) -> None:
    async with live.silent_socket() as socket:
        await socket.say({"type": "connection_init", "payload": {"authorization": f"{scheme} {bound(live)}"}})

        assert await socket.closed() == 4403
