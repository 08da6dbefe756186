"""Packs: what is due once for a whole contract term, by component, with the reasons."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from domain.contributions import Quote, Share, bracket_of
from domain.errors import PeriodInvalid, RuleUnknown, ValueMissing
from domain.legislation import Legislation, Reason
from domain.money import round_to, total
from domain.schemes import ContributionRule, Formula, Segment
from domain.standing import Standing, weakest


def term_quote(
    law: Legislation, scheme_id: str, segment_id: str, on: dt.date, *, contract_months: int, route: str
) -> Quote:
    """Return the price of a pack for one contract term, paid once, by component.

    on: the day of payment, whose prices apply. contract_months: at least 1. route: how the worker is placed,
    a word of the rule file. A term between two packs costs the cheaper of the next larger pack and the
    largest smaller one with single months added; that reading of the law is assumed and says so.
    Raises RuleUnknown if the segment is not priced per term or not open to the route, RuleNotInForce,
    PeriodInvalid for a term of no months.
    Source: the segment's term packs in the rule file.
    """
    if contract_months < 1:
        raise PeriodInvalid(what="contract term", rule="it has less than one month")
    segment = law.segment(scheme_id, segment_id, on)
    rules = [r for r in segment.contributions if r.formula is Formula.TERM_PACK and _open_to(r, route)]
    if not rules:
        raise RuleUnknown(kind="pack for this route", name=f"{scheme_id}.{segment_id} by {route}")
    name = segment.rounding_step
    step = None if name is None else law.parameter(name).number_on(on)
    shares: list[Share] = []
    reasons: list[Reason] = []
    for rule in rules:
        price, used = _pack_price(law, rule, on, contract_months)
        reasons.extend(used)
        amount = round_to(price, law.currency, segment.rounding, step)
        shares.append(Share(payer=rule.payer, component=rule.component, amount=amount))
    before, after, phases = phases_of(law, segment, on, route)
    reasons += [*([law.cite(name, on, "Payable step")] if name is not None else []), *phases]
    return Quote(
        scheme_id=scheme_id,
        segment_id=segment_id,
        month=None,
        contract_months=contract_months,
        cover_months=before + contract_months + after,
        shares=tuple(shares),
        total=total(tuple(share.amount for share in shares), law.currency),
        base=None,
        reasons=tuple(reasons),
        standing=weakest(tuple(reason.standing for reason in reasons)),
        rules_hash=law.content_hash,
    )


def phases_of(law: Legislation, segment: Segment, on: dt.date, route: str) -> tuple[int, int, tuple[Reason, ...]]:
    """Months at most before work, and after work, that a pack protects besides the contract, with reasons.

    Only a route that pays the part called `before` is protected before work.
    """
    months, reasons = [], []
    pays_before = any(r.component == "before" and _open_to(r, route) for r in segment.contributions)
    for name, text in (
        (segment.cover.before_months if pays_before else None, "Months at most that the pack protects before work"),
        (segment.cover.after_months, "Months that the pack protects after work"),
    ):
        months.append(0 if name is None else int(law.parameter(name).number_on(on)))
        if name is not None:
            reasons.append(law.cite(name, on, text))
    return months[0], months[1], tuple(reasons)


def _pack_price(
    law: Legislation, rule: ContributionRule, on: dt.date, contract_months: int
) -> tuple[Fraction, tuple[Reason, ...]]:
    dated = law.parameter(rule.amount).on(on)
    if dated.number is not None:
        return Fraction(dated.number), (law.cite(rule.amount, on, "Price of the pack's part, paid once"),)
    choices: list[tuple[Fraction, tuple[Reason, ...]]] = []
    larger = next((b for b in dated.brackets if b.from_amount >= contract_months), None)
    if larger is not None:
        value, reason = bracket_of(dated, larger.from_amount, rule.amount)
        choices.append((Fraction(value), (reason,)))
    smaller = [b for b in dated.brackets if b.from_amount < contract_months]
    if smaller and rule.base is not None and (larger is None or larger.from_amount != contract_months):
        value, reason = bracket_of(dated, smaller[-1].from_amount, rule.amount)
        beyond = contract_months - int(smaller[-1].from_amount)
        month = Fraction(law.parameter(rule.base).number_on(on))
        added = law.cite(rule.base, on, f"{beyond} months beyond the pack")
        choices.append((Fraction(value) + month * beyond, (reason, added)))
    if not choices:
        raise ValueMissing(rule=rule.amount, fact=f"a pack for {contract_months} months")
    price, reasons = min(choices, key=lambda choice: choice[0])
    if larger is not None and larger.from_amount != contract_months:
        reasons = (*reasons, _between_packs(rule.amount, contract_months))
    return price, reasons


def _between_packs(rule: str, contract_months: int) -> Reason:
    return Reason(
        rule=rule,
        text="No pack is for this term exactly; the cheapest way to cover it is taken, which is not verified",
        value=f"{contract_months} months",
        since=None,
        source_ids=(),
        standing=Standing.ASSUMED,
    )


def _open_to(rule: ContributionRule, route: str) -> bool:
    """A share that names no route is paid on every route."""
    return not rule.routes or route in rule.routes
