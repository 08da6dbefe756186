"""The exchange with institutions: messages out in signed envelopes, answers back, each checked.

An answer counts only if the institution signed it within five minutes, for us, for this message id and for
the digest of exactly what we sent. Everything else is a failed delivery, and the message is sent again later
under the same id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from adapters.countries.envelope import (
    Envelope,
    EnvelopeMalformed,
    Header,
    canonical,
    content_of,
    digest_of,
    open_envelope,
    seal,
)
from adapters.countries.layouts import garbage, not_writable
from adapters.countries.signatures import SignatureRefused, Signer
from adapters.countries.transport import DOOR_STATUSES, Courier, Reply
from domain.countries import MemberState
from domain.exchange import (
    KIND_OF,
    Answer,
    ContributionRemittance,
    DeliveryFailed,
    DeliveryTrouble,
    Message,
    Pending,
)
from domain.ports import Clock, CountryAdapter

TOTAL_SECONDS = 20.0
OUR_SENDER_ID = "lingkar"
# Reasons that are about our key or name and would be the same for every message we send.
_ABOUT_US = ("rjct.signature.", "rjct.sender_id.", "rjct.receiver_id.", "rjct.version.")
_ANSWER_KEYS = frozenset({"correlation_id", "request_digest", "simulated", "notice", "decision"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionEndpoint:
    """Where an institution listens and how it is recognised.

    base_url: without a slash at the end. sender_id: its name in headers and signatures.
    """

    base_url: str
    public_key: Ed25519PublicKey
    sender_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Posting:
    """A message ready to go: its canonical content never changes between attempts, its signature does."""

    endpoint: InstitutionEndpoint
    adapter: CountryAdapter
    header: Header
    content: bytes

    @property
    def digest(self) -> str:
        return digest_of(self.content)


class HttpExchange:
    """The port `Exchange` over HTTP.

    client: from `transport.open_client`; the caller closes it. endpoints: by institution id.
    total_seconds: the deadline of one attempt.
    """

    def __init__(
        self,
        *,
        client: httpx2.AsyncClient,
        clock: Clock,
        signer: Signer,
        endpoints: Mapping[str, InstitutionEndpoint],
        adapters: Mapping[MemberState, CountryAdapter],
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._client = client
        self._clock = clock
        self._signer = signer
        self._endpoints = endpoints
        self._adapters = adapters
        self._total_seconds = total_seconds

    async def deliver(self, message: Message) -> Answer | Pending:
        """Send a message (again, under the same id) and return what the institution said.

        Raises DeliveryFailed.
        """
        posting = self._posting(message)
        reply = await self._courier(message).carry(
            "POST",
            f"{posting.endpoint.base_url}/exchange/messages",
            headers={"content-type": "application/json"},
            content=seal(posting.content, self._signer, self._clock.now()),
            now=self._clock.now(),
        )
        return self._understood(message, posting, reply)

    async def answer_to(self, message: Message) -> Answer | Pending:
        """Ask the institution for its answer to a message it took earlier; raises DeliveryFailed.

        An institution that never got the message says so, which is DeliveryFailed(REJECTED): deliver it.
        """
        posting = self._posting(message)
        question = digest_of(question_content(posting.header.message_id, posting.endpoint.sender_id))
        reply = await self._courier(message).carry(
            "GET",
            f"{posting.endpoint.base_url}/exchange/messages/{posting.header.message_id}/answer",
            headers={"x-signature": self._signer.sign(question, self._clock.now())},
            content=None,
            now=self._clock.now(),
        )
        return self._understood(message, posting, reply)

    def _courier(self, message: Message) -> Courier:
        return Courier(client=self._client, institution_id=message.institution_id, total_seconds=self._total_seconds)

    def _posting(self, message: Message) -> _Posting:
        institution_id, kind = message.institution_id, KIND_OF[type(message)]
        endpoint = self._endpoints.get(institution_id)
        if endpoint is None:
            # Our own setting is missing: the message is not at fault and must not be given up for it.
            raise DeliveryFailed(
                institution_id=institution_id,
                trouble=DeliveryTrouble.UNREACHABLE,
                peer_down=True,
                retry_after_seconds=None,
                remark="no endpoint is configured",
            )
        adapter = self._adapter(institution_id)
        if not adapter.supports(institution_id, kind):
            raise not_writable(institution_id, f"it takes no {kind.value}")
        header = Header(
            message_id=str(message.message_id),
            message_ts=message.written_at,
            action=kind.value,
            sender_id=self._signer.owner,
            receiver_id=endpoint.sender_id,
            total_count=len(message.lines) if isinstance(message, ContributionRemittance) else 1,
        )
        try:
            content = content_of(header, adapter.write(message))
        except ValueError:
            raise not_writable(institution_id, "a text of the message cannot be written as UTF-8") from None
        return _Posting(endpoint=endpoint, adapter=adapter, header=header, content=content)

    def _adapter(self, institution_id: str) -> CountryAdapter:
        state = institution_id.partition(".")[0]
        for member_state, adapter in self._adapters.items():
            if member_state.value == state:
                return adapter
        raise not_writable(institution_id, "no adapter exists for its member state")

    def _understood(self, message: Message, posting: _Posting, reply: Reply) -> Answer | Pending:
        envelope = _trusted(posting, reply, message.institution_id, self._clock.now())
        body = _bound(posting, envelope, message.institution_id)
        if envelope.header.status in ("pdng", "rcvd") and body["decision"] is None:
            return Pending(message_id=message.message_id, institution_id=message.institution_id)
        answer = posting.adapter.read(
            str(message.message_id),
            message.institution_id,
            {
                "action": envelope.header.action,
                "answer_id": envelope.header.message_id,
                "answered_at": envelope.header.message_ts.isoformat(),
                "correlation_id": body["correlation_id"],
                "decision": body["decision"],
                "digest": envelope.digest,
                "notice": body["notice"],
                "simulated": body["simulated"],
                "status": envelope.header.status,
            },
        )
        return _counted(message, answer)


def question_content(message_id: str, receiver_id: str) -> bytes:
    """What is signed to ask for the answer to a message, so that strangers cannot read answers."""
    return canonical({"ask": "answer", "message_id": message_id, "receiver_id": receiver_id})


def _trusted(posting: _Posting, reply: Reply, institution_id: str, now: dt.datetime) -> Envelope:
    """The envelope of a reply, if the institution signed it; a client error without one is a rejection."""
    try:
        envelope = open_envelope(reply.content)
    except EnvelopeMalformed as error:
        if reply.status >= 400:
            remark = f"status {reply.status}, not signed"
            raise _rejected(institution_id, remark, peer_down=reply.status in DOOR_STATUSES) from error
        raise garbage(institution_id, f"the answer is no envelope: {error}") from error
    endpoint = posting.endpoint
    try:
        if envelope.header.sender_id != endpoint.sender_id:
            raise SignatureRefused("the header names another sender")
        envelope.check(sender_id=endpoint.sender_id, public_key=endpoint.public_key, now=now)
    except SignatureRefused as error:
        raise DeliveryFailed(
            institution_id=institution_id,
            trouble=DeliveryTrouble.NOT_TRUSTED,
            peer_down=False,
            retry_after_seconds=None,
            remark=str(error),
        ) from error
    return envelope


def _bound(posting: _Posting, envelope: Envelope, institution_id: str) -> dict[str, Any]:
    """The message of a trusted envelope, if it answers exactly what we sent.

    Raises DeliveryFailed(REJECTED) where the institution did not take the message in at all: that is no
    decision about it. Above all a message id that is in use for other content must never count as a refusal,
    since the first content under this id may well have been accepted.
    """
    header, body = envelope.header, envelope.message
    if body.keys() != _ANSWER_KEYS:
        raise garbage(institution_id, "the answer has not exactly the keys of an answer")
    if header.receiver_id != posting.header.sender_id:
        raise garbage(institution_id, "the answer is for another receiver")
    if body["correlation_id"] != posting.header.message_id:
        raise garbage(institution_id, "the answer is for another message")
    if header.status == "rjct" and body["decision"] is None:
        code = header.status_reason_code or "no reason given"
        raise _rejected(institution_id, f"not taken in: {code}", peer_down=code.startswith(_ABOUT_US))
    if header.action != f"on_{posting.header.action}":
        raise garbage(institution_id, "the answer is to another kind of message")
    if body["request_digest"] != posting.digest:
        raise garbage(institution_id, "the answer is for other content under this message id")
    return body


def _rejected(institution_id: str, remark: str, *, peer_down: bool) -> DeliveryFailed:
    return DeliveryFailed(
        institution_id=institution_id,
        trouble=DeliveryTrouble.REJECTED,
        peer_down=peer_down,
        retry_after_seconds=None,
        remark=remark,
    )


def _counted(message: Message, answer: Answer) -> Answer:
    """The answer, if its lines are lines of the message; each one is accepted or refused, none twice."""
    if not isinstance(message, ContributionRemittance) or answer.accepted_lines is None:
        return answer
    numbers = {line.number for line in answer.refused_lines}
    if not numbers <= {line.number for line in message.lines}:
        raise garbage(message.institution_id, "a refused line is not in the message")
    if answer.accepted_lines + len(numbers) != len(message.lines):
        raise garbage(message.institution_id, "accepted and refused lines are not all the lines")
    return answer
