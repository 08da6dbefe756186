"""The same person side by side in several states: what each scheme is to them, what it costs, what stays open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from domain.contributions import ContributionFacts, Quote, monthly_quote
from domain.countries import MemberState
from domain.eligibility import PersonFacts, eligibility, segment_reason
from domain.errors import Refusal, RuleNotInForce, ValueMissing
from domain.legislation import Legislation, Reason, Rulebook
from domain.money import Money
from domain.packs import term_quote
from domain.periods import Month
from domain.schemes import (
    Branch,
    CoverBasis,
    FunderKind,
    Participation,
    PersonGroup,
    Scheme,
    Segment,
)
from domain.standing import Standing, weakest


class SchemeFit(Enum):
    """What a segment is to a person on a day.

    UNMET: a condition is not fulfilled. FACT_MISSING: it depends on a fact that was not given. NOT_KNOWN: the rule
    file does not know a bound on that day.
    """

    COMPULSORY = "compulsory"
    VOLUNTARY = "voluntary"
    EXCLUDED = "excluded"
    UNMET = "unmet"
    FACT_MISSING = "fact_missing"
    NOT_KNOWN = "not_known"


class KindOfWork(Enum):
    """How a person works; whether they do it at home, abroad or coming in follows from their nationality."""

    EMPLOYED = "employed"
    SELF_EMPLOYED = "self_employed"


_OPEN = {
    Participation.COMPULSORY: SchemeFit.COMPULSORY,
    Participation.VOLUNTARY: SchemeFit.VOLUNTARY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonFacts:
    """Who is compared, and how they would work in each state.

    amounts: the month's wage, or for the self-employed the declared income; one for
    each currency in which a price is wanted. contract_months of the person and `route` price packs.
    """

    person: PersonFacts
    work: KindOfWork
    funder_kind: FunderKind
    amounts: tuple[Money, ...] = ()
    route: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentComparison:
    """One segment as it stands to the person.

    why_not: what is unmet, which fact is missing, or what is not known; empty if it is open. quote: the price of the
    month or the pack; without one `no_price` says why, and is empty where nothing is to be priced.
    """

    scheme: Scheme
    segment: Segment
    fit: SchemeFit
    why_not: str
    quote: Quote | None
    no_price: str
    reasons: tuple[Reason, ...]
    standing: Standing

    @property
    def abroad(self) -> bool:
        """Whether it is for nationals who work outside the state."""
        return self.segment.persons is PersonGroup.OUTBOUND


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchComparison:
    """Which schemes of a state protect one branch for the person; of neither kind, the branch is a gap."""

    branch: Branch
    compulsory_in: tuple[str, ...]
    voluntary_in: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateComparison:
    """What one state's law is to the person who works there; segments for work abroad protect no branch here."""

    member_state: MemberState
    segments: tuple[SegmentComparison, ...]
    branches: tuple[BranchComparison, ...]
    standing: Standing
    rules_hash: str


def compare_schemes(
    rulebook: Rulebook, states: Sequence[MemberState], on: dt.date, facts: ComparisonFacts
) -> tuple[StateComparison, ...]:
    """Return what the law of each state is to the same person on a day, in the order in which states are named.

    A national is compared by the segments for their kind of work and those for work abroad; a foreigner by those for
    workers who come in, and where a scheme has none, by those for their kind of work. A segment that cannot be judged
    or priced says why, and the others are answered.
    Raises RuleUnknown for a state without a rule file.
    Source: segments, conditions and contributions of the rule files.
    """
    laws = [rulebook.legislation(state) for state in dict.fromkeys(states)]
    return tuple(_of_state(law, on, facts) for law in laws)


def _of_state(law: Legislation, on: dt.date, facts: ComparisonFacts) -> StateComparison:
    found = tuple(
        _compared(law, scheme, segment, on, facts)
        for scheme in law.schemes.values()
        for segment in _concerning(law, scheme, on, facts)
    )
    return StateComparison(
        member_state=law.member_state,
        segments=found,
        branches=tuple(_of_branch(branch, found) for branch in Branch),
        standing=weakest(tuple(one.standing for one in found)),
        rules_hash=law.content_hash,
    )


def _concerning(law: Legislation, scheme: Scheme, on: dt.date, facts: ComparisonFacts) -> tuple[Segment, ...]:
    in_force = [segment for segment in scheme.segments.values() if segment.open_on(on)]
    of_work = PersonGroup(facts.work.value)
    if facts.person.nationality is law.member_state:
        return _of_groups(in_force, (of_work, PersonGroup.OUTBOUND))
    # Workers who come in are employed: no rule file has such a segment for work on one's own account.
    employed = facts.work is KindOfWork.EMPLOYED
    incoming = _of_groups(in_force, (PersonGroup.INBOUND,)) if employed else ()
    return incoming or _of_groups(in_force, (of_work,))


def _of_groups(segments: Iterable[Segment], groups: tuple[PersonGroup, ...]) -> tuple[Segment, ...]:
    return tuple(segment for segment in segments if segment.persons in groups)


def _compared(
    law: Legislation, scheme: Scheme, segment: Segment, on: dt.date, facts: ComparisonFacts
) -> SegmentComparison:
    fit, why_not, reasons = _fit(law, scheme, segment, on, facts.person)
    quote, no_price = _price(law, scheme, segment, on, facts) if fit in _OPEN.values() else (None, "")
    cited = (*reasons, *(quote.reasons if quote is not None else ()))
    return SegmentComparison(
        scheme=scheme,
        segment=segment,
        fit=fit,
        why_not=why_not,
        quote=quote,
        no_price=no_price,
        reasons=cited,
        standing=weakest(tuple(reason.standing for reason in cited)),
    )


def _fit(
    law: Legislation, scheme: Scheme, segment: Segment, on: dt.date, person: PersonFacts
) -> tuple[SchemeFit, str, tuple[Reason, ...]]:
    of_segment = (segment_reason(law, scheme, segment, person, on),)
    try:
        answer = eligibility(law, scheme, segment, person, on)
    except ValueMissing as missing:
        return SchemeFit.FACT_MISSING, missing.fact, of_segment
    except RuleNotInForce as unknown:
        return SchemeFit.NOT_KNOWN, unknown.message, of_segment
    if segment.participation is Participation.EXCLUDED:
        return SchemeFit.EXCLUDED, segment.grounds, answer.reasons
    if not answer.eligible:
        return SchemeFit.UNMET, answer.unmet, answer.reasons
    return _OPEN[segment.participation], "", answer.reasons


def _price(
    law: Legislation, scheme: Scheme, segment: Segment, on: dt.date, facts: ComparisonFacts
) -> tuple[Quote | None, str]:
    try:
        if segment.cover.basis is CoverBasis.TERM:
            return _pack(law, scheme, segment, on, facts), ""
        given = ContributionFacts(funder_kind=facts.funder_kind, sector=facts.person.sector, wage=None, income=None)
        amount = next((money for money in facts.amounts if money.currency is law.currency), None)
        given = replace(given, wage=amount, income=amount)
        return monthly_quote(law, scheme.id, segment.id, Month.of(on), given), ""
    except ValueMissing as missing:
        return None, f"not given: {missing.fact}"
    except Refusal as refusal:
        return None, refusal.message


def _pack(law: Legislation, scheme: Scheme, segment: Segment, on: dt.date, facts: ComparisonFacts) -> Quote:
    for given, fact in (
        (facts.person.contract_months, "the months of the contract"),
        (facts.route, "the route by which the worker is placed"),
    ):
        if given is None:
            raise ValueMissing(rule=f"{scheme.id}.{segment.id}", fact=fact)
    return term_quote(
        law, scheme.id, segment.id, on, contract_months=facts.person.contract_months or 0, route=facts.route or ""
    )


def _of_branch(branch: Branch, segments: tuple[SegmentComparison, ...]) -> BranchComparison:
    here = [one for one in segments if branch in one.scheme.branches and not one.abroad]

    def by(fit: SchemeFit) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.scheme.id for one in here if one.fit is fit))

    return BranchComparison(branch=branch, compulsory_in=by(SchemeFit.COMPULSORY), voluntary_in=by(SchemeFit.VOLUNTARY))
