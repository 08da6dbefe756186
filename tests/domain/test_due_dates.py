"""When the contribution of a month is due, and what is due next."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.countries import MemberState
from domain.due_dates import DueDate, due_on, next_due
from domain.errors import RuleNotInForce, RuleUnknown
from domain.legislation import Legislation, Standing
from domain.periods import Month
from tests.domain.moving import RULEBOOK

SCHEME, SEGMENT = "ID.JKM", "bpu"
BEGIN = dt.date(2015, 7, 1)


def law_with(
    months_after: dict[dt.date, int], day: dict[dt.date, int], *, last_day: dt.date | None = None
) -> Legislation:
    """The law of a segment that begins on 2015-07-01, with other values of its due date by first day."""
    law = RULEBOOK.legislation(MemberState.ID)
    parameters = dict(law.parameters)
    for name, numbers in (("bpu.due_months_after", months_after), ("bpu.due_day", day)):
        known = law.parameters[name]
        values = tuple(replace(known.values[0], first_day=on, number=Decimal(n)) for on, n in numbers.items())
        parameters[name] = replace(known, values=values)
    scheme = law.schemes[SCHEME]
    segment = replace(scheme.segments[SEGMENT], last_day=last_day)
    changed = replace(scheme, segments=MappingProxyType({**scheme.segments, SEGMENT: segment}))
    return replace(
        law,
        parameters=MappingProxyType(parameters),
        schemes=MappingProxyType({**law.schemes, SCHEME: changed}),
    )


def due(law: Legislation, month: str) -> DueDate:
    scheme = law.schemes[SCHEME]
    return due_on(law, scheme, scheme.segments[SEGMENT], Month.parse(month))


def following(law: Legislation, on: dt.date) -> tuple[str, str]:
    scheme = law.schemes[SCHEME]
    found = next_due(law, scheme, scheme.segments[SEGMENT], on)
    return str(found.month), str(found.due_on)


def test_a_month_is_due_on_the_day_of_the_month_that_the_rule_names() -> None:
    assert due(law_with({BEGIN: 1}, {BEGIN: 15}), "2025-12").due_on == dt.date(2026, 1, 15)


def test_a_month_can_be_due_within_itself() -> None:
    assert due(law_with({BEGIN: 0}, {BEGIN: 15}), "2025-12").due_on == dt.date(2025, 12, 15)


@pytest.mark.parametrize(
    ("month", "on"), [("2025-12", "2026-01-31"), ("2026-01", "2026-02-28"), ("2028-01", "2028-02-29")]
)
def test_a_day_that_the_due_month_does_not_have_is_its_last(month: str, on: str) -> None:
    assert str(due(law_with({BEGIN: 1}, {BEGIN: 31}), month).due_on) == on


def test_each_month_is_due_by_the_rule_in_force_in_it() -> None:
    law = law_with({BEGIN: 0, dt.date(2025, 7, 1): 1}, {BEGIN: 31})

    assert [str(due(law, month).due_on) for month in ("2025-06", "2025-07")] == ["2025-06-30", "2025-08-31"]


def test_a_due_date_says_which_rules_it_rests_on_and_is_as_sure_as_the_weakest() -> None:
    law = RULEBOOK.legislation(MemberState.ID)
    scheme = law.schemes["ID.JHT"]

    found = due_on(law, scheme, scheme.segments["pu"], Month(2026, 1))

    assert [reason.rule for reason in found.reasons] == ["jht.due_months_after_pu", "jht.due_day"]
    assert found.standing is Standing.ASSUMED


def test_a_segment_without_a_due_date_is_refused_as_unknown() -> None:
    law = RULEBOOK.legislation(MemberState.ID)
    scheme = law.schemes["ID.PMI"]
    segment = scheme.segments["pmi"]

    with pytest.raises(RuleUnknown) as refused:
        due_on(law, scheme, segment, Month(2026, 1))
    with pytest.raises(RuleUnknown):
        next_due(law, scheme, segment, dt.date(2026, 1, 1))

    assert (refused.value.kind, refused.value.name) == ("due date", "ID.PMI.pmi")


def test_a_month_before_the_segment_or_after_its_end_is_refused() -> None:
    law = law_with({BEGIN: 1}, {BEGIN: 15}, last_day=dt.date(2025, 6, 30))

    for month in ("2015-06", "2025-07"):
        with pytest.raises(RuleNotInForce):
            due(law, month)


def test_a_month_before_its_due_date_is_known_is_refused_and_so_is_what_comes_first_then() -> None:
    law = law_with({dt.date(2022, 10, 1): 1}, {dt.date(2022, 10, 1): 15})

    with pytest.raises(RuleNotInForce):
        due(law, "2022-09")
    with pytest.raises(RuleNotInForce):
        following(law, dt.date(2022, 10, 10))
    assert following(law, dt.date(2022, 11, 1)) == ("2022-10", "2022-11-15")


def test_on_the_due_day_itself_that_month_is_next_and_on_the_day_after_the_following_one() -> None:
    law = law_with({BEGIN: 1}, {BEGIN: 15})

    assert following(law, dt.date(2026, 1, 15)) == ("2025-12", "2026-01-15")
    assert following(law, dt.date(2026, 1, 16)) == ("2026-01", "2026-02-15")


def test_before_a_segment_begins_its_first_month_is_next() -> None:
    assert following(law_with({BEGIN: 1}, {BEGIN: 15}), dt.date(2010, 1, 1)) == ("2015-07", "2015-08-15")


def test_a_segment_that_has_ended_is_still_due_for_its_last_month_and_then_never_again() -> None:
    law = law_with({BEGIN: 1}, {BEGIN: 15}, last_day=dt.date(2025, 6, 30))

    assert following(law, dt.date(2025, 7, 15)) == ("2025-06", "2025-07-15")
    with pytest.raises(RuleNotInForce):
        following(law, dt.date(2025, 7, 16))


def test_where_months_become_due_later_no_month_is_due_in_between() -> None:
    law = law_with({BEGIN: 0, dt.date(2025, 7, 1): 1}, {BEGIN: 31})

    assert following(law, dt.date(2025, 7, 1)) == ("2025-07", "2025-08-31")


def test_where_months_become_due_earlier_the_older_of_two_on_one_day_is_next() -> None:
    law = law_with({BEGIN: 1, dt.date(2025, 7, 1): 0}, {BEGIN: 31})

    assert due(law, "2025-06").due_on == due(law, "2025-07").due_on
    assert following(law, dt.date(2025, 7, 1)) == ("2025-06", "2025-07-31")


@given(
    months_after=st.integers(0, 4),
    day=st.integers(1, 31),
    on=st.dates(min_value=dt.date(2016, 1, 1), max_value=dt.date(2040, 12, 31)),
)
def test_no_month_is_due_between_a_day_and_what_is_next(months_after: int, day: int, on: dt.date) -> None:
    law = law_with({BEGIN: months_after}, {BEGIN: day})

    month, due_day = following(law, on)

    assert due(law, str(Month.parse(month).plus(-1))).due_on < on <= dt.date.fromisoformat(due_day)
