"""A bundle: a part of one audit chain with its signed heads, for a stranger to verify without us."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.audit.forms import entry_form, signed_form
from adapters.audit.keys import AuditKeys
from adapters.postgres.audit_archive import AuditArchive
from domain.audit import SignedHead, instant

_SCRIPT = Path(__file__).parent / "verify_audit.py"


class NothingToExport(Exception):
    """A chain has no entries on the days that were asked for; says so and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What a bundle holds: entries from one number to another, of which those through `signed_through` are signed."""

    first: int
    last: int
    signed_through: int


async def export_bundle(
    archive: AuditArchive, keys: AuditKeys, chain: str, first_day: dt.date, last_day: dt.date, file: Path
) -> Exported:
    """Write the entries of some days (UTC, both inclusive) into a zip of plain files, with the script that verifies it.

    The part is widened to the signed heads around it, so that signatures vouch for its first and its last entry.
    It holds what the chain holds: ids of actors and subjects, never a name. Raises NothingToExport.
    """
    async with archive.read() as reading:
        between = await reading.numbers_between(chain, first_day, last_day)
        if between is None:
            raise NothingToExport(
                f"The chain {chain} has no entries from {first_day} to {last_day}. Ask for other days or another chain."
            )
        heads = await reading.signed_heads(chain)
        first, last = _widened(between, heads)
        held = [signed for signed in heads if first - 1 <= signed.head.number <= last]
        entries = [entry async for entry in reading.entries(chain, after=first - 1, through=last)]
    about = {
        "chain": chain,
        "firstNumber": first,
        "lastNumber": last,
        "askedFirstDay": str(first_day),
        "askedLastDay": str(last_day),
        "firstHeadAt": instant(held[0].kept.signed_at) if held else "",
        "lastHeadAt": instant(held[-1].kept.signed_at) if held else "",
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("about.json", json.dumps(about, indent=1) + "\n")
        bundle.writestr("entries.jsonl", _lines(entry_form(entry) for entry in entries))
        bundle.writestr("heads.jsonl", _lines(signed_form(signed) for signed in held))
        bundle.writestr("keys.json", json.dumps(keys.public_set(), indent=1) + "\n")
        bundle.writestr("verify_audit.py", _SCRIPT.read_text())
    return Exported(first=first, last=last, signed_through=max((signed.head.number for signed in held), default=0))


def _widened(between: tuple[int, int], heads: Sequence[SignedHead]) -> tuple[int, int]:
    first, last = between
    before = max((signed.head.number for signed in heads if signed.head.number < first), default=0)
    after = min((signed.head.number for signed in heads if signed.head.number >= last), default=last)
    return before + 1, after


def _lines(forms: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(form) + "\n" for form in forms)
