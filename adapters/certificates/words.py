"""The answer of a verification in plain words, for the page and the command line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from adapters.certificates.verification import Verification
from domain.certificates import CertificateFacts, Verdict

ANSWERS: Final[Mapping[Verdict, tuple[str, str]]] = {
    Verdict.VALID: (
        "Valid",
        "It was signed here and nothing in it was changed. It says what is listed below.",
    ),
    Verdict.WITHDRAWN: (
        "Withdrawn",
        "It was signed here, but it is not true any more and was withdrawn. Do not rely on it.",
    ),
    Verdict.EXPIRED: (
        "Expired",
        "It was signed here, but its time is over. Ask the worker for a new one; that takes a moment.",
    ),
    Verdict.UNKNOWN_KEY: (
        "Unknown key",
        "It has the form of a certificate, but it is not signed by a key that is known here. Do not rely on it.",
    ),
    Verdict.CHANGED: (
        "Changed",
        "It begins like a certificate of coverage, but something in it was changed or is missing. Do not rely on it. "
        "If it was copied by hand, copy it again as a whole.",
    ),
    Verdict.NOT_A_CERTIFICATE: (
        "Not a certificate",
        "This is not a certificate of coverage, or not one that can be read here. "
        "Give the PDF, the picture of the code, the text of the code, or the signed text.",
    ),
}
SIMULATED: Final = "SIMULATED: no real institution stands behind this certificate. It protects nobody."


def notes(found: Verification, now: dt.datetime) -> list[str]:
    """What the reader must know besides the verdict."""
    facts = found.facts
    if facts is None:
        return []
    said = []
    if facts.simulated:
        said.append(SIMULATED)
    if not found.withdrawal_asked:
        said.append("Whether it was withdrawn could not be asked.")
    if facts.person.name is None and not facts.person.identifiers:
        said.append("It names nobody. Compare its number or references with another document of the person.")
    if found.holder_signed is not None:
        how = "and its holder signed what is shown" if found.holder_signed else "and nothing here proves who holds it"
        said.append(f"It is bound to a key of its holder, {how}.")
    if not facts.covers:
        said.append("It shows no cover. Ask the holder to show one.")
    elif not any(_holds_on(now.date(), cover.first_day, cover.last_day) for cover in facts.covers):
        said.append("None of the covers in it holds today.")
    return said


def lines(facts: CertificateFacts) -> list[tuple[str, str]]:
    """The facts that it carries, as pairs of what and which."""
    person = facts.person
    told = [
        ("Number", facts.number),
        ("Legislation that applies", f"{facts.legislation.slug.replace('_', ' ').title()} ({facts.legislation.value})"),
        ("Issued", _instant(facts.issued_at)),
        ("Valid until", _instant(facts.expires_at)),
        ("Signed by", facts.issuer),
    ]
    told += [("Name", person.name)] if person.name is not None else []
    told += [("Born", person.birth_date)] if person.birth_date is not None else []
    told += [("Identifier", f"{kind} {value}") for kind, value in person.identifiers]
    for cover in facts.covers:
        branches = ", ".join(branch.value.replace("_", " ") for branch in cover.branches)
        days = f"from {cover.first_day} to {cover.last_day or 'no end known'}"
        reference = f"; reference {cover.reference}" if cover.reference else ""
        told.append(("Cover", f"{cover.scheme_id} of {cover.institution_id}: {branches}; {days}{reference}"))
    return told


def _holds_on(day: dt.date, first_day: dt.date, last_day: dt.date | None) -> bool:
    return first_day <= day and (last_day is None or day <= last_day)


def _instant(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
