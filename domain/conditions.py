"""Whether a person fulfils the conditions of a segment or a benefit on a day, with a reason for each."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from domain.circumstances import Sex
from domain.errors import ValueMissing
from domain.inquiries import Inquiry, PersonFacts
from domain.legislation import Reason
from domain.people import BirthDate
from domain.periods import whole_months, whole_years
from domain.qualifying import FEWER_MONTHS, MONTH_KINDS, qualifying_state
from domain.schemes import Condition
from domain.standing import Standing

Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Whether what is asked is fulfilled, the reasons, and in words the first condition that is not."""

    met: bool
    reasons: tuple[Reason, ...]
    unmet: str


def fulfilled(asked: Inquiry, conditions: tuple[Condition, ...]) -> Finding:
    """Return whether every condition is fulfilled on the day.

    A fact that is not given is needed only if no other condition already answers with no.
    Raises ValueMissing for such a fact, RuleNotInForce if a bound is not known on the day.
    Source: the conditions of the segment or benefit in the rule file.
    """
    reasons: list[Reason] = []
    missing: ValueMissing | None = None
    for condition in conditions:
        try:
            finding = _one(asked, condition)
        except ValueMissing as refusal:
            missing = missing or refusal
            continue
        reasons.extend(finding.reasons)
        if not finding.met:
            return replace(finding, reasons=tuple(reasons))
    if missing is not None:
        raise missing
    return Finding(met=True, reasons=tuple(reasons), unmet="")


def _one(asked: Inquiry, condition: Condition) -> Finding:
    if condition.any_of:
        return _any(asked, condition)
    if condition.kind in MONTH_KINDS:
        return _months(asked, condition)
    if condition.kind == FEWER_MONTHS:
        return _fewer_months(asked, condition)
    if condition.kind in _AGES:
        return _age(asked, condition)
    if condition.kind in _NUMBERS:
        return _number(asked, condition)
    met, text = _WORDS[condition.kind](asked, condition)
    reason = asked.told(condition.kind, text, condition.standing, condition.source_ids)
    return _finding(met, text, reason)


def _finding(met: bool, text: str, *reasons: Reason) -> Finding:
    return Finding(met=met, reasons=reasons, unmet="" if met else text)


def _any(asked: Inquiry, condition: Condition) -> Finding:
    """Fulfilled by the first list that is; a missing fact matters only if no list is fulfilled without it."""
    missing: ValueMissing | None = None
    failed: list[Finding] = []
    for conditions in condition.any_of:
        try:
            finding = fulfilled(asked, conditions)
        except ValueMissing as refusal:
            missing = missing or refusal
            continue
        if finding.met:
            return finding
        failed.append(finding)
    if missing is not None:
        raise missing
    text = ", or ".join(finding.unmet for finding in failed)
    return Finding(met=False, reasons=tuple(r for finding in failed for r in finding.reasons), unmet=text)


def _months(asked: Inquiry, condition: Condition) -> Finding:
    state = qualifying_state(asked, condition)
    return _finding(state.fulfilled, state.reasons[0].text, *state.reasons)


def _fewer_months(asked: Inquiry, condition: Condition) -> Finding:
    """What is owed only as long as the months of another benefit are not reached."""
    state = qualifying_state(asked, replace(condition, kind="months_min"))
    text = f"with fewer than {state.needed_months} credited months, {state.have_months} are there"
    return _finding(not state.fulfilled, text, asked.cite(state.rule, text))


_Compare = Callable[[int, int], bool]
_AGES: dict[str, tuple[_Compare, str]] = {
    "age_min_years": (operator.ge, "from the age of {}"),
    "age_max_years": (operator.le, "up to the age of {}"),
    "age_below": (operator.lt, "below the age of {}"),
    "age_min_months": (operator.ge, "from the age of {} years and {} months"),
    "first_entry_age_below": (operator.lt, "first entry below the age of {}"),
    "first_entry_age_from": (operator.ge, "first entry from the age of {}"),
}


def _age(asked: Inquiry, condition: Condition) -> Finding:
    """Judged by the first day on which the person may be born; where another day would decide otherwise, it says so.

    A first entry that is not known is taken to be on the day itself.
    """
    bound = _bound(asked, condition)
    compare, words = _AGES[condition.kind]
    entry = condition.kind.startswith("first_entry")
    day = (asked.person.first_entry_on or asked.on) if entry else asked.on
    in_months = condition.kind == "age_min_months"
    completed = whole_months if in_months else whole_years
    text = words.format(*divmod(bound, 12)) if in_months else words.format(bound)
    born = BirthDate(first_day=asked.person.birth_date, precision=asked.person.birth_precision)
    earliest, latest = (compare(completed(birth, day), bound) for birth in (born.first_day, born.last_day))
    reason = asked.cite(str(condition.parameter), text)
    if earliest is not latest:
        known = f"{text}; of the birth only the {born.precision.value} is known, its first day is taken"
        reason = replace(reason, text=known, standing=Standing.ASSUMED)
    return _finding(earliest, text, reason)


_NUMBERS: dict[str, tuple[Callable[[PersonFacts], int | None], _Compare, str, str]] = {
    "contract_months_min": (
        operator.attrgetter("contract_months"),
        operator.ge,
        "with a contract of at least {} months",
        "the months of the contract",
    ),
    "work_months_min": (
        operator.attrgetter("work_months"),
        operator.ge,
        "after at least {} months of work in the state",
        "the months worked in the state",
    ),
    "firm_workers_min": (
        operator.attrgetter("firm_workers"),
        operator.ge,
        "in a firm of at least {} workers",
        "how many workers the firm employs",
    ),
    "firm_workers_below": (
        operator.attrgetter("firm_workers"),
        operator.lt,
        "in a firm of fewer than {} workers",
        "how many workers the firm employs",
    ),
}


def _number(asked: Inquiry, condition: Condition) -> Finding:
    of, compare, words, fact = _NUMBERS[condition.kind]
    given = of(asked.person)
    bound = _bound(asked, condition)
    if given is None:
        raise ValueMissing(rule=str(condition.parameter), fact=fact)
    text = words.format(bound)
    return _finding(compare(given, bound), text, asked.cite(str(condition.parameter), text))


def _bound(asked: Inquiry, condition: Condition) -> int:
    assert condition.parameter is not None, "the loader demands a bound for this condition"
    return int(asked.number(condition.parameter))


def _nationals_only(asked: Inquiry, condition: Condition) -> tuple[bool, str]:
    return asked.person.nationality is asked.law.member_state, "only nationals of the state"


def _valid_pass(asked: Inquiry, condition: Condition) -> tuple[bool, str]:
    return asked.person.valid_pass, "only with a valid passport and pass"


def _sectors(asked: Inquiry, condition: Condition) -> tuple[bool, str]:
    sector = _given(asked, condition, asked.person.sector, "the sector of the worker")
    words = ", ".join(sector.value for sector in condition.sectors)
    if condition.kind == "sectors_excluded":
        return sector not in condition.sectors, f"not for the sectors {words}"
    return sector in condition.sectors, f"only for the sectors {words}"


def _residence(asked: Inquiry, condition: Condition) -> tuple[bool, str]:
    status = _given(asked, condition, asked.person.residence, "the residence status in the state")
    words = " or ".join(_spoken(allowed.value) for allowed in condition.statuses)
    return status in condition.statuses, f"only with the residence status {words}"


def _sex(asked: Inquiry, condition: Condition) -> tuple[bool, str]:
    sex = _given(asked, condition, asked.person.sex, "the sex of the person")
    return sex is condition.sex, "only for women" if condition.sex is Sex.FEMALE else "only for men"


def _stated(asked: Inquiry, condition: Condition) -> tuple[bool, str]:
    assert condition.stated is not None, "the loader demands a fact for this condition"
    words = _spoken(condition.stated.value)
    stated = _given(asked, condition, asked.person.stated, f'whether "{words}" is so')
    return condition.stated in stated, f"only if {words}, as stated"


_WORDS: dict[str, Callable[[Inquiry, Condition], tuple[bool, str]]] = {
    "nationals_only": _nationals_only,
    "valid_pass": _valid_pass,
    "sectors_excluded": _sectors,
    "sectors_included": _sectors,
    "residence": _residence,
    "sex": _sex,
    "stated": _stated,
}


def _given(asked: Inquiry, condition: Condition, fact: Fact | None, words: str) -> Fact:
    if fact is None:
        raise ValueMissing(rule=f"{asked.rule}.{condition.kind}", fact=words)
    return fact


def _spoken(word: str) -> str:
    return word.replace("_", " ")
