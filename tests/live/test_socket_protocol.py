"""The socket takes graphql-transport-ws to the letter, and ends what is anything else with the code for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from adapters.http import live_limits
from schema.ids import opaque_id
from tests.live.listening import COVERAGE, PROTOCOL, Live, nudge
from tests.support.databases import Databases
from tests.support.scene import OPERATOR, Scene, covered_worker


@pytest.fixture(scope="module")
def database_url(databases: Databases) -> Iterator[str]:
    """One database: what these tests say is heard by whoever listens."""
    with databases.copy() as url:
        yield url


@pytest.fixture
def changes() -> dict[str, Any]:
    return {"allowed_origins": frozenset({"https://app.example"}), "live_connections": 3}


def subscribe(id: object = "1", **payload: Any) -> dict[str, Any]:
    return {"id": id, "type": "subscribe", "payload": {"query": COVERAGE, **payload}}


@pytest.mark.parametrize(
    "said",
    [
        "[]",
        "1",
        "null",
        "{",
        "{}",
        '{"type": 1}',
        '{"type": "start"}',
        '{"type": "ping", "type": "pong"}',
        {"type": "connection_init", "payload": "text"},
        {"type": "subscribe", "id": 1, "payload": {"query": COVERAGE}},
        {"type": "subscribe", "id": ["1"], "payload": {"query": COVERAGE}},
        {"type": "subscribe", "id": "", "payload": {"query": COVERAGE}},
        {"type": "complete"},
    ],
    ids=str,
)
async def test_a_message_of_another_shape_ends_the_connection_with_4400(live: Live, said: object) -> None:
    async with live.silent_socket() as socket:
        await socket.say(said)

        assert await socket.closed() == 4400


@pytest.mark.parametrize(
    "payload",
    ["text", None, {}, {"query": 1}, {"query": COVERAGE, "variables": []}, {"query": COVERAGE, "operationName": 1}],
    ids=str,
)
async def test_a_subscription_of_another_shape_ends_the_connection_with_4400(live: Live, payload: object) -> None:
    async with live.socket(OPERATOR) as socket:
        await socket.say({"id": "1", "type": "subscribe", "payload": payload})

        assert await socket.closed() == 4400


async def test_a_binary_message_ends_the_connection_with_4400(live: Live) -> None:
    async with live.silent_socket() as socket:
        await socket.connection.send(b"{}")

        assert await socket.closed() == 4400


async def test_connection_init_may_have_the_payload_null_and_the_token_in_a_header(live: Live) -> None:
    async with live.silent_socket(additional_headers={"authorization": live.token(OPERATOR)}) as socket:
        await socket.say({"type": "connection_init", "payload": None})

        assert (await socket.hear())["type"] == "connection_ack"


@pytest.mark.parametrize("payload", [None, {}, {"authorization": "Bearer a.b.c"}, {"authorization": 1}], ids=str)
async def test_without_one_valid_token_the_connection_ends_with_4403(live: Live, payload: object) -> None:
    async with live.silent_socket() as socket:
        await socket.say({"type": "connection_init", "payload": payload})

        assert await socket.closed() == 4403


async def test_two_tokens_are_refused_like_none(live: Live) -> None:
    token = live.token(OPERATOR)
    async with live.silent_socket(additional_headers={"authorization": token}) as socket:
        await socket.say({"type": "connection_init", "payload": {"authorization": token}})

        assert await socket.closed() == 4403


async def test_a_second_connection_init_ends_the_connection_with_4429(live: Live) -> None:
    async with live.socket(OPERATOR) as socket:
        await socket.say({"type": "connection_init"})

        assert await socket.closed() == 4429


async def test_a_subscription_before_connection_init_ends_the_connection_with_4401(live: Live) -> None:
    async with live.silent_socket() as socket:
        await socket.say(subscribe())

        assert await socket.closed() == 4401


async def test_two_subscriptions_under_one_id_end_the_connection_with_4409(live: Live) -> None:
    async with live.socket(OPERATOR) as socket:
        await socket.say(subscribe())
        await socket.say(subscribe())

        assert await socket.closed() == 4409


async def test_who_says_nothing_is_closed_with_4408(live: Live) -> None:
    async with live.silent_socket() as socket:
        assert await socket.closed() == 4408


async def test_a_frame_of_more_than_a_megabyte_ends_the_connection_with_1009(live: Live) -> None:
    async with live.socket(OPERATOR) as socket:
        await socket.say(subscribe(query="#" * 1_000_001))

        assert await socket.closed() == 1009


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"subprotocols": [Subprotocol("graphql-ws")]}, 400),
        ({}, 400),
        ({"subprotocols": [PROTOCOL], "origin": "https://evil.example"}, 403),
        ({"subprotocols": [PROTOCOL], "origin": "null"}, 403),
        ({"subprotocols": [PROTOCOL], "origin": "http://app.example"}, 403),
    ],
    ids=str,
)
async def test_another_protocol_or_a_foreign_page_gets_no_connection(
    live: Live, options: dict[str, Any], status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(live.address, **options):
            pass

    assert refused.value.response.status_code == status


async def test_a_page_of_this_site_or_an_allowed_one_gets_a_connection(live: Live) -> None:
    own = f"http://127.0.0.1:{live.port}"

    async with live.socket(OPERATOR, origin=own), live.socket(OPERATOR, origin="https://app.example"):
        pass


async def test_more_connections_than_the_setting_says_are_refused_until_one_ends(live: Live) -> None:
    async with live.socket(OPERATOR), live.socket(OPERATOR):
        async with live.socket(OPERATOR):
            with pytest.raises(InvalidStatus) as refused:
                async with live.socket(OPERATOR):
                    pass
        await asyncio.sleep(0.1)
        async with live.socket(OPERATOR):
            pass

    assert refused.value.response.status_code == 503


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { coverageChanged {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { somethingElse }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { coverageChanged { cursor } caseChanged { cursor } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ me { id } }", "OPERATION_RESOLUTION_FAILURE"),
        (
            'mutation { messageRetry(idempotencyKey: "k", messageId: "m") { __typename } }',
            "OPERATION_RESOLUTION_FAILURE",
        ),
        ('subscription { coverageChanged(after: "bm90IG91cnM") { cursor } }', "BAD_USER_INPUT"),
        ('subscription { coverageChanged(workers: ["%%%"]) { cursor } }', "BAD_USER_INPUT"),
        (f'subscription {{ coverageChanged(workers: ["{opaque_id("Fund", uuid4())}"]) {{ cursor }} }}', "NOT_FOUND"),
        ("subscription($x: [ID!]!) { coverageChanged(workers: $x) { cursor } }", "BAD_USER_INPUT"),
    ],
)
async def test_an_operation_that_cannot_run_is_an_error_under_its_id_and_the_others_go_on(
    live: Live, scene: Scene, query: str, code: str
) -> None:
    found = await covered_worker(scene)
    async with live.socket(OPERATOR) as socket:
        await socket.subscribe(COVERAGE, id="good")

        await socket.say({"id": "bad", "type": "subscribe", "payload": {"query": query}})
        refused = await socket.told()
        await nudge(scene, found.id)
        told = await socket.told()

        assert (refused["id"], refused["type"]) == ("bad", "error")
        assert refused["payload"][0]["extensions"]["code"] == code
        assert (told["id"], told["type"]) == ("good", "next")


async def test_one_subscription_more_than_the_limit_is_an_error_under_its_id(live: Live) -> None:
    async with live.socket(OPERATOR) as socket:
        for number in range(live_limits.StreamLimits().subscriptions):
            await socket.say(subscribe(str(number)))

        await socket.say(subscribe("one more"))
        refused = await socket.told()

        assert (refused["id"], refused["type"]) == ("one more", "error")
        assert refused["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


async def test_what_was_completed_is_told_no_more_and_its_id_is_free_again(live: Live, scene: Scene) -> None:
    found = await covered_worker(scene)
    async with live.socket(OPERATOR) as socket:
        await socket.subscribe(COVERAGE)
        await socket.say({"id": "1", "type": "complete"})
        await socket.settled()

        await nudge(scene, found.id)

        assert await socket.silent()
        await socket.subscribe(COVERAGE)
        await nudge(scene, found.id)
        assert (await socket.data())["worker"]["id"] == opaque_id("Worker", found.id)


async def test_the_end_of_the_token_ends_the_connection_with_4403(live: Live) -> None:
    async with live.socket(OPERATOR, seconds=4) as socket:
        assert await socket.closed() == 4403
