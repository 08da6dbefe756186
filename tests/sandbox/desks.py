"""A desk of a simulated institution inside the test, spoken to in its own words."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.countries import ADAPTERS
from adapters.countries.envelope import Header, content_of, seal
from adapters.countries.signatures import Signer
from domain.countries import MemberState
from domain.exchange import KIND_OF, ContributionRemittance, Message
from sandbox.desk import Desk, take
from sandbox.rules import Rules
from sandbox.store import Store

NOW = dt.datetime(2026, 3, 2, 1, 30, tzinfo=dt.UTC)
OURS = Signer(owner="lingkar", private_key=Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
THEIR_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


class Spoken:
    """A desk and a partner who speaks to it; `words` may be changed before they are signed and sent."""

    def __init__(self, rules: Rules, folder: Path) -> None:
        self.desk = Desk(
            rules=rules,
            store=Store(folder / "records.sqlite", rules.tables),
            signer=Signer(owner=rules.institution_id, private_key=THEIR_KEY),
            partners={"lingkar": OURS.private_key.public_key()},
        )

    def send(self, message: Message, **changed: Any) -> dict[str, Any]:
        """What is said to a message of ours, after some of its words were changed."""
        words = ADAPTERS[MemberState(message.institution_id[:2])].write(message) | changed
        return self.say(
            KIND_OF[type(message)].value,
            words,
            message_id=str(message.message_id),
            written_at=message.written_at,
            total_count=len(message.lines) if isinstance(message, ContributionRemittance) else 1,
        )

    def say(
        self,
        action: str,
        words: dict[str, Any],
        *,
        message_id: str | None = None,
        written_at: dt.datetime = NOW,
        total_count: int = 1,
        receiver_id: str | None = None,
        sender_id: str = "lingkar",
        signer: Signer = OURS,
        signed_at: dt.datetime = NOW,
    ) -> dict[str, Any]:
        """The header and message that come back."""
        header = Header(
            message_id=message_id or str(uuid4()),
            message_ts=written_at,
            action=action,
            sender_id=sender_id,
            receiver_id=receiver_id or self.desk.rules.institution_id,
            total_count=total_count,
        )
        return self.take(seal(content_of(header, words), signer, signed_at))

    def take(self, raw: bytes) -> dict[str, Any]:
        outcome = take(self.desk, raw, NOW)
        assert outcome.content is not None
        said: dict[str, Any] = json.loads(outcome.content) | {"http": outcome.status}
        return said

    def records(self) -> dict[str, int]:
        with self.desk.store.transaction() as connection:
            return self.desk.rules.counts(connection)


def decision(said: dict[str, Any]) -> dict[str, Any]:
    """The institution's words of an acceptance."""
    assert said["header"]["status"] == "succ", said["message"]["decision"]
    words: dict[str, Any] = said["message"]["decision"]
    return words


def refusal(said: dict[str, Any]) -> str:
    """The code of a refusal of the whole message."""
    assert said["header"]["status"] == "rjct"
    assert said["http"] == 422
    words = said["message"]["decision"]
    code: str = words.get("kode") or words["code"]
    return code
