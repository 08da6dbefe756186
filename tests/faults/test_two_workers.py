"""Two delivery workers at once share the work and do nothing twice."""

from __future__ import annotations

from tests.faults.promises import broken_promises
from tests.faults.running import Platform, until
from tests.faults.story import Story


def test_two_workers_at_once_make_each_move_and_pay_each_month_once(platform: Platform, story: Story) -> None:
    platform.start("worker-2")
    until(lambda: platform.works("worker-2"), seconds=30, what="the second worker to reach the database")
    before = {state: platform.state(state)["messages"] for state in ("ID", "MY")}
    other = Story(platform, 51).donate().nominate().remit()

    moves = [story.move(story.mover()) for _ in range(10)]
    platform.finished()

    assert {story.step(move_id) for move_id in moves} == {"COMPLETED"}
    assert {batch["state"] for batch in other.batches()} == {"accepted"}
    assert platform.state("MY")["messages"] == before["MY"] + len(moves)
    assert platform.state("ID")["messages"] == before["ID"] + len(moves) + len(other.batches())
    assert broken_promises(platform) == []


def test_a_worker_that_slept_past_its_lease_does_not_undo_what_another_did(platform: Platform, story: Story) -> None:
    platform.order("MY", "slow", seconds=1, times=1)
    move_id = story.move(story.mover())
    until(
        lambda: platform.rows("SELECT 1 FROM messages WHERE leased_until > now()"),
        seconds=20,
        what="the first worker to take the announcement",
    )
    platform.freeze("worker")
    try:
        platform.do("UPDATE messages SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL")
        platform.start("worker-2")
        until(lambda: story.step(move_id) == "COMPLETED", seconds=30, what="the second worker to complete the move")
        settled = platform.rows("SELECT * FROM answers ORDER BY message_id, answer_id")
    finally:
        platform.thaw("worker")

    until(
        lambda: platform.rows(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'worker' AND state_change > now() - "
            "interval '1 second'"
        ),
        seconds=20,
        what="the first worker to go on",
    )
    platform.finished()
    assert platform.rows("SELECT * FROM answers ORDER BY message_id, answer_id") == settled
    assert broken_promises(platform) == []
