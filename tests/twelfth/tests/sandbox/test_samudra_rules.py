"""What the adapter of Samudra writes, its simulated institution understands, and the other way round."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from domain.exchange import MoveAnnouncement
from sandbox.samudra import SamudraRules
from tests.sandbox.desks import Spoken, decision, refusal
from tests.wire.letters import announcement


@pytest.fixture
def bureau(tmp_path: Path) -> Spoken:
    return Spoken(SamudraRules(), tmp_path)


def arrival() -> MoveAnnouncement:
    return dataclasses.replace(announcement(), institution_id="XS.BUREAU", scheme_ids=("XS.INJ",))


def test_a_worker_who_comes_gets_a_number(bureau: Spoken) -> None:
    assert decision(bureau.send(arrival())) == {"bureau_number": "XS000001"}


def test_the_same_passport_is_refused_a_second_time(bureau: Spoken) -> None:
    bureau.send(arrival())

    assert refusal(bureau.send(arrival())) == "ALREADY_HERE"
