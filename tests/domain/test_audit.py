"""The audit chain shows the first entry that was changed, taken out or moved."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audit import FIRST_HASH, AuditEntry, broken_at, entry_hash

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def chain_of(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    previous = FIRST_HASH
    for number in range(1, length + 1):
        entry = signed(number, previous)
        entries.append(entry)
        previous = entry.hash
    return entries


def signed(number: int, previous: bytes) -> AuditEntry:
    at = START + dt.timedelta(seconds=number)
    hashed = entry_hash(
        chain="ID.BPJSTK",
        number=number,
        at=at,
        actor_kind="officer",
        actor_id="officer-1",
        action="moveAnnounced",
        subject=f"move {number}",
        previous_hash=previous,
    )
    return AuditEntry(
        chain="ID.BPJSTK",
        number=number,
        at=at,
        actor_kind="officer",
        actor_id="officer-1",
        action="moveAnnounced",
        subject=f"move {number}",
        previous_hash=previous,
        hash=hashed,
    )


@given(st.integers(0, 20))
def test_a_chain_that_nobody_touched_holds(length: int) -> None:
    assert broken_at(chain_of(length)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"chain": "MY.SOCSO"},
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

    assert broken_at(entries) == 3


def test_a_changed_entry_with_a_new_hash_is_found_at_the_next_one() -> None:
    entries = chain_of(5)
    forged = replace(entries[2], subject="move 9")
    entries[2] = replace(
        forged,
        hash=entry_hash(
            chain=forged.chain,
            number=forged.number,
            at=forged.at,
            actor_kind=forged.actor_kind,
            actor_id=forged.actor_id,
            action=forged.action,
            subject=forged.subject,
            previous_hash=forged.previous_hash,
        ),
    )

    assert broken_at(entries) == 4


@given(st.data())
def test_a_missing_entry_is_found_at_the_one_that_follows_it(data: st.DataObject) -> None:
    entries = chain_of(data.draw(st.integers(2, 10)))
    gone = data.draw(st.integers(0, len(entries) - 2))
    del entries[gone]

    assert broken_at(entries) == gone + 2


@given(st.data())
def test_two_entries_that_changed_places_are_found(data: st.DataObject) -> None:
    entries = chain_of(data.draw(st.integers(2, 10)))
    one = data.draw(st.integers(0, len(entries) - 2))
    entries[one], entries[one + 1] = entries[one + 1], entries[one]

    assert broken_at(entries) == one + 2


def test_an_entry_that_comes_twice_is_found() -> None:
    entries = chain_of(3)

    assert broken_at([*entries, entries[-1]]) == 3


def test_an_instant_is_hashed_as_the_same_instant_in_any_time_zone() -> None:
    entry = signed(1, FIRST_HASH)
    jakarta = replace(entry, at=entry.at.astimezone(dt.timezone(dt.timedelta(hours=7))))

    assert broken_at([jakarta]) is None


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
