"""The same person in several states: what fits, what it costs, what stays open, and why nothing is said."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from adapters.rulebook import load_rulebook
from domain.circumstances import BirthPrecision, ResidenceStatus
from domain.comparison import (
    ComparisonFacts,
    KindOfWork,
    SchemeFit,
    SegmentComparison,
    StateComparison,
    compare_schemes,
)
from domain.countries import MemberState
from domain.eligibility import PersonFacts
from domain.errors import RuleUnknown
from domain.money import Currency, Money
from domain.schemes import Branch, FunderKind, PersonGroup, Sector
from domain.standing import Standing

RULEBOOK = load_rulebook()
ON = dt.date(2025, 11, 3)
PERSON = PersonFacts(
    birth_date=dt.date(1995, 3, 1),
    nationality=MemberState.ID,
    sector=Sector.CONSTRUCTION,
    first_entry_on=None,
    contract_months=24,
    residence=ResidenceStatus.TEMPORARY,
)
FACTS = ComparisonFacts(
    person=PERSON,
    work=KindOfWork.EMPLOYED,
    funder_kind=FunderKind.EMPLOYER,
    amounts=(Money(250_000, Currency.MYR), Money(5_000_000, Currency.IDR)),
    route="agency",
)


def compared(state: MemberState, on: dt.date = ON, **changes: Any) -> StateComparison:
    (found,) = compare_schemes(RULEBOOK, [state], on, replace(FACTS, **changes))
    return found


def segment(found: StateComparison, scheme_id: str, segment_id: str) -> SegmentComparison:
    (one,) = (s for s in found.segments if (s.scheme.id, s.segment.id) == (scheme_id, segment_id))
    return one


def branch(found: StateComparison, asked: Branch) -> tuple[tuple[str, ...], tuple[str, ...]]:
    (one,) = (b for b in found.branches if b.branch is asked)
    return one.compulsory_in, one.voluntary_in


def test_states_are_answered_in_the_order_asked_and_each_once() -> None:
    asked = [MemberState.MY, MemberState.ID, MemberState.MY]

    found = compare_schemes(RULEBOOK, asked, ON, FACTS)

    assert [state.member_state for state in found] == [MemberState.MY, MemberState.ID]


def test_a_foreigner_is_compared_by_the_segments_for_workers_who_come_in() -> None:
    found = segment(compared(MemberState.MY), "MY.SOCSO.CAT1", "inbound")

    assert (found.fit, found.why_not) == (SchemeFit.COMPULSORY, "")
    assert found.quote is not None
    assert found.quote.total == Money(55_15, Currency.MYR)


def test_a_scheme_without_such_a_segment_is_compared_by_that_for_the_work_and_says_who_is_left_out() -> None:
    found = segment(compared(MemberState.MY), "MY.EIS", "employed")

    assert found.fit is SchemeFit.UNMET
    assert found.why_not
    assert found.quote is None


def test_a_national_is_compared_by_their_work_and_by_work_abroad() -> None:
    found = compared(MemberState.ID)

    assert {one.segment.persons for one in found.segments} == {PersonGroup.EMPLOYED, PersonGroup.OUTBOUND}
    assert segment(found, "ID.PMI", "pmi").quote is not None
    assert str(segment(found, "ID.PMI", "pmi").quote.total) == "IDR 370,000"  # type: ignore[union-attr]


def test_work_on_ones_own_account_is_compared_by_its_own_segments() -> None:
    found = compared(
        MemberState.ID,
        work=KindOfWork.SELF_EMPLOYED,
        funder_kind=FunderKind.SELF,
        amounts=(Money(1_000_000, Currency.IDR),),
    )

    assert segment(found, "ID.JKK", "bpu").quote.total == Money(10_000, Currency.IDR)  # type: ignore[union-attr]
    assert not [one for one in found.segments if one.segment.persons is PersonGroup.EMPLOYED]


def test_an_excluded_group_is_told_so_with_the_grounds() -> None:
    found = segment(compared(MemberState.SG), "SG.CPF.EMP", "inbound")

    assert found.fit is SchemeFit.EXCLUDED
    assert found.why_not == found.segment.grounds
    assert found.quote is None


def test_a_fact_that_is_not_given_is_named_and_the_other_schemes_are_answered() -> None:
    found = compared(MemberState.MY, person=replace(PERSON, sector=None))

    missing = segment(found, "MY.EPF.FOR", "inbound")
    assert (missing.fit, missing.why_not) == (SchemeFit.FACT_MISSING, "the sector of the worker")
    assert segment(found, "MY.SOCSO.CAT1", "inbound").fit is SchemeFit.COMPULSORY


def test_without_an_amount_in_the_states_currency_there_is_no_price_and_the_answer_says_why() -> None:
    found = segment(compared(MemberState.MY, amounts=()), "MY.SOCSO.CAT1", "inbound")

    assert found.fit is SchemeFit.COMPULSORY
    assert (found.quote, found.no_price) == (None, "not given: the wage of the month")


@pytest.mark.parametrize(
    ("changes", "fact"),
    [({"route": None}, "the route by which"), ({"person": replace(PERSON, contract_months=None)}, "the months of")],
)
def test_a_pack_without_its_term_or_route_has_no_price(changes: dict[str, Any], fact: str) -> None:
    found = segment(compared(MemberState.ID, **changes), "ID.PMI", "pmi")

    assert found.quote is None
    assert found.no_price.startswith(f"not given: {fact}")


def test_a_price_that_the_law_leaves_to_a_market_is_not_zero() -> None:
    found = segment(compared(MemberState.SG), "SG.WICA", "inbound")

    assert found.quote is None
    assert "sets no price" in found.no_price or found.fit is SchemeFit.FACT_MISSING


def test_a_branch_that_no_scheme_protects_is_a_gap_and_work_abroad_protects_none_at_home() -> None:
    at_home, abroad = compared(MemberState.ID), compared(MemberState.MY)

    assert branch(abroad, Branch.EMPLOYMENT_INJURY)[0] == ("MY.SOCSO.CAT1",)
    assert branch(abroad, Branch.UNEMPLOYMENT) == ((), ())
    assert "ID.PMI" not in branch(at_home, Branch.EMPLOYMENT_INJURY)[0]
    assert {one.branch for one in abroad.branches} == set(Branch)


def test_a_segment_outside_its_days_is_not_compared() -> None:
    before = compared(MemberState.MY, on=dt.date(2024, 6, 30))

    assert not [one for one in before.segments if (one.scheme.id, one.segment.id) == ("MY.SOCSO.CAT1", "inbound")]


def test_a_birth_date_known_by_its_year_only_makes_the_answer_assumed_where_it_decides() -> None:
    turning = replace(PERSON, birth_date=dt.date(1965, 1, 1), birth_precision=BirthPrecision.YEAR)

    found = segment(compared(MemberState.MY, person=turning), "MY.SOCSO.CAT1", "inbound")

    assert found.fit is SchemeFit.UNMET
    assert found.standing is Standing.ASSUMED


def test_a_state_without_a_rule_file_is_refused() -> None:
    only_one = replace(RULEBOOK, states={MemberState.ID: RULEBOOK.states[MemberState.ID]})

    with pytest.raises(RuleUnknown):
        compare_schemes(only_one, [MemberState.MY], ON, FACTS)
