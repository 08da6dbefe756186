"""Institutions die, stay away or answer wrongly; when the trouble ends, the work is done once."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from schema.ids import parts_of
from tests.faults.announcements import answers_to, asked_after, attempted, attempts_of, failures_of, message_of
from tests.faults.promises import broken_promises
from tests.faults.running import EXCHANGE_SECONDS, Platform, until
from tests.faults.story import MONTHS, Story

# --- dying and being away ---


def test_an_institution_that_dies_before_it_reads_a_message_gets_it_again(platform: Platform, story: Story) -> None:
    registrations = platform.records("MY")["registrations"]
    platform.freeze("MY")
    move_id = story.move(story.mover())
    until(lambda: attempts_of(platform, move_id) == 1, seconds=20, what="the announcement to be sent")

    platform.kill("MY")
    platform.start("MY")

    assert platform.records("MY")["registrations"] == registrations
    assert story.ended(move_id) == "COMPLETED"
    assert broken_promises(platform) == []


def test_an_institution_that_dies_after_it_did_the_work_says_the_same_and_does_it_once(
    platform: Platform, story: Story
) -> None:
    registrations = platform.records("MY")["registrations"]
    platform.order("MY", "slow", seconds=2.5, times=1)
    move_id = story.move(story.mover())
    until(
        lambda: platform.records("MY")["registrations"] == registrations + 1,
        seconds=20,
        what="the destination to register the worker",
    )

    platform.kill("MY")
    with contextlib.closing(sqlite3.connect(platform.folder / "sandbox" / "MY.SOCSO.sqlite")) as records:
        number = records.execute(
            "SELECT w.social_security_number FROM workers w JOIN registrations r USING (passport) "
            "WHERE r.message_id = ?",
            (str(message_of(platform, move_id)["id"]),),
        ).fetchone()[0]
    platform.start("MY")

    assert story.ended(move_id) == "COMPLETED"
    assert f"reference {number}" in story.steps(move_id)[1]["evidence"]
    assert broken_promises(platform) == []


def test_while_one_institution_is_down_no_message_dies_and_the_other_goes_on(platform: Platform, story: Story) -> None:
    platform.stop("MY")
    moves = [story.move(story.mover()) for _ in range(2)]
    other = Story(platform, 31).donate().nominate().remit()

    def tried_often() -> bool:
        platform.let_pauses_end()
        return failures_of(platform, "MY.SOCSO") >= 20

    until(tried_often, seconds=40, what="twenty failed attempts to reach the destination")
    until(
        lambda: {batch["state"] for batch in other.batches()} == {"accepted"},
        seconds=30,
        what="the other institution to answer",
    )
    for move_id in moves:
        message = message_of(platform, move_id)
        assert message["state"] == "due"
        assert message["attempts"] in (0, 1), "only the attempt that is under way is counted"
        assert story.step(move_id) == "ANNOUNCED"

    platform.start("MY")

    assert {story.ended(move_id) for move_id in moves} == {"COMPLETED"}
    assert broken_promises(platform) == []


def test_an_institution_that_hears_but_never_speaks_does_not_stop_the_other(platform: Platform, story: Story) -> None:
    platform.freeze("MY")
    try:
        moves = [story.move(story.mover()) for _ in range(4)]
        other = Story(platform, 32).donate().nominate().remit()

        until(
            lambda: {batch["state"] for batch in other.batches()} == {"accepted"},
            seconds=10 * EXCHANGE_SECONDS,
            what="the other institution to answer while one is mute",
        )
    finally:
        platform.thaw("MY")

    assert {story.ended(move_id) for move_id in moves} == {"COMPLETED"}
    assert broken_promises(platform) == []


def test_one_outage_is_one_failure_however_many_messages_meet_it(platform: Platform) -> None:
    platform.do("DELETE FROM peers")
    platform.stop("ID")
    story = Story(platform, 33).donate().nominate().remit()

    until(lambda: failures_of(platform, "ID.BPJSTK"), seconds=20, what="the outage to be noticed")

    assert failures_of(platform, "ID.BPJSTK") == 1, f"{len(MONTHS)} messages met one outage"
    platform.start("ID")
    platform.finished()
    assert {batch["state"] for batch in story.batches()} == {"accepted"}
    assert broken_promises(platform) == []


def test_an_institution_that_lost_its_records_is_sent_the_message_again(platform: Platform, story: Story) -> None:
    platform.order("MY", "pending", seconds=3_600, times=1)
    move_id = story.move(story.mover())
    asked_after(platform, move_id, 2)

    lose_the_message(platform, str(message_of(platform, move_id)["id"]))

    assert story.ended(move_id) == "COMPLETED"
    assert broken_promises(platform) == []


def test_an_institution_that_lost_its_records_after_long_thought_is_sent_the_message_again(
    platform: Platform, story: Story
) -> None:
    platform.order("MY", "pending", seconds=3_600, times=1)
    move_id = story.move(story.mover())
    asked_after(platform, move_id, 10)

    lose_the_message(platform, str(message_of(platform, move_id)["id"]))

    assert story.ended(move_id) == "COMPLETED"
    assert broken_promises(platform) == []


def lose_the_message(platform: Platform, message_id: str) -> None:
    """As an institution does that goes back to an older backup of its records."""
    platform.stop("MY")
    with contextlib.closing(sqlite3.connect(platform.folder / "sandbox" / "MY.SOCSO.sqlite")) as records, records:
        for table in ("messages", "registrations"):
            records.execute(f"DELETE FROM {table} WHERE message_id = ?", (message_id,))
    platform.start("MY")


# --- answers that count for nothing ---


@pytest.mark.parametrize("behaviour", ["garbage", "wrong_signature"])
def test_what_an_institution_did_not_sign_is_no_answer(platform: Platform, story: Story, behaviour: str) -> None:
    platform.order("MY", behaviour)
    mover = story.mover()
    move_id = story.move(mover)
    attempted(platform, move_id, 3)

    assert answers_to(platform, move_id) == []
    assert story.step(move_id) == "ANNOUNCED"
    assert {"ID.JKK", "ID.JKM"} <= story.coverage(mover, "2025-10-16")

    platform.order("MY", "normal")
    assert story.ended(move_id) == "COMPLETED"
    assert broken_promises(platform) == []


@pytest.mark.parametrize("behaviour", ["unreachable_500", "drop_after_effect", "too_many"])
def test_an_institution_in_trouble_is_given_time_and_the_attempts_do_not_count(
    platform: Platform, story: Story, behaviour: str
) -> None:
    platform.do("DELETE FROM peers")
    platform.order("MY", behaviour)
    move_id = story.move(story.mover())

    def tried_often() -> bool:
        platform.let_pauses_end()
        return failures_of(platform, "MY.SOCSO") >= 10

    until(tried_often, seconds=40, what="ten failed attempts")
    assert answers_to(platform, move_id) == []
    assert message_of(platform, move_id)["state"] == "due"
    assert attempts_of(platform, move_id) <= 1

    platform.order("MY", "normal")
    assert story.ended(move_id) == "COMPLETED"
    assert broken_promises(platform) == []


def test_an_institution_that_asks_for_time_is_left_alone_for_so_long(platform: Platform, story: Story) -> None:
    platform.do("DELETE FROM peers")
    platform.order("MY", "too_many", seconds=600)
    move_id = story.move(story.mover())

    until(lambda: failures_of(platform, "MY.SOCSO"), seconds=20, what="the refusal to be noted")

    rows = platform.rows("SELECT retry_at > now() + interval '590 seconds' AS rests FROM peers")
    assert rows[0]["rests"]
    platform.order("MY", "normal")
    assert story.ended(move_id) == "COMPLETED"


def test_an_institution_that_needs_time_is_asked_until_it_answers(platform: Platform, story: Story) -> None:
    registrations = platform.records("MY")["registrations"]
    platform.order("MY", "pending", seconds=2)
    move_id = story.move(story.mover())
    asked_after(platform, move_id, 2)

    assert answers_to(platform, move_id) == []
    assert story.step(move_id) == "ANNOUNCED"
    assert story.ended(move_id) == "COMPLETED"
    assert platform.records("MY")["registrations"] == registrations + 1
    assert broken_promises(platform) == []


def test_a_second_answer_that_contradicts_the_first_changes_nothing(platform: Platform, story: Story) -> None:
    platform.order("MY", "answer_twice", times=1)
    mover = story.mover()
    move_id = story.move(mover)
    assert story.ended(move_id) == "COMPLETED"
    message_id = message_of(platform, move_id)["id"]

    # Only a message that the institution is still thinking about is asked after.
    platform.do("UPDATE messages SET state = 'taken', due_at = now() WHERE id = %s", [message_id])
    try:
        until(lambda: len(answers_to(platform, move_id)) == 2, seconds=20, what="the second answer to be kept")
    finally:
        platform.do("UPDATE messages SET state = 'answered', leased_until = NULL WHERE id = %s", [message_id])

    standing = [answer for answer in answers_to(platform, move_id) if answer["stands"]]
    assert [answer["body"]["outcome"] for answer in standing] == ["accepted"]
    assert {answer["body"]["outcome"] for answer in answers_to(platform, move_id)} == {"accepted", "refused"}
    assert story.step(move_id) == "COMPLETED"
    assert "MY.SOCSO.CAT1" in story.coverage(mover, "2025-10-16")
    assert broken_promises(platform) == []


def test_a_message_that_cannot_be_written_waits_alone(platform: Platform, story: Story) -> None:
    platform.stop("worker")
    poisoned, well = story.mover(), story.mover()
    moves = [story.move(poisoned), story.move(well)]
    worker_id = parts_of(poisoned.worker_id)[1]
    sealed = platform.rows("SELECT sealed_person FROM workers WHERE id = %s", [worker_id])[0]["sealed_person"]
    spoil = "UPDATE workers SET sealed_person = %s WHERE id = %s"
    platform.change_the_past(spoil, [bytes(sealed)[:-1] + bytes([sealed[-1] ^ 1]), worker_id])
    platform.let_leases_run_out()
    platform.start("worker")

    until(lambda: story.step(moves[1]) == "COMPLETED", seconds=20, what="the other move to complete")
    assert story.step(moves[0]) == "ANNOUNCED"

    platform.change_the_past(spoil, [sealed, worker_id])
    assert story.ended(moves[0]) == "COMPLETED"
    assert broken_promises(platform) == []
