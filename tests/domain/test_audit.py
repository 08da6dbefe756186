"""The audit chain shows the first entry that was changed, taken out, moved or written anew."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audit import (
    FIRST_HASH,
    AuditEntry,
    ChainCheck,
    Fault,
    FaultKind,
    Head,
    KeptHead,
    SignedHead,
    entry_hash,
    first_fault,
    head_digest,
)
from domain.audit import START as START_HEAD

CHAIN = "ID.BPJSTK"
START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def chain_of(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    previous = FIRST_HASH
    for number in range(1, length + 1):
        entry = signed(number, previous)
        entries.append(entry)
        previous = entry.hash
    return entries


def signed(number: int, previous: bytes, subject: str = "") -> AuditEntry:
    content = {
        "chain": CHAIN,
        "number": number,
        "at": START + dt.timedelta(seconds=number),
        "actor_kind": "officer",
        "actor_id": "officer-1",
        "action": "moveAnnounced",
        "subject": subject or f"move {number}",
        "previous_hash": previous,
    }
    return AuditEntry(**content, hash=entry_hash(**content))  # type: ignore[arg-type]


def head_of(entries: list[AuditEntry]) -> Head:
    return Head(number=entries[-1].number, hash=entries[-1].hash)


def handed_out(entries: list[AuditEntry], number: int) -> SignedHead:
    """The head of a chain when it had so many entries; the signature is not looked at here."""
    head = head_of(entries[:number])
    kept = KeptHead(
        chain=CHAIN,
        signed_at=START + dt.timedelta(days=number),
        digest=head_digest(head),
        key_id="one",
        signature=b"",
    )
    return SignedHead(kept=kept, head=head)


def fault_in(entries: list[AuditEntry], *heads: SignedHead, kept: tuple[SignedHead, ...] = ()) -> Fault | None:
    check = ChainCheck(CHAIN, heads, [one.kept for one in kept])
    for entry in entries:
        if not check.read(entry):
            break
    return check.end(None)


@given(st.integers(0, 20))
def test_a_chain_that_nobody_touched_holds(length: int) -> None:
    entries = chain_of(length)

    assert first_fault(entries, CHAIN, head_of(entries) if entries else START_HEAD) is None


@pytest.mark.parametrize(
    "change",
    [
        {"at": START},
        {"actor_kind": "operator"},
        {"actor_id": "officer-2"},
        {"action": "moveWithdrawn"},
        {"subject": "move 9"},
        {"previous_hash": bytes(31) + b"\x01"},
        {"hash": bytes(32)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_entry_is_found(change: dict[str, object]) -> None:
    entries = chain_of(5)
    entries[2] = replace(entries[2], **change)  # type: ignore[arg-type]

    assert fault_in(entries) == Fault(kind=FaultKind.CHANGED, number=3)


def test_entries_of_another_chain_are_found_at_the_first() -> None:
    assert first_fault(chain_of(3), "MY.SOCSO") == Fault(kind=FaultKind.CHANGED, number=1)


def test_a_changed_entry_with_a_new_hash_is_found_where_the_next_one_does_not_follow() -> None:
    entries = chain_of(5)
    entries[2] = signed(3, entries[1].hash, subject="move 9")

    assert fault_in(entries) == Fault(kind=FaultKind.UNLINKED, number=3, last=4)


@given(st.data())
def test_a_missing_entry_is_found_where_it_was(data: st.DataObject) -> None:
    entries = chain_of(data.draw(st.integers(2, 10)))
    gone = data.draw(st.integers(0, len(entries) - 2))
    del entries[gone]

    assert fault_in(entries) == Fault(kind=FaultKind.MISSING, number=gone + 1)


@given(st.data())
def test_two_entries_that_changed_places_are_found(data: st.DataObject) -> None:
    entries = chain_of(data.draw(st.integers(2, 10)))
    one = data.draw(st.integers(0, len(entries) - 2))
    entries[one], entries[one + 1] = entries[one + 1], entries[one]

    fault = fault_in(entries)

    assert fault is not None
    assert fault.number == one + 1


def test_an_entry_that_comes_twice_is_found() -> None:
    entries = chain_of(3)

    assert fault_in([*entries, entries[-1]]) is not None


def test_a_cut_tail_is_found_by_the_chains_own_head() -> None:
    entries = chain_of(5)

    assert first_fault(entries[:3], CHAIN, head_of(entries)) == Fault(kind=FaultKind.CUT, number=4, last=5)


def test_an_entry_beyond_the_chains_own_head_is_found() -> None:
    entries = chain_of(5)

    assert first_fault(entries, CHAIN, head_of(entries[:3])) == Fault(kind=FaultKind.HEAD_WRONG, number=4)


def test_a_cut_tail_with_a_cut_head_is_found_by_a_signed_head() -> None:
    entries = chain_of(5)

    fault = first_fault(entries[:3], CHAIN, head_of(entries[:3]), [handed_out(entries, 5)])

    assert fault == Fault(kind=FaultKind.CUT, number=4, last=5)


def test_a_whole_tail_written_anew_is_found_between_two_signed_heads() -> None:
    entries = chain_of(6)
    heads = handed_out(entries, 2), handed_out(entries, 5)
    for number in range(4, 7):
        entries[number - 1] = signed(number, entries[number - 2].hash, subject="another")

    assert fault_in(entries) is None
    assert fault_in(entries, *heads) == Fault(kind=FaultKind.REWRITTEN, number=3, last=5)


def test_a_signed_head_made_anew_is_found_by_the_one_that_was_kept_elsewhere() -> None:
    entries = chain_of(6)
    kept = handed_out(entries, 2), handed_out(entries, 5)
    for number in range(4, 7):
        entries[number - 1] = signed(number, entries[number - 2].hash, subject="another")
    stored = handed_out(entries, 2), handed_out(entries, 5)

    assert fault_in(entries, *stored) is None
    assert fault_in(entries, *stored, kept=kept) == Fault(kind=FaultKind.HEAD_LOST, number=3, last=5)


def test_a_signed_head_that_was_taken_away_is_found_by_the_one_that_was_kept_elsewhere() -> None:
    entries = chain_of(6)
    kept = handed_out(entries, 2), handed_out(entries, 5)

    assert fault_in(entries, kept[0], kept=kept) == Fault(kind=FaultKind.HEAD_LOST, number=3)


def test_a_signed_head_that_says_another_number_than_it_signs_is_not_believed() -> None:
    entries = chain_of(4)
    bent = replace(handed_out(entries, 2), head=head_of(entries[:3]))

    assert fault_in(entries, bent) == Fault(kind=FaultKind.HEAD_FORGED, number=1, last=3)


def test_a_published_head_does_not_tell_how_long_the_chain_is() -> None:
    entries = chain_of(3)

    guesses = {head_digest(Head(number=number, hash=bytes(32))) for number in range(100)}

    assert handed_out(entries, 3).kept.digest not in guesses


def test_an_instant_is_hashed_as_the_same_instant_in_any_time_zone() -> None:
    entry = signed(1, FIRST_HASH)
    jakarta = replace(entry, at=entry.at.astimezone(dt.timezone(dt.timedelta(hours=7))))

    assert fault_in([jakarta]) is None


def test_words_do_not_run_into_each_other() -> None:
    facts = {
        "chain": "c",
        "number": 1,
        "at": START,
        "actor_kind": "officer",
        "actor_id": "x",
        "previous_hash": FIRST_HASH,
    }

    one = entry_hash(**facts, action="ab", subject="c")  # type: ignore[arg-type]
    other = entry_hash(**facts, action="a", subject="bc")  # type: ignore[arg-type]

    assert one != other
