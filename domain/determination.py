"""Coverage answers: whether a person is covered on a day, read off the spells of their cover."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum

from domain.coverage import CoverageSpell, fact
from domain.errors import PurposeNotOpen
from domain.legislation import Reason, Standing, weakest
from domain.periods import ONE_DAY


class Outcome(Enum):
    """The answer to a coverage question."""

    COVERED = "covered"
    NOT_COVERED = "not_covered"


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchCover:
    """One branch on the day asked, by one scheme.

    covered_until: last day without a break, as now known. withheld: what of it is not told to who asked.
    """

    spell: CoverageSpell
    covered_until: dt.date | None
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageDetermination:
    """Whether a person is covered on a day, for which branches, by whom, who paid, until when, and why."""

    on: dt.date
    outcome: Outcome
    covers: tuple[BranchCover, ...]
    reasons: tuple[Reason, ...]
    standing: Standing
    withheld: tuple[PurposeNotOpen, ...] = ()


def determine(spells: tuple[CoverageSpell, ...], on: dt.date) -> CoverageDetermination:
    """Return the answer for one day from the spells that are known of one person."""
    covers = tuple(
        BranchCover(spell=spell, covered_until=_unbroken_until(spell, spells))
        for spell in spells
        if spell.period.contains(on)
    )
    reasons = tuple(dict.fromkeys(reason for cover in covers for reason in cover.spell.reasons))
    if not covers:
        ended = max((s.last_day for s in spells if s.last_day is not None and s.last_day < on), default=None)
        reasons = (no_cover(ended, min((s.first_day for s in spells if s.first_day > on), default=None)),)
    return CoverageDetermination(
        on=on,
        outcome=Outcome.COVERED if covers else Outcome.NOT_COVERED,
        covers=covers,
        reasons=reasons,
        standing=weakest(tuple(reason.standing for reason in reasons)),
    )


def no_cover(ended: dt.date | None, begins: dt.date | None) -> Reason:
    """Return the reason of an answer without cover: when the last cover before the day ended, when the next begins."""
    if ended is None and begins is None:
        return fact("coverage", "No cover is known of this person", "none")
    parts = ([f"the last cover ended on {ended}"] if ended else []) + ([f"cover begins on {begins}"] if begins else [])
    return fact("coverage", "No scheme protects on this day", "; ".join(parts))


def _unbroken_until(spell: CoverageSpell, spells: tuple[CoverageSpell, ...]) -> dt.date | None:
    """The last day without a break for the spell's branch, by whichever scheme goes on protecting it."""
    until = spell.last_day
    for other in sorted((s for s in spells if s.branch is spell.branch), key=lambda s: s.first_day):
        if until is None or (other.last_day is None and other.first_day <= until + ONE_DAY):
            return None
        if other.first_day <= until + ONE_DAY:
            until = max(until, other.last_day or until)
    return until
