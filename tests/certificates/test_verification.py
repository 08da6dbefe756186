"""What is said of something that is shown as a certificate, for every body and every way it can be wrong."""

from __future__ import annotations

import base64
import datetime as dt
import json
import zlib
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest

from adapters.certificates import base45
from adapters.certificates.extraction import FILE_BYTES
from adapters.certificates.issuer import CertificateIssuer
from adapters.certificates.keys import BelievedKeys
from adapters.certificates.languages import LABELS
from adapters.certificates.qr import LIFE, PREFIX
from adapters.certificates.sd_jwt import Hider, encoded, issued
from adapters.certificates.words import notes
from domain.certificates import BodyKind, CertifiedCover, DisclosedPerson, Verdict
from tests.certificates.made import ADDRESS, COVERS, NOW, PERSON, SIGNED, facts, issuer_in, text_of, verdict, verified
from tests.certificates.made import verdict_on_file as on_file


@pytest.fixture
def issuer(tmp_path: Path) -> CertificateIssuer:
    return issuer_in(tmp_path)


@pytest.mark.parametrize("kind", [kind for kind in BodyKind if kind is not BodyKind.QR_SVG])
def test_every_body_that_was_just_made_is_valid(issuer: CertificateIssuer, kind: BodyKind) -> None:
    assert on_file(issuer.body(kind, facts(person=PERSON)).content, issuer) is Verdict.VALID


@pytest.mark.parametrize("kind", [BodyKind.SD_JWT, BodyKind.JSON])
def test_what_is_read_is_what_was_certified(issuer: CertificateIssuer, kind: BodyKind) -> None:
    told = facts(person=PERSON)

    assert verified(text_of(issuer, kind, told), issuer.keys.believed()).facts == told


def test_the_code_says_the_same_but_for_its_shorter_life_and_the_references(issuer: CertificateIssuer) -> None:
    told = facts(person=PERSON)

    found = verified(text_of(issuer, BodyKind.QR_TEXT, told), issuer.keys.believed()).facts

    without_references = tuple(replace(cover, reference="") for cover in COVERS)
    assert found is not None
    assert {cover.scheme_id: set(cover.branches) for cover in found.covers} == {
        cover.scheme_id: set(cover.branches) for cover in COVERS
    }
    assert found.expires_at == NOW + LIFE
    assert replace(found, expires_at=told.expires_at, covers=without_references) == replace(
        told, covers=without_references
    )


@pytest.mark.parametrize("kind", SIGNED)
def test_a_body_whose_bit_is_set_is_withdrawn_also_when_its_time_is_over(
    issuer: CertificateIssuer, kind: BodyKind
) -> None:
    text = text_of(issuer, kind, facts())

    assert verdict(text, issuer, withdrawn=True) is Verdict.WITHDRAWN
    assert verdict(text, issuer, withdrawn=True, now=NOW + dt.timedelta(days=2_000)) is Verdict.WITHDRAWN


@pytest.mark.parametrize(
    ("kind", "ends_at"),
    [(BodyKind.SD_JWT, NOW + dt.timedelta(days=365)), (BodyKind.JSON, NOW + dt.timedelta(days=365)),
     (BodyKind.QR_TEXT, NOW + dt.timedelta(hours=24))],
)  # fmt: skip
def test_a_body_is_valid_to_the_last_second_and_expired_at_its_end(
    issuer: CertificateIssuer, kind: BodyKind, ends_at: dt.datetime
) -> None:
    text = text_of(issuer, kind, facts())

    assert verdict(text, issuer, now=ends_at - dt.timedelta(seconds=1)) is Verdict.VALID
    assert verdict(text, issuer, now=ends_at) is Verdict.EXPIRED


def test_no_body_outlives_the_last_day_of_the_last_cover(issuer: CertificateIssuer) -> None:
    eve = dt.datetime(2027, 12, 15, 23, 0, tzinfo=dt.UTC)
    made = facts(made_at=eve, expires_at=dt.datetime(2027, 12, 16, tzinfo=dt.UTC))

    for kind in SIGNED:
        text = text_of(issuer, kind, made)
        assert verdict(text, issuer, now=eve + dt.timedelta(minutes=59)) is Verdict.VALID
        assert verdict(text, issuer, now=eve + dt.timedelta(minutes=60)) is Verdict.EXPIRED


@pytest.mark.parametrize("kind", SIGNED)
def test_a_body_by_another_key_is_signed_by_an_unknown_key(
    issuer: CertificateIssuer, tmp_path: Path, kind: BodyKind
) -> None:
    stranger = issuer_in(tmp_path / "stranger")

    assert verdict(text_of(stranger, kind, facts()), issuer) is Verdict.UNKNOWN_KEY


@pytest.mark.parametrize("kind", SIGNED)
def test_a_key_speaks_only_for_the_platform_that_published_it(issuer: CertificateIssuer, kind: BodyKind) -> None:
    text = text_of(issuer, kind, facts(issuer="https://elsewhere.example"))

    assert verdict(text, issuer) is Verdict.UNKNOWN_KEY


@pytest.mark.parametrize("kind", SIGNED)
def test_a_body_under_the_name_of_a_known_key_but_signed_by_another_is_changed(
    issuer: CertificateIssuer, tmp_path: Path, kind: BodyKind
) -> None:
    text = text_of(issuer, kind, facts())
    other = issuer_in(tmp_path / "other").keys.signing
    lying = BelievedKeys(issuer=ADDRESS, keys={str(issuer.keys.signing.kid): other})

    assert verified(text, lying).verdict is Verdict.CHANGED


@pytest.mark.parametrize("kind", SIGNED)
def test_no_single_changed_character_leaves_a_body_valid(issuer: CertificateIssuer, kind: BodyKind) -> None:
    text = text_of(issuer, kind, facts(person=PERSON))
    believed = issuer.keys.believed()

    for at in range(0, len(text), 7 if kind is not BodyKind.QR_TEXT else 1):
        if text[at].isspace():
            continue
        other = "A" if text[at] != "A" else "B"
        found = verified(text[:at] + other + text[at + 1 :], believed)
        assert found.verdict is not Verdict.VALID, f"{text[at]!r} at {at} became {other!r}"
        assert found.facts is None


def test_a_changed_fact_beside_the_token_is_seen(issuer: CertificateIssuer) -> None:
    whole = json.loads(text_of(issuer, BodyKind.JSON, facts()))
    whole["certificate"]["legislation"] = "SG"

    assert verdict(json.dumps(whole), issuer) is Verdict.CHANGED


def test_a_changed_byte_of_the_token_inside_the_paper_is_seen(issuer: CertificateIssuer) -> None:
    told = facts()
    paper = issuer.body(BodyKind.PDF, told).content
    begin = paper.index(b"stream", paper.index(b"EmbeddedFile")) + 60

    changed = paper[:begin] + bytes([paper[begin] ^ 1]) + paper[begin + 1 :]

    assert on_file(changed, issuer) in (Verdict.CHANGED, Verdict.NOT_A_CERTIFICATE)


def test_the_last_character_of_a_signature_cannot_be_written_in_another_way(issuer: CertificateIssuer) -> None:
    head, *rest = text_of(issuer, BodyKind.SD_JWT, facts()).split("~")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same_bytes = letters[letters.index(head[-1]) ^ 1]

    assert verdict("~".join([head[:-1] + same_bytes, *rest]), issuer) is Verdict.CHANGED


def test_a_holder_may_leave_out_what_they_do_not_want_to_show(issuer: CertificateIssuer) -> None:
    head, *disclosures, _ = text_of(issuer, BodyKind.SD_JWT, facts(person=PERSON)).split("~")
    injury = [text for text in disclosures if b"employment_injury" in base64.urlsafe_b64decode(text + "==")]

    found = verified("~".join([head, injury[0], ""]), issuer.keys.believed())

    assert found.verdict is Verdict.VALID
    assert found.facts is not None
    assert found.facts.person == DisclosedPerson()
    assert [[branch.value for branch in cover.branches] for cover in found.facts.covers] == [["employment_injury"]]


def test_a_disclosure_that_was_not_signed_for_is_seen(issuer: CertificateIssuer) -> None:
    text = text_of(issuer, BodyKind.SD_JWT, facts())
    added = encoded(json.dumps(["salt", "name", "Somebody Else"]).encode())

    assert verdict(text + added + "~", issuer) is Verdict.CHANGED
    assert verdict(text + text.split("~")[1] + "~", issuer) is Verdict.CHANGED


def test_a_token_of_another_type_by_our_own_key_is_not_a_certificate(issuer: CertificateIssuer) -> None:
    key = issuer.keys.signing

    assert verdict(issued({"iss": ADDRESS, "vct": "urn:other"}, Hider(), key), issuer) is Verdict.NOT_A_CERTIFICATE
    assert verdict(issuer.status_list(1, (), NOW), issuer) is Verdict.NOT_A_CERTIFICATE


@pytest.mark.parametrize(
    "text",
    ["", " ", "hello", "{", "{}", "[]", '{"certificate": {}, "sdJwt": 5}', '{"certificate": {}, "sdJwt": "~"}', "~",
     "a.b.c~", "LK2:ABC", "HC1:6BF", "\x00", "ก" * 50, "." * 100, "~" * 100_000, "[" * 100_000, '{"sdJwt":' * 50_000,
     "A" * 200_000, "LK1:" + "0" * 5_000],
)  # fmt: skip
def test_whatever_else_is_shown_is_not_a_certificate(issuer: CertificateIssuer, text: str) -> None:
    assert verdict(text, issuer) is Verdict.NOT_A_CERTIFICATE


@pytest.mark.parametrize("text", ["LK1:", "LK1:A", "LK1:%%%", "LK1:abc", "LK1:AAAA"])
def test_what_begins_like_a_code_and_cannot_be_read_is_changed(issuer: CertificateIssuer, text: str) -> None:
    assert verdict(text, issuer) is Verdict.CHANGED


def test_a_code_that_unfolds_into_gigabytes_is_not_unfolded(issuer: CertificateIssuer) -> None:
    bomb = zlib.compress(bytes(2_000_000), 9)

    assert verdict(PREFIX + base45.encode(bomb), issuer) is Verdict.NOT_A_CERTIFICATE


def test_a_code_that_holds_work_without_end_is_not_read(issuer: CertificateIssuer) -> None:
    kid = base64.urlsafe_b64decode(str(issuer.keys.signing.kid) + "=")
    endless = cbor2.CBORTag(5, [10**9, 3])
    for hostile in (
        cbor2.dumps(cbor2.CBORTag(18, [cbor2.dumps({1: -7, 4: kid}), {}, endless, bytes(64)])),
        cbor2.dumps(cbor2.CBORTag(18, [cbor2.dumps({1: -7, 4: kid}), {9: endless}, b"x" * 30, bytes(64)])),
        b"\xd2\x84" + b"\x9b\x00\x00\x00\x7f\xff\xff\xff\xff",
        b"\x81" * 8_000,
    ):
        assert verdict(PREFIX + base45.encode(zlib.compress(hostile, 9)), issuer) is Verdict.NOT_A_CERTIFICATE


def test_a_code_whose_content_is_another_is_changed(issuer: CertificateIssuer) -> None:
    kid = base64.urlsafe_b64decode(str(issuer.keys.signing.kid) + "=")
    for length in (30, 300):
        forged = cbor2.dumps(cbor2.CBORTag(18, [cbor2.dumps({1: -7, 4: kid}), {}, bytes(length), bytes(64)]))
        assert verdict(PREFIX + base45.encode(zlib.compress(forged)), issuer) is Verdict.CHANGED


@pytest.mark.parametrize("header", [{1: -7}, {1: -8, 4: b"12345678"}, {1: 5, 4: b"12345678"}, {}, {4: b"12345678"}])
def test_a_code_that_names_another_algorithm_is_not_a_certificate(
    issuer: CertificateIssuer, header: dict[int, object]
) -> None:
    kid = base64.urlsafe_b64decode(str(issuer.keys.signing.kid) + "=")
    told = header | {4: kid} if 4 in header else header
    forged = cbor2.dumps(cbor2.CBORTag(18, [cbor2.dumps(told), {}, bytes(30), bytes(64)]))

    assert verdict(PREFIX + base45.encode(zlib.compress(forged)), issuer) is Verdict.NOT_A_CERTIFICATE


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES384", "EdDSA"])
def test_a_token_that_names_another_algorithm_is_not_a_certificate(issuer: CertificateIssuer, algorithm: str) -> None:
    _, *rest = text_of(issuer, BodyKind.SD_JWT, facts()).split(".")
    header = {"alg": algorithm, "kid": str(issuer.keys.signing.kid), "typ": "dc+sd-jwt"}

    text = ".".join([encoded(json.dumps(header).encode()), *rest])

    assert verdict(text, issuer) is Verdict.NOT_A_CERTIFICATE


def test_a_header_that_brings_its_own_key_is_refused(issuer: CertificateIssuer) -> None:
    _, *rest = text_of(issuer, BodyKind.SD_JWT, facts()).split(".")
    header = {"alg": "ES256", "kid": str(issuer.keys.signing.kid), "typ": "dc+sd-jwt", "jwk": {}}

    text = ".".join([encoded(json.dumps(header).encode()), *rest])

    assert verdict(text, issuer) is Verdict.NOT_A_CERTIFICATE


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7\n%%EOF", b"%PDF-" + b"0" * 10_000, b"\x89PNG\r\n\x1a\n" + b"0" * 1_000, b"\xff\xd8\xff" + b"0" * 1_000,
     b"\xff\xfe\x00", bytes(FILE_BYTES + 1)],
    ids=["an empty paper", "a broken paper", "a broken picture", "a broken photo", "no text", "a huge file"],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_not_a_certificate(issuer: CertificateIssuer, content: bytes) -> None:
    assert on_file(content, issuer) is Verdict.NOT_A_CERTIFICATE


def test_a_body_from_simulated_institutions_says_so_in_the_answer(issuer: CertificateIssuer) -> None:
    for kind in SIGNED:
        simulated = verified(text_of(issuer, kind, facts()), issuer.keys.believed())
        real = verified(text_of(issuer, kind, facts(simulated=False)), issuer.keys.believed())

        assert LABELS["en"]["simulated"] in notes(simulated, NOW)
        assert LABELS["en"]["simulated"] not in notes(real, NOW)


def test_the_answer_says_what_was_not_known(issuer: CertificateIssuer) -> None:
    text = text_of(issuer, BodyKind.QR_TEXT, facts(covers=(_over(COVERS[0]),)))

    said = " ".join(notes(verified(text, issuer.keys.believed(), withdrawn=None), NOW))

    assert "Whether it was withdrawn could not be asked" in said
    assert "It names nobody" in said
    assert "None of the covers in it holds today" in said


def test_a_token_that_shows_no_cover_is_said_to_prove_none(issuer: CertificateIssuer) -> None:
    head = issuer.sd_jwt(facts()).split("~")[0]

    found = verified(head + "~", issuer.keys.believed())

    assert found.verdict is Verdict.VALID
    assert "It shows no cover. Ask the holder to show one." in notes(found, NOW)


def _over(cover: CertifiedCover) -> CertifiedCover:
    return replace(cover, first_day=dt.date(2025, 1, 1), last_day=dt.date(2025, 10, 1))
