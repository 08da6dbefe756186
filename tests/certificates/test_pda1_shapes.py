"""Certificates in the shape of a Portable Document A1: what they say, what they leave out, what they never claim."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from jwcrypto.jwk import JWK
from sd_jwt.verifier import SDJWTVerifier

from adapters.certificates.claims import claims_of
from adapters.certificates.credential_types import EARLIER_TYPE, NO_PDA1, SHAPES, shaped, type_metadata
from adapters.certificates.issuer import CertificateIssuer
from adapters.certificates.sd_jwt import Hider, disclosed, issued
from domain.certificates import DisclosedPerson, Verdict
from domain.wallet import WalletCredential
from tests.certificates.made import ADDRESS, COVERS, PERSON, facts, issuer_in, verified

FILES = sorted((Path(__file__).parents[2] / "adapters" / "certificates" / "pda1").glob("*.yaml"))
EBSI, EUDI = WalletCredential.PDA1_SHAPE_EBSI, WalletCredential.PDA1_SHAPE_EUDI


@pytest.fixture
def issuer(tmp_path: Path) -> CertificateIssuer:
    return issuer_in(tmp_path)


def told_of(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def test_the_sections_of_ebsi_have_what_the_certificate_has() -> None:
    assert shaped(facts(person=PERSON), EBSI) == {
        "section1": {"dateBirth": "1990-05-02"},
        "section2": {
            "memberStateWhichLegislationApplies": "MY",
            "startingDate": "2025-10-16",
            "endingDate": "2027-10-15",
        },
        "section6": {"institutionID": "MY.SOCSO", "date": "2025-10-04"},
    }


def test_the_fields_of_the_eudi_wallet_have_what_the_certificate_has() -> None:
    assert shaped(facts(), EUDI) == {
        "legislation": {"member_state": "MY", "starting_date": "2025-10-16", "ending_date": "2027-10-15"},
        "document_id": "MY-01A204D0-3842DBC9",
        "competent_institution": {"institution_id": "MY.SOCSO", "country_code": "MY"},
        "issuance_date": "2025-10-04",
        "expiry_date": facts().expires_at.date().isoformat(),
        "issuing_country": "MY",
    }


def test_a_cover_without_an_end_and_a_birth_known_to_the_year_are_left_out() -> None:
    open_cover = (replace(COVERS[0], last_day=None), COVERS[1])

    found = shaped(facts(covers=open_cover, person=DisclosedPerson(birth_date="1990")), EBSI)

    assert "endingDate" not in found["section2"]
    assert "section1" not in found


def test_without_a_cover_of_the_legislation_nothing_is_said_of_days_and_institution() -> None:
    found = shaped(facts(covers=COVERS[1:]), EUDI)

    assert found["legislation"] == {"member_state": "MY"}
    assert "institution_id" not in found["competent_institution"]


@pytest.mark.parametrize("credential", [EBSI, EUDI])
def test_a_shape_says_in_the_open_that_it_is_no_portable_document(
    issuer: CertificateIssuer, credential: WalletCredential
) -> None:
    token = issuer.sd_jwt(facts(), None, credential)

    hidden, _ = disclosed(token.split("~")[0] + "~", issuer.keys.believed().keys)

    assert hidden["statement"] == NO_PDA1
    assert "883/2004" in NO_PDA1
    assert hidden["shape_of"] == SHAPES[credential].theirs
    assert hidden["vct"] == f"{ADDRESS}/types/{credential.value}/1" != SHAPES[credential].theirs
    assert hidden.keys().isdisjoint(shaped(facts(), credential))
    assert type_metadata(ADDRESS, credential)["description"] == NO_PDA1


@pytest.mark.parametrize("credential", [EBSI, EUDI])
def test_a_shape_is_the_same_certificate_to_us_and_read_by_the_reference_package(
    issuer: CertificateIssuer, credential: WalletCredential
) -> None:
    token = issuer.sd_jwt(facts(person=PERSON), None, credential)

    found = verified(token, issuer.keys.believed())
    theirs = SDJWTVerifier(token, lambda *_: JWK(**issuer.keys.public_set()["keys"][0])).get_verified_payload()

    assert (found.verdict, found.facts) == (Verdict.VALID, facts(person=PERSON))
    for name, section in shaped(facts(person=PERSON), credential).items():
        assert theirs[name] == section


def test_a_token_of_the_earlier_type_is_read_as_long_as_it_is_good(issuer: CertificateIssuer) -> None:
    hider = Hider()
    claims = claims_of(facts(), hider, None) | {"vct": EARLIER_TYPE}

    assert verified(issued(claims, hider, issuer.keys.signing), issuer.keys.believed()).verdict is Verdict.VALID


@pytest.mark.parametrize(
    "vct", ["urn:eu.europa.ec.eudi:pda1:1", "https://else.example/types/certificate-of-coverage/1"]
)
def test_a_token_of_a_type_that_is_not_ours_is_no_certificate(issuer: CertificateIssuer, vct: str) -> None:
    hider = Hider()
    claims = claims_of(facts(), hider, None) | {"vct": vct}

    found = verified(issued(claims, hider, issuer.keys.signing), issuer.keys.believed())

    assert found.verdict is Verdict.NOT_A_CERTIFICATE


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_each_dialect_says_whence_how_sure_and_why_a_field_is_left_out(file: Path) -> None:
    told = told_of(file)

    assert told["standing"] in ("confirmed", "reported", "assumed")
    assert told["note"]
    assert all(source["what"] and isinstance(source["read"], dt.date) for source in told["sources"])
    assert all(len(reason) > 10 for reason in told["left_out"].values())
    for left_out in told["left_out"]:
        assert not [path for path in told["fields"] if path == left_out or path.startswith(left_out + ".")]


def test_there_is_a_file_for_each_shape() -> None:
    assert {told_of(file)["theirs"] for file in FILES} == {shape.theirs for shape in SHAPES.values()}
