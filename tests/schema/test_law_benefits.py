"""Benefits, qualifying months, due dates and comparisons through the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.scene import OPERATOR

BENEFITS = """query($question: BenefitQuestion!) { benefitEstimate(question: $question) {
    ... on BenefitAnswer { standing totals { payment amount { amount currency } }
        estimates { benefitId outcome unmet fact amount { amount } amountIs
            qualifying { rule neededMonths haveMonths missingMonths fulfilled earliestOn }
            reasons { rule text value since sourceIds standing } } }
    ... on Problem { code message } } }"""
COMPARISON = """query($question: ComparisonQuestion!) { compareSchemes(question: $question) {
    ... on SchemeComparison { states { memberState standing
        branches { branch compulsoryIn voluntaryIn }
        segments { scheme { id name { en own } } segment { id participation } fit whyNot noPrice
            quote { total { amount currency } } reasons { rule standing sourceIds } } } }
    ... on Problem { code message } } }"""


def question(**changes: Any) -> dict[str, Any]:
    return {
        "question": {
            "schemeId": "ID.JKM",
            "segmentId": "bpu",
            "contingency": "DEATH",
            "on": "2025-06-10",
            "person": {
                "birthDate": "1980-05-02",
                "nationality": "ID",
                "creditedMonths": [{"first": "2024-01", "last": "2025-06"}],
            },
            **changes,
        }
    }


async def answer(api: Api, asked: str, variables: dict[str, Any]) -> dict[str, Any]:
    (found,) = (await api.data(OPERATOR, asked, variables)).values()
    result: dict[str, Any] = found
    return result


async def test_what_is_owed_on_a_death_is_said_benefit_by_benefit_with_reasons(api: Api) -> None:
    found = await answer(api, BENEFITS, question())

    assert {"payment": "LUMP_SUM", "amount": {"amount": "42000000", "currency": "IDR"}} in found["totals"]
    paid = [one for one in found["estimates"] if one["outcome"] == "PAYABLE"]
    assert paid
    assert all(reason["standing"] for one in paid for reason in one["reasons"])
    assert all(any(reason["sourceIds"] for reason in one["reasons"]) for one in paid)


async def test_in_the_first_months_of_membership_the_answer_says_how_many_are_missing(api: Api) -> None:
    new = {"birthDate": "1980-05-02", "nationality": "ID", "creditedMonths": [{"first": "2025-06", "last": "2025-06"}]}

    found = await answer(api, BENEFITS, question(person=new))

    held = [one for one in found["estimates"] if one["outcome"] == "NOT_PAYABLE" and one["qualifying"]]
    assert held
    assert all(one["unmet"] for one in held)
    assert any(state["missingMonths"] > 0 and state["earliestOn"] for one in held for state in one["qualifying"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"on": "1990-01-01"}, "RULE_NOT_IN_FORCE"),
        ({"contingency": "OLD_AGE"}, "RULE_UNKNOWN"),
        ({"schemeId": "ID.NONE"}, "RULE_UNKNOWN"),
        ({"person": {"birthDate": "1980-02-30", "nationality": "ID"}}, "DATE_INVALID"),
        ({"person": {"birthDate": "2031-01-01", "nationality": "ID"}}, "DATE_OUT_OF_RANGE"),
        (
            {
                "person": {
                    "birthDate": "1980",
                    "nationality": "ID",
                    "creditedMonths": [{"first": "2025-06", "last": "2025-05"}],
                }
            },
            "PERIOD_INVALID",
        ),
    ],
)
async def test_a_question_that_cannot_be_answered_is_a_problem(api: Api, changes: dict[str, Any], code: str) -> None:
    found = await answer(api, BENEFITS, question(**changes))

    assert found["code"] == code


@pytest.mark.parametrize("percent", ["1e2", "-5", "12.3456", ""])
async def test_a_degree_that_is_no_percentage_is_refused(api: Api, percent: str) -> None:
    asked = await api.ask(OPERATOR, BENEFITS, question(degreePercent=percent))

    assert asked["errors"][0]["extensions"]["code"] == "PERCENT_INVALID"


async def test_months_that_a_rule_counts_are_told_one_below_and_at_the_bound(api: Api) -> None:
    asked = """query($question: QualifyingQuestion!) { qualifyingStates(question: $question) {
        ... on QualifyingStates { states { rule subject neededMonths haveMonths missingMonths fulfilled earliestOn } }
        ... on Problem { code } } }"""

    async def states(last: str) -> list[dict[str, Any]]:
        person = {"birthDate": "1980", "nationality": "ID", "creditedMonths": [{"first": "2015-07", "last": last}]}
        given = {"schemeId": "ID.JP", "segmentId": "pu", "on": "2031-01-01", "person": person}
        found: list[dict[str, Any]] = (await answer(api, asked, {"question": given}))["states"]
        return [state for state in found if "benefits" in state["subject"] and state["rule"] == "jp.months_min_old_age"]

    assert {(s["haveMonths"], s["missingMonths"], s["fulfilled"]) for s in await states("2030-05")} == {(179, 1, False)}
    assert {(s["haveMonths"], s["missingMonths"], s["fulfilled"]) for s in await states("2030-06")} == {(180, 0, True)}


async def test_a_due_date_is_told_for_a_month_and_as_the_next_one_after_a_day(api: Api) -> None:
    asked = """{ one: dueDate(schemeId: "MY.EPF.FOR", segmentId: "inbound", month: "2025-11") {
            ... on DueDate { dueOn reasons { rule standing } } }
        next: nextDueDate(schemeId: "MY.EPF.FOR", segmentId: "inbound", on: "2025-12-15") {
            ... on DueDate { month dueOn } }
        none: nextDueDate(schemeId: "ID.PMI", segmentId: "pmi", on: "2025-12-15") { ... on Problem { code } } }"""

    found = await api.data(OPERATOR, asked)

    assert found["one"]["dueOn"] == "2025-12-15"
    assert found["one"]["reasons"]
    assert found["next"] == {"month": "2025-11", "dueOn": "2025-12-15"}
    assert found["none"]["code"] == "RULE_UNKNOWN"


async def test_the_same_person_is_compared_in_two_states(api: Api) -> None:
    asked = {
        "on": "2025-11-03",
        "states": ["ID", "MY"],
        "person": {"birthDate": "1995-03", "nationality": "ID", "sector": "CONSTRUCTION", "contractMonths": 24},
        "amounts": [{"amount": "2500.00", "currency": "MYR"}, {"amount": "5000000", "currency": "IDR"}],
        "route": "agency",
    }

    found = (await answer(api, COMPARISON, {"question": asked}))["states"]

    home, host = found
    assert (home["memberState"], host["memberState"]) == ("ID", "MY")
    pack = next(one for one in home["segments"] if one["scheme"]["id"] == "ID.PMI")
    assert pack["quote"]["total"] == {"amount": "370000", "currency": "IDR"}
    injury = next(one for one in host["branches"] if one["branch"] == "EMPLOYMENT_INJURY")
    assert injury["compulsoryIn"] == ["MY.SOCSO.CAT1"]
    assert all(one["reasons"] for one in host["segments"])


async def test_without_named_states_all_that_have_a_rule_file_are_compared(api: Api) -> None:
    asked = {"on": "2025-11-03", "person": {"birthDate": "1995-03-01", "nationality": "TH"}}

    found = (await answer(api, COMPARISON, {"question": asked}))["states"]

    assert [state["memberState"] for state in found] == ["ID", "MY"]


async def test_a_scheme_shows_its_branches_with_their_values_and_history(api: Api) -> None:
    asked = """{ scheme(id: "ID.JKM") {
        segments { id conditions contributions parameterNames due { monthsAfter day } }
        benefits { id name { en } contingency amount conditions parameterNames }
        parameters(names: ["jkm.waiting_months"]) { name values { firstDay number } }
        branchRules { branch benefits { id } waiting { segmentId months extent }
            parameters { name values { firstDay number } valueOn(on: "2024-06-01") {
                ... on DatedValue { number } ... on Problem { code } } } } } }"""

    scheme = (await api.data(OPERATOR, asked))["scheme"]

    (waiting,) = scheme["parameters"]
    assert [value["number"] for value in waiting["values"]] == ["0", "3"]
    (survivors,) = [rules for rules in scheme["branchRules"] if rules["branch"] == "SURVIVORS"]
    assert survivors["benefits"]
    assert {rule["segmentId"] for rule in survivors["waiting"]} == {"bpu", "pu"}
    named = {parameter["name"] for parameter in survivors["parameters"]}
    assert {name for benefit in scheme["benefits"] for name in benefit["parameterNames"]} <= named
    assert all(benefit["amount"] for benefit in scheme["benefits"] if benefit["contingency"] == "DEATH")


async def test_a_state_says_what_its_rule_file_leaves_out_and_which_rules_of_quality_are_open(api: Api) -> None:
    asked = "{ memberState(code: ID) { leftOut { what why } qualityGaps { rule state reason } } }"

    state = (await api.data(OPERATOR, asked))["memberState"]

    assert state["leftOut"]
    assert all(row["what"] and row["why"] for row in state["leftOut"])
    assert all(gap["reason"] for gap in state["qualityGaps"])
