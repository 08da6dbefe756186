"""How worked cases ask about benefits and qualifying periods, and what comes out in their words.

Every value of a case is text. A fact that nobody knows here is a mistake of the case and no answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from domain.benefits import BenefitEstimate, BenefitTotal, benefits_on
from domain.circumstances import BirthPrecision, Contingency, ResidenceStatus, Sex, StatedFact
from domain.countries import MemberState
from domain.credited import CreditedMonths
from domain.inquiries import PersonFacts
from domain.legislation import Legislation
from domain.money import Money
from domain.people import BirthDate
from domain.periods import Month
from domain.qualifying import QualifyingState, qualifying_states
from domain.quantities import BenefitFacts
from domain.schemes import Sector
from domain.standing import weakest

Case = dict[str, Any]

_AMOUNTS = ("wage", "income", "average_wage", "balance", "pension")


def answered_benefit(law: Legislation, case: Case) -> Case:
    """What a scheme owes: by benefit its amount or outcome, its phase and why not, and the totals."""
    given = dict(case["given"])
    asked = (given.pop("scheme"), given.pop("segment"), Contingency(given.pop("contingency")))
    facts = _benefit_facts(law, given)
    answer = benefits_on(law, *asked, dt.date.fromisoformat(case["on"]), facts)
    estimates = answer.estimates
    return {
        "benefits": {estimate.benefit_id: _worth(estimate) for estimate in estimates},
        "amount_is": {estimate.benefit_id: estimate.amount_is.value for estimate in estimates},
        "phases": {estimate.benefit_id: _phase(estimate) for estimate in estimates},
        "because": {estimate.benefit_id: estimate.unmet or estimate.fact for estimate in estimates},
        "standings": {estimate.benefit_id: estimate.standing.value for estimate in estimates},
        "totals": {_form(total): total.amount.decimal_text for total in answer.totals},
        "standing": answer.standing.value,
        "cites": {reason.rule for estimate in estimates for reason in estimate.reasons},
    }


def answered_qualifying(law: Legislation, case: Case) -> Case:
    """How far a person has come, by the name that the case gives the state and with the keys that it expects."""
    given = dict(case["given"])
    scheme_id, segment_id = given.pop("scheme"), given.pop("segment")
    person = person_of(given)
    assert not given, f"unknown facts {given}"
    on = dt.date.fromisoformat(case["on"])
    segment = law.segment(scheme_id, segment_id, on)
    states = qualifying_states(law, law.schemes[scheme_id], segment, person, on)
    return {
        "states": {
            name: {key: _state_called(states, name)[key] for key in wanted}
            for name, wanted in case["expect"].get("states", {}).items()
        },
        "standing": weakest(tuple(reason.standing for state in states for reason in state.reasons)).value,
        "cites": {reason.rule for state in states for reason in state.reasons},
    }


def person_of(given: Case) -> PersonFacts:
    """Take the facts about a person out of what is given; the others stay there."""
    born = _born(given.pop("birth_date"))
    return PersonFacts(
        birth_date=born.first_day,
        birth_precision=born.precision,
        nationality=MemberState(given.pop("nationality")),
        sector=_optional(given, "sector", Sector),
        first_entry_on=_optional(given, "first_entry_on", dt.date.fromisoformat),
        valid_pass=given.pop("valid_pass", "yes") == "yes",
        contract_months=_optional(given, "contract_months", int),
        sex=_optional(given, "sex", Sex),
        residence=_optional(given, "residence", ResidenceStatus),
        work_months=_optional(given, "work_months", int),
        firm_workers=_optional(given, "firm_workers", int),
        stated=_optional(given, "stated", lambda words: tuple(StatedFact(word) for word in words)),
        credited=_optional(given, "months", lambda runs: CreditedMonths.of(_run(run) for run in runs)),
        member_since=_optional(given, "member_since", dt.date.fromisoformat),
    )


def _benefit_facts(law: Legislation, given: Case) -> BenefitFacts:
    person = person_of(given)
    amounts = {name: Money.parse(given.pop(name), law.currency) for name in _AMOUNTS if name in given}
    facts = BenefitFacts(
        person=person,
        children=_optional(given, "children", int),
        days=_optional(given, "days", int),
        degree_percent=_optional(given, "degree", Decimal),
        **amounts,
    )
    assert not given, f"unknown facts {given}"
    return facts


def _optional(given: Case, name: str, read: Callable[[Any], Any]) -> Any:
    return read(given.pop(name)) if name in given else None


def _born(text: str) -> BirthDate:
    """A birth date of which the day, or month and day, may be unknown: `1980-01-01`, `1980-01`, `1980`."""
    missing, precision = _BIRTHS[len(text)]
    return BirthDate(first_day=dt.date.fromisoformat(text + missing), precision=precision)


_BIRTHS = {
    4: ("-01-01", BirthPrecision.YEAR),
    7: ("-01", BirthPrecision.MONTH),
    10: ("", BirthPrecision.DAY),
}
"""By the length of the text: what is put behind it, and how much it says."""


def _run(text: str) -> tuple[Month, Month]:
    """`2024-01..2025-05`, or one month."""
    first, _, last = text.partition("..")
    return Month.parse(first), Month.parse(last or first)


def _worth(estimate: BenefitEstimate) -> str:
    return estimate.outcome.value if estimate.amount is None else estimate.amount.decimal_text


def _phase(phased: BenefitEstimate | BenefitTotal) -> str:
    """`after 12 for 24`; nothing of what begins at once and has no limit."""
    parts = (("after", phased.after_months), ("for", phased.lasts_months))
    return " ".join(f"{word} {months}" for word, months in parts if months is not None)


def _form(total: BenefitTotal) -> str:
    """How a total is paid, with its phase: `lump_sum`, `monthly after 12`."""
    return f"{total.payment.value} {_phase(total)}".strip()


def _state_called(states: tuple[QualifyingState, ...], name: str) -> Case:
    """The state of a parameter, or of the last word of its subject; of both, as `old_age/jp.months_min`, if need be."""
    subject, _, rule = name.rpartition("/")
    named = [
        state
        for state in states
        if (subject and state.subject.endswith(f".{subject}") and state.rule == rule)
        or (not subject and (state.rule == name or state.subject.endswith(f".{name}")))
    ]
    shown = [_shown(state) for state in named]
    assert shown, f"no state is called {name}; there are {[(state.subject, state.rule) for state in states]}"
    assert all(other == shown[0] for other in shown), f"{name} is more than one state: {named}"
    return shown[0]


def _shown(state: QualifyingState) -> Case:
    return {
        "needed": str(state.needed_months),
        "have": str(state.have_months),
        "missing": str(state.missing_months),
        "fulfilled": "yes" if state.fulfilled else "no",
        "earliest_on": str(state.earliest_on or "never"),
        "standing": weakest(tuple(reason.standing for reason in state.reasons)).value,
    }
