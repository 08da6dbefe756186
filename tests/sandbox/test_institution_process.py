"""The exchange against a real process: each behaviour, killed and started again in between."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from domain.exchange import Answer, AnswerOutcome, DeliveryFailed, DeliveryTrouble, Pending
from tests.sandbox.running import RunningInstitution
from tests.wire.letters import announcement, handover, person, remittance, rupiah, withdrawal


async def deliver(running: RunningInstitution, message: object, *, total_seconds: float = 20.0) -> Answer:
    async with running.exchange(total_seconds=total_seconds) as exchange:
        said = await exchange.deliver(message)  # type: ignore[arg-type]
    assert isinstance(said, Answer)
    return said


async def failure(running: RunningInstitution, message: object, *, total_seconds: float = 20.0) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await deliver(running, message, total_seconds=total_seconds)
    return caught.value


async def test_a_remittance_of_seven_thousand_lines_is_credited_whole(indonesia: RunningInstitution) -> None:
    answer = await deliver(indonesia, remittance(7_000))

    assert answer.accepted_lines == 7_000
    assert answer.accepted_total == rupiah(7_000 * 16_800)
    assert indonesia.records()["paid_total"] == 7_000 * 16_800


async def test_every_answer_says_that_the_institution_is_simulated(malaysia: RunningInstitution) -> None:
    assert (await deliver(malaysia, announcement())).simulated
    for path in ("/", "/livez", "/state"):
        assert httpx2.get(malaysia.base_url + path, trust_env=False).json()["simulated"] is True
    assert "simulated institution" in httpx2.get(malaysia.base_url, trust_env=False).json()["notice"]


async def test_after_a_power_cut_the_same_message_gets_the_same_answer_and_one_effect(
    indonesia: RunningInstitution,
) -> None:
    message = remittance(3)
    first = await deliver(indonesia, message)

    indonesia.kill()
    down = await failure(indonesia, message)
    indonesia.start()
    second = await deliver(indonesia, message)

    assert down.trouble is DeliveryTrouble.UNREACHABLE
    assert down.peer_down
    assert second == first
    assert indonesia.records()["paid_total"] == 3 * 16_800


async def test_an_institution_that_works_and_drops_the_line_has_worked_once(
    indonesia: RunningInstitution,
) -> None:
    indonesia.order("drop_after_effect", times=2)
    message = remittance(2)

    first, second = await failure(indonesia, message), await failure(indonesia, message)
    indonesia.kill()
    indonesia.start()
    answer = await deliver(indonesia, message)

    assert first.trouble is second.trouble is DeliveryTrouble.UNREACHABLE
    assert first.peer_down
    assert answer.accepted_lines == 2
    assert indonesia.state()["messages"] == 1
    assert indonesia.records()["paid_total"] == 2 * 16_800


async def test_twenty_deliveries_of_one_message_at_once_have_one_effect_and_one_answer(
    indonesia: RunningInstitution,
) -> None:
    message = remittance(5)

    async with indonesia.exchange() as exchange:
        answers = await asyncio.gather(*(exchange.deliver(message) for _ in range(20)))

    assert all(answer == answers[0] for answer in answers)
    assert indonesia.records()["paid_total"] == 5 * 16_800


async def test_a_slow_institution_is_a_timeout_and_its_answer_is_the_same_later(
    indonesia: RunningInstitution,
) -> None:
    indonesia.order("slow", seconds=3, times=1)
    message = remittance(2)

    failed = await failure(indonesia, message, total_seconds=1.0)
    answer = await deliver(indonesia, message)

    assert failed.trouble is DeliveryTrouble.TIMEOUT
    assert failed.peer_down
    assert answer.accepted_lines == 2
    assert indonesia.state()["messages"] == 1


async def test_an_institution_told_to_refuse_signs_its_refusal_and_keeps_to_it(
    malaysia: RunningInstitution,
) -> None:
    malaysia.order("refuse", times=1)
    message = announcement()

    first, second = await deliver(malaysia, message), await deliver(malaysia, message)

    assert first.outcome is AnswerOutcome.REFUSED
    assert first.reason_code == "SANDBOX_REFUSES"
    assert second == first
    assert malaysia.records()["registrations"] == 0


async def test_a_pending_message_is_answered_when_its_time_has_come(malaysia: RunningInstitution) -> None:
    malaysia.order("pending", seconds=1.5, times=1)
    message = announcement()

    async with malaysia.exchange() as exchange:
        said = [await exchange.deliver(message), await exchange.deliver(message)]
        said.append(await exchange.answer_to(message))
        malaysia.kill()
        malaysia.start()
        deadline = time.monotonic() + 10
        late = await exchange.answer_to(message)
        while isinstance(late, Pending) and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            late = await exchange.answer_to(message)
        again = await exchange.deliver(message)

    assert said == [Pending(message_id=message.message_id, institution_id="MY.SOCSO")] * 3
    assert isinstance(late, Answer)
    assert late.reference == "SSFW00000001"
    assert again == late


async def test_an_institution_that_answers_twice_gives_two_answers_that_differ(
    malaysia: RunningInstitution,
) -> None:
    malaysia.order("answer_twice", times=1)
    message = announcement()

    async with malaysia.exchange() as exchange:
        first, second = await exchange.deliver(message), await exchange.answer_to(message)

    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert first.outcome is AnswerOutcome.ACCEPTED
    assert second.outcome is AnswerOutcome.REFUSED
    assert first.answer_id != second.answer_id
    assert malaysia.records()["registrations"] == 1


@pytest.mark.parametrize(
    ("behaviour", "trouble", "peer_down"),
    [
        ("garbage", DeliveryTrouble.GARBAGE, False),
        ("unreachable_500", DeliveryTrouble.UNREACHABLE, True),
        ("too_many", DeliveryTrouble.OVERLOADED, True),
    ],
)
async def test_an_institution_that_never_read_the_message_has_no_effect_of_it(
    malaysia: RunningInstitution, behaviour: str, trouble: DeliveryTrouble, peer_down: bool
) -> None:
    malaysia.order(behaviour, seconds=7, times=1)
    message = announcement()

    failed = await failure(malaysia, message)
    before = malaysia.state()["messages"]
    answer = await deliver(malaysia, message)

    assert (failed.trouble, failed.peer_down) == (trouble, peer_down)
    assert failed.retry_after_seconds == (7.0 if behaviour == "too_many" else None)
    assert before == 0
    assert answer.outcome is AnswerOutcome.ACCEPTED


async def test_a_wrong_signature_is_not_trusted_and_the_right_one_later_is(
    malaysia: RunningInstitution,
) -> None:
    malaysia.order("wrong_signature", times=1)
    message = announcement()

    failed = await failure(malaysia, message)
    answer = await deliver(malaysia, message)

    assert failed.trouble is DeliveryTrouble.NOT_TRUSTED
    assert not failed.peer_down
    assert answer.reference == "SSFW00000001"


async def test_an_order_for_one_kind_leaves_the_others_alone_and_survives_a_power_cut(
    indonesia: RunningInstitution,
) -> None:
    indonesia.order("refuse", kind="cover_handover")
    indonesia.kill()
    indonesia.start()

    assert (await deliver(indonesia, remittance(1))).outcome is AnswerOutcome.ACCEPTED
    assert (await deliver(indonesia, handover())).outcome is AnswerOutcome.REFUSED


async def test_other_content_under_a_known_id_is_not_taken_in_and_changes_nothing(
    indonesia: RunningInstitution,
) -> None:
    message = remittance(2)
    first = await deliver(indonesia, message)

    failed = await failure(indonesia, remittance(3, message_id=message.message_id))

    assert failed.trouble is DeliveryTrouble.REJECTED
    assert failed.remark == "not taken in: rjct.message_id.duplicate"
    assert indonesia.records()["paid_total"] == 2 * 16_800
    assert await deliver(indonesia, message) == first


async def test_an_answer_to_a_message_that_never_arrived_is_not_known(malaysia: RunningInstitution) -> None:
    async with malaysia.exchange() as exchange:
        with pytest.raises(DeliveryFailed) as caught:
            await exchange.answer_to(announcement())

    assert caught.value.trouble is DeliveryTrouble.REJECTED
    assert caught.value.remark == "not taken in: rjct.message_id.unknown"


async def test_a_stranger_gets_neither_an_effect_nor_an_answer(malaysia: RunningInstitution, tmp_path: Path) -> None:
    message = announcement()
    await deliver(malaysia, message)
    stranger = RunningInstitution("MY", tmp_path / "stranger")
    stranger.base_url = malaysia.base_url

    sent = await failure(stranger, announcement(worker=person(2)))
    async with stranger.exchange() as exchange:
        with pytest.raises(DeliveryFailed) as asked:
            await exchange.answer_to(message)

    assert sent.trouble is asked.value.trouble is DeliveryTrouble.NOT_TRUSTED
    assert malaysia.records()["registrations"] == 1


RUBBISH = {
    "nothing": b"",
    "a page": b"<html></html>",
    "deep": b"[" * 200_000,
    "bytes": bytes(range(256)) * 40,
    "an envelope of nothing": b'{"signature": "", "header": {}, "message": {}}',
}


async def test_rubbish_is_refused_without_a_fault_and_the_institution_goes_on(
    indonesia: RunningInstitution,
) -> None:
    url = f"{indonesia.base_url}/exchange/messages"
    for content in RUBBISH.values():
        reply = httpx2.post(url, content=content, trust_env=False)
        assert reply.status_code == 400
        assert reply.json()["message"]["simulated"] is True
    assert httpx2.post(url, content=b" " * 10_000_001, trust_env=False).status_code == 413
    for path in (f"/{uuid4()}/answer", "/%00/answer", f"/{'x' * 3000}/answer"):
        assert httpx2.get(url + path, trust_env=False).status_code == 401

    assert (await deliver(indonesia, remittance(1))).accepted_lines == 1


def test_an_order_that_cannot_be_followed_says_why(malaysia: RunningInstitution) -> None:
    def reply(**order: object) -> httpx2.Response:
        return httpx2.post(f"{malaysia.base_url}/control", json=order, trust_env=False)

    assert "Choose one of normal" in reply(behaviour="sing").json()["text"]
    assert reply(behaviour="slow", seconds=-1).status_code == 400
    assert reply(behaviour="slow", times=0).status_code == 400
    assert reply(behaviour="slow", kind="cover_handover").status_code == 400
    assert reply(behaviour="slow", colour="red").status_code == 400
    assert malaysia.state()["behaviour"]["behaviour"] == "normal"


async def test_a_withdrawn_move_is_cancelled_at_the_institution(malaysia: RunningInstitution) -> None:
    message = announcement()
    await deliver(malaysia, message)

    answer = await deliver(malaysia, withdrawal(message.message_id, "MY.SOCSO"))

    assert answer.outcome is AnswerOutcome.ACCEPTED
    assert malaysia.records() == {"workers": 1, "registrations": 0, "registrations_cancelled": 1}
