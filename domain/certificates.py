"""The certificate of coverage: proof of the legislation that applies to a worker and of what protects them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from domain.countries import MemberState
from domain.schemes import Branch


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedCover:
    """One scheme's part of a certificate."""

    scheme_id: str
    institution_id: str
    branches: tuple[Branch, ...]
    first_day: dt.date
    last_day: dt.date | None
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOfCoverage:
    """What a worker can show: the legislation that applies from a day, the covers, and their references.

    number: by which it is asked for. digest: SHA-256 of its content, so that a copy can be compared.
    simulated: an institution in it was simulated.
    """

    id: UUID
    number: str
    worker_id: UUID
    move_id: UUID
    legislation: MemberState
    covers: tuple[CertifiedCover, ...]
    issued_at: dt.datetime
    simulated: bool
    digest: str


def content_digest(
    number: str, legislation: MemberState, covers: tuple[CertifiedCover, ...], issued_at: dt.datetime
) -> str:
    """SHA-256 of the certificate's content in one canonical order, as hexadecimal text."""
    content = {
        "number": number,
        "legislation": legislation.value,
        "issued_at": issued_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "covers": [
            [
                cover.scheme_id,
                cover.institution_id,
                sorted(branch.value for branch in cover.branches),
                cover.first_day.isoformat(),
                cover.last_day.isoformat() if cover.last_day else None,
                cover.reference,
            ]
            for cover in covers
        ],
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
