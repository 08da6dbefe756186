"""What a rule file says of schemes, segments, benefits and reliefs, as tables of a page."""

from __future__ import annotations

import datetime as dt

from adapters.country_cells import code, coded, codes, described, plain, table, titled
from domain.formulas import AmountIs, Payment
from domain.legislation import Legislation, Relief
from domain.schemes import Benefit, Scheme, Segment
from domain.wording import (
    FOLLOWS,
    KINDS,
    PERSONS,
    condition_in_words,
    contribution_in_words,
    cover_in_words,
    due_in_words,
    formula_in_words,
    spoken,
    standing_in_words,
    waiting_in_words,
)


def schemes(law: Legislation) -> list[str]:
    """Every scheme with its segments: who, on which conditions, for what price, and from what cover follows."""
    lines = ["## Schemes and segments"]
    for scheme in law.schemes.values():
        institution = law.institutions[scheme.institution_id]
        branches = ", ".join(spoken(branch.value) for branch in scheme.branches)
        lines += [
            *("", f"### {code(scheme.id)} {titled(scheme.name)}", ""),
            *(f"{code(institution.id)} {titled(institution.name)}; {KINDS[scheme.kind]}; what follows a worker:",),
            *(f"{FOLLOWS[scheme.portable_object]}. Branches: {branches}.", f"Grounds: {plain(scheme.grounds)}."),
        ]
        for segment in scheme.segments.values():
            lines += ["", *_segment(segment)]
    return lines


def benefits(law: Legislation) -> list[str]:
    """Every benefit: when it is owed, on which conditions, and by which formula."""
    lines = ["## Benefits"]
    owed = [(scheme, benefit) for scheme in law.schemes.values() for benefit in scheme.benefits.values()]
    for scheme, benefit in owed:
        if benefit is next(iter(scheme.benefits.values())):
            lines += ["", f"### Benefits of {code(scheme.id)}"]
        lines += ["", *_benefit(scheme, benefit)]
    return lines if owed else [*lines, "", "None is written yet."]


def reliefs(law: Legislation) -> list[str]:
    """Every relief: what it multiplies, when, for whom, and who pays the full price."""
    rows = [_relief(relief) for relief in law.reliefs]
    lines = ["## Reliefs", ""]
    return [*lines, *(table(("relief", "factor", "in force", "standing"), rows) if rows else ["None."])]


def _segment(segment: Segment) -> list[str]:
    market = "" if segment.market_payer is None else f"{segment.market_payer}: a price that the law leaves to a market"
    head = f"{PERSONS[segment.persons]}, {segment.participation.value}"
    return described(
        (f"segment {code(segment.id)}", head),
        (
            ("in force", _time(segment.first_day, segment.last_day)),
            ("standing", _standing(segment)),
            ("conditions", [coded(condition_in_words(condition)) for condition in segment.conditions]),
            ("paid", [coded(contribution_in_words(rule)) for rule in segment.contributions] or market),
            ("due", "" if segment.due is None else coded(due_in_words(segment.due))),
            ("rounding", _rounding(segment)),
            ("cover follows from", coded(cover_in_words(segment.cover))),
            ("waiting", [coded(waiting_in_words(rule)) for rule in segment.waiting]),
            ("prepaid months", "" if segment.returns_prepaid is None else f"returned if {_name(segment)} is 1"),
            ("grounds", plain(segment.grounds)),
        ),
    )


def _benefit(scheme: Scheme, benefit: Benefit) -> list[str]:
    amount = coded(formula_in_words(benefit.amount))
    how = "" if benefit.amount_is is AmountIs.EXACT else f"{spoken(benefit.amount_is.value)}: "
    phase = (("after", benefit.after_months), ("for", benefit.lasts_months))
    return described(
        (f"benefit {code(benefit.id)}", titled(benefit.name)),
        (
            ("when", f"{spoken(benefit.contingency.value)}; {spoken(benefit.payment.value)}; {_branch(benefit)}"),
            ("in force", _time(benefit.first_day, benefit.last_day)),
            ("segments", codes(benefit.segment_ids) if len(benefit.segment_ids) < len(scheme.segments) else ""),
            ("standing", _standing(benefit)),
            ("conditions", [coded(condition_in_words(condition)) for condition in benefit.conditions]),
            ("amount", "in kind" if benefit.payment is Payment.IN_KIND else how + amount),
            ("paid", coded(", ".join(f"{word} {name} months" for word, name in phase if name is not None))),
            ("rounding", _rounding(benefit)),
            ("grounds", plain(benefit.grounds)),
        ),
    )


def _relief(relief: Relief) -> tuple[str, ...]:
    concerns = [codes((*relief.scheme_ids, *relief.segment_ids))]
    concerns += [spoken(sector.value) for sector in relief.sectors]
    if relief.excluded_funders:
        concerns.append(f"not if paid by {', '.join(spoken(funder) for funder in relief.excluded_funders)}")
    return (
        f"{code(relief.id)}: {'; '.join(concerns)}",
        str(relief.factor),
        _time(relief.first_day, relief.last_day),
        standing_in_words(relief.standing, relief.source_ids),
    )


def _time(first_day: dt.date, last_day: dt.date | None) -> str:
    return f"from {first_day}" + (f" to {last_day}" if last_day is not None else "")


def _standing(rule: Segment | Benefit) -> str:
    return "" if rule.standing is None else standing_in_words(rule.standing, rule.source_ids)


def _rounding(rule: Segment | Benefit) -> str:
    if rule.rounding is None:
        return ""
    text = spoken(rule.rounding.value) + (f", in steps of {rule.rounding_step}" if rule.rounding_step else "")
    if isinstance(rule, Segment) and rule.rounding_self is not None:
        text += f"; the total is rounded, the worker's share {spoken(rule.rounding_self.value)}"
    return coded(text)


def _name(segment: Segment) -> str:
    return code(segment.returns_prepaid or "")


def _branch(benefit: Benefit) -> str:
    return f"branch {spoken(benefit.branch.value)}"
