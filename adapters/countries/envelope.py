"""The envelope every institution is spoken to in: signature, header, message.

Version 1.0.0 of the Digital Convergence Initiative's envelope. What is signed is the SHA-256 of the canonical
JSON of header and message: keys in order, no spaces, UTF-8, no fractions, no key twice. So the digest of a
message is the same whenever and however often it is sent, while its signature is new each time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from adapters.countries.signatures import Signer, check_signature

VERSION = "1.0.0"
DEPTH_MAX = 12
STATUSES = frozenset({"rcvd", "pdng", "succ", "rjct"})
_NEEDED = frozenset(
    {
        "version",
        "message_id",
        "message_ts",
        "action",
        "sender_id",
        "receiver_id",
        "total_count",
        "is_msg_encrypted",
    }
)
_OPTIONAL = frozenset({"sender_uri", "status", "status_reason_code", "completed_count", "meta"})
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,99}")


class EnvelopeMalformed(Exception):
    """The bytes are no envelope; the text says what is wrong and repeats nothing of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Who says what to whom. status and status_reason_code are on answers only.

    message_ts: when the message was written, UTC; the same each time it is sent. total_count: entries inside.
    """

    message_id: str
    message_ts: dt.datetime
    action: str
    sender_id: str
    receiver_id: str
    total_count: int
    status: str | None = None
    status_reason_code: str | None = None

    def as_json(self) -> dict[str, object]:
        """The header as it goes out."""
        fields: dict[str, object] = {
            "version": VERSION,
            "message_id": self.message_id,
            "message_ts": self.message_ts.astimezone(dt.UTC).isoformat(timespec="microseconds"),
            "action": self.action,
            "sender_id": self.sender_id,
            "receiver_id": self.receiver_id,
            "total_count": self.total_count,
            "is_msg_encrypted": False,
        }
        if self.status is not None:
            fields["status"] = self.status
        if self.status_reason_code is not None:
            fields["status_reason_code"] = self.status_reason_code
        return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An envelope that was read. Nothing in it is proven before `check` returned.

    content: the canonical bytes of header and message. digest: their SHA-256, hexadecimal.
    """

    header: Header
    message: dict[str, Any]
    signature: str
    content: bytes
    digest: str

    def check(self, *, sender_id: str, public_key: Ed25519PublicKey, now: dt.datetime) -> None:
        """Return if this sender signed it with this key within five minutes; raises SignatureRefused."""
        check_signature(self.signature, owner=sender_id, public_key=public_key, digest=self.digest, now=now)


def content_of(header: Header, message: dict[str, Any]) -> bytes:
    """The canonical bytes of header and message, which are what is signed."""
    return canonical({"header": header.as_json(), "message": message})


def canonical(value: object) -> bytes:
    """JSON in the one form that can be signed; raises ValueError for what JSON cannot say exactly."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def digest_of(content: bytes) -> str:
    """SHA-256 as hexadecimal text."""
    return hashlib.sha256(content).hexdigest()


def seal(content: bytes, signer: Signer, now: dt.datetime) -> bytes:
    """Return the whole envelope as bytes: the content, untouched, with a signature made now."""
    signature = json.dumps(signer.sign(digest_of(content), now)).encode("ascii")
    return content[:-1] + b',"signature":' + signature + b"}"


def open_envelope(raw: bytes) -> Envelope:
    """Return the envelope that these bytes are; raises EnvelopeMalformed if they are none.

    Refused: other keys, a missing key, another version, a key twice, a fraction, an encrypted message, too
    many levels, anything that is not UTF-8 JSON.
    """
    outer = _read_json(raw)
    if not isinstance(outer, dict) or outer.keys() != {"signature", "header", "message"}:
        raise EnvelopeMalformed("it has not exactly signature, header and message")
    header, message, signature = outer["header"], outer["message"], outer["signature"]
    if not isinstance(header, dict) or not isinstance(message, dict) or not isinstance(signature, str):
        raise EnvelopeMalformed("signature, header or message has the wrong type")
    try:
        content = canonical({"header": header, "message": message})
    except (ValueError, RecursionError) as error:
        raise EnvelopeMalformed("its text cannot be written in the signed form") from error
    return Envelope(
        header=_header(header),
        message=message,
        signature=signature,
        content=content,
        digest=digest_of(content),
    )


def _header(fields: dict[str, Any]) -> Header:
    missing, foreign = _NEEDED - fields.keys(), fields.keys() - _NEEDED - _OPTIONAL
    if missing or foreign:
        raise EnvelopeMalformed(f"the header lacks {len(missing)} fields and has {len(foreign)} unknown ones")
    if fields["version"] != VERSION:
        raise EnvelopeMalformed(f"the version is not {VERSION}")
    if fields["is_msg_encrypted"] is not False:
        raise EnvelopeMalformed("the message is marked as encrypted")
    names = [fields[name] for name in ("message_id", "action", "sender_id", "receiver_id")]
    reason_code = fields.get("status_reason_code")
    if not all(_is_name(name) for name in (*names, *([] if reason_code is None else [reason_code]))):
        raise EnvelopeMalformed("an id, the action or the reason code of the header is no name")
    if type(fields["total_count"]) is not int or not 0 <= fields["total_count"] <= 1_000_000:
        raise EnvelopeMalformed("total_count is not a count")
    if fields.get("status") is not None and fields["status"] not in STATUSES:
        raise EnvelopeMalformed("the status is not known")
    return Header(
        message_id=fields["message_id"],
        message_ts=_instant(fields["message_ts"]),
        action=fields["action"],
        sender_id=fields["sender_id"],
        receiver_id=fields["receiver_id"],
        total_count=fields["total_count"],
        status=fields.get("status"),
        status_reason_code=reason_code,
    )


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _instant(value: object) -> dt.datetime:
    if not isinstance(value, str) or len(value) > 40:
        raise EnvelopeMalformed("message_ts is not an instant")
    try:
        instant = dt.datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise EnvelopeMalformed("message_ts does not name its time zone")
        return instant.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise EnvelopeMalformed("message_ts is not an instant") from error


def _read_json(raw: bytes) -> object:
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object_without_repeats,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except EnvelopeMalformed:
        raise
    except (ValueError, RecursionError):
        # The decoder's own error carries the whole text, so it is not kept as a cause.
        raise EnvelopeMalformed("it is not JSON in UTF-8") from None
    if _deeper_than(value, DEPTH_MAX):
        raise EnvelopeMalformed(f"it has more than {DEPTH_MAX} levels")
    return value


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise EnvelopeMalformed("a key comes twice")
    return fields


def _refuse_number(_text: str) -> NoReturn:
    raise EnvelopeMalformed("a number is not whole")


def _deeper_than(value: object, levels: int) -> bool:
    """Whether lists and objects lie deeper than that many levels; counted without recursion."""
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
