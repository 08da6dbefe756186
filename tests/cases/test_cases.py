"""Worked cases of the law, as a lawyer can read them, against the rule files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.rulebook import load_rulebook
from domain.contributions import ContributionFacts, Quote, monthly_quote
from domain.coverage import Insurance, PaidMonth, coverage_spells
from domain.determination import CoverageDetermination, determine
from domain.due_dates import due_on, next_due
from domain.eligibility import Eligibility, eligibility
from domain.errors import Refusal
from domain.legislation import Legislation, weakest
from domain.money import Money
from domain.packs import term_quote
from domain.periods import Month
from domain.schemes import FunderKind, Sector
from tests.cases.benefit_cases import answered_benefit, answered_qualifying, person_of

RULEBOOK = load_rulebook()
FOLDER = Path(__file__).parent
CASES_AT_LEAST = 14
_BY_BENEFIT = ("benefits", "amount_is", "phases", "because", "standings", "totals")

Case = dict[str, Any]


def cases_of(path: Path) -> list[Case]:
    """The cases of a file with every value as text, so that no reader turns `on` or an amount into something else."""
    cases: list[Case] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return cases


ALL = [(path.stem, case) for path in sorted(FOLDER.glob("*.yaml")) for case in cases_of(path)]


@pytest.mark.parametrize(("state", "case"), ALL, ids=[f"{state}: {case['name']}" for state, case in ALL])
def test_a_worked_case_comes_out_as_written(state: str, case: Case) -> None:
    law = next(law for member, law in RULEBOOK.states.items() if member.slug == state)

    found = _answered(law, case)

    assert found == case["expect"]


@pytest.mark.parametrize("state", [state.slug for state in RULEBOOK.states])
def test_each_state_with_a_rule_file_has_enough_worked_cases_of_different_names(state: str) -> None:
    names = [case["name"] for case in cases_of(FOLDER / f"{state}.yaml")]

    assert len(set(names)) == len(names) >= CASES_AT_LEAST


@pytest.mark.parametrize(("state", "case"), ALL, ids=[f"{state}: {case['name']}" for state, case in ALL])
def test_a_worked_case_names_its_day_what_is_given_and_its_source(state: str, case: Case) -> None:
    by_month = case["ask"] == "contribution" or (case["ask"] == "due" and "month" in case)
    when = "month" if by_month else "on"

    assert set(case) == {"name", "ask", when, "given", "expect", "source"}
    assert case["source"]
    assert case["expect"]


def _answered(law: Legislation, case: Case) -> Case:
    """What comes out, in the words of the case, for the keys that it expects."""
    ask: Callable[[Legislation, Case], Case] = _ASKED[case["ask"]]
    try:
        found = ask(law, case)
    except Refusal as refusal:
        found = {"refused": refusal.code}
    if isinstance(case["expect"].get("branches"), dict) and "branches" in found:
        found["branches"] = {name: found["branches"].get(name) for name in case["expect"]["branches"]}
    for key in _BY_BENEFIT:
        if isinstance(found.get(key), dict) and key in case["expect"]:
            found[key] = {name: found[key].get(name, "none") for name in case["expect"][key]}
    if "by_scheme" in found:
        wanted = case["expect"].get("by_scheme", {})
        found["by_scheme"] = {name: found["by_scheme"].get(name) for name in wanted}
    if "cites" in case["expect"] and "cites" in found:
        found["cites"] = [name for name in case["expect"]["cites"] if name in found["cites"]]
    return {key: found.get(key) for key in case["expect"]}


def _contribution(law: Legislation, case: Case) -> Case:
    given = dict(case["given"])
    schemes, segment_id = given.pop("schemes"), given.pop("segment")
    facts = ContributionFacts(
        funder_kind=FunderKind(given.pop("funder")),
        sector=Sector(given.pop("sector")) if "sector" in given else None,
        wage=Money.parse(given.pop("wage"), law.currency) if "wage" in given else None,
        income=Money.parse(given.pop("income"), law.currency) if "income" in given else None,
    )
    assert not given, f"unknown facts {given}"
    quotes = [monthly_quote(law, scheme, segment_id, Month.parse(case["month"]), facts) for scheme in schemes]
    return {
        "total": _sum([quote.total for quote in quotes]),
        "by_scheme": {quote.scheme_id: quote.total.decimal_text for quote in quotes},
        "shares": {share.payer: share.amount.decimal_text for quote in quotes for share in quote.shares},
        "base": next((quote.base.decimal_text for quote in quotes if quote.base), None),
        **_of_quotes(quotes),
    }


def _pack(law: Legislation, case: Case) -> Case:
    given = dict(case["given"])
    quote = term_quote(
        law,
        given.pop("scheme"),
        given.pop("segment"),
        dt.date.fromisoformat(case["on"]),
        contract_months=int(given.pop("months")),
        route=given.pop("route"),
    )
    assert not given, f"unknown facts {given}"
    return {
        "total": quote.total.decimal_text,
        "components": {share.component: share.amount.decimal_text for share in quote.shares},
        "cover_months": str(quote.cover_months),
        **_of_quotes([quote]),
    }


def _of_quotes(quotes: list[Quote]) -> Case:
    return {
        "standing": weakest(tuple(quote.standing for quote in quotes)).value,
        "cites": {reason.rule for quote in quotes for reason in quote.reasons},
    }


def _sum(amounts: list[Money]) -> str:
    return sum(amounts[1:], start=amounts[0]).decimal_text


def _coverage(law: Legislation, case: Case) -> Case:
    assert set(case["given"]) == {"insurances"}
    insurances = tuple(_insurance(given) for given in case["given"]["insurances"])
    answer = determine(coverage_spells(insurances, RULEBOOK), dt.date.fromisoformat(case["on"]))
    return {
        "covered": "yes" if answer.covers else "no",
        "branches": {cover.spell.branch.value: cover.spell.extent.value for cover in answer.covers},
        "state": "/".join(sorted({cover.spell.state.value for cover in answer.covers})),
        "covered_until": _until(answer),
        "standing": answer.standing.value,
        "cites": {reason.rule for reason in answer.reasons},
    }


def _until(answer: CoverageDetermination) -> str:
    return "/".join(sorted({str(cover.covered_until or "open") for cover in answer.covers}))


def _insurance(given: Case) -> Insurance:
    assert set(given) <= {"scheme", "segment", "first_day", "last_day", "funder", "months"}
    funder = FunderKind(given["funder"])
    months = tuple(
        PaidMonth(month=Month.parse(text), funder_kind=funder, fund_id=None) for text in given.get("months", [])
    )
    return Insurance(
        scheme_id=given["scheme"],
        segment_id=given["segment"],
        first_day=dt.date.fromisoformat(given["first_day"]),
        last_day=dt.date.fromisoformat(given["last_day"]) if "last_day" in given else None,
        funder_kind=funder,
        fund_id=None,
        months=months,
    )


def _due(law: Legislation, case: Case) -> Case:
    """When a month is due, or what is due next on a day."""
    assert set(case["given"]) == {"scheme", "segment"}
    scheme = law.schemes[case["given"]["scheme"]]
    segment = scheme.segments[case["given"]["segment"]]
    if "month" in case:
        due = due_on(law, scheme, segment, Month.parse(case["month"]))
    else:
        due = next_due(law, scheme, segment, dt.date.fromisoformat(case["on"]))
    return {
        "due_on": str(due.due_on),
        "month": str(due.month),
        "standing": due.standing.value,
        "cites": {reason.rule for reason in due.reasons},
    }


def _eligibility(law: Legislation, case: Case) -> Case:
    given = dict(case["given"])
    scheme = law.schemes[given.pop("scheme")]
    segment = scheme.segments[given.pop("segment")]
    person = person_of(given)
    assert not given, f"unknown facts {given}"
    answer: Eligibility = eligibility(law, scheme, segment, person, dt.date.fromisoformat(case["on"]))
    return {"eligible": "yes" if answer.eligible else "no", "because": answer.unmet}


_ASKED: dict[str, Callable[[Legislation, Case], Case]] = {
    "contribution": _contribution,
    "pack": _pack,
    "coverage": _coverage,
    "eligibility": _eligibility,
    "due": _due,
    "benefit": answered_benefit,
    "qualifying": answered_qualifying,
}
