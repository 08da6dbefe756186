"""Landings of a move: the schemes in which cover can continue, which of them hold, and the days they leave.

A candidate is a segment of the host for workers who come in, or of the home state for workers abroad. What it
demands and costs is in the rule files; nothing here knows a state.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from uuid import UUID

from domain.contributions import ContributionFacts, Quote, monthly_quote
from domain.countries import MemberState
from domain.coverage import CoverageSpell
from domain.eligibility import Eligibility, EligibleStretch, PersonFacts, eligibility, eligible_stretch
from domain.errors import PriceNotSetByLaw, RuleUnknown, ValueMissing
from domain.legislation import Legislation, Reason, Standing
from domain.money import Money
from domain.packs import phases_of, term_quote
from domain.periods import ONE_DAY, Month, Period, add_months, days_held_twice, term_last_day, uncovered
from domain.schemes import (
    Branch,
    CoverBasis,
    Extent,
    FunderKind,
    Participation,
    PersonGroup,
    Scheme,
    Segment,
    WaitingRule,
)


class LandingKind(Enum):
    """Where the cover of a branch can continue, in the order in which a choice is made."""

    HOST_COMPULSORY = "host_compulsory"
    HOME_FOR_WORKERS_ABROAD = "home_for_workers_abroad"
    HOST_VOLUNTARY = "host_voluntary"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveQuestion:
    """What is asked: who moves, whence, whither, from which day, for how many months, and how placed.

    decided_on: the day of asking, on which a pack would be paid. person.sector is that of the work abroad;
    person.first_entry_on the first day of insured work in the host state, the day of the move if not known.
    wage: of one month abroad, in the host's currency, where known.
    """

    worker_id: UUID
    person: PersonFacts
    from_state: MemberState
    to_state: MemberState
    move_on: dt.date
    contract_months: int
    route: str
    wage: Money | None
    decided_on: dt.date

    @property
    def contract_last_day(self) -> dt.date:
        """The last day of the contract."""
        return term_last_day(self.move_on, self.contract_months)

    @property
    def contract(self) -> Period:
        """The days of the contract."""
        return Period(self.move_on, self.contract_last_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """One scheme in which a branch can continue, whether it is part of the plan, and why.

    period, extent: of a landing that is open to the worker, the extent as on its first day; None otherwise.
    """

    branch: Branch
    kind: LandingKind
    scheme_id: str | None
    segment_id: str | None
    institution_id: str | None
    period: Period | None
    extent: Extent | None
    chosen: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchDays:
    """Per branch: the days from the decision to the end of the contract without any cover, and with two covers.

    A branch that nothing protects between the decision and the move is counted from the move on.
    """

    branch: Branch
    gaps: tuple[Period, ...]
    gap_days: int
    overlap_days: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A segment that could take the worker on. ends_because: why it stops before the contract does, if so."""

    kind: LandingKind
    law: Legislation
    scheme: Scheme
    segment: Segment
    fits: Eligibility
    period: Period | None
    ends_because: str

    @property
    def open(self) -> bool:
        """Whether the worker can be in this segment at all."""
        return self.period is not None

    @property
    def compulsory(self) -> bool:
        return self.segment.participation is Participation.COMPULSORY

    @property
    def is_pack(self) -> bool:
        """Whether it is a pack of the home state, paid once for the contract."""
        return self.kind is LandingKind.HOME_FOR_WORKERS_ABROAD and self.segment.cover.basis is CoverBasis.TERM

    @property
    def waiting_now(self) -> tuple[WaitingRule, ...]:
        """The waiting rules that limit a branch on the first day."""
        if self.period is None:
            return ()
        first = self.period.first_day
        return tuple(rule for rule in self.segment.waiting if self.law.parameter(rule.months).on(first).number)


def candidates_of(question: MoveQuestion, home: Legislation, host: Legislation) -> tuple[Candidate, ...]:
    """Return every segment of the host for workers who come in and of the home state for workers abroad.

    Raises RuleNotInForce where a bound is not known, ValueMissing where a sector is needed and not given.
    Source: the segments `inbound` and `outbound` of the two rule files.
    """
    inbound = [_host_candidate(host, *found, question) for found in _segments(host, PersonGroup.INBOUND)]
    outbound = [_home_candidate(home, *found, question) for found in _segments(home, PersonGroup.OUTBOUND)]
    return (*inbound, *outbound)


def chosen_of(candidates: Sequence[Candidate], question: MoveQuestion) -> tuple[Candidate, ...]:
    """Return the landings that hold: all compulsory ones, and a voluntary pack if it closes a gap.

    Of several packs the one that leaves the fewest days without cover is taken, then the one with more
    branches, then the cheaper one. Voluntary schemes of the host are shown and left to the worker.
    """
    chosen = [c for c in candidates if c.open and c.compulsory]
    if any(c.is_pack for c in chosen):
        return tuple(chosen)
    branches = {branch for c in candidates if c.open for branch in c.scheme.branches}

    def left(extra: Sequence[Candidate]) -> int:
        return sum(_days_without(branch, [*chosen, *extra], question.contract) for branch in branches)

    packs = [c for c in candidates if c.open and c.is_pack and left([c]) < left([])]
    best = min(packs, key=lambda c: (left([c]), -len(c.scheme.branches), _price(c, question)), default=None)
    return (*chosen, best) if best is not None else tuple(chosen)


def quote_of(candidate: Candidate, question: MoveQuestion, route: str) -> Quote | None:
    """What a candidate costs: a pack for the contract, or the first month, None if that depends on a wage."""
    law, scheme, segment = candidate.law, candidate.scheme, candidate.segment
    if segment.cover.basis is CoverBasis.TERM:
        return term_quote(
            law,
            scheme.id,
            segment.id,
            question.decided_on,
            contract_months=question.contract_months,
            route=route,
        )
    assert candidate.period is not None, "only an open landing has a price"
    facts = ContributionFacts(funder_kind=FunderKind.EMPLOYER, sector=question.person.sector, wage=question.wage)
    try:
        return monthly_quote(law, scheme.id, segment.id, Month.of(candidate.period.first_day), facts)
    except (ValueMissing, RuleUnknown, PriceNotSetByLaw):
        # The wage is not known yet, nothing is due, or the law leaves the price to a market.
        return None


def landings_of(branch: Branch, candidates: Sequence[Candidate], chosen: Sequence[Candidate]) -> tuple[Landing, ...]:
    """Return every landing of a branch; one called `nowhere` is added if none is part of the plan."""
    found = tuple(_landing(branch, c, c in chosen) for c in candidates if branch in c.scheme.branches)
    if any(landing.chosen for landing in found):
        return found
    nowhere = Landing(
        branch=branch,
        kind=LandingKind.NOWHERE,
        scheme_id=None,
        segment_id=None,
        institution_id=None,
        period=None,
        extent=None,
        chosen=True,
        reasons=(stated("move.landing", _nowhere(branch, candidates)),),
    )
    return (*found, nowhere)


def old_cover_window(question: MoveQuestion) -> Period:
    """The days on which old cover counts: from the decision to the day before the move."""
    return Period(question.decided_on, max(question.decided_on, question.move_on - ONE_DAY))


def branch_days(
    branch: Branch,
    candidates: Sequence[Candidate],
    chosen: Sequence[Candidate],
    spells: Iterable[CoverageSpell],
    question: MoveQuestion,
) -> BranchDays:
    """Return a branch's days without cover and with two covers, old cover counting up to the day before the move."""
    spells = tuple(spells)
    old = [s.period.within(old_cover_window(question)) for s in spells if s.branch is branch]
    had = any(period is not None for period in old) and question.decided_on < question.move_on
    new = [c.period for c in chosen if c.period is not None and branch in c.scheme.branches]
    begins = question.decided_on if had else question.move_on
    eve = question.move_on - ONE_DAY
    if new and not had and not any(s.branch is branch and s.period.contains(eve) for s in spells):
        # A branch that is gained by the move is not missing on the days before it begins.
        begins = max(begins, min(period.first_day for period in new))
    window = Period(begins, question.contract_last_day)
    periods = [period for period in (*(old if had else ()), *new) if period is not None]
    gaps = uncovered(window, periods)
    return BranchDays(
        branch=branch,
        gaps=gaps,
        gap_days=sum(window.overlap_days(gap) for gap in gaps),
        overlap_days=days_held_twice(window, periods),
        why=_why(branch, gaps, candidates, chosen),
    )


def stated(rule: str, text: str, value: str = "") -> Reason:
    """A reason that states a fact or a principle and rests on no value of a rule file."""
    return Reason(rule=rule, text=text, value=value, since=None, source_ids=(), standing=Standing.CONFIRMED)


def _segments(law: Legislation, persons: PersonGroup) -> list[tuple[Scheme, Segment]]:
    return [
        (scheme, segment)
        for scheme in law.schemes.values()
        for segment in scheme.segments.values()
        if segment.persons is persons and segment.participation is not Participation.EXCLUDED
    ]


def _mover(question: MoveQuestion) -> PersonFacts:
    return replace(question.person, contract_months=question.contract_months)


def _host_candidate(law: Legislation, scheme: Scheme, segment: Segment, question: MoveQuestion) -> Candidate:
    compulsory = segment.participation is Participation.COMPULSORY
    kind = LandingKind.HOST_COMPULSORY if compulsory else LandingKind.HOST_VOLUNTARY
    # The age at first entry stays what it was; without this it would grow with each birthday of the contract.
    mover = _mover(question)
    person = replace(mover, first_entry_on=mover.first_entry_on or question.move_on)
    stretch = eligible_stretch(law, scheme, segment, person, question.contract)
    return _candidate(kind, law, scheme, segment, stretch)


def _home_candidate(law: Legislation, scheme: Scheme, segment: Segment, question: MoveQuestion) -> Candidate:
    kind = LandingKind.HOME_FOR_WORKERS_ABROAD
    if segment.cover.basis is not CoverBasis.TERM:
        stretch = eligible_stretch(law, scheme, segment, _mover(question), question.contract)
        return _candidate(kind, law, scheme, segment, stretch)
    # A pack is paid on the day of decision and holds for its whole term, whatever changes later.
    fits = eligibility(law, scheme, segment, _mover(question), question.decided_on)
    period = _pack_period(law, segment, question) if fits.eligible else None
    return _candidate(kind, law, scheme, segment, EligibleStretch(period=period, fits=fits, ends_because=""))


def _candidate(
    kind: LandingKind, law: Legislation, scheme: Scheme, segment: Segment, stretch: EligibleStretch
) -> Candidate:
    return Candidate(
        kind=kind,
        law=law,
        scheme=scheme,
        segment=segment,
        fits=stretch.fits,
        period=stretch.period,
        ends_because=stretch.ends_because,
    )


def _pack_period(law: Legislation, segment: Segment, question: MoveQuestion) -> Period:
    before, after, _ = phases_of(law, segment, question.decided_on, question.route)
    first = max(question.decided_on, add_months(question.move_on, -before))
    return Period(first, term_last_day(question.move_on, question.contract_months + after))


def _price(candidate: Candidate, question: MoveQuestion) -> int:
    quote = quote_of(candidate, question, question.route)
    return 0 if quote is None else quote.total.minor_units


def _days_without(branch: Branch, chosen: Sequence[Candidate], window: Period) -> int:
    held = [c.period for c in chosen if c.period is not None and branch in c.scheme.branches]
    return sum(window.overlap_days(gap) for gap in uncovered(window, held))


def _landing(branch: Branch, candidate: Candidate, chosen: bool) -> Landing:
    waiting = [rule for rule in candidate.waiting_now if rule.branch is branch]
    reasons = list(candidate.fits.reasons)
    if candidate.period is None:
        reasons.append(stated(f"{candidate.scheme.id}.{candidate.segment.id}", candidate.fits.unmet))
    else:
        reasons.extend(candidate.law.cite(rule.months, candidate.period.first_day, rule.remark) for rule in waiting)
    if candidate.ends_because:
        reasons.append(stated(f"{candidate.scheme.id}.{candidate.segment.id}", _stops(candidate)))
    full = None if candidate.period is None else Extent.FULL
    return Landing(
        branch=branch,
        kind=candidate.kind,
        scheme_id=candidate.scheme.id,
        segment_id=candidate.segment.id,
        institution_id=candidate.scheme.institution_id,
        period=candidate.period,
        extent=waiting[0].extent if waiting else full,
        chosen=chosen,
        reasons=tuple(reasons),
    )


def _stops(candidate: Candidate) -> str:
    assert candidate.period is not None, "what never began does not stop"
    return f"{candidate.scheme.id} ends on {candidate.period.last_day} ({candidate.ends_because})"


def _why(branch: Branch, gaps: tuple[Period, ...], candidates: Sequence[Candidate], chosen: Sequence[Candidate]) -> str:
    if not gaps:
        return "No day without cover"
    landed = [c for c in chosen if branch in c.scheme.branches]
    if not landed:
        return _nowhere(branch, candidates)
    stops = [_stops(candidate) for candidate in landed if candidate.ends_because]
    return "; ".join([f"The new cover of {branch.value} does not reach these days", *stops])


def _nowhere(branch: Branch, candidates: Sequence[Candidate]) -> str:
    concerned = [c for c in candidates if branch in c.scheme.branches]
    unmet = dict.fromkeys(f"{c.scheme.id} ({c.fits.unmet})" for c in concerned if c.fits.unmet)
    left = dict.fromkeys(f"{c.scheme.id} (voluntary, left to the worker)" for c in concerned if c.open)
    why = "; ".join([*unmet, *left])
    return f"No scheme of either state takes on {branch.value}{': ' + why if why else ''}"
