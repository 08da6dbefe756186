"""The months that a scheme credits to a person: runs that lie apart, so that no month counts twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.errors import PeriodInvalid
from domain.periods import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditedMonths:
    """Runs of months, each from its first to its last, ascending and apart; made by `of`."""

    runs: tuple[tuple[Month, Month], ...]

    @classmethod
    def of(cls, runs: Iterable[tuple[Month, Month]]) -> CreditedMonths:
        """Return the months of runs in any order; a month in two of them counts once.

        Raises PeriodInvalid if a run ends before it begins.
        """
        joined: list[tuple[Month, Month]] = []
        for first, last in sorted(runs):
            if last < first:
                raise PeriodInvalid(what="run of credited months", rule=f"it ends in {last}, before {first}")
            if joined and joined[-1][1].until(first) <= 1:
                joined[-1] = (joined[-1][0], max(joined[-1][1], last))
            else:
                joined.append((first, last))
        return cls(runs=tuple(joined))

    @property
    def first(self) -> Month | None:
        """The first credited month, None if there is none."""
        return self.runs[0][0] if self.runs else None

    def up_to(self, last: Month) -> CreditedMonths:
        """The months that are not later than a month."""
        return CreditedMonths(runs=tuple((start, min(end, last)) for start, end in self.runs if start <= last))

    def since(self, first: Month) -> CreditedMonths:
        """The months that are not earlier than a month."""
        return CreditedMonths(runs=tuple((max(start, first), end) for start, end in self.runs if end >= first))

    def with_run(self, first: Month, last: Month) -> CreditedMonths:
        """These months and each month from the first to the last."""
        return CreditedMonths.of((*self.runs, (first, last)))

    def __len__(self) -> int:
        return sum(start.until(end) + 1 for start, end in self.runs)
