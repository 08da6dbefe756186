"""The law in words: conditions, contributions and formulas as people read them, with the names of their parameters."""

from __future__ import annotations

from collections.abc import Iterator

from domain.formulas import AmountFormula, AmountLeaf, Combination, Measure
from domain.schemes import (
    BaseKind,
    Benefit,
    Condition,
    ContributionRule,
    CoverBasis,
    CoverRule,
    DueRule,
    Formula,
    PersonGroup,
    PortableObject,
    SchemeKind,
    Segment,
    WaitingRule,
)
from domain.standing import Standing

_COMBINED = {
    Combination.SUM: "{}",
    Combination.HIGHEST: "the highest of {}",
    Combination.LOWEST: "the lowest of {}",
}
PERSONS = {
    PersonGroup.EMPLOYED: "employed persons",
    PersonGroup.SELF_EMPLOYED: "self-employed persons",
    PersonGroup.OUTBOUND: "nationals working abroad",
    PersonGroup.INBOUND: "foreigners working here",
}
FOLLOWS = {
    PortableObject.EVENT: "protection at an event",
    PortableObject.PERIOD: "insurance periods",
    PortableObject.BALANCE: "a balance",
    PortableObject.RESIDENCE: "a right by residence",
}
KINDS = {
    SchemeKind.SOCIAL_INSURANCE: "social insurance",
    SchemeKind.SOCIAL_INSURANCE_DB: "social insurance with defined benefits",
    SchemeKind.PROVIDENT_FUND: "provident fund",
    SchemeKind.MIXED_ACCOUNT_AND_POOL: "account of the member and a pool",
    SchemeKind.EMPLOYER_LIABILITY_INSURED: "insured liability of the employer",
    SchemeKind.EMPLOYER_MANDATED_INSURANCE: "insurance that the employer must take out",
    SchemeKind.UNIVERSAL: "universal scheme",
    SchemeKind.SOCIAL_ASSISTANCE: "social assistance",
}

_PAYERS = {"self": "worker", "employer": "employer", "funder": "whoever pays", "state": "State"}
_CONDITIONS = {
    "age_min_years": "at least {} years old",
    "age_max_years": "at most {} years old",
    "age_below": "younger than {} years",
    "age_min_months": "at least {} months old",
    "first_entry_age_below": "younger than {} years on the first day of insured work",
    "first_entry_age_from": "at least {} years old on the first day of insured work",
    "contract_months_min": "a contract of at least {} months",
    "work_months_min": "at least {} months of work in the state",
    "firm_workers_min": "a firm of at least {} workers",
    "firm_workers_below": "a firm of fewer than {} workers",
    "months_min": "at least {} credited months",
    "months_below": "fewer than {} credited months",
    "months_in_window_min": "at least {} credited months within the last {window}",
    "months_share_min": "credited months for at least {} percent of the time since the first",
    "membership_months_min": "at least {} months of membership",
    "sectors_excluded": "not in {}",
    "sectors_included": "in {}",
    "residence": "{}",
    "sex": "{}",
    "stated": "stated: {}",
    "nationals_only": "nationals only",
    "valid_pass": "a valid passport and pass",
}


def formula_in_words(formula: AmountFormula | None) -> str:
    """What a benefit's amount is computed from; empty for one in kind."""
    if formula is None:
        return ""
    if isinstance(formula, AmountLeaf):
        return _leaf(formula)
    joint = " + " if formula.combination is Combination.SUM else "; "
    inner = joint.join(formula_in_words(part) for part in formula.parts)
    return _COMBINED[formula.combination].format(f"({inner})")


def condition_in_words(condition: Condition) -> str:
    """What a person must fulfil, with its standing and sources if it rests on no parameter."""
    if condition.any_of:
        return " or ".join(
            f"({', '.join(condition_in_words(one) for one in conditions)})" for conditions in condition.any_of
        )
    named = [
        condition.parameter or "",
        *(spoken(word.value) for word in (*condition.sectors, *condition.statuses)),
        *(spoken(word.value) for word in (condition.sex, condition.stated) if word is not None),
    ]
    text = _CONDITIONS[condition.kind].format(" or ".join(filter(None, named)), window=condition.window)
    text += " before the semester of the contingency" if condition.before_semester else ""
    return text if condition.parameter else f"{text} ({standing_in_words(condition.standing, condition.source_ids)})"


def contribution_in_words(rule: ContributionRule) -> str:
    """One share of a contribution: who pays, and of what."""
    text = f"{_PAYERS[rule.payer]}: {rule.amount}"
    if rule.formula is Formula.FLAT:
        text += " a month"
    elif rule.formula is Formula.TERM_PACK:
        text += f" for the term ({spoken(rule.component)})"
        text += "" if rule.base is None else f", and {rule.base} for each month beyond"
    elif rule.base_kind is BaseKind.INCOME_BASE:
        text += f" percent of the income base {rule.base}"
    else:
        text += " percent of the wage"
    limits = (("at least", rule.floor), ("at most", rule.ceiling), ("of the middle of brackets of", rule.bracket_width))
    text += "".join(f", {word} {name}" for word, name in limits if name is not None)
    return text + (f"; if placed by {' or '.join(rule.routes)}" if rule.routes else "")


def cover_in_words(cover: CoverRule) -> str:
    """From what the cover of a segment follows."""
    if cover.basis is CoverBasis.ENROLMENT:
        return "enrolment"
    if cover.basis is CoverBasis.TERM:
        return f"a pack for the term, with {cover.before_months} months before it and {cover.after_months} after it"
    return (
        f"each paid month, and {cover.tolerance_months} unpaid months after it; "
        f"after a lapse membership begins anew if {cover.restart_anew} is 1"
    )


def due_in_words(due: DueRule) -> str:
    """By when the contribution of a month is paid."""
    return f"on day {due.day} of the month, {due.months_after} months after the contribution month"


def waiting_in_words(rule: WaitingRule) -> str:
    """How far a branch protects in the first months."""
    return f"{spoken(rule.branch.value)} is {rule.extent.value} until {rule.months} months: {rule.remark}"


def standing_in_words(standing: Standing | None, source_ids: tuple[str, ...]) -> str:
    """How sure something is, and by which sources; what the file says nothing of is assumed."""
    if standing is None:
        return Standing.ASSUMED.value
    return f"{standing.value}: {', '.join(source_ids)}"


def parameters_of_benefit(benefit: Benefit) -> tuple[str, ...]:
    """The names of all parameters that a benefit rests on, each once, in the order in which they are read."""
    names = [
        *_of_conditions(benefit.conditions),
        *(() if benefit.amount is None else _of_formula(benefit.amount)),
        benefit.after_months,
        benefit.lasts_months,
        benefit.rounding_step,
    ]
    return tuple(dict.fromkeys(name for name in names if name is not None))


def parameters_of_segment(segment: Segment) -> tuple[str, ...]:
    """The names of all parameters that a segment rests on, each once, in the order in which they are read."""
    names = [
        *(name for rule in segment.contributions for name in _of_contribution(rule)),
        *_of_conditions(segment.conditions),
        *(rule.months for rule in segment.waiting),
        *_of_cover(segment.cover),
        *(() if segment.due is None else (segment.due.months_after, segment.due.day)),
        segment.rounding_step,
        segment.returns_prepaid,
    ]
    return tuple(dict.fromkeys(name for name in names if name is not None))


def spoken(word: str) -> str:
    """A word of the rule files as people read it."""
    return word.replace("_", " ")


def _leaf(leaf: AmountLeaf) -> str:
    base = "" if leaf.base is None else f"the {spoken(leaf.base.value)}"
    text = {
        Measure.AMOUNT: f"{leaf.parameter}",
        Measure.PERCENT: f"{leaf.parameter} percent of {base}",
        Measure.MULTIPLE: f"{leaf.parameter} times {base}",
        Measure.ALL_OF: f"all of {base}",
    }[leaf.measure]
    text += "" if leaf.by is None else f" by {spoken(leaf.by.value)}"
    text += "" if leaf.for_each is None else f" for each of {spoken(leaf.for_each.value)}"
    limits = (
        ("above", leaf.above),
        ("at most", leaf.at_most),
        ("base from", leaf.floor),
        ("base up to", leaf.ceiling),
        ("credited from", leaf.credited_from),
        ("credited before", leaf.credited_before),
    )
    return text + "".join(f", {word} {value}" for word, value in limits if value is not None)


def _of_formula(formula: AmountFormula) -> Iterator[str | None]:
    if isinstance(formula, AmountLeaf):
        yield from (formula.parameter, formula.above, formula.at_most, formula.floor, formula.ceiling)
        return
    for part in formula.parts:
        yield from _of_formula(part)


def _of_conditions(conditions: tuple[Condition, ...]) -> Iterator[str | None]:
    for condition in (single for listed in conditions for single in listed.single()):
        yield from (condition.parameter, condition.window)


def _of_contribution(rule: ContributionRule) -> Iterator[str | None]:
    yield from (rule.amount, rule.base, rule.floor, rule.ceiling, rule.bracket_width)


def _of_cover(cover: CoverRule) -> Iterator[str | None]:
    yield from (cover.tolerance_months, cover.restart_anew, cover.before_months, cover.after_months)
