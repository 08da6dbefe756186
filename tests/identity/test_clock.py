"""The system clock."""

from __future__ import annotations

import datetime as dt

from adapters.clock import SystemClock


def test_the_clock_answers_in_utc_and_moves_with_the_system() -> None:
    before = dt.datetime.now(dt.UTC)

    answered = SystemClock().now()

    assert answered.tzinfo is dt.UTC
    assert before <= answered <= dt.datetime.now(dt.UTC)
