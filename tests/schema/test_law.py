"""The law through the API: values with their history, eligibility, and what changes."""

from __future__ import annotations

from tests.support.api import Api
from tests.support.scene import OPERATOR


async def test_a_value_is_given_on_a_day_with_source_and_standing_and_refused_before_its_first(api: Api) -> None:
    asked = """{ memberState(code: MY) { parameters { name unit values { firstDay number }
        in2025: valueOn(on: "2025-01-01") { ... on DatedValue { number standing sourceIds firstDay } }
        in1990: valueOn(on: "1990-01-01") { ... on Problem { code message } } } } }"""

    found = await api.data(OPERATOR, asked)

    ceiling = next(p for p in found["memberState"]["parameters"] if p["name"] == "socso.wage_ceiling")
    assert ceiling["in2025"]["number"] == "6000"
    assert ceiling["in2025"]["sourceIds"]
    assert ceiling["in1990"]["code"] == "RULE_NOT_IN_FORCE"
    assert [value["firstDay"] for value in ceiling["values"]] == sorted(v["firstDay"] for v in ceiling["values"])


async def test_eligibility_says_which_condition_is_not_met(api: Api) -> None:
    question = '{schemeId: "MY.SOCSO.CAT1", segmentId: "inbound", on: "2026-02-01", person: {nationality: ID, %s}}'
    asked = "{ eligibility(question: %s) { ... on Eligibility { eligible unmet reasons { rule standing } } } }"

    older = await api.data(OPERATOR, asked % (question % 'birthDate: "1965-05-02"'))
    younger = await api.data(OPERATOR, asked % (question % 'birthDate: "1990-05-02"'))

    assert older["eligibility"]["eligible"] is False
    assert older["eligibility"]["unmet"].startswith(("below the age", "first entry below the age"))
    assert younger["eligibility"]["eligible"] is True
    assert all(reason["standing"] for reason in younger["eligibility"]["reasons"])


async def test_the_changes_of_a_year_are_listed_and_a_reversed_period_is_a_problem(api: Api) -> None:
    asked = """{ found: rulesChanging(firstDay: "2026-01-01", lastDay: "2026-12-31", memberState: ID) {
            ... on RuleChanges { changes { rule on before after standing } } }
        wrong: rulesChanging(firstDay: "2026-12-31", lastDay: "2026-01-01") { ... on Problem { code } } }"""

    answer = await api.data(OPERATOR, asked)

    rules = {change["rule"]: change["on"] for change in answer["found"]["changes"]}
    assert rules["ID.PP50-2025.transport"] == "2026-01-01"
    assert answer["wrong"]["code"] == "PERIOD_INVALID"
