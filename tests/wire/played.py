"""An institution played by a function, and an exchange that talks to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.countries import ADAPTERS
from adapters.countries.envelope import Header, content_of, open_envelope, seal
from adapters.countries.exchange import HttpExchange, InstitutionEndpoint
from adapters.countries.signatures import Signer
from domain.exchange import DeliveryFailed
from tests.wire.letters import handover

NOW = dt.datetime(2026, 3, 2, 1, 30, tzinfo=dt.UTC)
OURS = Signer(owner="lingkar", private_key=Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
THEIRS = Signer(owner="ID.BPJSTK", private_key=Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
STRANGER = Signer(owner="ID.BPJSTK", private_key=Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))
DECISION: dict[str, Any] = {
    "noKepesertaan": "PMI0000000001",
    "tglEfektif": "01-04-2026",
    "tglExpired": "31-10-2028",
    "totalPengembalian": "0",
}
Reply = Callable[[httpx2.Request], httpx2.Response]


class StillClock:
    """A clock that stands."""

    def now(self) -> dt.datetime:
        return NOW


def exchange(reply: Reply, *, total_seconds: float = 5.0) -> HttpExchange:
    def streamed(request: httpx2.Request) -> httpx2.Response:
        response = reply(request)
        if response.is_closed:
            # A response made from bytes counts as read; the exchange must read it piece by piece.
            stream = httpx2.ByteStream(response.content)
            return httpx2.Response(response.status_code, headers=response.headers, stream=stream)
        return response

    return HttpExchange(
        client=httpx2.AsyncClient(transport=httpx2.MockTransport(streamed)),
        clock=StillClock(),
        signer=OURS,
        endpoints={
            "ID.BPJSTK": InstitutionEndpoint(
                base_url="http://institution.test",
                public_key=THEIRS.private_key.public_key(),
                sender_id="ID.BPJSTK",
            )
        },
        adapters=ADAPTERS,
        total_seconds=total_seconds,
    )


def answered(
    request: httpx2.Request,
    *,
    signer: Signer = THEIRS,
    signed_at: dt.datetime = NOW,
    status_code: int = 200,
    header: dict[str, Any] | None = None,
    message: dict[str, Any] | None = None,
) -> httpx2.Response:
    """A right answer to a request, but for what a case changes in header, message, signer or time."""
    asked = open_envelope(request.content)
    right_header: dict[str, Any] = {
        "message_id": "ID.BPJSTK-1",
        "message_ts": NOW,
        "action": f"on_{asked.header.action}",
        "sender_id": "ID.BPJSTK",
        "receiver_id": "lingkar",
        "total_count": 1,
        "status": "succ",
    }
    right_message: dict[str, Any] = {
        "correlation_id": asked.header.message_id,
        "request_digest": asked.digest,
        "simulated": True,
        "notice": "This is a simulated institution.",
        "decision": DECISION,
    }
    content = content_of(Header(**(right_header | (header or {}))), right_message | (message or {}))
    return httpx2.Response(
        status_code,
        content=seal(content, signer, signed_at),
        headers={"content-type": "application/json"},
    )


async def failure(reply: Reply) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await exchange(reply).deliver(handover())
    return caught.value


def json_reply(content: bytes, **headers: str) -> httpx2.Response:
    return httpx2.Response(200, content=content, headers={"content-type": "application/json"} | headers)
