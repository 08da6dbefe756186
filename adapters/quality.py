"""How complete the rule file of a state is, computed from what was loaded and never from what somebody claims.

Each check below says when its rule counts as done. The file itself may only explain what is not done
(`quality` of the rule file). Whether a state has enough worked cases only its tests can say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain

from domain.circumstances import Contingency
from domain.countries import MemberState
from domain.legislation import Legislation
from domain.quality import QualityRule
from domain.schemes import (
    Branch,
    Condition,
    CoverBasis,
    Formula,
    Participation,
    PortableObject,
    Scheme,
    Segment,
)
from domain.standing import Standing

_LONG_TERM = (Branch.OLD_AGE, Branch.INVALIDITY, Branch.SURVIVORS)
_PASSPORT = "passport"
_NO_PRICE = "Contributions to "
_STATE_PAYS = "state"


def rules_done(law: Legislation, adapted: Collection[MemberState]) -> frozenset[QualityRule]:
    """Return the quality rules that a rule file fulfils, all but `worked_cases`.

    adapted: the states for which the composition root offers a country adapter.
    """
    done = {rule for rule, fulfilled in _CHECKS.items() if fulfilled(law)}
    return frozenset(done | ({QualityRule.ADAPTER} if law.member_state in adapted else set()))


def own_language(law: Legislation) -> bool:
    """Every institution and every scheme has a name in the state's own language."""
    names = [thing.name for thing in law.institutions.values()] + [scheme.name for scheme in law.schemes.values()]
    return all(name.own and name.own_language == law.name.own_language for name in names)


def contributions(law: Legislation) -> bool:
    """Every segment has shares or a payer of a market price, or `left_out` speaks of contributions to its scheme."""
    said = [row.what for row in law.left_out if row.what.startswith(_NO_PRICE)]
    return all(
        segment.contributions or segment.market_payer or any(scheme.id in what for what in said)
        for scheme, segment in _standing_segments(law)
    )


def conditions_sourced(law: Legislation) -> bool:
    """Every condition of a segment or benefit rests on a parameter or names a source of its own."""
    return all(condition.parameter or condition.source_ids for condition in _conditions(law))


def waiting(law: Legislation) -> bool:
    """Where insurance periods count, each segment says how many months old age, invalidity and survivors need."""
    return all(
        any(rule.branch is branch for rule in segment.waiting)
        for scheme, segment in _standing_segments(law)
        if scheme.portable_object is PortableObject.PERIOD
        for branch in scheme.branches
        if branch in _LONG_TERM
    )


def death_benefit(law: Legislation) -> bool:
    """Some benefit is owed after a death, whatever its cause or by work."""
    return _has_benefit(law, Contingency.DEATH, Contingency.WORK_DEATH)


def employment_injury_benefit(law: Legislation) -> bool:
    """Some benefit is owed to who is hurt at work."""
    return _has_benefit(
        law,
        Contingency.WORK_INJURY_TREATMENT,
        Contingency.WORK_INJURY_TEMPORARY,
        Contingency.WORK_INJURY_PERMANENT_TOTAL,
        Contingency.WORK_INJURY_PERMANENT_PARTIAL,
    )


def old_age_benefit(law: Legislation) -> bool:
    """Some benefit is owed in old age."""
    return _has_benefit(law, Contingency.OLD_AGE)


def due_dates(law: Legislation) -> bool:
    """Every segment for whose months somebody other than the State pays says when they are due."""
    return all(segment.due for _, segment in _standing_segments(law) if _is_billed_by_month(segment))


def restart(law: Legislation) -> bool:
    """Wherever a waiting rule counts paid months, what a lapse does to it today is more than assumed."""
    return all(
        law.parameter(segment.cover.restart_anew).values[-1].standing is not Standing.ASSUMED
        for _, segment in _standing_segments(law)
        if segment.cover.basis is CoverBasis.CONTRIBUTION_MONTH and segment.waiting and segment.cover.restart_anew
    )


def identifiers(law: Legislation) -> bool:
    """A number that the state or an institution gives is described, beside the passport."""
    return any(kind != _PASSPORT for kind in law.identifiers)


_CHECKS: Mapping[QualityRule, Callable[[Legislation], bool]] = {
    QualityRule.OWN_LANGUAGE: own_language,
    QualityRule.CONTRIBUTIONS: contributions,
    QualityRule.CONDITIONS_SOURCED: conditions_sourced,
    QualityRule.WAITING: waiting,
    QualityRule.DEATH_BENEFIT: death_benefit,
    QualityRule.EMPLOYMENT_INJURY_BENEFIT: employment_injury_benefit,
    QualityRule.OLD_AGE_BENEFIT: old_age_benefit,
    QualityRule.DUE_DATES: due_dates,
    QualityRule.RESTART: restart,
    QualityRule.IDENTIFIERS: identifiers,
}


def _standing_segments(law: Legislation) -> Iterator[tuple[Scheme, Segment]]:
    """The segments in which somebody can be insured today: not excluded, and without a last day."""
    for scheme in law.schemes.values():
        for segment in scheme.segments.values():
            if segment.participation is not Participation.EXCLUDED and segment.last_day is None:
                yield scheme, segment


def _conditions(law: Legislation) -> Iterator[Condition]:
    for scheme in law.schemes.values():
        of_segments = [segment.conditions for segment in scheme.segments.values()]
        of_benefits = [benefit.conditions for benefit in scheme.benefits.values()]
        for condition in chain.from_iterable((*of_segments, *of_benefits)):
            yield from condition.single()


def _has_benefit(law: Legislation, *contingencies: Contingency) -> bool:
    return any(
        benefit.contingency in contingencies for scheme in law.schemes.values() for benefit in scheme.benefits.values()
    )


def _is_billed_by_month(segment: Segment) -> bool:
    return any(rule.payer != _STATE_PAYS and rule.formula is not Formula.TERM_PACK for rule in segment.contributions)
