"""What a scheme owes when something happens: one estimate for each of its benefits, with the reasons.

An estimate says what the law gives for the facts as they were told; the institution decides the benefit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from domain.amounts import computed
from domain.circumstances import Contingency
from domain.conditions import fulfilled
from domain.errors import RuleNotInForce, RuleUnknown, ValueMissing
from domain.formulas import AmountIs, Payment
from domain.inquiries import Inquiry, about_benefit
from domain.legislation import Legislation, Reason
from domain.money import Money, round_to, total
from domain.qualifying import QualifyingState, states_of
from domain.quantities import BenefitFacts
from domain.schemes import Benefit, Branch, Scheme, Segment, Text
from domain.standing import Standing, weakest


class BenefitOutcome(Enum):
    """Whether a benefit is owed; FACT_MISSING: it depends on a fact that was not given."""

    PAYABLE = "payable"
    NOT_PAYABLE = "not_payable"
    IN_KIND = "in_kind"
    FACT_MISSING = "fact_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitEstimate:
    """What one benefit gives. amount: None unless it is payable.

    unmet: the first condition that is not fulfilled. fact: what must be given, and missing_for the rule that needs
    it; all three empty where they do not apply. after_months, lasts_months: the phase of a periodical benefit,
    None if it begins at once or has no limit. standing: of the weakest value used.
    """

    benefit_id: str
    name: Text
    branch: Branch
    outcome: BenefitOutcome
    amount: Money | None
    amount_is: AmountIs
    payment: Payment
    after_months: int | None
    lasts_months: int | None
    unmet: str
    fact: str
    missing_for: str
    qualifying: tuple[QualifyingState, ...]
    reasons: tuple[Reason, ...]
    standing: Standing
    grounds: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitTotal:
    """The sum of what is payable exactly, paid in one way and in one phase."""

    payment: Payment
    after_months: int | None
    lasts_months: int | None
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitAnswer:
    """What a scheme owes for one contingency on one day, benefit by benefit as the rule file lists them."""

    scheme_id: str
    segment_id: str
    contingency: Contingency
    on: dt.date
    estimates: tuple[BenefitEstimate, ...]
    totals: tuple[BenefitTotal, ...]
    standing: Standing
    rules_hash: str


def benefits_on(
    law: Legislation, scheme_id: str, segment_id: str, contingency: Contingency, on: dt.date, facts: BenefitFacts
) -> BenefitAnswer:
    """Return what a person insured in a segment is owed when something happens on a day.

    on: the day of the contingency, such as the accident or the death; its values apply.
    facts: what is not known is left out; a benefit that needs it says so and the others are answered.
    Raises RuleUnknown for a scheme or segment that the file does not have, or if it lists no benefit for the
    contingency, RuleNotInForce if none is in force that day or a value is not known, CurrencyMismatch and
    AmountOutOfRange for amounts and counts that cannot be.
    Source: the scheme's benefits and their parameters in the rule file.
    """
    segment = law.segment(scheme_id, segment_id, on)
    scheme = law.schemes[scheme_id]
    owed = _in_force(scheme, segment, contingency, on)
    estimates = tuple(_estimate(law, scheme, segment, benefit, facts, on) for benefit in owed)
    return BenefitAnswer(
        scheme_id=scheme_id,
        segment_id=segment_id,
        contingency=contingency,
        on=on,
        estimates=estimates,
        totals=_totals(law, estimates),
        standing=weakest(tuple(estimate.standing for estimate in estimates)),
        rules_hash=law.content_hash,
    )


def _in_force(scheme: Scheme, segment: Segment, contingency: Contingency, on: dt.date) -> tuple[Benefit, ...]:
    known = [b for b in scheme.benefits.values() if b.contingency is contingency and b.concerns(segment.id)]
    name = f"{scheme.id}.{segment.id}.{contingency.value}"
    if not known:
        raise RuleUnknown(kind="benefit", name=name)
    owed = tuple(benefit for benefit in known if benefit.open_on(on))
    if not owed:
        raise RuleNotInForce(rule=name, asked_on=on, nearest=_nearest(known, on))
    return owed


def _nearest(known: Sequence[Benefit], on: dt.date) -> str:
    ended = max((b.last_day for b in known if b.last_day is not None and b.last_day < on), default=None)
    begins = min((b.first_day for b in known if b.first_day > on), default=None)
    parts = ([f"the last one ended on {ended}"] if ended else []) + ([f"the next begins on {begins}"] if begins else [])
    return " and ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    outcome: BenefitOutcome
    reasons: tuple[Reason, ...] = ()
    amount: Money | None = None
    unmet: str = ""
    fact: str = ""
    missing_for: str = ""


def _estimate(
    law: Legislation, scheme: Scheme, segment: Segment, benefit: Benefit, facts: BenefitFacts, on: dt.date
) -> BenefitEstimate:
    asked = about_benefit(law, scheme, segment, benefit, facts.person, on)
    found = _outcome(asked, benefit, facts)
    phase = [(name, int(asked.number(name))) for name in (benefit.after_months, benefit.lasts_months) if name]
    months = dict(phase)
    reasons = (*found.reasons, *(asked.cite(name, "Months of the phase") for name, _ in phase))
    return BenefitEstimate(
        benefit_id=benefit.id,
        name=benefit.name,
        branch=benefit.branch,
        outcome=found.outcome,
        amount=found.amount,
        amount_is=benefit.amount_is,
        payment=benefit.payment,
        after_months=months.get(benefit.after_months or ""),
        lasts_months=months.get(benefit.lasts_months or ""),
        unmet=found.unmet,
        fact=found.fact,
        missing_for=found.missing_for,
        qualifying=_qualifying(asked, benefit),
        reasons=reasons,
        standing=weakest(tuple(reason.standing for reason in reasons)),
        grounds=benefit.grounds,
    )


def _qualifying(asked: Inquiry, benefit: Benefit) -> tuple[QualifyingState, ...]:
    """How far the person has come; nothing where the months are not known, for then the outcome says so."""
    try:
        return tuple(states_of(asked, benefit.conditions))
    except ValueMissing:
        return ()


def _outcome(asked: Inquiry, benefit: Benefit, facts: BenefitFacts) -> _Outcome:
    try:
        finding = fulfilled(asked, benefit.conditions)
        if not finding.met:
            return _Outcome(outcome=BenefitOutcome.NOT_PAYABLE, reasons=finding.reasons, unmet=finding.unmet)
        owed = (*_owed(asked, benefit), *finding.reasons)
        if benefit.amount is None:
            return _Outcome(outcome=BenefitOutcome.IN_KIND, reasons=owed)
        found = computed(asked, facts, benefit.amount)
    except ValueMissing as missing:
        return _Outcome(outcome=BenefitOutcome.FACT_MISSING, fact=missing.fact, missing_for=missing.rule)
    amount, steps = _rounded(asked, benefit, found.amount)
    return _Outcome(outcome=BenefitOutcome.PAYABLE, reasons=(*owed, *found.reasons, *steps), amount=amount)


def _owed(asked: Inquiry, benefit: Benefit) -> tuple[Reason, ...]:
    """The rule of the benefit itself, where no value stands for it or the rule file gives it sources of its own."""
    if benefit.amount is not None and benefit.standing is None:
        return ()
    text = f"Owed as {benefit.payment.value.replace('_', ' ')}"
    return (asked.told("owed", text, benefit.standing, benefit.source_ids),)


def _rounded(asked: Inquiry, benefit: Benefit, amount: Fraction) -> tuple[Money, tuple[Reason, ...]]:
    """The payable amount, rounded here and nowhere before."""
    assert benefit.rounding is not None, "the loader demands a rounding of every amount"
    if benefit.rounding_step is None:
        return round_to(amount, asked.law.currency, benefit.rounding), ()
    money = round_to(amount, asked.law.currency, benefit.rounding, asked.number(benefit.rounding_step))
    return money, (asked.cite(benefit.rounding_step, "Payable step"),)


def _totals(law: Legislation, estimates: tuple[BenefitEstimate, ...]) -> tuple[BenefitTotal, ...]:
    """One sum for each way and phase of payment; what is at most or at least is in none of them."""
    sums: dict[tuple[Payment, int | None, int | None], list[Money]] = {}
    for estimate in estimates:
        if estimate.amount is not None and estimate.amount_is is AmountIs.EXACT:
            key = (estimate.payment, estimate.after_months, estimate.lasts_months)
            sums.setdefault(key, []).append(estimate.amount)
    return tuple(
        BenefitTotal(
            payment=payment, after_months=after, lasts_months=lasts, amount=total(tuple(amounts), law.currency)
        )
        for (payment, after, lasts), amounts in sums.items()
    )
