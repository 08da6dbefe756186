"""The delivery worker is killed in the middle of its work; what it had begun is finished once."""

from __future__ import annotations

import random
import time

import pytest

from tests.faults.promises import broken_promises
from tests.faults.running import Platform, until
from tests.faults.story import GIFT, GIVEN_BACK, MONTHS_PRICE, PACK_PRICE, Story

# In the order in which a move is carried out: claiming the announcement, keeping the answer, taking the step,
# its audit entry; then, with the home institution's answer, the money, the months, the cover and the proof.
MOVE_TABLES = (
    "messages",
    "answers",
    "move_steps",
    "audit_entries",
    "ledger_transfers",
    "acknowledgements",
    "contribution_months",
    "enrolments",
    "coverage_spells",
    "certificates",
    "audit_entries",
)
REMITTANCE_TABLES = ("answers", "ledger_transfers", "acknowledgements", "coverage_spells", "audit_entries")


def killed_before_writing(platform: Platform, table: str) -> None:
    """Kill the worker at the moment at which it wants to write to a table, and start another."""
    with platform.holding(table):
        if not platform.runs("worker"):
            platform.start("worker")
        until(
            lambda: platform.waits_for_a_lock("worker"),
            seconds=30,
            what=f"the worker to come as far as writing {table}",
        )
        platform.kill("worker")
    platform.let_leases_run_out()


def test_a_move_is_completed_once_though_the_worker_dies_before_each_table_it_writes(
    platform: Platform, story: Story
) -> None:
    platform.stop("worker")
    before = story.statement()
    mover = story.mover()
    move_id = story.move(mover)

    for table in MOVE_TABLES:
        killed_before_writing(platform, table)
    platform.start("worker")

    assert story.ended(move_id) == "COMPLETED"
    assert [step["step"] for step in story.steps(move_id)] == ["ANNOUNCED", "DESTINATION_ACCEPTED", "COMPLETED"]
    assert story.statement()["sent"] == before["sent"] + PACK_PRICE - GIVEN_BACK
    assert broken_promises(platform) == []


def test_months_are_paid_once_though_the_worker_dies_before_each_table_it_writes(platform: Platform) -> None:
    platform.stop("worker")
    story = Story(platform, 5).donate().nominate().remit()

    for table in REMITTANCE_TABLES:
        killed_before_writing(platform, table)
    platform.start("worker")
    platform.finished()

    assert {batch["state"] for batch in story.batches()} == {"accepted"}
    assert story.statement() == {
        "received": GIFT,
        "available": GIFT - MONTHS_PRICE,
        "reserved": 0,
        "sent": MONTHS_PRICE,
        "refunded": 0,
    }
    assert broken_promises(platform) == []


def test_an_effect_whose_answer_the_worker_did_not_live_to_hear_is_not_repeated(
    platform: Platform, story: Story
) -> None:
    registrations = platform.records("MY")["registrations"]
    platform.order("MY", "slow", seconds=2, times=1)
    move_id = story.move(story.mover())
    until(
        lambda: platform.records("MY")["registrations"] == registrations + 1,
        seconds=20,
        what="the destination to register the worker",
    )
    assert story.step(move_id) == "ANNOUNCED"

    platform.kill("worker")
    platform.let_leases_run_out()
    platform.start("worker")

    assert story.ended(move_id) == "COMPLETED"
    assert platform.records("MY")["registrations"] == registrations + 1
    assert broken_promises(platform) == []


def test_an_effect_whose_answer_was_lost_on_the_line_is_not_repeated_after_the_worker_died(
    platform: Platform, story: Story
) -> None:
    packs = platform.records("ID")["packs"]
    platform.order("ID", "drop_after_effect", kind="cover_handover")
    move_id = story.move(story.mover())
    until(lambda: platform.records("ID")["packs"] == packs + 1, seconds=20, what="the home institution to open a pack")

    platform.kill("worker")
    platform.order("ID", "normal")
    platform.let_leases_run_out()
    platform.start("worker")

    assert story.ended(move_id) == "COMPLETED"
    assert platform.records("ID")["packs"] == packs + 1
    assert broken_promises(platform) == []


def test_a_move_that_only_the_destination_has_accepted_goes_on_after_the_worker_died(
    platform: Platform, story: Story
) -> None:
    platform.order("ID", "unreachable_500")
    mover = story.mover()
    move_id = story.move(mover)
    until(
        lambda: story.step(move_id) == "DESTINATION_ACCEPTED",
        seconds=20,
        what="the destination's acceptance to be settled",
    )
    platform.kill("worker")

    assert {"ID.JKK", "ID.JKM"} <= story.coverage(mover, "2025-10-16")
    assert story.statement()["reserved"] == PACK_PRICE

    platform.order("ID", "normal")
    platform.let_leases_run_out()
    platform.start("worker")

    assert story.ended(move_id) == "COMPLETED"
    assert broken_promises(platform) == []


def killed_again_and_again(platform: Platform, chance: random.Random, deaths: int) -> None:
    for _ in range(deaths):
        if not platform.runs("worker"):
            platform.let_leases_run_out()
            platform.let_pauses_end()
            platform.start("worker")
        until(lambda: platform.works("worker"), seconds=30, what="the worker to reach the database")
        time.sleep(chance.uniform(0.0, 0.35))
        platform.kill("worker")


def test_moves_and_months_survive_a_worker_that_dies_again_and_again(platform: Platform, story: Story) -> None:
    chance = random.Random(8)
    other = Story(platform, 6).donate().nominate()
    platform.stop("worker")
    moves = [story.move(story.mover()) for _ in range(3)]
    other.remit()
    # Each answer takes a moment, so that deaths also fall between a question and its answer.
    for state in ("ID", "MY"):
        platform.order(state, "slow", seconds=0.15)

    killed_again_and_again(platform, chance, deaths=6)
    platform.let_leases_run_out()
    platform.start("worker")
    platform.finished()

    assert {story.step(move_id) for move_id in moves} == {"COMPLETED"}
    assert {batch["state"] for batch in other.batches()} == {"accepted"}
    assert broken_promises(platform) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_many_moves_survive_many_deaths_of_the_worker(platform: Platform, story: Story, seed: int) -> None:
    chance = random.Random(seed)
    platform.stop("worker")
    moves = [story.move(story.mover()) for _ in range(5)]
    for state in ("ID", "MY"):
        platform.order(state, chance.choice(("normal", "slow", "drop_after_effect")), seconds=0.3, times=8)

    killed_again_and_again(platform, chance, deaths=15)
    platform.let_leases_run_out()
    platform.start("worker")
    platform.finished(seconds=90)

    assert {story.step(move_id) for move_id in moves} == {"COMPLETED"}
    assert broken_promises(platform) == []


@pytest.mark.soak
def test_a_dead_workers_messages_are_taken_over_when_its_lease_runs_out_by_itself(
    platform: Platform, story: Story
) -> None:
    platform.order("MY", "slow", seconds=2.5)
    move_id = story.move(story.mover())
    until(
        lambda: platform.rows("SELECT 1 FROM messages WHERE leased_until > now()"),
        seconds=20,
        what="the worker to take the announcement",
    )
    platform.kill("worker")
    platform.order("MY", "normal")
    platform.start("worker")

    platform.finished(seconds=150, hurry=False)

    assert story.step(move_id) == "COMPLETED"
    assert broken_promises(platform) == []


def test_the_audit_command_finds_every_chain_whole(platform: Platform) -> None:
    verified = platform.run("audit", "verify")

    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "whole" in verified.stdout
    assert "broken" not in verified.stdout
