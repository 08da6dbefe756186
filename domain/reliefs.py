"""Reliefs: whether a price is lowered on a day, by the segment, the sector and who pays."""

from __future__ import annotations

import datetime as dt

from domain.errors import ValueMissing
from domain.legislation import Legislation, Reason, Relief
from domain.schemes import FunderKind, Sector, Segment


def relief_of(
    law: Legislation, scheme_id: str, segment: Segment, on: dt.date, funder_kind: FunderKind, sector: Sector | None
) -> Relief | None:
    """Return the relief that lowers a price most on a day, or None; several are not multiplied.

    Raises ValueMissing if a relief depends on the sector and none is given.
    Source: `reliefs` of the rule file.
    """
    found: Relief | None = None
    for relief in law.reliefs:
        in_window = relief.first_day <= on <= relief.last_day
        concerns = scheme_id in relief.scheme_ids and (not relief.segment_ids or segment.id in relief.segment_ids)
        if not (in_window and concerns) or funder_kind.value in relief.excluded_funders:
            continue
        if relief.sectors and sector is None:
            raise ValueMissing(rule=relief.id, fact="the sector of the worker")
        fits = not relief.sectors or sector in relief.sectors
        if fits and (found is None or relief.factor < found.factor):
            found = relief
    return found


def relief_reason(relief: Relief) -> Reason:
    """The reason that cites a relief."""
    return Reason(
        rule=relief.id,
        text=f"Relief until {relief.last_day}: the contribution is multiplied",
        value=str(relief.factor),
        since=relief.first_day,
        source_ids=relief.source_ids,
        standing=relief.standing,
    )
