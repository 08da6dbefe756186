"""Each rule file says what it does not do yet, and says it of nothing that is done."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml

from adapters import quality
from adapters.countries import ADAPTERS
from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.legislation import DatedValue, Legislation
from domain.quality import LeftOut, QualityRule, QualityState
from domain.schemes import Segment
from domain.standing import Standing

RULEBOOK = load_rulebook()
CASES = Path(__file__).parent.parent / "cases"
CASES_AT_LEAST = 14
EVERY_RULE = [(state, rule) for state in RULEBOOK.states for rule in QualityRule]
ID, MY, SG = (RULEBOOK.legislation(state) for state in (MemberState.ID, MemberState.MY, MemberState.SG))


def done(law: Legislation) -> frozenset[QualityRule]:
    cases = yaml.load((CASES / f"{law.member_state.slug}.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    found = quality.rules_done(law, ADAPTERS)
    return found | {QualityRule.WORKED_CASES} if len(cases) >= CASES_AT_LEAST else found


DONE = {state: done(law) for state, law in RULEBOOK.states.items()}


def with_segment(law: Legislation, scheme_id: str, segment: Segment) -> Legislation:
    scheme = law.schemes[scheme_id]
    segments = MappingProxyType({**scheme.segments, segment.id: segment})
    changed = dataclasses.replace(scheme, segments=segments)
    return dataclasses.replace(law, schemes=MappingProxyType({**law.schemes, scheme_id: changed}))


def with_value(law: Legislation, name: str, value: DatedValue) -> Legislation:
    changed = dataclasses.replace(law.parameters[name], values=(*law.parameters[name].values, value))
    return dataclasses.replace(law, parameters=MappingProxyType({**law.parameters, name: changed}))


@pytest.mark.parametrize(("state", "rule"), EVERY_RULE)
def test_a_rule_that_is_not_done_has_a_row_and_a_rule_that_is_done_has_none(
    state: MemberState, rule: QualityRule
) -> None:
    explained = rule in RULEBOOK.legislation(state).exemptions
    advice = "the row is stale, take it out" if explained else "say in `quality` of the rule file why it is not done"

    assert explained is (rule not in DONE[state]), f"{state.value}, {rule.value}: {advice}"


@pytest.mark.parametrize("state", RULEBOOK.states)
def test_what_is_left_out_is_named_once(state: MemberState) -> None:
    names = [row.what for row in RULEBOOK.legislation(state).left_out]

    assert len(set(names)) == len(names) > 0


def test_a_row_says_whether_it_is_still_to_do_or_does_not_fit_the_state() -> None:
    philippines = RULEBOOK.legislation(MemberState.PH)

    assert philippines.exemptions[QualityRule.OWN_LANGUAGE].state is QualityState.EXEMPT
    assert philippines.exemptions[QualityRule.DUE_DATES].state is QualityState.TODO


def test_a_name_in_another_language_than_the_states_own_is_not_own() -> None:
    name = dataclasses.replace(ID.schemes["ID.JKK"].name, own_language="en")
    renamed = dataclasses.replace(ID.schemes["ID.JKK"], name=name)

    law = dataclasses.replace(ID, schemes=MappingProxyType({**ID.schemes, "ID.JKK": renamed}))

    assert quality.own_language(ID)
    assert not quality.own_language(law)


def test_a_segment_without_contributions_needs_a_row_that_names_its_scheme() -> None:
    unpaid = dataclasses.replace(ID.schemes["ID.JKM"].segments["bpu"], contributions=())
    silent = with_segment(ID, "ID.JKM", unpaid)

    said = dataclasses.replace(silent, left_out=(LeftOut(what="Contributions to ID.JKM", why="They were not read"),))

    assert not quality.contributions(silent)
    assert quality.contributions(said)


def test_an_excluded_segment_needs_no_contributions() -> None:
    assert not SG.schemes["SG.CPF.EMP"].segments["inbound"].contributions
    assert quality.contributions(SG)


def test_a_pension_without_its_qualifying_months_is_not_done() -> None:
    unqualified = dataclasses.replace(ID.schemes["ID.JP"].segments["pu"], waiting=())

    assert not quality.waiting(with_segment(ID, "ID.JP", unqualified))


def test_a_month_that_somebody_pays_needs_a_due_date() -> None:
    undated = dataclasses.replace(ID.schemes["ID.JKM"].segments["bpu"], due=None)

    assert quality.due_dates(ID)
    assert not quality.due_dates(with_segment(ID, "ID.JKM", undated))


def test_a_pack_and_a_month_that_the_state_alone_pays_need_no_due_date() -> None:
    assert ID.schemes["ID.PMI"].segments["pmi"].due is None
    assert ID.schemes["ID.JKP"].segments["pu"].due is None
    assert quality.due_dates(ID)


def test_a_segment_that_has_ended_needs_no_due_date() -> None:
    ended = dataclasses.replace(
        ID.schemes["ID.JKM"].segments["bpu"], due=None, last_day=dt.date(2024, 12, 31), contributions=()
    )

    assert quality.due_dates(with_segment(ID, "ID.JKM", ended))


def test_an_assumed_restart_is_not_done_where_a_waiting_rule_depends_on_it() -> None:
    known = ID.parameters["bpu.restart_anew"].values[-1]
    assumed = dataclasses.replace(known, first_day=dt.date(2030, 1, 1), standing=Standing.ASSUMED)

    assert quality.restart(ID)
    assert not quality.restart(with_value(ID, "bpu.restart_anew", assumed))


def test_an_assumed_restart_is_no_matter_where_nothing_waits() -> None:
    assert ID.parameters["jht.restart_anew"].values[-1].standing is Standing.ASSUMED
    assert quality.restart(ID)


def test_a_state_has_an_adapter_if_one_is_offered() -> None:
    assert QualityRule.ADAPTER in quality.rules_done(ID, {MemberState.ID})
    assert QualityRule.ADAPTER not in quality.rules_done(ID, {MemberState.MY})
