"""Which replies count as an answer: an institution is played by a function that replies as each case says."""

from __future__ import annotations

import dataclasses
import datetime as dt
import gzip
import json
from collections.abc import Callable

import httpx2
import pytest

from adapters.countries.envelope import Envelope, open_envelope
from adapters.countries.transport import ANSWER_BYTES_MAX
from domain.exchange import Answer, AnswerOutcome, DeliveryFailed, DeliveryTrouble, Pending
from tests.wire.letters import announcement, handover, remittance, rupiah
from tests.wire.played import (
    NOW,
    OURS,
    STRANGER,
    THEIRS,
    Reply,
    answered,
    exchange,
    failure,
    json_reply,
)


async def test_a_signed_answer_to_exactly_our_message_counts() -> None:
    message = handover()

    answer = await exchange(answered).deliver(message)

    assert isinstance(answer, Answer)
    assert answer.message_id == message.message_id
    assert answer.outcome is AnswerOutcome.ACCEPTED
    assert answer.answer_id == "ID.BPJSTK-1"
    assert answer.answered_at == NOW
    assert answer.returned_total == rupiah(0)


async def test_what_is_sent_is_signed_by_us_for_the_institution_and_counts_its_lines() -> None:
    seen: list[Envelope] = []

    def reply(request: httpx2.Request) -> httpx2.Response:
        seen.append(open_envelope(request.content))
        return httpx2.Response(500)

    message = remittance(3)
    for _ in range(2):
        with pytest.raises(DeliveryFailed):
            await exchange(reply).deliver(message)

    first, second = seen
    first.check(sender_id="lingkar", public_key=OURS.private_key.public_key(), now=NOW)
    assert first.header.receiver_id == "ID.BPJSTK"
    assert first.header.message_id == str(message.message_id)
    assert first.header.total_count == 3
    assert first.digest == second.digest


async def test_an_institution_that_answers_later_leaves_the_message_pending() -> None:
    message = handover()

    def reply(request: httpx2.Request) -> httpx2.Response:
        return answered(request, status_code=202, header={"status": "pdng"}, message={"decision": None})

    said = await exchange(reply).deliver(message)

    assert said == Pending(message_id=message.message_id, institution_id="ID.BPJSTK")


async def test_a_signed_refusal_with_a_client_error_is_an_answer() -> None:
    def reply(request: httpx2.Request) -> httpx2.Response:
        return answered(
            request,
            status_code=422,
            header={"status": "rjct", "status_reason_code": "rjct.decision"},
            message={"decision": {"kode": "PAKET_SUDAH_ADA", "keterangan": "There is one."}},
        )

    answer = await exchange(reply).deliver(handover())

    assert isinstance(answer, Answer)
    assert answer.outcome is AnswerOutcome.REFUSED
    assert answer.reason_code == "PAKET_SUDAH_ADA"


async def test_a_message_id_in_use_for_other_content_is_never_taken_as_a_refusal() -> None:
    def reply(request: httpx2.Request) -> httpx2.Response:
        return answered(
            request,
            status_code=409,
            header={"status": "rjct", "status_reason_code": "rjct.message_id.duplicate"},
            message={"decision": None},
        )

    failed = await failure(reply)

    assert failed.trouble is DeliveryTrouble.REJECTED
    assert failed.remark == "not taken in: rjct.message_id.duplicate"
    assert not failed.peer_down


UNTRUSTED: dict[str, Callable[[httpx2.Request], httpx2.Response]] = {
    "signed by a stranger": lambda r: answered(r, signer=STRANGER),
    "signed six minutes ago": lambda r: answered(r, signed_at=NOW - dt.timedelta(minutes=6)),
    "signed six minutes ahead": lambda r: answered(r, signed_at=NOW + dt.timedelta(minutes=6)),
    "signed in another name": lambda r: answered(r, signer=dataclasses.replace(THEIRS, owner="MY.SOCSO")),
    "sent in another name": lambda r: answered(r, header={"sender_id": "MY.SOCSO"}),
    "our own message sent back": lambda r: httpx2.Response(
        200, content=r.content, headers={"content-type": "application/json"}
    ),
}


@pytest.mark.parametrize("reply", UNTRUSTED.values(), ids=UNTRUSTED.keys())
async def test_an_answer_that_the_institution_did_not_just_sign_is_not_trusted(reply: Reply) -> None:
    failed = await failure(reply)

    assert failed.trouble is DeliveryTrouble.NOT_TRUSTED
    assert not failed.peer_down


GARBAGE: dict[str, Callable[[httpx2.Request], httpx2.Response]] = {
    "for another message": lambda r: answered(r, message={"correlation_id": "other"}),
    "for other content": lambda r: answered(r, message={"request_digest": "ab" * 32}),
    "for another receiver": lambda r: answered(r, header={"receiver_id": "elsewhere"}),
    "to another kind": lambda r: answered(
        r,
        header={"action": "on_move_withdrawal"},
        message={"decision": {"noPembatalan": "BTL000000001", "totalPengembalian": "0"}},
    ),
    "pending for another message": lambda r: answered(
        r, header={"status": "pdng"}, message={"decision": None, "correlation_id": "other"}
    ),
    "pending for other content": lambda r: answered(
        r, header={"status": "pdng"}, message={"decision": None, "request_digest": "ab" * 32}
    ),
    "without status": lambda r: answered(r, header={"status": None}),
    "received with a decision": lambda r: answered(r, header={"status": "rcvd"}),
    "accepted without a decision": lambda r: answered(r, message={"decision": None}),
    "with a key too many": lambda r: answered(r, message={"extra": 1}),
    "a page": lambda r: httpx2.Response(200, content=b"<html>Welcome</html>", headers={"content-type": "text/html"}),
    "a page that claims to be JSON": lambda r: json_reply(b"<html>Welcome</html>"),
    "nothing": lambda r: json_reply(b""),
    "cut off": lambda r: json_reply(answered(r).content[:-30]),
    "a right answer without a media type": lambda r: httpx2.Response(200, content=answered(r).content),
    "packed": lambda r: json_reply(gzip.compress(b"{}"), **{"content-encoding": "gzip"}),
    "very deep": lambda r: json_reply(b"[" * 100_000),
    "sent elsewhere": lambda r: httpx2.Response(302, headers={"location": "http://elsewhere.test/"}),
    "too large": lambda r: json_reply(b" " * (ANSWER_BYTES_MAX + 1)),
}


@pytest.mark.parametrize("reply", GARBAGE.values(), ids=GARBAGE.keys())
async def test_a_reply_that_answers_nothing_is_garbage_and_no_sign_that_the_institution_is_down(
    reply: Reply,
) -> None:
    failed = await failure(reply)

    assert failed.trouble is DeliveryTrouble.GARBAGE
    assert not failed.peer_down


def remitted(request: httpx2.Request, accepted: str, refused: list[int]) -> httpx2.Response:
    decision = {
        "kodeIuran": "000000000001",
        "blth": "03-2026",
        "jumlahValid": accepted,
        "jumlahTidakValid": str(len(refused)),
        "totalIuran": "16800",
        "barisTidakValid": [{"kode": "NIK_TIDAK_SAH", "keterangan": "Wrong.", "baris": refused}] if refused else [],
    }
    return answered(request, message={"decision": decision})


async def test_an_answer_about_lines_that_were_not_sent_is_garbage() -> None:
    with pytest.raises(DeliveryFailed, match="not in the message"):
        await exchange(lambda r: remitted(r, "1", [3])).deliver(remittance(2))


async def test_an_answer_that_forgets_a_line_is_garbage() -> None:
    with pytest.raises(DeliveryFailed, match="not all the lines"):
        await exchange(lambda r: remitted(r, "1", [])).deliver(remittance(2))


async def test_ten_thousand_refused_lines_fit_into_one_answer() -> None:
    everything = list(range(1, 10_001))

    answer = await exchange(lambda r: remitted(r, "0", everything)).deliver(remittance(10_000))

    assert isinstance(answer, Answer)
    assert len(answer.refused_lines) == 10_000


async def test_an_institution_without_an_endpoint_is_as_good_as_down() -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await exchange(answered).deliver(announcement())

    assert caught.value.trouble is DeliveryTrouble.UNREACHABLE
    assert caught.value.peer_down


async def test_a_kind_of_message_the_institution_does_not_take_is_never_sent() -> None:
    sent: list[httpx2.Request] = []

    def reply(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(500)

    with pytest.raises(DeliveryFailed, match="takes no move_announcement"):
        await exchange(reply).deliver(dataclasses.replace(announcement(), institution_id="ID.BPJSTK"))
    assert sent == []


async def test_half_a_letter_in_a_name_rejects_the_message_and_does_not_stop_the_exchange() -> None:
    broken = handover()
    broken = dataclasses.replace(broken, person=dataclasses.replace(broken.person, name="Contoh \ud800"))

    with pytest.raises(DeliveryFailed) as caught:
        await exchange(answered).deliver(broken)

    assert caught.value.trouble is DeliveryTrouble.REJECTED


async def test_no_remark_repeats_anything_of_the_message_or_the_reply() -> None:
    def reply(request: httpx2.Request) -> httpx2.Response:
        echoed = json.loads(request.content)["message"]
        return json_reply(json.dumps(echoed).encode())

    for case in (reply, *GARBAGE.values(), *UNTRUSTED.values()):
        failed = await failure(case)
        for private in ("Contoh", "3273010101", "01-01-1990"):
            assert private not in str(failed)
