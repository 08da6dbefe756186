"""Lines that break, drip, flood or refuse: what each means for the message and for the institution."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from adapters.countries.transport import ANSWER_BYTES_MAX, retry_after_seconds
from domain.exchange import DeliveryFailed, DeliveryTrouble
from tests.wire.letters import handover
from tests.wire.played import (
    NOW,
    answered,
    exchange,
    failure,
)


async def test_an_answer_without_end_is_given_up_at_one_megabyte() -> None:
    given = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal given
        for _ in range(64):
            given += 65_536
            yield b" " * 65_536

    failed = await failure(
        lambda _: httpx2.Response(200, content=pieces(), headers={"content-type": "application/json"})
    )

    assert failed.trouble is DeliveryTrouble.GARBAGE
    assert given <= ANSWER_BYTES_MAX + 2 * 65_536


async def test_an_answer_that_drips_past_the_deadline_is_a_timeout() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.02)
            yield b" "

    def reply(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=pieces(), headers={"content-type": "application/json"})

    with pytest.raises(DeliveryFailed) as caught:
        await exchange(reply, total_seconds=0.2).deliver(handover())

    assert caught.value.trouble is DeliveryTrouble.TIMEOUT
    assert caught.value.peer_down


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (httpx2.ConnectError("refused"), DeliveryTrouble.UNREACHABLE),
        (httpx2.RemoteProtocolError("dropped"), DeliveryTrouble.UNREACHABLE),
        (httpx2.ReadError("reset"), DeliveryTrouble.UNREACHABLE),
        (httpx2.ConnectTimeout("slow"), DeliveryTrouble.TIMEOUT),
        (httpx2.ReadTimeout("slow"), DeliveryTrouble.TIMEOUT),
        (httpx2.PoolTimeout("slow"), DeliveryTrouble.TIMEOUT),
    ],
)
async def test_a_line_that_fails_means_the_institution_is_down(error: Exception, trouble: DeliveryTrouble) -> None:
    def reply(_: httpx2.Request) -> httpx2.Response:
        raise error

    failed = await failure(reply)

    assert failed.trouble is trouble
    assert failed.peer_down


@pytest.mark.parametrize("status", [500, 502, 504, 599])
async def test_a_server_error_means_the_institution_is_down(status: int) -> None:
    failed = await failure(lambda _: httpx2.Response(status))

    assert failed.trouble is DeliveryTrouble.UNREACHABLE
    assert failed.peer_down


@pytest.mark.parametrize("status", [429, 503])
async def test_an_overloaded_institution_is_left_alone_for_as_long_as_it_says(status: int) -> None:
    failed = await failure(lambda _: httpx2.Response(status, headers={"retry-after": "17"}))

    assert failed.trouble is DeliveryTrouble.OVERLOADED
    assert failed.peer_down
    assert failed.retry_after_seconds == 17.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("999999999", 86_400.0),
        ("Mon, 02 Mar 2026 01:31:00 GMT", 60.0),
        ("Mon, 02 Mar 2020 01:31:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("٣", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_a_number_or_a_date_and_never_more_than_a_day(text: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(text, NOW) == seconds


@pytest.mark.parametrize("status", [401, 403, 404, 405, 407])
@pytest.mark.parametrize("content_type", ["application/json", "text/html"])
async def test_a_closed_door_is_no_fault_of_the_message(status: int, content_type: str) -> None:
    failed = await failure(lambda _: httpx2.Response(status, content=b"{}", headers={"content-type": content_type}))

    assert failed.trouble is DeliveryTrouble.REJECTED
    assert failed.peer_down


async def test_a_signature_of_ours_that_the_institution_does_not_accept_is_no_fault_of_the_message() -> None:
    def reply(request: httpx2.Request) -> httpx2.Response:
        return answered(
            request,
            status_code=401,
            header={"status": "rjct", "status_reason_code": "rjct.signature.invalid"},
            message={"decision": None},
        )

    failed = await failure(reply)

    assert failed.trouble is DeliveryTrouble.REJECTED
    assert failed.peer_down


@pytest.mark.parametrize("status", [400, 413, 415, 422])
@pytest.mark.parametrize("content_type", ["application/json", "text/html"])
async def test_a_client_error_that_is_not_signed_rejects_the_message(status: int, content_type: str) -> None:
    failed = await failure(
        lambda _: httpx2.Response(status, content=b'{"detail": 1}', headers={"content-type": content_type})
    )

    assert failed.trouble is DeliveryTrouble.REJECTED
    assert not failed.peer_down
