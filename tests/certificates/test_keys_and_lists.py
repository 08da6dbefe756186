"""Signing keys: how they are made, kept and rotated; status lists: what they say and who believes them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from adapters.certificates import base45
from adapters.certificates.claims import status_address
from adapters.certificates.faults import NotBelieved
from adapters.certificates.issuer import CertificateIssuer, HolderKeyInvalid, holder_key_of
from adapters.certificates.keys import CertificateKeys, believed_keys, create_development_keys, rotate_keys
from adapters.certificates.status_list import is_withdrawn
from adapters.identity.key_files import KeyFilesInvalid
from adapters.identity.trusted_keys import KeySetInvalid
from domain.certificates import STATUS_LIST_BITS, BodyKind, Verdict
from tests.certificates.made import ADDRESS, NOW, SIGNED, facts, issuer_in, text_of, verdict, verified

LIST = status_address(ADDRESS, 1)


def reopened(folder: Path) -> CertificateIssuer:
    """An issuer that was started after the folder changed."""
    return CertificateIssuer(CertificateKeys(folder, ADDRESS))


def test_a_development_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    create_development_keys(tmp_path)
    first = (tmp_path / "certificate-1.key").read_bytes()
    create_development_keys(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["certificate-1.key"]
    assert (tmp_path / "certificate-1.key").read_bytes() == first
    assert (tmp_path / "certificate-1.key").stat().st_mode & 0o077 == 0


def test_a_folder_without_a_key_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyFilesInvalid, match="keys rotate"):
        CertificateKeys(tmp_path, ADDRESS)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    create_development_keys(tmp_path)
    (tmp_path / "certificate-1.key").chmod(0o644)

    with pytest.raises(KeyFilesInvalid, match="0644"):
        CertificateKeys(tmp_path, ADDRESS)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"not json", b'{"kty": "EC", "crv": "P-256"}'])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    create_development_keys(tmp_path)
    (tmp_path / "certificate-1.key").write_bytes(content)

    with pytest.raises(KeyFilesInvalid, match="does not hold a key"):
        CertificateKeys(tmp_path, ADDRESS)


def test_what_is_published_holds_no_private_part(tmp_path: Path) -> None:
    published = issuer_in(tmp_path).keys.public_set()

    assert published["issuer"] == ADDRESS
    assert all("d" not in key for key in published["keys"])


@pytest.mark.parametrize("kind", SIGNED)
def test_after_a_rotation_the_new_key_signs_and_older_bodies_stay_valid(tmp_path: Path, kind: BodyKind) -> None:
    before = issuer_in(tmp_path)
    old = text_of(before, kind, facts())

    made = rotate_keys(tmp_path)

    after = reopened(tmp_path)
    assert after.keys.signing.kid == made != before.keys.signing.kid
    assert verdict(old, after) is Verdict.VALID
    assert verdict(text_of(after, kind, facts()), after) is Verdict.VALID
    assert verdict(text_of(after, kind, facts()), before) is Verdict.UNKNOWN_KEY


def test_after_a_rotation_nobody_can_sign_by_the_older_key(tmp_path: Path) -> None:
    issuer_in(tmp_path)

    rotate_keys(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["certificate-1.public", "certificate-2.key"]
    assert "d" not in json.loads((tmp_path / "certificate-1.public").read_bytes())


def test_a_key_that_is_taken_away_ends_every_body_it_signed(tmp_path: Path) -> None:
    old = text_of(issuer_in(tmp_path), BodyKind.SD_JWT, facts())
    rotate_keys(tmp_path)

    (tmp_path / "certificate-1.public").unlink()

    assert verdict(old, reopened(tmp_path)) is Verdict.UNKNOWN_KEY


def test_the_first_key_of_a_folder_can_be_made_by_a_rotation(tmp_path: Path) -> None:
    rotate_keys(tmp_path / "new")

    assert reopened(tmp_path / "new").keys.public_set()["keys"]


@pytest.mark.parametrize("published", [{}, {"issuer": ADDRESS}, {"issuer": "", "keys": []}, {"keys": [{}]}])
def test_a_key_set_that_cannot_be_used_is_refused(published: dict[str, object]) -> None:
    with pytest.raises(KeySetInvalid):
        believed_keys(published)


@pytest.mark.parametrize("text", ["", "{}", "[]", '"x"', '{"kty": "oct", "k": "AA"}', "[" * 50_000])
def test_a_holders_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(HolderKeyInvalid):
        holder_key_of(text)


def test_a_private_key_is_not_taken_as_a_holders_key(tmp_path: Path) -> None:
    private = json.dumps(issuer_in(tmp_path).keys.signing.as_dict(private=True))

    with pytest.raises(HolderKeyInvalid):
        holder_key_of(private)


def test_a_token_without_the_holders_signature_does_not_prove_who_holds_it(tmp_path: Path) -> None:
    issuer = issuer_in(tmp_path)
    holder = holder_key_of(json.dumps(issuer_in(tmp_path / "holder").keys.signing.as_dict(private=False)))

    bound = verified(issuer.sd_jwt(facts(), holder), issuer.keys.believed())
    free = verified(issuer.sd_jwt(facts()), issuer.keys.believed())

    assert (bound.verdict, bound.holder_signed, free.holder_signed) == (Verdict.VALID, False, None)


def test_a_list_says_of_each_place_whether_it_is_withdrawn(tmp_path: Path) -> None:
    issuer = issuer_in(tmp_path)
    withdrawn = (0, 7, 8, 77_777, STATUS_LIST_BITS - 1)

    token, keys = issuer.status_list(1, withdrawn, NOW), issuer.keys.believed().keys

    asked = (0, 1, 6, 7, 8, 9, 77_776, 77_777, 77_778, STATUS_LIST_BITS - 1)
    assert [index for index in asked if is_withdrawn(token, LIST, index, keys, NOW)] == list(withdrawn)


def test_a_list_that_is_old_of_another_address_or_signed_by_another_key_is_not_believed(tmp_path: Path) -> None:
    issuer, stranger = issuer_in(tmp_path), issuer_in(tmp_path / "stranger")
    token, keys = issuer.status_list(1, (), NOW), issuer.keys.believed().keys

    for shown, address, now in (
        (token, status_address(ADDRESS, 2), NOW),
        (token, LIST, NOW + dt.timedelta(days=1)),
        (token, LIST, NOW - dt.timedelta(days=1)),
        (stranger.status_list(1, (), NOW), LIST, NOW),
        (token[:-4] + "AAAA", LIST, NOW),
        ("", LIST, NOW),
        ("A" * 300_000, LIST, NOW),
    ):
        with pytest.raises(NotBelieved):
            is_withdrawn(shown, address, 5, keys, now)


@pytest.mark.parametrize("index", [-1, STATUS_LIST_BITS])
def test_a_place_outside_the_list_is_not_answered(tmp_path: Path, index: int) -> None:
    issuer = issuer_in(tmp_path)

    with pytest.raises(NotBelieved):
        is_withdrawn(issuer.status_list(1, (), NOW), LIST, index, issuer.keys.believed().keys, NOW)


@pytest.mark.parametrize(
    ("content", "text"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581")]
)
def test_base45_is_written_as_its_standard_shows(content: bytes, text: str) -> None:
    assert base45.encode(content) == text
    assert base45.decode(text) == content


@pytest.mark.parametrize("text", ["A", "AAAA", "ab", "::", ":::", "GGW"])
def test_base45_that_nobody_writes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not base45"):
        base45.decode(text)
