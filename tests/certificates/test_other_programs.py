"""Our credentials in other people's programs, and theirs in ours: neither side shares code with the other."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from jwcrypto.jwk import JWK
from openvc.jwt_vc_issuer import resolve_jwt_vc_issuer_key
from openvc.keys import signing_key_from_jwk
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from openvc.status.issue import verify_status_list_token
from openvc.status.token_status_list import check_token_status
from sd_jwt.common import SDObj
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from adapters.certificates.claims import facts_of, status_address
from adapters.certificates.credential_types import type_address
from adapters.certificates.issuer import CertificateIssuer
from adapters.certificates.sd_jwt import disclosed
from domain.certificates import CertificateFacts, DisclosedPerson, Verdict
from domain.wallet import WalletCredential
from tests.certificates.made import ADDRESS, NAME, NOW, PERSON, facts, issuer_in, verified

CREDENTIAL_TYPE = type_address(ADDRESS, WalletCredential.CERTIFICATE_OF_COVERAGE)
JAVASCRIPT = Path(__file__).parent / "js"
HOLDER = ECKey.generate_key("P-256")
A_COVER = {"branch": "sickness", "scheme_id": "TH.SSF", "institution_id": "TH.SSO", "first_day": "2025-10-16",
           "last_day": None, "reference": "R-1"}  # fmt: skip


@pytest.fixture
def issuer(tmp_path: Path) -> CertificateIssuer:
    return issuer_in(tmp_path)


def fresh(person: DisclosedPerson) -> CertificateFacts:
    """Facts of this hour: openvc reads the machine's clock."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return facts(person=person, made_at=now, expires_at=now + dt.timedelta(hours=1))


def public(issuer: CertificateIssuer) -> dict[str, Any]:
    key: dict[str, Any] = issuer.keys.public_set()["keys"][0]
    return key


def private(key: ECKey) -> dict[str, Any]:
    return dict(key.as_dict(private=True))


def a_certificate(**changes: Any) -> dict[str, Any]:
    """The claims that another program signs."""
    return {
        "iss": ADDRESS,
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 3_600,
        "vct": CREDENTIAL_TYPE,
        "status": {"status_list": {"idx": 5, "uri": status_address(ADDRESS, 1)}},
        "certificate_number": "TH-1-1",
        "legislation": "TH",
        "issued_at": int(NOW.timestamp()),
        "simulated": False,
        **changes,
    }


def check_claims(claims: dict[str, Any]) -> None:
    assert claims["certificate_number"] == "MY-01A204D0-3842DBC9"
    assert claims["name"] == NAME
    assert claims["birthdate"] == "1990-05-02"
    assert claims["identifiers"] == [{"kind": "passport", "value": "C7654322"}]
    assert [cover["branch"] for cover in claims["covers"]].count("medical_care") == 2
    assert len(claims["covers"]) == 7
    assert claims["simulated"] is True


def test_openvc_reads_our_credential(issuer: CertificateIssuer) -> None:
    token = issuer.sd_jwt(fresh(PERSON))

    found = SdJwtVcProofSuite().verify(token, public_key_jwk=public(issuer), expected_vct=CREDENTIAL_TYPE)

    check_claims(found.claims)


def test_the_reference_package_reads_our_credential(issuer: CertificateIssuer) -> None:
    token = issuer.sd_jwt(facts(person=PERSON))

    found = SDJWTVerifier(token, lambda *_: JWK(**public(issuer))).get_verified_payload()

    check_claims(found)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.skipif(not (JAVASCRIPT / "node_modules").is_dir(), reason="npm installed no library: make test tries")
def test_a_javascript_library_reads_our_credential_and_sees_a_change(issuer: CertificateIssuer) -> None:
    token = issuer.sd_jwt(facts(person=PERSON))
    at = int(NOW.timestamp()) + 60

    def read(shown: str) -> subprocess.CompletedProcess[str]:
        given = json.dumps({"token": shown, "key": public(issuer), "at": at})
        return subprocess.run(
            ["node", "read.mjs"], cwd=JAVASCRIPT, input=given, capture_output=True, text=True, timeout=60, check=False
        )

    done, changed = read(token), read(token.replace(".", ".A", 1))

    assert done.returncode == 0, done.stderr
    check_claims(json.loads(done.stdout))
    assert changed.returncode != 0


def test_openvc_proves_the_holder_of_a_bound_credential_to_us(issuer: CertificateIssuer) -> None:
    token = issuer.sd_jwt(fresh(DisclosedPerson()), dict(HOLDER.as_dict(private=False)))
    theirs, believed = SdJwtVcProofSuite(), issuer.keys.believed()
    holder = signing_key_from_jwk(private(HOLDER), kid="holder")

    shown = theirs.create_presentation(token, holder_key=holder, audience="a-counter", nonce="n-1")

    bound = theirs.verify(shown, public_key_jwk=public(issuer), audience="a-counter", nonce="n-1",
                          require_key_binding=True)  # fmt: skip
    assert bound.key_bound
    assert verified(token, believed).holder_signed is False
    assert verified(shown, believed).holder_signed is True


def test_a_proof_of_the_holder_for_other_disclosures_is_changed(issuer: CertificateIssuer) -> None:
    token = issuer.sd_jwt(facts(), dict(HOLDER.as_dict(private=False)))
    holder = signing_key_from_jwk(private(HOLDER), kid="holder")
    shown = SdJwtVcProofSuite().create_presentation(token, holder_key=holder, audience="a", nonce="n")

    head, _, *rest = shown.split("~")

    assert verified("~".join([head, *rest]), issuer.keys.believed()).verdict is Verdict.CHANGED


def test_a_credential_of_openvc_is_read_by_ours(issuer: CertificateIssuer) -> None:
    key = signing_key_from_jwk(private(issuer.keys.signing), kid=str(issuer.keys.signing.kid))

    token = SdJwtVcProofSuite().issue(
        a_certificate(name=NAME, covers=[A_COVER]), signing_key=key, disclosable=["name", "covers"]
    )

    found = verified(token, issuer.keys.believed())
    assert found.verdict is Verdict.VALID
    assert found.facts is not None
    assert found.facts.person == DisclosedPerson(name=NAME)
    assert [cover.scheme_id for cover in found.facts.covers] == ["TH.SSF"]


def test_a_credential_of_the_reference_package_is_read_by_ours(issuer: CertificateIssuer) -> None:
    claims = {**a_certificate(covers=[SDObj(A_COVER)]), SDObj("name"): NAME}
    header = {"kid": str(issuer.keys.signing.kid), "typ": "dc+sd-jwt"}

    made = SDJWTIssuer(
        claims, JWK(**private(issuer.keys.signing)), extra_header_parameters=header, add_decoy_claims=True
    )

    opened, _ = disclosed(made.sd_jwt_issuance, issuer.keys.believed().keys)
    assert facts_of(opened).person.name == NAME
    assert facts_of(opened).covers[0].reference == "R-1"


def test_openvc_finds_our_key_by_the_issuers_metadata(issuer: CertificateIssuer) -> None:
    served = {
        f"{ADDRESS}/.well-known/jwt-vc-issuer": {"issuer": ADDRESS, "jwks_uri": f"{ADDRESS}/keys"},
        f"{ADDRESS}/keys": issuer.keys.public_set(),
    }

    found = resolve_jwt_vc_issuer_key(ADDRESS, str(issuer.keys.signing.kid), fetch=lambda url: served[url])

    assert found["x"] == public(issuer)["x"]


def test_openvc_reads_our_status_list(issuer: CertificateIssuer) -> None:
    token = issuer.status_list(1, (3, 77_777), NOW)
    claims = {"status": {"status_list": {"idx": 77_777, "uri": status_address(ADDRESS, 1)}}}
    other = {"status": {"status_list": {"idx": 77_776, "uri": status_address(ADDRESS, 1)}}}

    def resolve(uri: str) -> dict[str, Any]:
        return verify_status_list_token(token, public_key_jwk=public(issuer), expected_uri=uri, now=NOW)

    withdrawn, standing = (check_token_status(one, resolve_status_list_token=resolve) for one in (claims, other))

    assert withdrawn is not None
    assert standing is not None
    assert (withdrawn.status, standing.status) == (1, 0)
