"""Tokens: what is accepted, and that everything else is refused alike."""

from __future__ import annotations

import datetime as dt
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from adapters.identity.development_issuer import DevelopmentIssuer, NotDevelopment
from adapters.identity.issuers import LIFETIME_LIMIT_SECONDS
from adapters.identity.key_files import KeyFilesInvalid
from adapters.identity.token_faults import TokenFault, TokenRefused
from adapters.identity.tokens import TokenReader
from adapters.identity.trusted_keys import KeySetInvalid
from domain.actors import Actor, ActorKind
from tests.identity.conftest import AUDIENCE, ISSUER, NOW, Forge, read, reader_of, trusted, unpadded

Claims = dict[str, Any]


def issued(issuer: DevelopmentIssuer, actor: Actor, lifetime_seconds: int = 600) -> str:
    return "Bearer " + issuer.issue(actor, now=NOW, lifetime_seconds=lifetime_seconds, audience=AUDIENCE, issuer=ISSUER)


def named(actor: Actor) -> Actor:
    """An actor as the reader names them: after the issuer."""
    return replace(actor, id=f"id/{actor.id}")


def refusal(reader: TokenReader, header: str | None, now: dt.datetime = NOW) -> TokenRefused:
    with pytest.raises(TokenRefused) as refused:
        read(reader, header, now)
    return refused.value


def test_an_officer_comes_back_with_state_and_institution(
    issuer: DevelopmentIssuer, reader: TokenReader, officer: Actor
) -> None:
    assert read(reader, issued(issuer, officer)) == named(officer)


@pytest.mark.parametrize("kind", [ActorKind.DONOR, ActorKind.WORKER])
def test_a_donor_and_a_worker_come_back_with_their_own_id(
    kind: ActorKind, issuer: DevelopmentIssuer, reader: TokenReader, donor: Actor
) -> None:
    actor = replace(donor, kind=kind)

    assert read(reader, issued(issuer, actor)) == named(actor)


@pytest.mark.parametrize("kind", [ActorKind.OPERATOR, ActorKind.SYSTEM])
def test_an_operator_and_the_system_need_nothing_but_a_subject(
    kind: ActorKind, issuer: DevelopmentIssuer, reader: TokenReader
) -> None:
    actor = Actor(id="someone", kind=kind)

    assert read(reader, issued(issuer, actor)) == named(actor)


def test_the_token_of_every_known_algorithm_is_read(claims: Claims) -> None:
    keys: dict[str, ECKey | RSAKey | OKPKey] = {
        "ES256": ECKey.generate_key("P-256", auto_kid=True),
        "PS256": RSAKey.generate_key(2048, auto_kid=True),
        "Ed25519": OKPKey.generate_key("Ed25519", auto_kid=True),
        "EdDSA": OKPKey.generate_key("Ed25519", auto_kid=True),
    }
    published = {"keys": [key.as_dict(private=False) for key in keys.values()]}
    reader = reader_of(trusted(published))

    for algorithm, key in keys.items():
        header = {"alg": algorithm, "kid": key.kid}
        token = jws.serialize_compact(header, json.dumps(claims), key, algorithms=[algorithm])
        assert read(reader, f"Bearer {token}").id == "id/donor-1"


def test_the_audience_may_be_one_of_several(reader: TokenReader, forge: Forge, claims: Claims) -> None:
    token = forge({}, {**claims, "aud": ["another", AUDIENCE]})

    assert read(reader, f"Bearer {token}").id == "id/donor-1"


def test_while_keys_rotate_the_tokens_of_both_are_read(tmp_path: Path, donor: Actor) -> None:
    old = DevelopmentIssuer(tmp_path / "old", environment="development")
    new = DevelopmentIssuer(tmp_path / "new", environment="development")
    both = {"keys": old.public_keys()["keys"] + new.public_keys()["keys"]}
    reader = reader_of(trusted(both))

    assert read(reader, issued(old, donor)) == named(donor)
    assert read(reader, issued(new, donor)) == named(donor)


def test_a_token_is_revoked_when_its_key_is_taken_out(tmp_path: Path, donor: Actor) -> None:
    old = DevelopmentIssuer(tmp_path / "old", environment="development")
    new = DevelopmentIssuer(tmp_path / "new", environment="development")
    reader = reader_of(trusted(new.public_keys()))

    assert refusal(reader, issued(old, donor)).fault is TokenFault.KEY


def test_an_issuer_cannot_speak_in_the_name_of_another(tmp_path: Path, donor: Actor) -> None:
    ours = DevelopmentIssuer(tmp_path / "ours", environment="development")
    other = DevelopmentIssuer(tmp_path / "other", environment="development")
    reader = reader_of(trusted(ours.public_keys()), trusted(other.public_keys(), "https://other.example", name="other"))

    assert refusal(reader, issued(other, donor)).fault is TokenFault.KEY


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(599, True), (600, True), (629, True), (630, False), (86_400, False)]
)
def test_a_token_ends_when_it_says_with_thirty_seconds_for_clocks_that_differ(
    seconds: int, accepted: bool, issuer: DevelopmentIssuer, reader: TokenReader, donor: Actor
) -> None:
    header, later = issued(issuer, donor), NOW + dt.timedelta(seconds=seconds)

    if accepted:
        assert read(reader, header, later) == named(donor)
    else:
        assert refusal(reader, header, later).fault is TokenFault.EXPIRED


@pytest.mark.parametrize("claim", ["iat", "nbf"])
@pytest.mark.parametrize(("seconds", "accepted"), [(30, True), (31, False)])
def test_a_token_of_later_is_not_valid_now(
    claim: str, seconds: int, accepted: bool, reader: TokenReader, forge: Forge, claims: Claims
) -> None:
    token = forge({}, {**claims, claim: claims["iat"] + seconds})

    if accepted:
        assert read(reader, f"Bearer {token}").id == "id/donor-1"
    else:
        assert refusal(reader, f"Bearer {token}").fault is TokenFault.CLAIM_INVALID


def test_a_token_of_one_day_is_accepted_and_of_a_second_more_refused(
    reader: TokenReader, forge: Forge, claims: Claims
) -> None:
    day = forge({}, {**claims, "exp": claims["iat"] + LIFETIME_LIMIT_SECONDS})
    longer = forge({}, {**claims, "exp": claims["iat"] + LIFETIME_LIMIT_SECONDS + 1})

    assert read(reader, f"Bearer {day}").id == "id/donor-1"
    assert refusal(reader, f"Bearer {longer}").fault is TokenFault.LIFETIME


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_a_token_without_algorithm_is_refused(
    algorithm: str, signature: str, reader: TokenReader, signing_key: ECKey, claims: Claims
) -> None:
    header = json.dumps({"alg": algorithm, "kid": signing_key.kid}).encode()
    token = f"{unpadded(header)}.{unpadded(json.dumps(claims).encode())}.{signature}"

    assert refusal(reader, f"Bearer {token}").fault in (TokenFault.SCHEME, TokenFault.ALGORITHM)


def test_a_changed_payload_is_refused(reader: TokenReader, forge: Forge, claims: Claims) -> None:
    header, _, signature = forge({}, claims).split(".")
    other = unpadded(json.dumps({**claims, "sub": "donor-2"}).encode())

    assert refusal(reader, f"Bearer {header}.{other}.{signature}").fault is TokenFault.SIGNATURE


SIGNATURES: dict[str, Callable[[str], str]] = {
    "cut": lambda signature: signature[:-4],
    "of zeros": lambda signature: unpadded(bytes(64)),
    "longer": lambda signature: signature + "AAAA",
    "of another encoding": lambda signature: signature[:-1] + chr(ord(signature[-1]) + 1),
}


@pytest.mark.parametrize("spoil", SIGNATURES.values(), ids=SIGNATURES.keys())
def test_a_spoiled_signature_is_refused(
    spoil: Callable[[str], str], reader: TokenReader, forge: Forge, claims: Claims
) -> None:
    header, payload, signature = forge({}, claims).split(".")

    assert refusal(reader, f"Bearer {header}.{payload}.{spoil(signature)}").fault is TokenFault.SIGNATURE


@pytest.mark.parametrize("ending", ["", "."])
def test_a_missing_signature_is_refused(ending: str, reader: TokenReader, forge: Forge, claims: Claims) -> None:
    unsigned = forge({}, claims).rpartition(".")[0]

    assert refusal(reader, f"Bearer {unsigned}{ending}").fault is TokenFault.SCHEME


@pytest.mark.parametrize(
    "kid",
    ["../../etc/passwd", "' OR '1'='1", "https://evil.example/key", {"a": 1}, ["a"], 1, "", None],
    ids=["path", "sql", "url", "object", "list", "number", "empty", "null"],
)
def test_a_key_id_outside_the_known_keys_is_refused(
    kid: object, reader: TokenReader, forge: Forge, claims: Claims
) -> None:
    assert refusal(reader, f"Bearer {forge({'kid': kid}, claims)}").fault is TokenFault.KEY


@pytest.mark.parametrize(
    "added",
    [
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/chain"},
        {"x5c": ["AAAA"]},
        {"jwk": {"kty": "EC"}},
        {"crit": ["exp"], "exp": 1},
        {"crit": ["unknown"]},
        {"crit": []},
        {"b64": True},
        {"cty": "JWT"},
        {"zip": "DEF"},
        {"typ": "JWE"},
        {"typ": {"a": 1}},
    ],
    ids=lambda added: "-".join(added),
)
def test_a_header_that_brings_its_own_rules_or_keys_is_refused(
    added: Claims, reader: TokenReader, forge: Forge, claims: Claims
) -> None:
    assert refusal(reader, f"Bearer {forge(added, claims)}").fault is TokenFault.HEADER


def test_an_embedded_key_that_fits_the_signature_is_refused(reader: TokenReader, forge: Forge, claims: Claims) -> None:
    forger = ECKey.generate_key("P-256")
    token = forge({"jwk": dict(forger.as_dict(private=False))}, claims, forger)

    assert refusal(reader, f"Bearer {token}").fault is TokenFault.HEADER


def test_the_public_key_used_as_a_shared_secret_is_refused(
    reader: TokenReader, signing_key: ECKey, claims: Claims
) -> None:
    header = unpadded(json.dumps({"alg": "HS256", "kid": signing_key.kid}).encode())
    signed = f"{header}.{unpadded(json.dumps(claims).encode())}"
    secrets = [signing_key.as_pem(private=False), json.dumps(signing_key.as_dict(private=False)).encode()]

    for secret in secrets:
        signature = unpadded(hmac.digest(secret, signed.encode(), "sha256"))
        assert refusal(reader, f"Bearer {signed}.{signature}").fault is TokenFault.ALGORITHM


def test_another_known_algorithm_than_the_key_is_for_is_refused(
    reader: TokenReader, forge: Forge, claims: Claims
) -> None:
    token = forge({"alg": "PS256"}, claims, RSAKey.generate_key(2048))

    assert refusal(reader, f"Bearer {token}").fault is TokenFault.ALGORITHM


def test_a_token_of_another_environment_is_refused(reader: TokenReader, forge: Forge, claims: Claims) -> None:
    elsewhere = ECKey.generate_key("P-256")

    assert refusal(reader, f"Bearer {forge({}, claims, elsewhere)}").fault is TokenFault.SIGNATURE


@pytest.mark.parametrize("claim", ["exp", "iat", "sub", "aud", "iss"])
@pytest.mark.parametrize("absent", [True, False], ids=["absent", "null"])
def test_a_required_claim_that_is_not_there_is_refused(
    claim: str, absent: bool, reader: TokenReader, forge: Forge, claims: Claims
) -> None:
    claims[claim] = None
    if absent:
        del claims[claim]

    expected = TokenFault.ISSUER if claim == "iss" else TokenFault.CLAIM_MISSING
    assert refusal(reader, f"Bearer {forge({}, claims)}").fault is expected


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("exp", "2025-07-02"),
        ("exp", "1751400000"),
        ("exp", True),
        ("exp", [1]),
        ("exp", float("nan")),
        ("exp", float("inf")),
        ("iat", "now"),
        ("nbf", "now"),
        ("aud", "another"),
        ("aud", ["another", "third"]),
        ("aud", []),
        ("aud", ""),
        ("aud", {"lingkar": 1}),
        ("aud", [["lingkar"]]),
        ("sub", ""),
        ("sub", 7),
        ("iss", 7),
        ("iss", [ISSUER]),
    ],
)
def test_a_claim_of_another_type_or_audience_is_refused(
    claim: str, value: object, reader: TokenReader, forge: Forge, claims: Claims
) -> None:
    expected = TokenFault.ISSUER if claim == "iss" else TokenFault.CLAIM_INVALID
    assert refusal(reader, f"Bearer {forge({}, {**claims, claim: value})}").fault is expected


@pytest.mark.parametrize(
    ("claim", "value", "fault"),
    [
        ("iss", "https://other.example", TokenFault.ISSUER),
        ("iss", ISSUER + "/", TokenFault.ISSUER),
        ("exp", 2_066_000_000, TokenFault.LIFETIME),
        ("exp", 10**400, TokenFault.LIFETIME),
        ("iat", 0, TokenFault.LIFETIME),
        ("iat", 0.5, TokenFault.LIFETIME),
    ],
)
def test_another_issuer_and_a_life_of_years_are_refused(
    claim: str, value: object, fault: TokenFault, reader: TokenReader, forge: Forge, claims: Claims
) -> None:
    assert refusal(reader, f"Bearer {forge({}, {**claims, claim: value})}").fault is fault


def test_an_endless_expiry_beside_a_fractional_issue_time_is_refused(
    reader: TokenReader, forge: Forge, claims: Claims
) -> None:
    token = forge({}, {**claims, "exp": 10**400, "iat": claims["iat"] + 0.5})

    assert refusal(reader, f"Bearer {token}").fault is TokenFault.LIFETIME


def test_a_token_that_ends_before_it_was_issued_is_refused(reader: TokenReader, forge: Forge, claims: Claims) -> None:
    token = forge({}, {**claims, "iat": claims["iat"] + 20, "exp": claims["iat"] + 10})

    assert refusal(reader, f"Bearer {token}").fault is TokenFault.LIFETIME


HEADERS: dict[str, tuple[Callable[[str], str | None], TokenFault]] = {
    "absent": (lambda token: None, TokenFault.MISSING),
    "empty": (lambda token: "", TokenFault.MISSING),
    "Basic": (lambda token: "Basic bGluZ2thcjpsaW5na2Fy", TokenFault.SCHEME),
    "the token under Basic": (lambda token: f"Basic {token}", TokenFault.SCHEME),
    "no scheme": (lambda token: token, TokenFault.SCHEME),
    "scheme in small letters": (lambda token: f"bearer {token}", TokenFault.SCHEME),
    "scheme alone": (lambda token: "Bearer ", TokenFault.SCHEME),
    "two spaces": (lambda token: f"Bearer  {token}", TokenFault.SCHEME),
    "two tokens": (lambda token: f"Bearer {token} {token}", TokenFault.SCHEME),
    "two tokens with a comma": (lambda token: f"Bearer {token}, Bearer {token}", TokenFault.SCHEME),
    "junk after": (lambda token: f"Bearer {token} x", TokenFault.SCHEME),
    "a line end after": (lambda token: f"Bearer {token}\n", TokenFault.SCHEME),
    "padding after": (lambda token: f"Bearer {token}==", TokenFault.SCHEME),
    "a fourth part": (lambda token: f"Bearer {token}.AAAA", TokenFault.SCHEME),
    "other digits": (lambda token: f"Bearer {token}\u0e51", TokenFault.SCHEME),
    "100 kB": (lambda token: "Bearer " + "A" * 100_000, TokenFault.SIZE),
}


@pytest.mark.parametrize(("write", "fault"), HEADERS.values(), ids=HEADERS.keys())
def test_anything_but_bearer_and_one_token_is_refused(
    write: Callable[[str], str | None],
    fault: TokenFault,
    reader: TokenReader,
    issuer: DevelopmentIssuer,
    donor: Actor,
) -> None:
    token = issued(issuer, donor).removeprefix("Bearer ")

    assert refusal(reader, write(token)).fault is fault


def test_a_valid_token_of_four_kilobytes_is_refused_and_a_shorter_one_read(
    reader: TokenReader, forge: Forge, claims: Claims
) -> None:
    shorter = forge({}, {**claims, "filling": "x" * 2_500})
    longer = forge({}, {**claims, "filling": "x" * 3_000})
    assert len(shorter) < 4_096 <= len(longer)

    assert read(reader, f"Bearer {shorter}").id == "id/donor-1"
    assert refusal(reader, f"Bearer {longer}").fault is TokenFault.SIZE


@pytest.mark.parametrize(
    "header",
    [b"", b"[]", b'"alg"', b"1", b"{", b"\xff\xfe", b"[" * 2_000, b'{"alg":"ES256","alg":"ES256"}', b"{}"],
    ids=["empty", "list", "text", "number", "open", "bytes", "deep", "twice", "bare"],
)
def test_a_header_that_is_no_object_is_refused(header: bytes, reader: TokenReader) -> None:
    token = f"{unpadded(header) or '-'}.{unpadded(b'{}')}.{unpadded(bytes(64))}"

    assert refusal(reader, f"Bearer {token}").fault in (TokenFault.HEADER, TokenFault.ISSUER)


def test_a_signed_header_that_names_something_twice_is_refused(
    reader: TokenReader, signing_key: ECKey, claims: Claims
) -> None:
    header = f'{{"alg":"none","alg":"ES256","kid":"{signing_key.kid}"}}'.encode()
    signed = f"{unpadded(header)}.{unpadded(json.dumps(claims).encode())}"
    signature = unpadded(jws.JWSRegistry.algorithms["ES256"].sign(signed.encode(), signing_key))

    assert refusal(reader, f"Bearer {signed}.{signature}").fault is TokenFault.HEADER


@pytest.mark.parametrize(
    "payload",
    ["", "[]", "1", "not json", "[" * 2_000, '{"sub":"a","sub":"b"}'],
    ids=["empty", "list", "number", "text", "deep", "twice"],
)
def test_a_signed_payload_that_is_no_object_is_refused(payload: str, reader: TokenReader, forge: Forge) -> None:
    assert refusal(reader, f"Bearer {forge({}, payload)}").fault in (
        TokenFault.HEADER,
        TokenFault.SCHEME,
    )


UUID_TEXT = "018f0000-0000-7000-8000-000000000001"
OFFICER = {"lingkar_kind": "officer", "lingkar_state": "ID", "lingkar_institution": "ID.BPJSTK"}
INCOMPLETE: dict[str, Claims] = {
    "no kind": {"lingkar_kind": None},
    "unknown kind": {"lingkar_kind": "admin"},
    "kind of another type": {"lingkar_kind": ["donor"]},
    "officer without institution": {**OFFICER, "lingkar_institution": None, "lingkar_subject": None},
    "officer without state": {**OFFICER, "lingkar_state": None, "lingkar_subject": None},
    "officer of an unknown state": {**OFFICER, "lingkar_state": "XX", "lingkar_subject": None},
    "officer of another state's institution": {**OFFICER, "lingkar_state": "MY", "lingkar_subject": None},
    "officer with an empty institution": {**OFFICER, "lingkar_institution": "", "lingkar_subject": None},
    "officer of a list of institutions": {
        **OFFICER,
        "lingkar_institution": ["ID.BPJSTK"],
        "lingkar_subject": None,
    },
    "officer who is a donor too": {**OFFICER, "lingkar_subject": UUID_TEXT},
    "donor without own id": {"lingkar_subject": None},
    "donor with an id that is no UUID": {"lingkar_subject": "1"},
    "donor with a number": {"lingkar_subject": 1},
    "donor with an id in capitals": {"lingkar_subject": UUID_TEXT.upper()},
    "donor with an id in braces": {"lingkar_subject": f"{{{UUID_TEXT}}}"},
    "donor with the nil id": {"lingkar_subject": str(UUID(int=0))},
    "donor with an institution": {"lingkar_institution": "ID.BPJSTK"},
    "worker without own id": {"lingkar_kind": "worker", "lingkar_subject": None},
    "worker with a state": {"lingkar_kind": "worker", "lingkar_state": "ID"},
    "operator with an own id": {"lingkar_kind": "operator"},
    "subject with a line end": {"sub": "donor\n1"},
    "subject of 256 characters": {"sub": "d" * 256},
}


@pytest.mark.parametrize("changed", INCOMPLETE.values(), ids=INCOMPLETE.keys())
def test_a_token_that_names_no_whole_actor_is_refused(
    changed: Claims, reader: TokenReader, forge: Forge, claims: Claims
) -> None:
    assert refusal(reader, f"Bearer {forge({}, {**claims, **changed})}").fault is TokenFault.ACTOR


def test_every_refusal_says_the_same_and_tells_no_fault(reader: TokenReader, forge: Forge, claims: Claims) -> None:
    headers = [None, "Basic x", f"Bearer {forge({'kid': 'x'}, claims)}", f"Bearer {forge({}, {})}"]

    refusals = [refusal(reader, header) for header in headers]

    assert len({refused.fault for refused in refusals}) == 4
    assert len({(refused.code, refused.message, str(refused)) for refused in refusals}) == 1
    assert all(refused.facts == {} for refused in refusals)
    assert refusals[0].code == "UNAUTHENTICATED"


def test_the_development_issuer_is_refused_outside_development(tmp_path: Path) -> None:
    with pytest.raises(NotDevelopment):
        DevelopmentIssuer(tmp_path, environment="production")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lifetime_seconds", [-1, 0, LIFETIME_LIMIT_SECONDS + 1])
def test_the_development_issuer_gives_no_token_that_would_be_refused(
    lifetime_seconds: int, issuer: DevelopmentIssuer, donor: Actor
) -> None:
    with pytest.raises(ValueError, match="86400"):
        issued(issuer, donor, lifetime_seconds)


def test_the_signing_key_is_kept_in_a_file_of_its_owner_only(issuer: DevelopmentIssuer, tmp_path: Path) -> None:
    folder = tmp_path / "issuer"

    assert [path.name for path in folder.iterdir()] == ["issuer-1.key"]
    assert (folder / "issuer-1.key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_second_start_uses_the_same_key(issuer: DevelopmentIssuer, tmp_path: Path) -> None:
    again = DevelopmentIssuer(tmp_path / "issuer", environment="development")

    assert again.public_keys() == issuer.public_keys()


def test_the_published_key_is_public_and_named_by_its_thumbprint(issuer: DevelopmentIssuer, signing_key: ECKey) -> None:
    [published] = issuer.public_keys()["keys"]

    assert "d" not in published
    assert signing_key.thumbprint().startswith(published["kid"][:10])


def test_a_signing_key_that_others_may_read_is_refused(issuer: DevelopmentIssuer, tmp_path: Path) -> None:
    (tmp_path / "issuer" / "issuer-1.key").chmod(0o640)

    with pytest.raises(KeyFilesInvalid, match="0600"):
        DevelopmentIssuer(tmp_path / "issuer", environment="development")


def public(key: ECKey | RSAKey | OKPKey | OctKey, **changed: object) -> Claims:
    return {"kid": "k", **key.as_dict(private=False), **changed}


BAD_KEYS: dict[str, Callable[[], Claims]] = {
    "no keys": lambda: {"keys": []},
    "no list": lambda: {},
    "private": lambda: {"keys": [ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True)]},
    "symmetric": lambda: {"keys": [{"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAA", "kid": "k"}]},
    "of another curve": lambda: {"keys": [public(ECKey.generate_key("P-384"))]},
    "for agreement only": lambda: {"keys": [public(OKPKey.generate_key("X25519"))]},
    "off its curve": lambda: {"keys": [public(ECKey.generate_key("P-256"), x=unpadded(bytes(32)))]},
    "of an unknown type": lambda: {"keys": [{"kty": "AKP", "kid": "k"}]},
    "without kid": lambda: {"keys": [{**public(ECKey.generate_key("P-256")), "kid": None}]},
    "with one kid twice": lambda: {"keys": [public(ECKey.generate_key("P-256"), kid="k")] * 2},
    "for encryption": lambda: {"keys": [public(ECKey.generate_key("P-256"), use="enc")]},
    "for another algorithm": lambda: {"keys": [public(RSAKey.generate_key(2048), alg="RS256")]},
}


@pytest.mark.parametrize("published", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_keys_that_cannot_be_trusted_stop_the_start(published: Callable[[], Claims]) -> None:
    with pytest.raises(KeySetInvalid):
        reader_of(trusted(published()))


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_short_rsa_key_stops_the_start() -> None:
    published = {"keys": [public(RSAKey.generate_key(1024))]}

    with pytest.raises(KeySetInvalid):
        reader_of(trusted(published))


def test_a_reader_that_trusts_nobody_does_not_start() -> None:
    with pytest.raises(KeySetInvalid):
        reader_of()
