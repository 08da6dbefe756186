"""The facts of a certificate as the claims of a signed token, as plain JSON, and back."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from adapters.certificates.credential_types import (
    NO_PDA1,
    SHAPES,
    known_types,
    legislation_claim,
    legislation_in,
    shaped,
    type_address,
)
from adapters.certificates.faults import NotBelieved
from adapters.certificates.sd_jwt import Hider
from domain.certificates import CertificateFacts, CertifiedCover, DisclosedPerson, StatusPlace, Verdict
from domain.countries import MemberState
from domain.schemes import Branch
from domain.wallet import WalletCredential

_STATUS_PATH: Final = re.compile(r"/status/([1-9][0-9]{0,8})")


def status_address(issuer: str, list_number: int) -> str:
    """Where a status list is published."""
    return f"{issuer}/status/{list_number}"


def claims_of(
    facts: CertificateFacts,
    hider: Hider,
    holder_key: Mapping[str, Any] | None,
    credential: WalletCredential = WalletCredential.CERTIFICATE_OF_COVERAGE,
) -> dict[str, object]:
    """The claims of a token: what a verifier always needs in the open, covers by branch and the person hidden.

    holder_key: the public JSON Web Key to which the token is bound, if the holder gave one. credential: the type;
    the sections of a shape are hidden one by one.
    """
    person = facts.person
    hidden: dict[str, object] = {"name": person.name, "birthdate": person.birth_date, **shaped(facts, credential)}
    if person.identifiers:
        hidden["identifiers"] = [hider.element({"kind": kind, "value": value}) for kind, value in person.identifiers]
    claims: dict[str, object] = {
        "iss": facts.issuer,
        "iat": _seconds(facts.made_at),
        "exp": _seconds(facts.expires_at),
        "vct": type_address(facts.issuer, credential),
        "status": {
            "status_list": {"idx": facts.status.index, "uri": status_address(facts.issuer, facts.status.list_number)}
        },
        "certificate_number": facts.number,
        legislation_claim(credential): facts.legislation.value,
        "issued_at": _seconds(facts.issued_at),
        "simulated": facts.simulated,
        "covers": [hider.element(part) for cover in facts.covers for part in _parts(cover)],
    }
    digests = [hider.claim(name, value) for name, value in hidden.items() if value is not None]
    if digests:
        claims["_sd"] = sorted(digests)
    if credential in SHAPES:
        claims["statement"] = NO_PDA1
        claims["shape_of"] = SHAPES[credential].theirs
    if holder_key is not None:
        claims["cnf"] = {"jwk": dict(holder_key)}
    return claims


def facts_of(claims: Mapping[str, Any]) -> CertificateFacts:
    """The facts that claims tell; raises NotBelieved if they are not those of a certificate of coverage."""
    try:
        if claims["vct"] not in known_types(_text(claims["iss"])):
            raise ValueError("a token of another type")
        status = claims["status"]["status_list"]
        return CertificateFacts(
            issuer=_text(claims["iss"]),
            number=_text(claims["certificate_number"]),
            legislation=MemberState(legislation_in(claims)),
            covers=_covers(claims["covers"]),
            issued_at=instant(claims["issued_at"]),
            made_at=instant(claims["iat"]),
            expires_at=instant(claims["exp"]),
            status=_place(_text(claims["iss"]), _text(status["uri"]), status["idx"]),
            simulated=bool(claims["simulated"]),
            person=_person(claims),
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE) from None


def plain(facts: CertificateFacts) -> dict[str, Any]:
    """The facts as JSON for machines, named as the GraphQL contract names them; of the person only what is told."""
    person = facts.person
    told: dict[str, object] = {"name": person.name, "birthDate": person.birth_date}
    if person.identifiers:
        told["identifiers"] = [{"kind": kind, "value": value} for kind, value in person.identifiers]
    return {
        "issuer": facts.issuer,
        "number": facts.number,
        "legislation": facts.legislation.value,
        "covers": [
            {
                "schemeId": cover.scheme_id,
                "institutionId": cover.institution_id,
                "branches": [branch.value for branch in cover.branches],
                "firstDay": cover.first_day.isoformat(),
                "lastDay": cover.last_day.isoformat() if cover.last_day else None,
                "reference": cover.reference,
            }
            for cover in facts.covers
        ],
        "issuedAt": facts.issued_at.isoformat(timespec="seconds"),
        "madeAt": facts.made_at.isoformat(timespec="seconds"),
        "expiresAt": facts.expires_at.isoformat(timespec="seconds"),
        "status": {"list": facts.status.list_number, "index": facts.status.index},
        "simulated": facts.simulated,
        "person": {name: value for name, value in told.items() if value is not None},
    }


def instant(seconds: object) -> dt.datetime:
    """The instant of whole seconds since 1970; raises ValueError or OverflowError for anything else."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise ValueError("an instant is whole seconds")
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _parts(cover: CertifiedCover) -> list[dict[str, object]]:
    """One part for each branch, so that a holder can show one and hide the others."""
    return [
        {
            "branch": branch.value,
            "scheme_id": cover.scheme_id,
            "institution_id": cover.institution_id,
            "first_day": cover.first_day.isoformat(),
            "last_day": cover.last_day.isoformat() if cover.last_day else None,
            "reference": cover.reference,
        }
        for branch in cover.branches
    ]


def _covers(parts: list[dict[str, Any]]) -> tuple[CertifiedCover, ...]:
    """The covers whose branches are shown, put together again, in the order of the token."""
    together: dict[tuple[Any, ...], list[Branch]] = {}
    for part in parts:
        same = (
            _text(part["scheme_id"]),
            _text(part["institution_id"]),
            dt.date.fromisoformat(part["first_day"]),
            None if part["last_day"] is None else dt.date.fromisoformat(part["last_day"]),
            _text(part["reference"]),
        )
        together.setdefault(same, []).append(Branch(part["branch"]))
    return tuple(
        CertifiedCover(
            scheme_id=scheme,
            institution_id=institution,
            branches=tuple(branches),
            first_day=first,
            last_day=last,
            reference=reference,
        )
        for (scheme, institution, first, last, reference), branches in together.items()
    )


def _person(claims: Mapping[str, Any]) -> DisclosedPerson:
    name, birth_date = claims.get("name"), claims.get("birthdate")
    return DisclosedPerson(
        name=None if name is None else _text(name),
        birth_date=None if birth_date is None else _text(birth_date),
        identifiers=tuple((_text(one["kind"]), _text(one["value"])) for one in claims.get("identifiers", [])),
    )


def _place(issuer: str, address: str, index: object) -> StatusPlace:
    match = _STATUS_PATH.fullmatch(address.removeprefix(issuer))
    if match is None or not isinstance(index, int):
        raise ValueError("not a place in a status list of the issuer")
    return StatusPlace(list_number=int(match[1]), index=index)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _seconds(at: dt.datetime) -> int:
    return int(at.timestamp())
