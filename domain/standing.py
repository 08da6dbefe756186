"""How sure a value of the law, and so an answer, is."""

from __future__ import annotations

from enum import Enum


class Standing(Enum):
    """How sure a value is: an official text or two that agree; one secondary source; not verified."""

    CONFIRMED = "confirmed"
    REPORTED = "reported"
    ASSUMED = "assumed"


WEAKEST_LAST = (Standing.CONFIRMED, Standing.REPORTED, Standing.ASSUMED)


def weakest(standings: tuple[Standing, ...]) -> Standing:
    """The standing of an answer is that of its weakest value; of no value, confirmed."""
    return max(standings, key=WEAKEST_LAST.index, default=Standing.CONFIRMED)
