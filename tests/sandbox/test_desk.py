"""What every simulated institution does alike: prove, decide once, keep, repeat."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.countries import ADAPTERS
from adapters.countries.envelope import Header, content_of, seal
from adapters.countries.signatures import Signer
from domain.countries import MemberState
from domain.exchange import MoveAnnouncement
from sandbox.behaviour import Behaviour, Order
from sandbox.desk import take, tell
from sandbox.institution import Institution
from sandbox.malaysia import MalaysiaRules
from sandbox.store import follow_order, give_order, standing_order
from tests.sandbox.desks import NOW, OURS, Spoken
from tests.wire.letters import announcement, person

STRANGER = Signer(owner="lingkar", private_key=Ed25519PrivateKey.from_private_bytes(bytes(range(9, 41))))


def sealed_now(message: MoveAnnouncement) -> bytes:
    """The message as it goes out at this moment, for a desk that reads the clock itself."""
    header = Header(
        message_id=str(message.message_id),
        message_ts=message.written_at,
        action="move_announcement",
        sender_id="lingkar",
        receiver_id="MY.SOCSO",
        total_count=1,
    )
    content = content_of(header, ADAPTERS[MemberState.MY].write(message))
    return seal(content, OURS, dt.datetime.now(dt.UTC))


@pytest.fixture
def socso(tmp_path: Path) -> Spoken:
    return Spoken(MalaysiaRules(), tmp_path)


def test_the_same_message_gets_the_first_answer_again_byte_for_byte(socso: Spoken) -> None:
    message = announcement()

    assert socso.send(message) == socso.send(message)
    assert socso.records()["registrations"] == 1


def test_a_delivery_that_read_the_clock_earlier_than_the_first_one_gets_the_answer_too(
    socso: Spoken,
) -> None:
    envelope = sealed_now(announcement())
    later = dt.datetime.now(dt.UTC)

    first = take(socso.desk, envelope, later)
    second = take(socso.desk, envelope, later - dt.timedelta(seconds=1))

    assert (second.status, second.content) == (first.status, first.content)


def test_a_refusal_is_kept_like_any_answer(socso: Spoken) -> None:
    message = announcement()
    first = socso.send(message, passport_number="wrong")

    assert socso.send(message, passport_number="wrong") == first
    assert first["header"]["status_reason_code"] == "rjct.decision"


def test_other_content_under_a_known_id_is_turned_away_without_a_decision(socso: Spoken) -> None:
    message = announcement()
    first = socso.send(message)

    said = socso.send(dataclasses.replace(message, person=person(2)))

    assert said["http"] == 409
    assert said["header"]["status_reason_code"] == "rjct.message_id.duplicate"
    assert said["message"]["decision"] is None
    assert socso.records()["workers"] == 1
    assert socso.send(message) == first


def test_an_answer_names_the_message_and_the_digest_it_answers_and_says_it_is_simulated(
    socso: Spoken,
) -> None:
    message = announcement()

    said = socso.send(message)

    assert said["message"]["correlation_id"] == str(message.message_id)
    assert len(said["message"]["request_digest"]) == 64
    assert said["message"]["simulated"] is True
    assert "simulated institution" in said["message"]["notice"]
    assert said["header"]["sender_id"] == "MY.SOCSO"
    assert said["header"]["receiver_id"] == "lingkar"
    assert said["header"]["action"] == "on_move_announcement"


def test_a_message_that_is_not_proven_is_turned_away_without_effect(socso: Spoken) -> None:
    six_minutes = dt.timedelta(minutes=6)
    cases = [
        socso.say("move_announcement", {}, signer=STRANGER),
        socso.say("move_announcement", {}, signer=dataclasses.replace(OURS, owner="elsewhere")),
        socso.say("move_announcement", {}, sender_id="elsewhere"),
        socso.say("move_announcement", {}, signed_at=NOW - six_minutes),
        socso.say("move_announcement", {}, signed_at=NOW + six_minutes),
    ]

    for said in cases:
        assert said["http"] == 401
        assert said["header"]["status_reason_code"] == "rjct.signature.invalid"
        assert said["message"]["decision"] is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"receiver_id": "ID.BPJSTK"}, "rjct.receiver_id.invalid"),
        ({"message_id": "not-a-uuid"}, "rjct.message_id.invalid"),
    ],
)
def test_a_header_for_somebody_else_or_without_a_right_id_is_turned_away(
    socso: Spoken, changed: dict[str, str], code: str
) -> None:
    said = socso.say("move_announcement", {}, **changed)  # type: ignore[arg-type]

    assert said["http"] == 400
    assert said["header"]["status_reason_code"] == code


def test_a_kind_of_message_it_does_not_know_is_turned_away(socso: Spoken) -> None:
    said = socso.say("cover_handover", {})

    assert said["header"]["status_reason_code"] == "rjct.action.not_supported"


def test_a_message_that_is_no_envelope_is_turned_away(socso: Spoken) -> None:
    assert socso.take(b"rubbish")["header"]["status_reason_code"] == "rjct.envelope.malformed"


def test_an_answer_is_not_told_to_one_who_asks_without_a_signature(socso: Spoken) -> None:
    message = announcement()
    socso.send(message)

    outcome = tell(socso.desk, str(message.message_id), "", NOW)

    assert outcome.status == 401
    assert outcome.content is not None
    assert b"SSFW" not in outcome.content


def test_the_question_for_one_answer_does_not_open_another(socso: Spoken) -> None:
    message = announcement()
    socso.send(message)
    for_another = OURS.sign("ab" * 32, NOW)

    assert tell(socso.desk, str(message.message_id), for_another, NOW).status == 401


def test_a_limited_order_ends_by_itself_and_counts_only_its_kind(socso: Spoken) -> None:
    order = Order(behaviour=Behaviour.REFUSE, seconds=0.0, times=2, kind="move_withdrawal")
    with socso.desk.store.transaction() as connection:
        give_order(connection, order)
        followed = [
            follow_order(connection, action).behaviour
            for action in ("move_announcement", "move_withdrawal", "move_withdrawal", "move_withdrawal")
        ]
        left = standing_order(connection).behaviour

    assert followed == [Behaviour.NORMAL, Behaviour.REFUSE, Behaviour.REFUSE, Behaviour.NORMAL]
    assert left is Behaviour.NORMAL


def test_work_that_fails_half_way_leaves_nothing(socso: Spoken) -> None:
    order = Order(behaviour=Behaviour.REFUSE, seconds=0.0, times=None, kind=None)

    def fail_half_way() -> None:
        with socso.desk.store.transaction() as connection:
            give_order(connection, order)
            raise RuntimeError(str(uuid4()))

    with pytest.raises(RuntimeError):
        fail_half_way()

    with socso.desk.store.transaction() as connection:
        assert standing_order(connection).behaviour is Behaviour.NORMAL


async def test_a_fault_in_the_rules_shows_no_trace_keeps_nothing_and_the_message_can_come_again(
    socso: Spoken, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault that names X0000001")

    monkeypatch.setattr(MalaysiaRules, "decide", fail)
    envelope = sealed_now(announcement())
    transport = httpx2.ASGITransport(app=Institution(socso.desk), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://institution.test") as client:
        reply = await client.post("/exchange/messages", content=envelope)
        state = (await client.get("/state")).json()

    assert reply.status_code == 500
    assert reply.json()["simulated"] is True
    assert "X0000001" not in reply.text
    assert "Traceback" not in reply.text
    assert state["messages"] == 0
