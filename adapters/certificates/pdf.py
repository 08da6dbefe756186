"""The certificate on paper: PDF/A-3 with the tags of PDF/UA, the QR code on it and the signed token inside.

Typst sets it from `certificate.typ`; facts and labels go in as data. Fonts are those of `fonts/` and no others.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any, Final

import typst

from adapters.certificates.extraction import ATTACHMENT
from adapters.certificates.languages import LABELS
from domain.certificates import CertificateFacts, CertifiedCover

_FOLDER: Final = Path(__file__).parent
_TEMPLATE: Final = _FOLDER / "certificate.typ"
_FONTS: Final = _FOLDER / "fonts"
_LEADING: Final = {"th": 0.95}
"""Between lines, in the size of the letters; scripts that stack marks need more."""
_USUAL_LEADING: Final = 0.7
# What the fonts in fonts/ hold: Latin with the letters of Viet Nam, then Thai, Lao, Myanmar and Khmer.
_PRINTABLE: Final = (
    (0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x17F), (0x18F, 0x18F), (0x192, 0x192), (0x1A0, 0x1A1), (0x1AF, 0x1B0),
    (0x1CD, 0x1DC), (0x218, 0x21B), (0x300, 0x304), (0x306, 0x309), (0x30B, 0x30C), (0x31B, 0x31B),
    (0x323, 0x323), (0x326, 0x328), (0xE01, 0xE3A), (0xE3F, 0xE5B), (0xE81, 0xE82), (0xE84, 0xE84),
    (0xE87, 0xE88), (0xE8A, 0xE8A), (0xE8D, 0xE8D), (0xE94, 0xE97), (0xE99, 0xE9F), (0xEA1, 0xEA3),
    (0xEA5, 0xEA5), (0xEA7, 0xEA7), (0xEAA, 0xEAB), (0xEAD, 0xEB9), (0xEBB, 0xEBD), (0xEC0, 0xEC4),
    (0xEC6, 0xEC6), (0xEC8, 0xECD), (0xED0, 0xED9), (0xEDC, 0xEDF), (0x1000, 0x109F), (0x1780, 0x17DD),
    (0x17E0, 0x17E9), (0x17F0, 0x17F9), (0x19E0, 0x19FF), (0x1E00, 0x1EFF), (0x2010, 0x2015), (0x2018, 0x201E),
    (0x2026, 0x2026), (0x20AB, 0x20AC), (0xFFFD, 0xFFFD),
)  # fmt: skip
_NOT_PRINTABLE: Final = "\N{REPLACEMENT CHARACTER}"


def certificate_pdf(
    facts: CertificateFacts, *, language: str, qr_svg: bytes, qr_until: dt.datetime, sd_jwt: str
) -> bytes:
    """The paper in a language of LABELS, the same bytes for the same content."""
    labels = LABELS[language]
    told = {
        "labels": labels,
        "language": language,
        "leading": _LEADING.get(language, _USUAL_LEADING),
        "issuer": facts.issuer,
        "number": facts.number,
        "legislation": labels["states"][facts.legislation.value],
        "issued": facts.issued_at.date().isoformat(),
        "valid_until": _instant(facts.expires_at),
        "made": _instant(facts.made_at),
        "simulated": facts.simulated,
        **_person(facts, labels),
        "covers": [_cover(cover, labels) for cover in facts.covers],
        "qr_svg": qr_svg.decode(),
        "qr_until": _instant(qr_until),
        "attachment": ATTACHMENT,
        "sd_jwt": sd_jwt,
    }
    made = typst.compile(
        str(_TEMPLATE),
        root=str(_FOLDER),
        font_paths=[str(_FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"told": json.dumps(told, ensure_ascii=False)},
        pdf_standards=["a-3a", "ua-1"],
        timestamp=facts.made_at,
    )
    assert isinstance(made, bytes), "without a file to write to it returns the content"
    return made


def _person(facts: CertificateFacts, labels: dict[str, Any]) -> dict[str, Any]:
    person = facts.person
    told = [(labels["name"], person.name), (labels["birth_date"], person.birth_date)]
    told += [(labels["identifiers"].get(kind, kind.upper()), value) for kind, value in person.identifiers]
    printed = [(label, printable(value)) for label, value in told if value is not None]
    return {"person": printed, "unprintable": any(_NOT_PRINTABLE in value for _, value in printed)}


def _cover(cover: CertifiedCover, labels: dict[str, Any]) -> dict[str, Any]:
    return {
        "scheme": cover.scheme_id,
        "institution": cover.institution_id,
        "reference": cover.reference,
        "branches": [labels["branches"][branch.value] for branch in cover.branches],
        "first_day": cover.first_day.isoformat(),
        "last_day": cover.last_day.isoformat() if cover.last_day else labels["open"],
    }


def printable(text: str) -> str:
    """The text with a mark in place of each letter that no font here has; a PDF for archives may not lack one."""
    return "".join(
        letter if any(first <= ord(letter) <= last for first, last in _PRINTABLE) else _NOT_PRINTABLE for letter in text
    )


def _instant(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
