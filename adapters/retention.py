"""Reads how long what is kept: `domain/access/retention.yaml`, or the first wrong line is refused."""

from __future__ import annotations

from pathlib import Path

from adapters.rulebook_yaml import Entry, RuleFileRefused, read_rule_file
from domain.retention import Ending, RetentionPeriod
from domain.standing import Standing

__all__ = ["RETENTION_FILE", "RuleFileRefused", "load_retention"]

RETENTION_FILE = Path(__file__).resolve().parent.parent / "domain" / "access" / "retention.yaml"


def load_retention(path: Path = RETENTION_FILE) -> tuple[RetentionPeriod, ...]:
    """Return the periods. Raises RuleFileRefused, with file, line and key, at the first that cannot be taken."""
    listed = read_rule_file(path, path.read_bytes()).fields(("periods",))["periods"]
    periods: list[RetentionPeriod] = []
    for row in listed.rows():
        period = _period(row)
        if any(period.table == known.table for known in periods):
            raise row.refused(f"{period.table} comes twice", "Keep one of the two")
        periods.append(period)
    for needed in ("workers", "idempotency_keys"):
        if needed not in {period.table for period in periods}:
            raise listed.refused(f"{needed} is missing", "Say how long its rows are kept")
    return tuple(periods)


def _period(row: Entry) -> RetentionPeriod:
    fields = row.fields(("table", "holds", "years", "ending", "ground", "standing", "note"))
    years = None if fields["years"].absent else int(fields["years"].decimal())
    ending = fields["ending"].word(Ending)
    if (years is None) is not (ending is Ending.KEPT):
        raise row.refused("what is kept has no end, and everything else has one", "Give years, or kept and null")
    if years is not None and years < 1:
        raise row.refused("a period under a year is not taken", "Give whole years")
    return RetentionPeriod(
        table=fields["table"].text(),
        holds=fields["holds"].text(),
        years=years,
        ending=ending,
        ground=fields["ground"].text(),
        standing=fields["standing"].word(Standing),
        note=fields["note"].text(),
    )
