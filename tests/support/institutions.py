"""Institutions inside the test process, which answer as they are told."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID

from domain.exchange import (
    KIND_OF,
    Answer,
    AnswerOutcome,
    ContributionRemittance,
    CoverHandover,
    DeliveryFailed,
    DeliveryTrouble,
    Message,
    MessageKind,
    Pending,
    RefusedLine,
)
from domain.money import Money, total

_ids = count(1)
Reply = Callable[[Message], Answer | Pending]


class FakeExchange:
    """An Exchange that accepts everything unless told otherwise, and remembers what it was sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.asked_again: list[UUID] = []
        self._replies: dict[tuple[str, MessageKind], Reply] = {}

    def reply(self, institution_id: str, kind: MessageKind, reply: Reply) -> None:
        """Tell how an institution answers messages of a kind from now on."""
        self._replies[institution_id, kind] = reply

    def of_kind(self, kind: MessageKind) -> list[Any]:
        """The messages of a kind that were sent, in order."""
        return [message for message in self.sent if KIND_OF[type(message)] is kind]

    def sent_to(self) -> dict[str, list[MessageKind]]:
        """What each institution was sent, in order."""
        kinds: dict[str, list[MessageKind]] = defaultdict(list)
        for message in self.sent:
            kinds[message.institution_id].append(KIND_OF[type(message)])
        return dict(kinds)

    async def deliver(self, message: Message) -> Answer | Pending:
        self.sent.append(message)
        return self._reply(message)

    async def answer_to(self, message: Message) -> Answer | Pending:
        self.asked_again.append(message.message_id)
        return self._reply(message)

    def _reply(self, message: Message) -> Answer | Pending:
        return self._replies.get((message.institution_id, KIND_OF[type(message)]), accepted)(message)


def accepted(message: Message, **changes: Any) -> Answer:
    """The institution takes everything in and gives back all that is asked."""
    number = next(_ids)
    answer = Answer(
        message_id=message.message_id,
        institution_id=message.institution_id,
        answer_id=f"answer-{number}",
        outcome=AnswerOutcome.ACCEPTED,
        reference=f"REF-{number}",
        reason_code="",
        reason_text="",
        accepted_lines=None,
        accepted_total=None,
        refused_lines=(),
        returned_total=None,
        answered_at=dt.datetime(2025, 7, 1, tzinfo=dt.UTC),
        simulated=True,
        digest="0" * 64,
    )
    if isinstance(message, ContributionRemittance):
        answer = replace(answer, accepted_lines=len(message.lines), accepted_total=message.total)
    if isinstance(message, CoverHandover):
        returned = total(tuple(month.amount for month in message.returns), message.price.currency)
        answer = replace(answer, returned_total=returned)
    return replace(answer, **changes)


def refused(message: Message, code: str = "NOT_TAKEN") -> Answer:
    """The institution takes nothing."""
    plain = accepted(message, outcome=AnswerOutcome.REFUSED, reference="", reason_code=code)
    return replace(plain, accepted_lines=None, accepted_total=None, returned_total=None, reason_text="not taken")


def accepted_but_for(*numbers: int) -> Reply:
    """The institution refuses these lines of a remittance and takes the others."""

    def reply(message: Message) -> Answer:
        assert isinstance(message, ContributionRemittance)
        kept = [line for line in message.lines if line.number not in numbers]
        amounts = tuple(amount for line in kept for _, amount in line.amounts)
        lines = tuple(RefusedLine(number=n, code="NIK_UNKNOWN", text="the number is not known") for n in numbers)
        taken = total(amounts, message.total.currency)
        return accepted(message, accepted_lines=len(kept), accepted_total=taken, refused_lines=lines)

    return reply


def returning(amount: Money) -> Reply:
    """The home institution accepts the handover and gives this much back."""
    return lambda message: accepted(message, returned_total=amount)


def pending(message: Message) -> Pending:
    """The institution takes the message and answers later."""
    return Pending(message_id=message.message_id, institution_id=message.institution_id)


def down(message: Message) -> Answer:
    """The institution does not answer at all."""
    raise DeliveryFailed(
        institution_id=message.institution_id,
        trouble=DeliveryTrouble.TIMEOUT,
        peer_down=True,
        retry_after_seconds=None,
        remark="no whole answer in time",
    )


def garbage(message: Message) -> Answer:
    """The institution answers something that is no answer."""
    raise DeliveryFailed(
        institution_id=message.institution_id,
        trouble=DeliveryTrouble.GARBAGE,
        peer_down=False,
        retry_after_seconds=None,
        remark="the answer cannot be read",
    )
