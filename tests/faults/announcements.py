"""What became of the announcement of a move, read from the outbox."""

from __future__ import annotations

from typing import Any

from schema.ids import parts_of
from tests.faults.running import Platform, until


def message_of(platform: Platform, move_id: str) -> dict[str, Any]:
    """The announcement of a move."""
    query = "SELECT * FROM messages WHERE subject_id = %s AND kind = 'move_announcement'"
    return platform.rows(query, [parts_of(move_id)[1]])[0]


def attempts_of(platform: Platform, move_id: str) -> int:
    return int(message_of(platform, move_id)["attempts"])


def answers_to(platform: Platform, move_id: str) -> list[dict[str, Any]]:
    query = """SELECT a.* FROM answers a JOIN messages m ON m.id = a.message_id
               WHERE m.subject_id = %s AND m.kind = 'move_announcement'"""
    return platform.rows(query, [parts_of(move_id)[1]])


def attempted(platform: Platform, move_id: str, times: int) -> None:
    """Wait until an announcement was tried so often, without the pauses between."""

    def often_enough() -> bool:
        platform.let_pauses_end()
        return attempts_of(platform, move_id) >= times

    until(often_enough, seconds=30, what=f"{times} attempts to announce the move")


def asked_after(platform: Platform, move_id: str, times: int) -> None:
    """Wait until an institution that is thinking was asked for its answer so often, without the pauses between."""
    for number in range(1, times + 1):
        until(
            lambda: platform.rows(
                "SELECT 1 FROM messages WHERE id = %s AND state = 'taken' AND due_at > now() AND leased_until IS NULL",
                [message_of(platform, move_id)["id"]],
            ),
            seconds=20,
            what=f"question {number} after the answer",
        )
        platform.let_pauses_end()


def failures_of(platform: Platform, institution_id: str) -> int:
    rows = platform.rows("SELECT failures FROM peers WHERE institution_id = %s", [institution_id])
    return int(rows[0]["failures"]) if rows else 0
