"""The move plan: where a worker's cover can land when another legislation applies, at what cost and loss.

Pure: it can be asked before anything is done. It knows no state; which segments are for workers abroad, for
workers who come in, what they cost and what they demand are values of the rule files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.contributions import Quote
from domain.coverage import CoverageSpell
from domain.errors import PeriodInvalid, Refusal, RuleUnknown
from domain.funding import Purse, choose_purse
from domain.landings import (
    BranchDays,
    Candidate,
    Landing,
    LandingKind,
    MoveQuestion,
    branch_days,
    candidates_of,
    chosen_of,
    landings_of,
    old_cover_window,
    quote_of,
    stated,
)
from domain.legislation import Agreement, Legislation, Reason, Rulebook, Standing, weakest
from domain.money import Money, total
from domain.periods import ONE_DAY, Month, Period
from domain.schemes import Branch, PersonGroup, PortableObject, Scheme, Segment

__all__ = [
    "BranchDays",
    "Entry",
    "Landing",
    "LandingKind",
    "MoveFacts",
    "MovePlan",
    "MoveQuestion",
    "PrepaidMonth",
    "plan_move",
]

CONTRACT_MONTHS_AT_MOST = 600
"""A longer term is a typing error; no contract lasts longer than a working life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepaidMonth:
    """A contribution month already paid (sent) or reserved for this worker, and from which donation."""

    scheme_id: str
    segment_id: str
    month: Month
    amount: Money
    donation_id: UUID | None
    sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An enrolment that the plan opens: the segment, its days and what it costs (None if it depends on a wage)."""

    scheme_id: str
    segment_id: str
    institution_id: str
    period: Period
    quote: Quote | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePlan:
    """The plan of a move: what opens, what ends, what it costs the fund, what returns, what is lost, and why.

    ends: segments whose cover ends the day before the move. returns: prepaid months that are not used.
    returned_to_fund: what of them donations had paid. starts_anew: waiting and membership that begin again.
    pack: the home scheme for workers abroad, if there is one; donation_id: who pays it. obstacle: why the
    plan cannot be carried out, empty if it can. alternatives: the pack by every route, for comparison.
    """

    question: MoveQuestion
    landings: tuple[Landing, ...]
    branches: tuple[BranchDays, ...]
    host_entries: tuple[Entry, ...]
    pack: Entry | None
    alternatives: tuple[Quote, ...]
    ends: tuple[tuple[str, str], ...]
    returns: tuple[PrepaidMonth, ...]
    cost_to_fund: Money
    returned_to_fund: Money
    donation_id: UUID | None
    starts_anew: tuple[Reason, ...]
    reasons: tuple[Reason, ...]
    standing: Standing
    obstacle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFacts:
    """What is known of the worker and the money when a plan is made; purses in the order of their use."""

    spells: tuple[CoverageSpell, ...]
    segments: tuple[tuple[str, str], ...]
    prepaid: tuple[PrepaidMonth, ...]
    purses: tuple[Purse, ...]
    fund_name: str


def plan_move(question: MoveQuestion, facts: MoveFacts, rulebook: Rulebook) -> MovePlan:
    """Return the plan of a move, from facts and law alone.

    Order of choice: what is compulsory, then what leaves no gap, then more branches, then the lower cost to
    the fund.
    Raises PeriodInvalid for a move to the same state, a decision after the move or an impossible term,
    RuleNotInForce and RuleUnknown where the law is not known, ValueMissing where a sector is needed.
    Source: the segments for outbound and inbound workers in the two states' rule files; place of work decides
    the legislation unless an agreement says otherwise.
    """
    _check(question)
    home, host = rulebook.legislation(question.from_state), rulebook.legislation(question.to_state)
    candidates = candidates_of(question, home, host)
    chosen = chosen_of(candidates, question)
    pack_landing = next((c for c in chosen if c.is_pack), None)
    pack = None if pack_landing is None else _entry(pack_landing, question)
    host_entries = tuple(_entry(c, question) for c in chosen if c.kind is not LandingKind.HOME_FOR_WORKERS_ABROAD)
    ends = _ends(home, facts)
    returns = _returns(home, question, facts)
    cost = pack.quote.total if pack and pack.quote else Money.zero(home.currency)
    donation_id, unpaid = _payer(pack, cost, facts, question)
    branches = _branches(candidates, facts, question)
    landings = tuple(landing for branch in branches for landing in landings_of(branch, candidates, chosen))
    reasons = (
        *_legislation_reasons(question, rulebook),
        *(pack.quote.reasons if pack and pack.quote else ()),
        *_return_reasons(home, question, facts),
        *_kept_reasons(home, ends),
    )
    anew = (*_waiting_anew(chosen), *_left_behind(home, ends, question, rulebook))
    quotes = [entry.quote for entry in host_entries if entry.quote is not None]
    cited = (*reasons, *anew, *(reason for landing in landings if landing.chosen for reason in landing.reasons))
    return MovePlan(
        question=question,
        landings=landings,
        branches=tuple(branch_days(branch, candidates, chosen, facts.spells, question) for branch in branches),
        host_entries=host_entries,
        pack=pack,
        alternatives=_alternatives(candidates, question),
        ends=ends,
        returns=returns,
        cost_to_fund=cost,
        returned_to_fund=total(tuple(m.amount for m in returns if m.donation_id is not None), home.currency),
        donation_id=donation_id,
        starts_anew=anew,
        reasons=reasons,
        standing=weakest((*(reason.standing for reason in cited), *(quote.standing for quote in quotes))),
        obstacle=" ".join(filter(None, (unpaid, *_obstacles(chosen, pack, facts, question)))),
    )


def _check(question: MoveQuestion) -> None:
    if question.from_state is question.to_state:
        raise PeriodInvalid(what="move", rule="it goes to the state it comes from")
    if question.contract_months < 1:
        raise PeriodInvalid(what="contract term", rule="it has less than one month")
    if question.contract_months > CONTRACT_MONTHS_AT_MOST:
        raise PeriodInvalid(what="contract term", rule=f"it has more than {CONTRACT_MONTHS_AT_MOST} months")
    if question.decided_on > question.move_on:
        raise PeriodInvalid(what="move", rule=f"it begins on {question.move_on}, before it is decided")


def _entry(candidate: Candidate, question: MoveQuestion) -> Entry:
    assert candidate.period is not None, "only an open landing is entered"
    return Entry(
        scheme_id=candidate.scheme.id,
        segment_id=candidate.segment.id,
        institution_id=candidate.scheme.institution_id,
        period=candidate.period,
        quote=quote_of(candidate, question, question.route),
    )


def _alternatives(candidates: Sequence[Candidate], question: MoveQuestion) -> tuple[Quote, ...]:
    quotes: list[Quote | None] = []
    for candidate in (c for c in candidates if c.is_pack and c.open):
        routes = {route for rule in candidate.segment.contributions for route in rule.routes}
        quotes.extend(quote_of(candidate, question, route) for route in sorted(routes or {question.route}))
    return tuple(quote for quote in quotes if quote is not None)


def _segment(home: Legislation, scheme_id: str, segment_id: str) -> tuple[Scheme, Segment]:
    scheme = home.schemes[scheme_id]
    if segment_id not in scheme.segments:
        raise RuleUnknown(kind="segment", name=f"{scheme_id}.{segment_id}")
    return scheme, scheme.segments[segment_id]


def _ends(home: Legislation, facts: MoveFacts) -> tuple[tuple[str, str], ...]:
    """Segments of the state that is left; one for workers abroad is not left by going abroad."""
    here = (pair for pair in facts.segments if pair[0] in home.schemes)
    return tuple(pair for pair in here if _segment(home, *pair)[1].persons is not PersonGroup.OUTBOUND)


def _unused(home: Legislation, question: MoveQuestion, facts: MoveFacts) -> Iterator[tuple[PrepaidMonth, str | None]]:
    """Months that begin on or after the move, and the parameter that says whether they come back.

    The month of the move is used up unless the move is on its first day.
    """
    for paid in facts.prepaid:
        if paid.scheme_id in home.schemes and paid.month.first_day >= question.move_on:
            yield paid, home.segment(paid.scheme_id, paid.segment_id, paid.month.first_day).returns_prepaid


def _given_back(home: Legislation, paid: PrepaidMonth, name: str | None) -> bool:
    return name is not None and bool(home.parameter(name).on(paid.month.first_day).number)


def _returns(home: Legislation, question: MoveQuestion, facts: MoveFacts) -> tuple[PrepaidMonth, ...]:
    """Unused months return where the law lets them; those that were never sent are simply not paid."""
    unused = _unused(home, question, facts)
    return tuple(paid for paid, name in unused if not paid.sent or _given_back(home, paid, name))


def _return_reasons(home: Legislation, question: MoveQuestion, facts: MoveFacts) -> tuple[Reason, ...]:
    reasons: dict[Reason, None] = {}
    for paid, name in _unused(home, question, facts):
        if paid.sent and name is not None:
            text = "Unused prepaid months may be asked back (1) or not (0)"
            reasons[home.cite(name, paid.month.first_day, text)] = None
        elif paid.sent:
            text = f"{paid.scheme_id}: prepaid months after the move are not asked back; no rule for it is known"
            reasons[stated(f"{paid.scheme_id}.{paid.segment_id}.returns_prepaid", text)] = None
    return tuple(reasons)


def _payer(pack: Entry | None, cost: Money, facts: MoveFacts, question: MoveQuestion) -> tuple[UUID | None, str]:
    if pack is None or cost.minor_units == 0:
        return None, ""
    purses = [p for p in facts.purses if p.balance.available.currency is cost.currency]
    month = Month.of(question.decided_on)
    try:
        purse = choose_purse(purses, cost, (pack.scheme_id,), month, facts.fund_name)
    except Refusal as refusal:
        return None, refusal.message
    return purse.donation.id, ""


def _obstacles(
    chosen: Sequence[Candidate], pack: Entry | None, facts: MoveFacts, question: MoveQuestion
) -> Iterator[str]:
    if not chosen:
        yield "No scheme of either state takes this worker on. Ask the institutions before the worker leaves."
    for candidate in chosen:
        at_home = candidate.kind is LandingKind.HOME_FOR_WORKERS_ABROAD
        if at_home and (pack is None or candidate.scheme.id != pack.scheme_id):
            yield f"{candidate.scheme.id} must go on too and cannot be opened by a move. Ask its institution."
    for spell in facts.spells:
        held = spell.period.contains(question.move_on) and spell.period.contains(question.contract_last_day)
        if pack is not None and spell.scheme_id == pack.scheme_id and held:
            yield f"{pack.scheme_id} is paid for the whole contract already. Move without paying it twice."
            return


def _branches(candidates: Sequence[Candidate], facts: MoveFacts, question: MoveQuestion) -> list[Branch]:
    """The branches that protect between decision and move, and those that a landing would add."""
    had = {spell.branch for spell in facts.spells if spell.period.within(old_cover_window(question)) is not None}
    gained = {branch for c in candidates if c.open for branch in c.scheme.branches}
    return [branch for branch in Branch if branch in had | gained]


def _waiting_anew(chosen: Sequence[Candidate]) -> tuple[Reason, ...]:
    return tuple(
        c.law.cite(rule.months, c.period.first_day, f"{c.scheme.id} {rule.branch.value}: {rule.remark}")
        for c in chosen
        if c.period is not None
        for rule in c.waiting_now
    )


def _left_behind(
    home: Legislation, ends: Sequence[tuple[str, str]], question: MoveQuestion, rulebook: Rulebook
) -> tuple[Reason, ...]:
    """What was gathered in the old cover and is not known, or known not, to count in the new one."""
    added = rulebook.agreement_between(question.from_state, question.to_state, question.move_on) is not None
    last_day, reasons = question.move_on - ONE_DAY, []
    for scheme_id, segment_id in ends:
        scheme, segment = _segment(home, scheme_id, segment_id)
        for rule in segment.waiting:
            text = (
                f"{scheme_id} {rule.branch.value}: membership ends on {last_day}; whether its months count in "
                "another scheme, or again after a return, is not verified"
            )
            if home.parameter(rule.months).on(last_day).number:
                reasons.append(replace(home.cite(rule.months, last_day, text), standing=Standing.ASSUMED))
        if scheme.portable_object is PortableObject.PERIOD and not added:
            text = f"{scheme_id}: insurance periods stay recorded at home and are not added to those abroad"
            reasons.append(stated(f"{scheme_id}.{segment_id}", text))
    return tuple(reasons)


def _kept_reasons(home: Legislation, ends: Sequence[tuple[str, str]]) -> tuple[Reason, ...]:
    balances = [pair for pair in ends if home.schemes[pair[0]].portable_object is PortableObject.BALANCE]
    return tuple(
        stated(f"{scheme_id}.{segment_id}", f"{scheme_id}: the balance stays in the worker's account at home")
        for scheme_id, segment_id in balances
    )


def _legislation_reasons(question: MoveQuestion, rulebook: Rulebook) -> tuple[Reason, ...]:
    place = stated(
        "applicable_legislation.place_of_work",
        f"From {question.move_on} the legislation of {question.to_state.value} applies, by place of work",
    )
    agreement = rulebook.agreement_between(question.from_state, question.to_state, question.move_on)
    if agreement is not None:
        return place, _agreed(agreement, f"Periods are added under {agreement.id}", "totalization")
    parties = {question.from_state.value, question.to_state.value}
    known = [a for a in rulebook.agreements if parties <= {*a.parties}]
    none = tuple(_not_added(a, question) for a in known)
    return (place, *(none or (stated("agreements", "No agreement between the two states adds periods"),)))


def _not_added(agreement: Agreement, question: MoveQuestion) -> Reason:
    if not agreement.totalization:
        text = f"{agreement.kind}: no totalization, so no periods are added"
        return _agreed(agreement, text, "no totalization")
    text = f"{agreement.kind}: not known to be in force on {question.move_on}, so no periods are added"
    return _agreed(agreement, text, "not in force")


def _agreed(agreement: Agreement, text: str, value: str) -> Reason:
    return Reason(
        rule=agreement.id,
        text=text,
        value=value,
        since=agreement.first_day,
        source_ids=agreement.source_ids,
        standing=agreement.standing,
    )
