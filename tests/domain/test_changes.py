"""What of the law changes between two days."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.changes import RuleChange, rules_changing
from domain.countries import MemberState
from domain.errors import PeriodInvalid
from tests.domain.invented import INVENTED
from tests.domain.moving import RULEBOOK


def changes_of(state: MemberState, first_day: str, last_day: str) -> dict[str, RuleChange]:
    first, last = dt.date.fromisoformat(first_day), dt.date.fromisoformat(last_day)
    return {change.rule: change for change in rules_changing(RULEBOOK, first, last, state)}


def test_a_new_value_shows_what_held_before_and_what_holds_from_its_first_day() -> None:
    found = changes_of(MemberState.MY, "2024-10-01", "2024-10-01")["socso.wage_ceiling"]

    assert found.before is not None
    assert found.before.startswith("5000")
    assert found.after is not None
    assert found.after.startswith("6000")
    assert found.source_ids


def test_a_relief_begins_on_its_first_day_and_ends_on_the_day_after_its_last() -> None:
    begins = changes_of(MemberState.ID, "2026-01-01", "2026-01-01")["ID.PP50-2025.transport"]
    ends = changes_of(MemberState.ID, "2027-04-01", "2027-04-01")["ID.PP50-2025.transport"]

    assert (begins.before, ends.after) == (None, None)
    assert begins.after == ends.before == "contributions are multiplied by 0.50"


def test_a_segment_that_opens_is_a_change() -> None:
    found = changes_of(MemberState.MY, "2025-10-01", "2025-10-01")["MY.EPF.FOR.inbound"]

    assert (found.before, found.after) == (None, "compulsory")


def test_a_benefit_that_begins_or_ends_is_a_change() -> None:
    begins = rules_changing(INVENTED, dt.date(2010, 1, 1), dt.date(2010, 1, 1))
    ends = rules_changing(INVENTED, dt.date(2030, 1, 1), dt.date(2030, 1, 1))

    rule = "ID.ALL.benefits.survivors_pension"
    assert [(c.before, c.after) for c in begins if c.rule == rule] == [(None, "Pension of survivors, monthly")]
    assert [(c.before, c.after) for c in ends if c.rule == rule] == [("Pension of survivors, monthly", None)]


def test_the_day_before_and_the_day_after_a_change_do_not_hold_it() -> None:
    assert "MY.EPF.FOR.inbound" not in changes_of(MemberState.MY, "2025-09-30", "2025-09-30")
    assert "MY.EPF.FOR.inbound" not in changes_of(MemberState.MY, "2025-10-02", "2025-10-02")


def test_a_value_that_only_becomes_surer_is_no_change() -> None:
    rules = changes_of(MemberState.ID, "2015-07-02", "2027-12-31")

    assert "bpu.tolerance_months" not in rules


def test_changes_of_all_states_come_by_day_state_and_rule() -> None:
    found = rules_changing(RULEBOOK, dt.date(2024, 1, 1), dt.date(2026, 12, 31))

    assert len({change.member_state for change in found}) > 5
    assert list(found) == sorted(found, key=lambda c: (c.on, c.member_state.value, c.rule))


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(PeriodInvalid):
        rules_changing(RULEBOOK, dt.date(2026, 1, 2), dt.date(2026, 1, 1))
