"""The types of signed tokens: the certificate of coverage, plain and in two shapes of the Portable Document A1.

Every type carries the same claims of the certificate. The shapes add fields under the names of two European dialects
(`pda1/*.yaml`), so that programs made for those find them; each says in the open that it is no Portable Document A1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from adapters.certificates.languages import LABELS
from domain.certificates import CertificateFacts, CertifiedCover
from domain.wallet import WalletCredential

EARLIER_TYPE: Final = "urn:lingkar:certificate-of-coverage:1"
"""What tokens were signed as before types had an address; they are read as long as they are good."""
NO_PDA1: Final = (
    "Certificate of coverage of a member state of ASEAN in the shape of a Portable Document A1. "
    "It is no Portable Document A1 and was not issued under Regulation (EC) No 883/2004."
)
_SHAPED_LEGISLATION: Final = "applicable_legislation"
"""Where a shape has the member state: one of the dialects has a section that is called `legislation`."""
_COVERAGE_CLAIMS: Final = (
    # path, label, whether it can be hidden, whether it must be there
    (("certificate_number",), "number", "never", True),
    (("issued_at",), "issued", "never", True),
    (("covers", None), "covers", "always", False),
    (("name",), "name", "always", False),
    (("birthdate",), "birth_date", "always", False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A dialect of the Portable Document A1. theirs: its own name for itself. fields: (value, label) by path."""

    theirs: str
    fields: Mapping[tuple[str, ...], tuple[str, str]]


def _shape(name: str) -> Shape:
    told = yaml.safe_load((Path(__file__).parent / "pda1" / f"{name}.yaml").read_text(encoding="utf-8"))
    fields = {tuple(path.split(".")): (field["from"], field["label"]) for path, field in told["fields"].items()}
    return Shape(theirs=told["theirs"], fields=fields)


SHAPES: Final = {
    WalletCredential.PDA1_SHAPE_EBSI: _shape("ebsi"),
    WalletCredential.PDA1_SHAPE_EUDI: _shape("eudi"),
}


def type_address(issuer: str, credential: WalletCredential) -> str:
    """The type of a token (`vct`): the address at which the type is described."""
    return f"{issuer}{type_path(credential)}"


def type_path(credential: WalletCredential) -> str:
    """Where a type is described, under the address of the platform."""
    return f"/types/{credential.value}/1"


def legislation_claim(credential: WalletCredential) -> str:
    """The claim that names the member state whose legislation applies."""
    return _SHAPED_LEGISLATION if credential in SHAPES else "legislation"


def legislation_in(claims: Mapping[str, Any]) -> Any:
    """The member state that claims of any type name; raises KeyError if they name none."""
    return claims[_SHAPED_LEGISLATION] if _SHAPED_LEGISLATION in claims else claims["legislation"]


def known_types(issuer: str) -> frozenset[str]:
    """The types that an issuer signs as, and signed as before."""
    return frozenset(type_address(issuer, credential) for credential in WalletCredential) | {EARLIER_TYPE}


def shaped(facts: CertificateFacts, credential: WalletCredential) -> dict[str, Any]:
    """The sections of a shape with what the certificate has of them; empty for the plain certificate."""
    shape = SHAPES.get(credential)
    if shape is None:
        return {}
    values = _values(facts)
    sections: dict[str, Any] = {}
    for path, (source, _) in shape.fields.items():
        if values[source] is None:
            continue
        section: dict[str, Any] = sections
        for name in path[:-1]:
            section = section.setdefault(name, {})
        section[path[-1]] = values[source]
    return sections


def claims_described(credential: WalletCredential) -> list[dict[str, Any]]:
    """What stands in a token of a type: path, name by language, whether it can be hidden, whether it must be there."""
    shape = SHAPES.get(credential)
    described = [
        {"path": list(path), "names": {code: str(labels[label]) for code, labels in LABELS.items()}, "sd": hidden,
         "mandatory": mandatory}
        for path, label, hidden, mandatory in (
            *_COVERAGE_CLAIMS, ((legislation_claim(credential),), "legislation", "never", True)
        )
    ]  # fmt: skip
    if shape is not None:
        described += [
            {"path": list(path), "names": {"en": label}, "sd": "always" if len(path) == 1 else "never",
             "mandatory": False}
            for path, (_, label) in shape.fields.items()
        ]  # fmt: skip
    return described


def names_of(credential: WalletCredential) -> dict[str, str]:
    """What a type is called, by language."""
    shape = SHAPES.get(credential)
    if shape is None:
        return {code: str(labels["title"]) for code, labels in LABELS.items()}
    return {code: f"{labels['title']} ({_SHAPED[credential]})" for code, labels in LABELS.items()}


def type_metadata(issuer: str, credential: WalletCredential) -> dict[str, Any]:
    """The description of a type for wallets and verifiers (SD-JWT VC type metadata)."""
    shaped_like = {} if credential not in SHAPES else {"description": NO_PDA1}
    return {
        "vct": type_address(issuer, credential),
        "name": names_of(credential)["en"],
        **shaped_like,
        "display": [{"locale": code, "name": name, **shaped_like} for code, name in names_of(credential).items()],
        "claims": [
            {
                "path": claim["path"],
                "sd": claim["sd"],
                "mandatory": claim["mandatory"],
                "display": [{"locale": code, "label": name} for code, name in claim["names"].items()],
            }
            for claim in claims_described(credential)
        ],
    }


_SHAPED: Final = {
    WalletCredential.PDA1_SHAPE_EBSI: "PDA1-shaped, EBSI",
    WalletCredential.PDA1_SHAPE_EUDI: "PDA1-shaped, EUDI",
}


def _values(facts: CertificateFacts) -> dict[str, str | None]:
    """The values that fields of a shape take; None for what the certificate does not have or does not tell."""
    own = _own_covers(facts)
    ends = [cover.last_day for cover in own]
    born = facts.person.birth_date
    return {
        "number": facts.number,
        "legislation": facts.legislation.value,
        "first_day": min(cover.first_day for cover in own).isoformat() if own else None,
        "last_day": max(day for day in ends if day).isoformat() if own and None not in ends else None,
        "institution_id": own[0].institution_id if own else None,
        "issued_on": facts.issued_at.date().isoformat(),
        "expires_on": facts.expires_at.date().isoformat(),
        # A year or a month alone is no date in these dialects.
        "birth_date": born if born is not None and len(born) == len("2000-01-01") else None,
    }


def _own_covers(facts: CertificateFacts) -> tuple[CertifiedCover, ...]:
    """The covers under the legislation that applies; others are of the state that was left."""
    return tuple(c for c in facts.covers if c.institution_id.partition(".")[0] == facts.legislation.value)
