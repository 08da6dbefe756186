"""A move that is refused or meets silence is undone: the money is free, the cover stays, who was told is told."""

from __future__ import annotations

from schema.ids import parts_of
from tests.faults.announcements import asked_after, attempted, attempts_of, message_of
from tests.faults.promises import broken_promises
from tests.faults.running import Platform, until
from tests.faults.story import GIFT, MONTHS, PACK_PRICE, Story


def test_a_refusal_of_the_destination_frees_the_money_and_leaves_the_cover(platform: Platform, story: Story) -> None:
    before = story.statement()
    platform.order("MY", "refuse", times=1)
    mover = story.mover()
    move_id = story.move(mover)
    messages = platform.state("MY")["messages"]

    assert story.ended(move_id) == "DESTINATION_REFUSED"

    assert "told to refuse" in story.steps(move_id)[-1]["evidence"]
    assert story.statement() == before
    assert {"ID.JKK", "ID.JKM"} <= story.coverage(mover, "2025-12-31")
    assert platform.state("MY")["messages"] <= messages + 1, "who has refused is not told to withdraw"
    assert broken_promises(platform) == []


def test_a_refusal_at_home_is_told_to_the_destination_by_a_withdrawal(platform: Platform, story: Story) -> None:
    before = story.statement()
    cancelled = platform.records("MY")["registrations_cancelled"]
    platform.order("ID", "refuse", kind="cover_handover", times=1)
    mover = story.mover()
    move_id = story.move(mover)

    assert story.ended(move_id) == "HOME_REFUSED"

    assert platform.records("MY")["registrations_cancelled"] == cancelled + 1
    assert story.statement() == before
    assert {"ID.JKK", "ID.JKM"} <= story.coverage(mover, "2025-12-31")
    assert broken_promises(platform) == []


def test_a_worker_whose_move_was_refused_can_move_later(platform: Platform, story: Story) -> None:
    platform.order("MY", "refuse", times=1)
    mover = story.mover()
    assert story.ended(story.move(mover)) == "DESTINATION_REFUSED"

    again = Story(platform, 34, fund_id=story.fund_id)
    second = again.move(mover)

    assert again.ended(second) == "COMPLETED"
    assert broken_promises(platform) == []


def test_a_refused_remittance_frees_its_money_and_covers_nobody(platform: Platform) -> None:
    platform.order("ID", "refuse", kind="contribution_remittance", times=len(MONTHS))
    story = Story(platform, 35).donate().nominate().remit()
    platform.finished()

    assert {batch["state"] for batch in story.batches()} == {"refused"}
    assert story.statement() == {"received": GIFT, "available": GIFT, "reserved": 0, "sent": 0, "refunded": 0}
    assert broken_promises(platform) == []


def silent_for_weeks(platform: Platform, move_id: str) -> None:
    """Let the limit pass within which the destination has to answer, while the worker does not run."""
    if platform.runs("worker"):
        platform.kill("worker")
    platform.change_the_past(
        "UPDATE move_steps SET taken_at = taken_at - interval '15 days' WHERE move_id = %s", [parts_of(move_id)[1]]
    )
    platform.let_leases_run_out()
    platform.start("worker")


def test_a_destination_that_stays_silent_ends_the_move_and_the_money_is_free(platform: Platform, story: Story) -> None:
    before = story.statement()
    platform.order("MY", "pending", seconds=3_600)
    mover = story.mover()
    move_id = story.move(mover)
    asked_after(platform, move_id, 2)
    assert story.statement()["reserved"] == PACK_PRICE

    silent_for_weeks(platform, move_id)

    platform.order("MY", "normal")
    assert story.ended(move_id) == "DESTINATION_SILENT"
    assert story.statement() == before
    assert {"ID.JKK", "ID.JKM"} <= story.coverage(mover, "2025-12-31")
    assert broken_promises(platform) == []


def test_a_destination_whose_answers_were_all_lost_is_told_when_the_move_ends(platform: Platform, story: Story) -> None:
    registrations = platform.records("MY")["registrations"]
    platform.order("MY", "drop_after_effect", kind="move_announcement")
    move_id = story.move(story.mover())
    until(
        lambda: platform.records("MY")["registrations"] == registrations + 1 and attempts_of(platform, move_id) == 0,
        seconds=20,
        what="the destination to register the worker and its answer to be lost",
    )

    silent_for_weeks(platform, move_id)

    assert story.ended(move_id) == "DESTINATION_SILENT"
    assert platform.records("MY")["registrations"] == registrations, "a registration is left that nobody withdrew"
    platform.order("MY", "normal")
    assert broken_promises(platform) == []


def parked(platform: Platform, move_id: str) -> None:
    """Let an announcement wait for a person, as it does after many attempts that were answered wrongly."""
    platform.do("UPDATE messages SET attempts = 8 WHERE id = %s", [message_of(platform, move_id)["id"]])

    def waits() -> bool:
        platform.let_pauses_end()
        return bool(message_of(platform, move_id)["state"] == "parked")

    until(waits, seconds=20, what="the announcement to be parked")


def test_an_announcement_on_the_desk_ends_with_its_move_and_is_not_sent_afterwards(
    platform: Platform, story: Story
) -> None:
    platform.order("MY", "wrong_signature", kind="move_announcement")
    move_id = story.move(story.mover())
    attempted(platform, move_id, 2)
    parked(platform, move_id)

    silent_for_weeks(platform, move_id)
    assert story.ended(move_id) == "DESTINATION_SILENT"

    assert message_of(platform, move_id)["state"] == "withdrawn"
    platform.order("MY", "normal")
    assert broken_promises(platform) == []


def test_a_destination_is_told_also_when_the_move_ends_before_a_retry_from_the_desk(
    platform: Platform, story: Story
) -> None:
    registrations = platform.records("MY")["registrations"]
    platform.order("MY", "wrong_signature", kind="move_announcement")
    move_id = story.move(story.mover())
    attempted(platform, move_id, 2)
    parked(platform, move_id)
    assert platform.records("MY")["registrations"] == registrations + 1
    platform.stop("worker")

    story.retry(message_of(platform, move_id)["id"])
    silent_for_weeks(platform, move_id)

    assert story.ended(move_id) == "DESTINATION_SILENT"
    assert platform.records("MY")["registrations"] == registrations, "a registration is left that nobody withdrew"
    platform.order("MY", "normal")
    assert broken_promises(platform) == []
