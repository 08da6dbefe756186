"""The answer of a verification in plain words, in each language, for the page and the command line."""

from __future__ import annotations

import datetime as dt
from typing import Any

from adapters.certificates.languages import LABELS, USUAL
from adapters.certificates.verification import Verification
from domain.certificates import CertificateFacts, CertifiedCover, Verdict


def answer(verdict: Verdict, language: str = USUAL) -> tuple[str, str]:
    """The headline of a verdict and what it means."""
    headline, meaning = LABELS[language]["verification"]["answers"][verdict.value]
    return headline, meaning


def notes(found: Verification, now: dt.datetime, language: str = USUAL) -> list[str]:
    """What the reader must know besides the verdict."""
    facts, words = found.facts, LABELS[language]["verification"]["notes"]
    if facts is None:
        return []
    said = []
    if facts.simulated:
        said.append(LABELS[language]["simulated"])
    if not found.withdrawal_asked:
        said.append(words["not_asked"])
    if facts.person.name is None and not facts.person.identifiers:
        said.append(words["nobody"])
    if found.holder_signed is not None:
        said.append(words["holder_signed" if found.holder_signed else "holder_unproven"])
    if not facts.covers:
        said.append(words["no_cover"])
    elif not any(_holds_on(now.date(), cover) for cover in facts.covers):
        said.append(words["none_holds"])
    return said


def lines(facts: CertificateFacts, language: str = USUAL) -> list[tuple[str, str]]:
    """The facts that it carries, as pairs of what and which."""
    labels, person = LABELS[language], facts.person
    words = labels["verification"]["facts"]
    told = [
        (labels["number"], facts.number),
        (labels["legislation"], f"{labels['states'][facts.legislation.value]} ({facts.legislation.value})"),
        (labels["issued"], instant(facts.issued_at)),
        (labels["valid_until"], instant(facts.expires_at)),
        (words["signed_by"], facts.issuer),
    ]
    told += [(labels["name"], person.name)] if person.name is not None else []
    told += [(labels["birth_date"], person.birth_date)] if person.birth_date is not None else []
    told += [
        (words["identifier"], f"{labels['identifiers'].get(kind, kind)} {value}") for kind, value in person.identifiers
    ]
    return told + [(words["cover"], _cover(cover, labels)) for cover in facts.covers]


def instant(at: dt.datetime) -> str:
    """An instant as it is written everywhere, in UTC."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def _cover(cover: CertifiedCover, labels: dict[str, Any]) -> str:
    branches = ", ".join(labels["branches"][branch.value] for branch in cover.branches)
    days = f"{cover.first_day} / {cover.last_day or labels['open']}"
    reference = f"; {labels['verification']['facts']['reference']} {cover.reference}" if cover.reference else ""
    return f"{cover.scheme_id} ({cover.institution_id}): {branches}; {days}{reference}"


def _holds_on(day: dt.date, cover: CertifiedCover) -> bool:
    return cover.first_day <= day and (cover.last_day is None or day <= cover.last_day)
