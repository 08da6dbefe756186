"""The languages in which certificates and their verification speak; each is a file of `labels/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

USUAL: Final = "en"


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


LABELS: Final = {path.stem: _read(path) for path in sorted((Path(__file__).parent / "labels").glob("*.yaml"))}


def chosen(wanted: str, accepted: str) -> str:
    """The language to answer in: the one that is wanted, else the most accepted that is here, else English.

    accepted: as a browser sends `Accept-Language` (RFC 9110, 12.5.4); what is not of that form is passed over.
    """
    if wanted in LABELS:
        return wanted
    ranked = sorted(
        ((_weight(part), part.split(";")[0].strip().lower()) for part in accepted[:500].split(",")),
        key=lambda pair: -pair[0],
    )
    found = (tag.split("-")[0] for weight, tag in ranked if weight > 0)
    return next((language for language in found if language in LABELS), USUAL)


def _weight(part: str) -> float:
    """How much a language is preferred, from 0 to 1."""
    _, _, parameter = part.partition(";")
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
