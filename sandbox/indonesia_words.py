"""Words and shapes that the two halves of the simulated Indonesian institution share."""

from __future__ import annotations

import re
from typing import Any

from sandbox.rules import WordsRefused, text_of

PROGRAMMES = ("JKK", "JKM", "JHT")
DAY = re.compile(r"(?P<d>[0-9]{2})-(?P<m>[0-9]{2})-(?P<y>[0-9]{4})")
NIK_TEXT = "The NIK does not have the shape of one."
_MONTH = re.compile(r"(0[1-9]|1[0-2])-([0-9]{4})")
# Six digits of place, then day (plus 40 for women), month, year, and a serial number that is not zero.
_NIK = re.compile(r"[1-9][0-9]{5}(?:0[1-9]|[1256][0-9]|[37][01]|4[1-9])(?:0[1-9]|1[0-2])[0-9]{2}(?!0000)[0-9]{4}")


def is_nik(text: str) -> bool:
    """Whether a text has the shape of an Indonesian identity number; whether it is issued is not known."""
    return _NIK.fullmatch(text) is not None


def nik_of(fields: dict[str, Any]) -> str:
    """The identity number of a message about one worker; raises WordsRefused."""
    nik = text_of(fields, "nik", 16, "NIK_TIDAK_SAH")
    if not is_nik(nik):
        raise WordsRefused("NIK_TIDAK_SAH", NIK_TEXT)
    return nik


def month_of(fields: dict[str, Any], key: str) -> str:
    """The month under a key, as YYYY-MM so that months sort; raises WordsRefused."""
    match = _MONTH.fullmatch(text_of(fields, key, 7, "BLTH_TIDAK_SAH"))
    if match is None:
        raise WordsRefused("BLTH_TIDAK_SAH", f"{key} is not a month.")
    return f"{match[2]}-{match[1]}"
