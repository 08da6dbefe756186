"""What each adapter writes, held against golden files key by key, and what it accepts as an answer."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.countries import ADAPTERS
from domain.countries import MemberState
from domain.exchange import (
    AdapterStanding,
    Answer,
    AnswerOutcome,
    DeliveryFailed,
    DeliveryTrouble,
    Message,
    MessageKind,
    PersonOnWire,
    RefusedLine,
)
from domain.money import Currency, Money
from domain.periods import Month
from tests.wire.letters import (
    FIXED_ID,
    announcement,
    handover,
    person,
    prepaid,
    remittance,
    rupiah,
    withdrawal,
)

HERE = Path(__file__).parent
INDONESIA, MALAYSIA = ADAPTERS[MemberState.ID], ADAPTERS[MemberState.MY]
ANNOUNCED = UUID("00000000-0000-4000-8000-00000000000a")

GOLDEN: dict[str, Message] = {
    "indonesia/contribution_remittance": remittance(2, message_id=FIXED_ID),
    "indonesia/cover_handover": handover(
        message_id=FIXED_ID, returns=(prepaid(Month(2026, 9)), prepaid(Month(2026, 10), scheme_id="ID.JKM"))
    ),
    "indonesia/move_withdrawal": withdrawal(ANNOUNCED, "ID.BPJSTK", message_id=FIXED_ID),
    "malaysia/move_announcement": announcement(message_id=FIXED_ID, wage=Money(170_000, Currency.MYR)),
    "malaysia/move_announcement_without_wage": announcement(message_id=FIXED_ID),
    "malaysia/move_withdrawal": withdrawal(ANNOUNCED, "MY.SOCSO", message_id=FIXED_ID),
}


def write(message: Message) -> dict[str, object]:
    return ADAPTERS[MemberState(message.institution_id[:2])].write(message)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_message_is_written_exactly_as_in_its_golden_file(name: str) -> None:
    expected = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))

    written = write(GOLDEN[name])

    assert written == expected
    assert list(written) == list(expected)


def test_every_golden_file_belongs_to_a_message() -> None:
    files = {f"{file.parent.name}/{file.stem}" for file in HERE.glob("*/*.json")}

    assert files == set(GOLDEN)


@pytest.mark.parametrize("state", list(ADAPTERS))
def test_every_adapter_is_of_its_state_and_says_that_it_is_simulated(state: MemberState) -> None:
    assert ADAPTERS[state].member_state is state
    assert ADAPTERS[state].standing is AdapterStanding.SIMULATED


@pytest.mark.parametrize(
    ("institution_id", "kinds"),
    [
        (
            "ID.BPJSTK",
            {
                MessageKind.CONTRIBUTION_REMITTANCE,
                MessageKind.COVER_HANDOVER,
                MessageKind.MOVE_WITHDRAWAL,
            },
        ),
        ("ID.BPJSKES", set()),
        ("MY.SOCSO", {MessageKind.MOVE_ANNOUNCEMENT, MessageKind.MOVE_WITHDRAWAL}),
        ("MY.EPF", set()),
    ],
)
def test_an_adapter_names_the_kinds_of_message_an_institution_takes(
    institution_id: str, kinds: set[MessageKind]
) -> None:
    adapter = ADAPTERS[MemberState(institution_id[:2])]

    assert {kind for kind in MessageKind if adapter.supports(institution_id, kind)} == kinds


def without(kind: str) -> PersonOnWire:
    worker = person()
    kept = tuple(pair for pair in worker.identifiers if pair[0] != kind)
    return dataclasses.replace(worker, identifiers=kept)


UNWRITABLE: dict[str, Message] = {
    "a kind Indonesia does not take": dataclasses.replace(announcement(), institution_id="ID.BPJSTK"),
    "a kind Malaysia does not take": dataclasses.replace(handover(), institution_id="MY.SOCSO"),
    "an institution the adapter does not know": dataclasses.replace(remittance(), institution_id="ID.OTHER"),
    "no nik": handover(worker=without("nik")),
    "no passport": announcement(worker=without("passport")),
    "a scheme without a word": dataclasses.replace(announcement(), scheme_ids=("MY.EIS",)),
    "a route without a word": dataclasses.replace(handover(), route="swimming"),
    "a pack without a word": dataclasses.replace(handover(), pack_scheme_id="ID.JKK"),
    "another currency": dataclasses.replace(handover(), price=Money(1, Currency.MYR)),
    "a negative amount": handover(price=-1),
    "a total that is not the sum": dataclasses.replace(remittance(2), total=rupiah(1)),
    "no lines": dataclasses.replace(remittance(1), lines=(), total=rupiah(0)),
    "lines in disorder": dataclasses.replace(remittance(2), lines=remittance(2).lines[::-1]),
    "a name too long": announcement(worker=person(name="A" * 151)),
    "a day before the first layout": dataclasses.replace(
        remittance(), written_at=dt.datetime(2023, 12, 31, tzinfo=dt.UTC)
    ),
}


@pytest.mark.parametrize("message", UNWRITABLE.values(), ids=UNWRITABLE.keys())
def test_what_a_layout_cannot_carry_is_rejected_and_names_nobody(message: Message) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        write(message)

    assert caught.value.trouble is DeliveryTrouble.REJECTED
    assert not caught.value.peer_down
    for private in ("Contoh", "3273010101", "X0000001"):
        assert private not in str(caught.value)


def test_one_line_more_than_the_workbook_holds_is_too_large_and_nothing_is_cut() -> None:
    with pytest.raises(DeliveryFailed) as caught:
        write(remittance(10_001))

    assert caught.value.trouble is DeliveryTrouble.TOO_LARGE
    assert caught.value.remark.startswith("10001 lines, the layout takes 10000")


def test_ten_thousand_lines_fit() -> None:
    lines = write(remittance(10_000))["data_upah"]

    assert isinstance(lines, list)
    assert len(lines) == 10_000


REMITTED: dict[str, Any] = {
    "kodeIuran": "000000000001",
    "blth": "03-2026",
    "jumlahValid": "5",
    "jumlahTidakValid": "3",
    "totalIuran": "84000",
    "barisTidakValid": [
        {"kode": "NIK_TIDAK_SAH", "keterangan": "The NIK does not have its shape.", "baris": [7, 2]},
        {"kode": "BLTH_SUDAH_DIBAYAR", "keterangan": "Paid already.", "baris": [3]},
    ],
}
HANDED_OVER: dict[str, Any] = {
    "noKepesertaan": "PMI0000000001",
    "tglEfektif": "01-04-2026",
    "tglExpired": "31-10-2028",
    "totalPengembalian": "33600",
}
REGISTERED: dict[str, Any] = {
    "social_security_number": "SSFW00000001",
    "employment_date": "01092026",
    "scheme_list": ["ACT4_FIRST_CATEGORY"],
}


def body(action: str, decision: object, **other: object) -> dict[str, object]:
    return {
        "action": f"on_{action}",
        "answer_id": "ID.BPJSTK-1",
        "answered_at": "2026-03-02T01:31:00+00:00",
        "correlation_id": str(FIXED_ID),
        "decision": decision,
        "digest": "ab" * 32,
        "notice": "This is a simulated institution.",
        "simulated": True,
        "status": "succ",
    } | other


def read(action: str, decision: object, institution_id: str = "ID.BPJSTK", **other: object) -> Answer:
    adapter = ADAPTERS[MemberState(institution_id[:2])]
    return adapter.read(str(FIXED_ID), institution_id, body(action, decision, **other))


def test_an_answer_to_a_remittance_gives_counts_total_and_each_refused_line() -> None:
    answer = read("contribution_remittance", REMITTED)

    assert answer.outcome is AnswerOutcome.ACCEPTED
    assert answer.reference == "000000000001"
    assert answer.accepted_lines == 5
    assert answer.accepted_total == rupiah(84_000)
    assert answer.refused_lines == (
        RefusedLine(number=2, code="NIK_TIDAK_SAH", text="The NIK does not have its shape."),
        RefusedLine(number=3, code="BLTH_SUDAH_DIBAYAR", text="Paid already."),
        RefusedLine(number=7, code="NIK_TIDAK_SAH", text="The NIK does not have its shape."),
    )
    assert answer.returned_total is None
    assert answer.simulated
    assert answer.digest == "ab" * 32


def test_an_answer_to_a_handover_gives_the_money_that_comes_back() -> None:
    answer = read("cover_handover", HANDED_OVER)

    assert answer.reference == "PMI0000000001"
    assert answer.returned_total == rupiah(33_600)
    assert answer.accepted_lines is None


def test_an_answer_to_an_announcement_gives_the_number_of_the_foreign_worker() -> None:
    assert read("move_announcement", REGISTERED, "MY.SOCSO").reference == "SSFW00000001"


@pytest.mark.parametrize(
    ("institution_id", "action", "decision"),
    [
        ("ID.BPJSTK", "cover_handover", {"kode": "PAKET_SUDAH_ADA", "keterangan": "There is one."}),
        ("MY.SOCSO", "move_announcement", {"code": "ALREADY_REGISTERED", "text": "There is one."}),
    ],
)
def test_a_refusal_is_an_answer_with_the_institutions_own_code_and_text(
    institution_id: str, action: str, decision: object
) -> None:
    answer = read(action, decision, institution_id, status="rjct")

    assert answer.outcome is AnswerOutcome.REFUSED
    assert answer.reason_code in ("PAKET_SUDAH_ADA", "ALREADY_REGISTERED")
    assert answer.reason_text == "There is one."
    assert answer.reference == ""


def test_an_answer_is_simulated_even_if_it_forgets_to_say_so() -> None:
    assert read("cover_handover", HANDED_OVER, simulated=False).simulated


def mended(base: dict[str, Any], **other: Any) -> dict[str, Any]:
    return base | other


def group(**other: Any) -> list[dict[str, Any]]:
    return [{"kode": "NIK_TIDAK_SAH", "keterangan": "Wrong.", "baris": [1, 2, 3]} | other]


GARBAGE: dict[str, Callable[[], Answer]] = {
    "no decision": lambda: read("cover_handover", None),
    "a key too many": lambda: read("cover_handover", mended(HANDED_OVER, catatan="x")),
    "a key too few": lambda: read("cover_handover", {"noKepesertaan": "PMI1"}),
    "the words of another kind": lambda: read("cover_handover", REMITTED),
    "an unknown kind": lambda: read("move_party", HANDED_OVER),
    "a status that decides nothing": lambda: read("cover_handover", HANDED_OVER, status="rcvd"),
    "another message": lambda: read("cover_handover", HANDED_OVER, correlation_id="other"),
    "an outer key too many": lambda: read("cover_handover", HANDED_OVER, extra=1),
    "no instant": lambda: read("cover_handover", HANDED_OVER, answered_at="soon"),
    "an instant without zone": lambda: read("cover_handover", HANDED_OVER, answered_at="2026-03-02T01:31:00"),
    "simulated as text": lambda: read("cover_handover", HANDED_OVER, simulated="yes"),
    "an amount with a point": lambda: read("cover_handover", mended(HANDED_OVER, totalPengembalian="1.00")),
    "a negative amount": lambda: read("cover_handover", mended(HANDED_OVER, totalPengembalian="-1")),
    "an amount in other digits": lambda: read("cover_handover", mended(HANDED_OVER, totalPengembalian="٣")),
    "an amount as number": lambda: read("cover_handover", mended(HANDED_OVER, totalPengembalian=33600)),
    "a reference with spaces": lambda: read("cover_handover", mended(HANDED_OVER, noKepesertaan="a b")),
    "a line refused twice": lambda: read(
        "contribution_remittance", mended(REMITTED, barisTidakValid=group(baris=[1, 1, 2]))
    ),
    "a line number nought": lambda: read(
        "contribution_remittance", mended(REMITTED, barisTidakValid=group(baris=[0, 1, 2]))
    ),
    "a line number that is a truth value": lambda: read(
        "contribution_remittance", mended(REMITTED, barisTidakValid=group(baris=[True, 2, 3]))
    ),
    "fewer lines listed than counted": lambda: read(
        "contribution_remittance", mended(REMITTED, barisTidakValid=group(baris=[1]))
    ),
    "reasons that are no list": lambda: read("contribution_remittance", mended(REMITTED, barisTidakValid=7)),
    "a code in small letters": lambda: read("cover_handover", {"kode": "no thanks", "keterangan": "x"}, status="rjct"),
    "a refusal without text": lambda: read("cover_handover", {"kode": "NO", "keterangan": ""}, status="rjct"),
    "a refusal in an acceptance": lambda: read("cover_handover", {"kode": "NO", "keterangan": "x"}),
    "a number of another shape": lambda: read(
        "move_announcement", mended(REGISTERED, social_security_number="123456789012"), "MY.SOCSO"
    ),
    "a scheme nobody has": lambda: read("move_announcement", mended(REGISTERED, scheme_list=["ACT800"]), "MY.SOCSO"),
}


@pytest.mark.parametrize("reading", GARBAGE.values(), ids=GARBAGE.keys())
def test_a_body_that_states_no_answer_is_garbage(reading: Callable[[], Answer]) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        reading()

    assert caught.value.trouble is DeliveryTrouble.GARBAGE
    assert not caught.value.peer_down


def test_a_month_of_an_answer_in_another_shape_is_garbage() -> None:
    with pytest.raises(DeliveryFailed, match="blth is not a month"):
        read("contribution_remittance", mended(REMITTED, blth="2026-03"))
