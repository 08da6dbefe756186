"""Which step of a move follows which answer."""

from __future__ import annotations

import pytest

from domain.exchange import AnswerOutcome
from domain.move_steps import ENDED, MoveStep, after_answer

ACCEPTED, REFUSED = AnswerOutcome.ACCEPTED, AnswerOutcome.REFUSED


@pytest.mark.parametrize(
    ("state", "outcome", "following"),
    [
        (MoveStep.ANNOUNCED, ACCEPTED, MoveStep.DESTINATION_ACCEPTED),
        (MoveStep.ANNOUNCED, REFUSED, MoveStep.DESTINATION_REFUSED),
        (MoveStep.DESTINATION_ACCEPTED, ACCEPTED, MoveStep.COMPLETED),
        (MoveStep.DESTINATION_ACCEPTED, REFUSED, MoveStep.HOME_REFUSED),
    ],
)
def test_an_answer_in_time_leads_to_its_step(state: MoveStep, outcome: AnswerOutcome, following: MoveStep) -> None:
    assert after_answer(state, outcome) is following


@pytest.mark.parametrize("state", [step for step in MoveStep if step in ENDED])
@pytest.mark.parametrize("outcome", AnswerOutcome)
def test_an_answer_after_the_end_changes_nothing(state: MoveStep, outcome: AnswerOutcome) -> None:
    assert after_answer(state, outcome) is None


def test_a_move_is_open_only_while_it_waits_for_one_of_the_two_answers() -> None:
    assert set(MoveStep) - ENDED == {MoveStep.ANNOUNCED, MoveStep.DESTINATION_ACCEPTED}


def test_a_move_is_never_completed_before_the_destination_has_accepted() -> None:
    assert all(after_answer(MoveStep.ANNOUNCED, outcome) is not MoveStep.COMPLETED for outcome in AnswerOutcome)
