"""What a simulated institution does with a message: prove it, decide once, keep the answer, say it again.

The same message under the same id gets the first answer again: header and message byte for byte, freshly
signed, since a signature lasts only five minutes. Other content under a known id is refused without effect.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import uuid
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from adapters.countries.envelope import (
    Envelope,
    EnvelopeMalformed,
    Header,
    canonical,
    content_of,
    digest_of,
    open_envelope,
)
from adapters.countries.signatures import SignatureRefused, Signer, check_signature, signer_named_in
from sandbox.behaviour import BEFORE_ANY_EFFECT, Behaviour, Order
from sandbox.rules import Decision, Letter, Rules, WordsRefused
from sandbox.store import KeptMessage, Store, follow_order, keep_message, kept_message

NOTICE = "This is a simulated institution. No real institution took this message, no cover exists, no money moved."


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What an institution needs to work: its rules, its records, its key, and the keys of its partners."""

    rules: Rules
    store: Store
    signer: Signer
    partners: dict[str, Ed25519PublicKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is to be sent back: canonical content to sign, under an HTTP status, in the manner of an order."""

    status: int
    content: bytes | None
    order: Order | None = None


class _Rejected(Exception):
    """A message that is not taken in at all, with the reason code of the envelope standard."""

    def __init__(self, status: int, code: str, envelope: Envelope | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.envelope = envelope


def take(desk: Desk, raw: bytes, now: dt.datetime) -> Outcome:
    """Take a message in and return what is to be said: in one durable transaction, once per message id."""
    try:
        envelope = _proven(desk, raw, now)
        with desk.store.transaction() as connection:
            order = follow_order(connection, envelope.header.action)
            if order.behaviour in BEFORE_ANY_EFFECT:
                return Outcome(status=200, content=None, order=order)
            kept = kept_message(connection, envelope.header.message_id)
            if kept is None:
                kept = _decide(desk, connection, envelope, order, now)
            elif kept.digest != envelope.digest:
                raise _Rejected(409, "rjct.message_id.duplicate", envelope)
        return _told(desk, kept, now, order)
    except _Rejected as rejected:
        return Outcome(status=rejected.status, content=_rejection(desk, rejected, now))


def tell(desk: Desk, message_id: str, signature: str, now: dt.datetime) -> Outcome:
    """What is to be said to a partner who asks for the answer to its message."""
    institution_id = desk.rules.institution_id
    question = canonical({"ask": "answer", "message_id": message_id, "receiver_id": institution_id})
    try:
        _check_partner(desk, signature, digest_of(question), now)
        with desk.store.transaction() as connection:
            kept = kept_message(connection, message_id)
        if kept is None:
            raise _Rejected(404, "rjct.message_id.unknown")
    except _Rejected as rejected:
        content = _rejection(desk, rejected, now, correlation_id=message_id)
        return Outcome(status=rejected.status, content=content)
    if kept.second_answer is not None:
        return Outcome(status=_status_of(kept.second_answer), content=kept.second_answer)
    return _told(desk, kept, now, None)


def _proven(desk: Desk, raw: bytes, now: dt.datetime) -> Envelope:
    """The envelope that a known partner signed for this institution; raises _Rejected."""
    try:
        envelope = open_envelope(raw)
    except EnvelopeMalformed:
        raise _Rejected(400, "rjct.envelope.malformed") from None
    header = envelope.header
    if signer_named_in(envelope.signature) != header.sender_id:
        raise _Rejected(401, "rjct.signature.invalid", envelope)
    try:
        _check_partner(desk, envelope.signature, envelope.digest, now)
    except _Rejected as rejected:
        raise _Rejected(rejected.status, rejected.code, envelope) from None
    if header.receiver_id != desk.rules.institution_id:
        raise _Rejected(400, "rjct.receiver_id.invalid", envelope)
    if header.action not in desk.rules.kinds:
        raise _Rejected(400, "rjct.action.not_supported", envelope)
    if not _is_uuid(header.message_id):
        raise _Rejected(400, "rjct.message_id.invalid", envelope)
    return envelope


def _check_partner(desk: Desk, signature: str, digest: str, now: dt.datetime) -> None:
    sender_id = signer_named_in(signature)
    if sender_id is None or sender_id not in desk.partners:
        raise _Rejected(401, "rjct.signature.invalid")
    try:
        check_signature(signature, owner=sender_id, public_key=desk.partners[sender_id], digest=digest, now=now)
    except SignatureRefused:
        raise _Rejected(401, "rjct.signature.invalid") from None


def _decide(
    desk: Desk, connection: sqlite3.Connection, envelope: Envelope, order: Order, now: dt.datetime
) -> KeptMessage:
    """Decide about a new message and keep the answer; a refusal undoes every effect but the answer itself."""
    header = envelope.header
    letter = Letter(
        message_id=header.message_id,
        action=header.action,
        written_on=header.message_ts.date(),
        total_count=header.total_count,
        words=envelope.message,
    )
    connection.execute("SAVEPOINT decision")
    try:
        if order.behaviour is Behaviour.REFUSE:
            raise WordsRefused("SANDBOX_REFUSES", "The simulated institution was told to refuse.")
        decision = desk.rules.decide(connection, letter)
    except WordsRefused as refused:
        connection.execute("ROLLBACK TO decision")
        decision = Decision(accepted=False, words=desk.rules.refusal(refused.code, refused.text))
    connection.execute("RELEASE decision")
    # Zero and not now: another delivery of this message may have read the clock a moment before this one.
    answered_from = now.timestamp() + order.seconds if order.behaviour is Behaviour.PENDING else 0.0
    second = None
    if order.behaviour is Behaviour.ANSWER_TWICE:
        words = desk.rules.refusal("SANDBOX_CHANGED", "The simulated institution was told to answer twice.")
        second = _answer(desk, envelope, Decision(accepted=False, words=words), now)
    kept = KeptMessage(
        message_id=header.message_id,
        action=header.action,
        digest=envelope.digest,
        answer=_answer(desk, envelope, decision, now),
        second_answer=second,
        answered_from=answered_from,
    )
    keep_message(connection, kept)
    return kept


def _answer(desk: Desk, envelope: Envelope, decision: Decision, now: dt.datetime) -> bytes:
    return _said(
        desk,
        receiver_id=envelope.header.sender_id,
        action=f"on_{envelope.header.action}",
        status="succ" if decision.accepted else "rjct",
        reason_code=None if decision.accepted else "rjct.decision",
        correlation_id=envelope.header.message_id,
        request_digest=envelope.digest,
        decision=decision.words,
        now=now,
    )


def _told(desk: Desk, kept: KeptMessage, now: dt.datetime, order: Order | None) -> Outcome:
    """The kept answer, or that it comes later."""
    if now.timestamp() >= kept.answered_from:
        return Outcome(status=_status_of(kept.answer), content=kept.answer, order=order)
    receiver_id = json.loads(kept.answer)["header"]["receiver_id"]
    content = _said(
        desk,
        receiver_id=receiver_id,
        action=f"on_{kept.action}",
        status="pdng",
        reason_code=None,
        correlation_id=kept.message_id,
        request_digest=kept.digest,
        decision=None,
        now=now,
    )
    return Outcome(status=202, content=content, order=order)


def _rejection(desk: Desk, rejected: _Rejected, now: dt.datetime, correlation_id: str | None = None) -> bytes:
    """What is said about a message that is not taken in: a reason code and no decision."""
    envelope = rejected.envelope
    if envelope is not None:
        correlation_id = envelope.header.message_id
    return _said(
        desk,
        receiver_id=envelope.header.sender_id if envelope else next(iter(desk.partners)),
        action=f"on_{envelope.header.action}"[:99] if envelope else "on_message",
        status="rjct",
        reason_code=rejected.code,
        correlation_id=correlation_id,
        request_digest=envelope.digest if envelope else None,
        decision=None,
        now=now,
    )


def _said(
    desk: Desk,
    *,
    receiver_id: str,
    action: str,
    status: str,
    reason_code: str | None,
    correlation_id: str | None,
    request_digest: str | None,
    decision: dict[str, object] | None,
    now: dt.datetime,
) -> bytes:
    header = Header(
        message_id=f"{desk.rules.institution_id}-{uuid.uuid4()}",
        message_ts=now,
        action=action,
        sender_id=desk.rules.institution_id,
        receiver_id=receiver_id,
        total_count=1,
        status=status,
        status_reason_code=reason_code,
    )
    message = {
        "correlation_id": correlation_id,
        "request_digest": request_digest,
        "simulated": True,
        "notice": NOTICE,
        "decision": decision,
    }
    return content_of(header, message)


def _status_of(answer: bytes) -> int:
    return 200 if json.loads(answer)["header"]["status"] == "succ" else 422


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
