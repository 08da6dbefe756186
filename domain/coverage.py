"""Coverage: who is protected, for which branch, on which days, how far, and who paid.

Spells are computed once, when a fact changes, and stored; they already know the day they will lapse.
A determination reads spells and answers for one day. Nothing here knows a state: tolerance months,
waiting rules and the basis of cover are values of the rule files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby

from domain.errors import RuleUnknown
from domain.legislation import Legislation, Reason, Rulebook, Standing
from domain.periods import ONE_DAY, Month, Period, term_last_day, uncovered
from domain.schemes import Branch, CoverBasis, Extent, FunderKind, Scheme, Segment


class CoverState(Enum):
    """Why a day is covered: its month is paid, it is a tolerance month, a paid term or an enrolment holds."""

    PAID = "paid"
    TOLERANCE = "tolerance"
    TERM = "term"
    ENROLMENT = "enrolment"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidMonth:
    """A contribution month that an institution acknowledged, and who paid it."""

    month: Month
    funder_kind: FunderKind
    fund_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Insurance:
    """All that is known of one worker in one segment of a scheme.

    first_day, last_day: the enrolment, as far as it limits cover (an open end is None). funder_kind, fund_id:
    who pays an enrolment or a term. months: the paid months, where cover follows from months; their order
    does not matter, of a month that comes twice the first counts, months outside the enrolment do not.
    """

    scheme_id: str
    segment_id: str
    first_day: dt.date
    last_day: dt.date | None
    funder_kind: FunderKind
    fund_id: str | None
    months: tuple[PaidMonth, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageSpell:
    """A dated stretch in which one branch is protected by one scheme in one way.

    last_day is the day the spell lapses by what is known; None while an enrolment has no end.
    """

    scheme_id: str
    institution_id: str
    branch: Branch
    first_day: dt.date
    last_day: dt.date | None
    extent: Extent
    state: CoverState
    funder_kind: FunderKind
    fund_id: str | None
    reasons: tuple[Reason, ...]
    rules_hash: str

    @property
    def period(self) -> Period:
        return Period(self.first_day, self.last_day)


def coverage_spells(insurances: tuple[Insurance, ...], rulebook: Rulebook) -> tuple[CoverageSpell, ...]:
    """Return the spells of one worker, per scheme and branch, in order, without overlap in a scheme and branch.

    Where two segments of a scheme protect a branch on the same days, the better cover stands: what is paid or
    confirmed before a tolerance month, the whole benefit before a part of it, the first given of two alike.
    Raises RuleUnknown for a segment that no rule file has, RuleNotInForce if a rule is needed for a day on
    which it is not known.
    Source: the cover and waiting rules of each segment.
    """
    spells: dict[tuple[str, Branch], list[CoverageSpell]] = {}
    for insurance in insurances:
        law = rulebook.of_scheme(insurance.scheme_id)
        scheme = law.schemes[insurance.scheme_id]
        segment = scheme.segments.get(insurance.segment_id)
        if segment is None:
            raise RuleUnknown(kind="segment", name=f"{insurance.scheme_id}.{insurance.segment_id}")
        for branch in scheme.branches:
            found = spells.setdefault((scheme.id, branch), [])
            found.extend(_of_branch(law, scheme, segment, insurance, branch))
    return tuple(spell for found in spells.values() for spell in _apart(found))


def _of_branch(
    law: Legislation, scheme: Scheme, segment: Segment, insurance: Insurance, branch: Branch
) -> Iterator[CoverageSpell]:
    blank = CoverageSpell(
        scheme_id=scheme.id,
        institution_id=scheme.institution_id,
        branch=branch,
        first_day=insurance.first_day,
        last_day=insurance.last_day,
        extent=Extent.FULL,
        state=CoverState.PAID,
        funder_kind=insurance.funder_kind,
        fund_id=insurance.fund_id,
        reasons=(),
        rules_hash=law.content_hash,
    )
    if segment.cover.basis is CoverBasis.CONTRIBUTION_MONTH:
        yield from _from_months(law, segment, insurance, blank)
    else:
        yield from _from_enrolment(law, segment, blank)


def _from_enrolment(law: Legislation, segment: Segment, blank: CoverageSpell) -> Iterator[CoverageSpell]:
    term = segment.cover.basis is CoverBasis.TERM
    state = CoverState.TERM if term else CoverState.ENROLMENT
    text = "The pack is paid for this term" if term else "The institution confirmed the enrolment"
    known = fact(f"{blank.scheme_id}.cover", text, str(blank.first_day))
    spell = replace(blank, state=state, reasons=(known,))
    limited = list(_waiting_spells(law, segment, spell))
    held = [part.period for part in limited]
    full = [replace(spell, first_day=p.first_day, last_day=p.last_day) for p in _outside(spell.period, held)]
    yield from sorted([*limited, *full], key=lambda part: part.first_day)


def _waiting_spells(law: Legislation, segment: Segment, spell: CoverageSpell) -> Iterator[CoverageSpell]:
    """The first days of a membership on which only a part is paid, each day by the rule in force on it."""
    held: list[Period] = []
    for rule in (rule for rule in segment.waiting if rule.branch is spell.branch):
        law.parameter(rule.months).on(spell.first_day)  # a membership older than what is known is refused
        values = law.parameter(rule.months).values
        for value, following in zip(values, (*values[1:], None), strict=True):
            if not value.number:
                continue
            waits = Period(spell.first_day, term_last_day(spell.first_day, int(value.number)))
            in_force = Period(value.first_day, following.first_day - ONE_DAY if following else None)
            limited = waits.within(in_force)
            part = limited.within(spell.period) if limited else None
            for days in _outside(part, held) if part else ():
                cited = law.cite(rule.months, days.first_day, rule.remark)
                held.append(days)
                yield replace(
                    spell,
                    first_day=days.first_day,
                    last_day=days.last_day,
                    extent=rule.extent,
                    reasons=(*spell.reasons, cited),
                )


def _outside(period: Period, held: Iterable[Period]) -> tuple[Period, ...]:
    """The parts of a period that none of the others holds; an open end stays open."""
    closed = Period(period.first_day, period.last_day or dt.date.max)
    return tuple(
        Period(gap.first_day, None if period.last_day is None and gap.last_day == dt.date.max else gap.last_day)
        for gap in uncovered(closed, held)
    )


def _apart(spells: list[CoverageSpell]) -> list[CoverageSpell]:
    """The spells of one scheme and branch, cut so that each day is in the best of them only."""
    kept: list[CoverageSpell] = []
    for spell in sorted(spells, key=_rank):
        parts = _outside(spell.period, [other.period for other in kept])
        kept.extend(replace(spell, first_day=part.first_day, last_day=part.last_day) for part in parts)
    return sorted(kept, key=lambda spell: spell.first_day)


def _rank(spell: CoverageSpell) -> tuple[bool, bool]:
    return spell.state is CoverState.TOLERANCE, spell.extent is not Extent.FULL


@dataclass(frozen=True, slots=True)
class _MonthCover:
    month: Month
    state: CoverState
    extent: Extent
    funder_kind: FunderKind
    fund_id: str | None
    cited: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Membership:
    """The months that count towards waiting rules: those since a payment, and those brought from before a lapse.

    restart: the rule by which it began or went on after a lapse; none before the first.
    """

    since: Month
    months_before: int
    restart: tuple[Reason, ...]

    def months_at(self, month: Month) -> int:
        """How many months count before a month."""
        return self.months_before + self.since.until(month)


def _from_months(
    law: Legislation, segment: Segment, insurance: Insurance, blank: CoverageSpell
) -> Iterator[CoverageSpell]:
    limit = Period(insurance.first_day, insurance.last_day)
    months = _month_covers(law, segment, _in_order(insurance.months, limit), blank.branch)
    previous: Month | None = None
    stretch = 0
    numbered = []
    for cover in months:
        if previous is not None and previous.until(cover.month) != 1:
            stretch += 1
        numbered.append((stretch, cover))
        previous = cover.month
    for _, group in groupby(numbered, key=lambda pair: (pair[0], *_alike(pair[1]))):
        covers = [cover for _, cover in group]
        period = Period(covers[0].month.first_day, covers[-1].month.last_day).within(limit)
        if period is None:
            continue
        yield replace(
            blank,
            first_day=period.first_day,
            last_day=period.last_day,
            extent=covers[0].extent,
            state=covers[0].state,
            funder_kind=covers[0].funder_kind,
            fund_id=covers[0].fund_id,
            reasons=(_months_fact(blank.scheme_id, covers), *covers[0].cited),
        )


def _in_order(months: tuple[PaidMonth, ...], limit: Period) -> tuple[PaidMonth, ...]:
    first_given = {paid.month: paid for paid in reversed(months)}
    inside = [m for m in first_given if limit.overlap_days(Period(m.first_day, m.last_day))]
    return tuple(first_given[month] for month in sorted(inside))


def _alike(cover: _MonthCover) -> tuple[object, ...]:
    return cover.state, cover.extent, cover.funder_kind, cover.fund_id, cover.cited


def _month_covers(
    law: Legislation, segment: Segment, paid: tuple[PaidMonth, ...], branch: Branch
) -> Iterator[_MonthCover]:
    """Each covered month in order: paid, or one of the tolerance months after a paid one.

    paid: ascending, each month once. The months of a membership, paid and tolerated, count towards waiting
    rules, and each month is judged by the waiting rule in force in it.
    """
    membership: _Membership | None = None
    for index, payment in enumerate(paid):
        tolerance, tolerance_reason = _tolerance(law, segment, payment.month)
        membership = membership or _Membership(since=payment.month, months_before=0, restart=())
        following = paid[index + 1].month if index + 1 < len(paid) else None
        unpaid = payment.month.until(following) - 1 if following else tolerance
        extent, cited = _extent(law, segment, branch, membership, payment.month)
        yield _MonthCover(payment.month, CoverState.PAID, extent, payment.funder_kind, payment.fund_id, cited)
        for step in range(1, min(unpaid, tolerance) + 1):
            month = payment.month.plus(step)
            extent, cited = _extent(law, segment, branch, membership, month)
            yield _MonthCover(
                month,
                CoverState.TOLERANCE,
                extent,
                payment.funder_kind,
                payment.fund_id,
                (*tolerance_reason, *cited),
            )
        if following is not None and unpaid > tolerance:
            membership = _after_lapse(law, segment, membership, payment.month.plus(tolerance), following)


def _after_lapse(
    law: Legislation, segment: Segment, membership: _Membership, last_month: Month, payment: Month
) -> _Membership:
    """The membership from the first payment after a lapse, by the rule in force in that payment's month.

    last_month: the last that still protected. Where membership goes on, the months of the lapse do not count.
    """
    name = segment.cover.restart_anew
    assert name is not None, "the loader asks for the rule where cover follows from months"
    anew = law.parameter(name).on(payment.first_day).number != 0
    text = f"Membership {'begins anew' if anew else 'goes on'} with the first payment after a lapse"
    return _Membership(
        since=payment,
        months_before=0 if anew else membership.months_at(last_month) + 1,
        restart=(law.cite(name, payment.first_day, text),),
    )


def _tolerance(law: Legislation, segment: Segment, month: Month) -> tuple[int, tuple[Reason, ...]]:
    name = segment.cover.tolerance_months
    if name is None:
        return 0, ()
    number = law.parameter(name).on(month.first_day).number
    text = "Unpaid months after a paid one that still protect"
    return int(number or 0), (law.cite(name, month.first_day, text),)


def _extent(
    law: Legislation, segment: Segment, branch: Branch, membership: _Membership, month: Month
) -> tuple[Extent, tuple[Reason, ...]]:
    """How far a branch is protected in a month; the restart is cited where the months since it do not suffice."""
    restart: tuple[Reason, ...] = ()
    for rule in segment.waiting:
        number = law.parameter(rule.months).on(month.first_day).number
        if rule.branch is not branch or number is None or membership.since.until(month) >= number:
            continue
        restart = membership.restart
        if membership.months_at(month) < number:
            return rule.extent, (law.cite(rule.months, month.first_day, rule.remark), *restart)
    return Extent.FULL, restart


def _months_fact(scheme_id: str, covers: list[_MonthCover]) -> Reason:
    first, last = covers[0].month, covers[-1].month
    words = "paid and acknowledged" if covers[0].state is CoverState.PAID else "unpaid, after a paid one"
    return fact(f"{scheme_id}.cover", f"The months are {words}", f"{first} to {last}")


def fact(rule: str, text: str, value: str) -> Reason:
    """A reason that is no value of a law but what is known of the person."""
    return Reason(rule=rule, text=text, value=value, since=None, source_ids=(), standing=Standing.CONFIRMED)
