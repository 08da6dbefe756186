"""The envelope: what goes in comes out, and everything that is not one is refused without repeating it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.countries.envelope import EnvelopeMalformed, Header, content_of, open_envelope, seal
from adapters.countries.signatures import SignatureRefused, Signer

NOW = dt.datetime(2026, 3, 2, 1, 30, tzinfo=dt.UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Signer(owner="lingkar", private_key=KEY)


def header() -> Header:
    return Header(
        message_id="00000000-0000-4000-8000-000000000001",
        message_ts=NOW,
        action="move_announcement",
        sender_id="lingkar",
        receiver_id="MY.SOCSO",
        total_count=1,
    )


def sealed(message: dict[str, Any] | None = None) -> bytes:
    return seal(content_of(header(), message or {"nama": "Contoh", "tanggal": "01012026"}), SIGNER, NOW)


def test_what_is_sealed_opens_to_the_same_header_and_message_and_is_proven() -> None:
    envelope = open_envelope(sealed({"nama": "Siti ñ 漢"}))

    envelope.check(sender_id="lingkar", public_key=KEY.public_key(), now=NOW)
    assert envelope.header == header()
    assert envelope.message == {"nama": "Siti ñ 漢"}


def test_the_digest_is_the_same_at_every_attempt_and_the_signature_is_not() -> None:
    content = content_of(header(), {"a": "1"})

    first = open_envelope(seal(content, SIGNER, NOW))
    second = open_envelope(seal(content, SIGNER, NOW + dt.timedelta(days=3)))

    assert first.digest == second.digest
    assert first.content == second.content == content
    assert first.signature != second.signature


def test_the_digest_does_not_depend_on_the_time_zone_in_which_the_instant_is_written() -> None:
    jakarta = dt.timezone(dt.timedelta(hours=7))
    local = content_of(
        Header(
            message_id=header().message_id,
            message_ts=NOW.astimezone(jakarta),
            action="move_announcement",
            sender_id="lingkar",
            receiver_id="MY.SOCSO",
            total_count=1,
        ),
        {},
    )

    assert local == content_of(header(), {})


def test_a_changed_message_is_not_proven() -> None:
    raw = sealed().replace(b"Contoh", b"Contah")

    with pytest.raises(SignatureRefused):
        open_envelope(raw).check(sender_id="lingkar", public_key=KEY.public_key(), now=NOW)


def test_other_spaces_and_another_order_of_keys_are_the_same_message() -> None:
    fields = json.loads(sealed())
    raw = json.dumps(dict(reversed(fields.items())), indent=2).encode()

    open_envelope(raw).check(sender_id="lingkar", public_key=KEY.public_key(), now=NOW)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    fields = json.loads(sealed())
    change(fields)
    return json.dumps(fields).encode()


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "a page": b"<html><body>Gateway</body></html>",
    "bytes that are no text": b"\xff\xfe\x00",
    "cut off": sealed()[:-20],
    "a list": b"[1, 2]",
    "a number": b"7",
    "an outer key too many": changed(lambda f: f.update(extra=1)),
    "no message": changed(lambda f: f.pop("message")),
    "a message that is a text": changed(lambda f: f.update(message="x")),
    "a signature that is a number": changed(lambda f: f.update(signature=1)),
    "a header without sender": changed(lambda f: f["header"].pop("sender_id")),
    "an unknown header field": changed(lambda f: f["header"].update(priority="high")),
    "another version": changed(lambda f: f["header"].update(version="2.0.0")),
    "an encrypted message": changed(lambda f: f["header"].update(is_msg_encrypted=True)),
    "a status nobody knows": changed(lambda f: f["header"].update(status="done")),
    "a count that is a truth value": changed(lambda f: f["header"].update(total_count=True)),
    "a count below nothing": changed(lambda f: f["header"].update(total_count=-1)),
    "an instant without time zone": changed(lambda f: f["header"].update(message_ts="2026-03-02T01:30:00")),
    "an instant that is none": changed(lambda f: f["header"].update(message_ts="yesterday")),
    "an instant before all time zones": changed(lambda f: f["header"].update(message_ts="0001-01-01T00:00:00+14:00")),
    "a message id with a line break": changed(lambda f: f["header"].update(message_id="a\nb")),
    "a message id that is empty": changed(lambda f: f["header"].update(message_id="")),
    "a fraction": changed(lambda f: f["message"].update(amount=1.5)),
    "a number that is none": sealed().replace(b'"Contoh"', b"NaN"),
    "a key twice": sealed().replace(b'"nama":', b'"tanggal":"x","nama":'),
    "half a letter": sealed().replace(b'"Contoh"', b'"\\ud800"'),
    "thirteen levels": changed(lambda f: f["message"].update(deep=json.loads("[" * 11 + "]" * 11))),
    "a hundred thousand levels": b"[" * 100_000,
    "a number of ten thousand digits": sealed().replace(b'"Contoh"', b"9" * 10_000),
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_bytes_that_are_no_envelope_are_refused(raw: bytes) -> None:
    with pytest.raises(EnvelopeMalformed):
        open_envelope(raw)


def test_the_deepest_message_allowed_still_opens() -> None:
    deepest = json.loads("[" * 10 + "]" * 10)

    assert open_envelope(sealed({"deep": deepest})).message == {"deep": deepest}


def test_a_refusal_repeats_nothing_of_what_was_sent() -> None:
    raw = sealed({"nama": "Rahasia Sekali"}).replace(b'"is_msg_encrypted":false', b'"is_msg_encrypted":1.5')

    with pytest.raises(EnvelopeMalformed) as caught:
        open_envelope(raw)

    assert "Rahasia" not in str(caught.value)
    assert caught.value.__cause__ is None
