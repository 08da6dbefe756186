"""A certificate as institutions confirmed one, its keys, and its bodies; nothing of it needs a database."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.certificates.extraction import text_in
from adapters.certificates.issuer import CertificateIssuer
from adapters.certificates.keys import BelievedKeys, CertificateKeys, create_development_keys
from adapters.certificates.verification import Verification, verify
from domain.certificates import (
    BodyKind,
    CertificateFacts,
    CertifiedCover,
    DisclosedPerson,
    StatusPlace,
    Verdict,
    expires_at,
)
from domain.countries import MemberState
from domain.schemes import Branch

ADDRESS = "https://lingkar.example"
NOW = dt.datetime(2025, 11, 3, 8, 30, tzinfo=dt.UTC)
NAME = "Nguyễn Thị Minh Khai"
PERSON = DisclosedPerson(name=NAME, birth_date="1990-05-02", identifiers=(("passport", "C7654322"),))
COVERS = (
    CertifiedCover(
        scheme_id="MY.SOCSO.CAT1",
        institution_id="MY.SOCSO",
        branches=(Branch.MEDICAL_CARE, Branch.EMPLOYMENT_INJURY, Branch.INVALIDITY, Branch.SURVIVORS),
        first_day=dt.date(2025, 10, 16),
        last_day=dt.date(2027, 10, 15),
        reference="SSFW00000003",
    ),
    CertifiedCover(
        scheme_id="ID.PMI",
        institution_id="ID.BPJSTK",
        branches=(Branch.MEDICAL_CARE, Branch.EMPLOYMENT_INJURY, Branch.SURVIVORS),
        first_day=dt.date(2025, 10, 6),
        last_day=dt.date(2027, 12, 15),
        reference="PMI0000000003",
    ),
)
SIGNED = (BodyKind.SD_JWT, BodyKind.QR_TEXT, BodyKind.JSON)
"""The bodies that are text; the others carry one of these."""


def issuer_in(folder: Path, address: str = ADDRESS) -> CertificateIssuer:
    """An issuer with a key of its own."""
    create_development_keys(folder)
    return CertificateIssuer(CertificateKeys(folder, address))


def facts(**changes: Any) -> CertificateFacts:
    """What the certificate says of nobody, unless a person is given."""
    usual = CertificateFacts(
        issuer=ADDRESS,
        number="MY-01A204D0-3842DBC9",
        legislation=MemberState.MY,
        covers=COVERS,
        issued_at=NOW - dt.timedelta(days=30),
        made_at=NOW,
        expires_at=expires_at(COVERS, NOW),
        status=StatusPlace(list_number=1, index=77_777),
        simulated=True,
        person=DisclosedPerson(),
    )
    return replace(usual, **changes)


def text_of(issuer: CertificateIssuer, kind: BodyKind, told: CertificateFacts) -> str:
    return issuer.body(kind, told).content.decode()


def verified(
    text: str, believed: BelievedKeys, *, now: dt.datetime = NOW, withdrawn: bool | None = False
) -> Verification:
    """The answer when the question for its withdrawal is answered so; None: nobody can be asked."""

    async def ask(_: StatusPlace) -> bool | None:
        return withdrawn

    return asyncio.run(verify(text, believed, ask, now))


def verdict(text: str, issuer: CertificateIssuer, **how: Any) -> Verdict:
    return verified(text, issuer.keys.believed(), **how).verdict


def verdict_on_file(content: bytes, issuer: CertificateIssuer, **how: Any) -> Verdict:
    return verdict(text_in(content), issuer, **how)
