"""Who signed, what, and when: every way a signature can be wrong, and the folder of keys."""

from __future__ import annotations

import datetime as dt
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from adapters.countries.signatures import (
    KeyMissing,
    Keyring,
    SignatureRefused,
    Signer,
    check_signature,
    create_development_keys,
    signer_named_in,
)

NOW = dt.datetime(2026, 3, 2, 1, 30, tzinfo=dt.UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Signer(owner="ID.BPJSTK", private_key=KEY)
DIGEST = "ab" * 32


def check(text: str, *, owner: str = "ID.BPJSTK", digest: str = DIGEST, now: dt.datetime = NOW) -> None:
    check_signature(text, owner=owner, public_key=KEY.public_key(), digest=digest, now=now)


def test_a_signature_proves_its_digest_to_the_holder_of_the_public_key() -> None:
    check(SIGNER.sign(DIGEST, NOW))


def test_a_signature_over_another_digest_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="does not fit the content"):
        check(SIGNER.sign(DIGEST, NOW), digest="cd" * 32)


def test_a_signature_by_another_key_is_refused() -> None:
    other = Signer(owner="ID.BPJSTK", private_key=Ed25519PrivateKey.generate())

    with pytest.raises(SignatureRefused, match="key that is not known"):
        check(other.sign(DIGEST, NOW))


def test_a_signature_by_another_key_under_the_known_key_id_is_refused() -> None:
    other = Signer(owner="ID.BPJSTK", private_key=Ed25519PrivateKey.generate())
    mine, forged = SIGNER.sign(DIGEST, NOW), other.sign(DIGEST, NOW)

    text = mine[: mine.rindex("signature=")] + forged[forged.rindex("signature=") :]

    with pytest.raises(SignatureRefused, match="does not fit the content"):
        check(text)


def test_a_signature_of_another_sender_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="another sender"):
        check(SIGNER.sign(DIGEST, NOW), owner="MY.SOCSO")


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_made_six_minutes_before_or_after_now_is_refused(minutes: int) -> None:
    with pytest.raises(SignatureRefused):
        check(SIGNER.sign(DIGEST, NOW + dt.timedelta(minutes=minutes)))


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_clock_that_is_four_minutes_off_is_borne_with(minutes: int) -> None:
    check(SIGNER.sign(DIGEST, NOW + dt.timedelta(minutes=minutes)))


def test_the_times_of_a_signature_cannot_be_changed_afterwards() -> None:
    text = SIGNER.sign(DIGEST, NOW)
    later = int(NOW.timestamp()) + 60

    changed = text.replace(f'created="{int(NOW.timestamp())}"', f'created="{later}"')

    assert changed != text
    with pytest.raises(SignatureRefused, match="does not fit the content"):
        check(changed)


def test_a_signature_that_is_meant_to_last_an_hour_is_refused() -> None:
    text = SIGNER.sign(DIGEST, NOW)
    created = int(NOW.timestamp())

    changed = text.replace(f'expires="{created + 300}"', f'expires="{created + 3600}"')

    with pytest.raises(SignatureRefused, match="meant to last"):
        check(changed)


@pytest.mark.parametrize("text", ["", "Signature: ", "x" * 5000, 'Signature: namespace="other"'])
def test_a_text_that_is_no_signature_is_refused_and_names_nobody(text: str) -> None:
    with pytest.raises(SignatureRefused, match="shape"):
        check(text)
    assert signer_named_in(text) is None


def test_development_keys_are_made_once_and_stay(tmp_path: Path) -> None:
    first = create_development_keys(tmp_path, ["lingkar"]).public_key("lingkar")

    second = create_development_keys(tmp_path, ["lingkar", "ID.BPJSTK"]).public_key("lingkar")

    assert first == second
    assert stat.S_IMODE((tmp_path / "lingkar.private").stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "ID.BPJSTK.private",
        "ID.BPJSTK.public",
        "lingkar.private",
        "lingkar.public",
    ]


def test_many_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: create_development_keys(tmp_path, ["lingkar"]), range(16)))

    text = rings[0].signer("lingkar").sign(DIGEST, NOW)

    for ring in rings:
        check_signature(text, owner="lingkar", public_key=ring.public_key("lingkar"), digest=DIGEST, now=NOW)


def test_keys_of_32_raw_bytes_are_read_too(tmp_path: Path) -> None:
    raw = KEY.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    (tmp_path / "ID.BPJSTK.private").write_bytes(raw)
    (tmp_path / "ID.BPJSTK.public").write_bytes(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    ring = Keyring(tmp_path)

    assert ring.public_key("ID.BPJSTK") == ring.signer("ID.BPJSTK").private_key.public_key()


def test_a_missing_key_a_spoilt_key_and_a_path_as_owner_are_each_refused(tmp_path: Path) -> None:
    (tmp_path / "spoilt.private").write_bytes(b"no key")
    ring = Keyring(tmp_path)

    with pytest.raises(KeyMissing, match="No private key of absent"):
        ring.signer("absent")
    with pytest.raises(KeyMissing, match="is not a key"):
        ring.signer("spoilt")
    with pytest.raises(KeyMissing, match="owner of a key"):
        ring.signer("../outside")
