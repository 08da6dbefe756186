"""The certificate of coverage: proof of the legislation that applies to a worker and of what protects them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from domain.countries import MemberState
from domain.records import Enrolment
from domain.schemes import Branch

BODY_LIFE = dt.timedelta(days=365)
"""How long a body is good at most, so that an open cover is shown by a body that is not older than a year."""


STATUS_LIST_BITS = 131_072
"""Places of one status list: so many that whoever fetches a list does not tell about whom they ask."""


class WithdrawalReason(Enum):
    """Why a certificate is not true any more."""

    COVER_ENDED = "cover_ended"
    WORK_NOT_TAKEN_UP = "work_not_taken_up"
    ISSUED_IN_ERROR = "issued_in_error"


class Disclosure(Enum):
    """What of themselves workers may have written into a body of their own certificate."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    IDENTIFIERS = "identifiers"


class BodyKind(Enum):
    """The bodies that one certificate has, by the last part of their path."""

    JSON = "json"
    SD_JWT = "sd-jwt"
    QR_TEXT = "qr.txt"
    QR_PNG = "qr.png"
    QR_SVG = "qr.svg"
    PDF = "pdf"

    def path(self, number: str) -> str:
        """Where the body of a certificate is asked for, under the address of the API."""
        return f"/certificates/{number}/{self.value}"


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
class StatusPlace:
    """Where a certificate's bit stands in the published status lists: which list, which bit."""

    list_number: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A certificate is not true any more, since when and why."""

    reason: WithdrawalReason
    withdrawn_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOfCoverage:
    """What a worker can show: the legislation that applies from a day, the covers, and their references.

    number: by which it is asked for. digest: SHA-256 of its content, so that a copy can be compared.
    simulated: an institution in it was simulated. status: given when it is kept.
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
    status: StatusPlace | None = None
    withdrawal: Withdrawal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosedPerson:
    """What a worker wants to be said of them; nothing unless they ask. Identifiers are pairs of kind and value."""

    name: str | None = None
    birth_date: str | None = None
    identifiers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What every body says, and what a reader of one learns. covers: in a shown part, only those that are shown.

    issuer: address of the platform that signs. made_at: when this body was made, later than issued_at.
    """

    issuer: str
    number: str
    legislation: MemberState
    covers: tuple[CertifiedCover, ...]
    issued_at: dt.datetime
    made_at: dt.datetime
    expires_at: dt.datetime
    status: StatusPlace
    simulated: bool
    person: DisclosedPerson


class Verdict(Enum):
    """What can be said about something that is shown as a certificate."""

    VALID = "valid"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    UNKNOWN_KEY = "unknown_key"
    CHANGED = "changed"
    NOT_A_CERTIFICATE = "not_a_certificate"


def expires_at(covers: Sequence[CertifiedCover], made_at: dt.datetime) -> dt.datetime:
    """The instant from which a body made now is no proof: the end of the last cover's last day, in UTC.

    A body lives a year at most, also when a cover has no last day.
    """
    longest = made_at + BODY_LIFE
    last_days = [cover.last_day for cover in covers]
    if not last_days or None in last_days:
        return longest
    last_day = max(day for day in last_days if day is not None)
    return min(longest, dt.datetime.combine(last_day + dt.timedelta(days=1), dt.time.min, dt.UTC))


def verdict_on(facts: CertificateFacts, *, withdrawn: bool, now: dt.datetime) -> Verdict:
    """What holds of a body whose signature is right. withdrawn: its bit is set, as far as that could be asked."""
    if withdrawn:
        return Verdict.WITHDRAWN
    return Verdict.VALID if now < facts.expires_at else Verdict.EXPIRED


def still_true(certificate: CertificateOfCoverage, enrolments: Iterable[Enrolment]) -> bool:
    """Whether every cover of a certificate is an enrolment that stands as it was certified."""
    standing = {(e.scheme_id, e.institution_id, e.first_day, e.last_day, e.reference) for e in enrolments}
    return all(
        (cover.scheme_id, cover.institution_id, cover.first_day, cover.last_day, cover.reference) in standing
        for cover in certificate.covers
    )


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
