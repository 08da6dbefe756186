"""What the adapters of all member states share: dated layouts, dates in text, and refusing what does not fit.

A layout is data: which keys a message has and how much it holds, since when. What does not fit is refused
and never cut.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.exchange import (
    AdapterStanding,
    Answer,
    AnswerOutcome,
    DeliveryFailed,
    DeliveryTrouble,
    PersonOnWire,
)
from domain.money import Currency, Money

_CODE = re.compile(r"[A-Z0-9_]{1,64}")
_REFERENCE = re.compile(r"[A-Za-z0-9._/-]{1,64}")
_AMOUNT = re.compile(r"0|[1-9][0-9]{0,14}")
_TEXTS = ("action", "answer_id", "answered_at", "digest", "notice")
_KEYS = frozenset({*_TEXTS, "correlation_id", "decision", "simulated", "status"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One message of one institution as it is since a day: its keys in order and the most lines it holds."""

    id: str
    first_day: dt.date
    keys: tuple[str, ...]
    lines_max: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedAnswer:
    """The parts every institution's answer has, checked; `decision` is still in the institution's words."""

    message_id: UUID
    institution_id: str
    action: str
    outcome: AnswerOutcome
    answer_id: str
    answered_at: dt.datetime
    digest: str
    simulated: bool
    decision: Mapping[str, object]

    def fields(self, keys: Iterable[str]) -> Mapping[str, object]:
        """The decision, if it has exactly these keys; raises DeliveryFailed(GARBAGE)."""
        wanted = set(keys)
        if self.decision.keys() != wanted:
            missing, foreign = len(wanted - self.decision.keys()), len(self.decision.keys() - wanted)
            raise garbage(self.institution_id, f"the decision lacks {missing} keys and has {foreign} unknown ones")
        return self.decision

    def text(self, key: str, most: int = 200) -> str:
        """The text under a key of the decision; raises DeliveryFailed(GARBAGE) if there is none that fits."""
        value = self.decision.get(key)
        if not isinstance(value, str) or not value or len(value) > most:
            raise garbage(self.institution_id, f"{key} is not a text of 1 to {most} characters")
        return value

    def code(self, key: str) -> str:
        """The reason code under a key; raises DeliveryFailed(GARBAGE)."""
        value = self.text(key, 64)
        if not _CODE.fullmatch(value):
            raise garbage(self.institution_id, f"{key} is not a code")
        return value

    def reference(self, key: str) -> str:
        """The institution's own number under a key; raises DeliveryFailed(GARBAGE)."""
        value = self.text(key, 64)
        if not _REFERENCE.fullmatch(value):
            raise garbage(self.institution_id, f"{key} is not a reference number")
        return value

    def amount(self, key: str, currency: Currency) -> Money:
        """The minor units under a key, written as digits; raises DeliveryFailed(GARBAGE)."""
        value = self.text(key, 15)
        if not _AMOUNT.fullmatch(value):
            raise garbage(self.institution_id, f"{key} is not an amount in digits")
        return Money(int(value), currency)

    def count(self, key: str) -> int:
        """The count under a key, written as digits; raises DeliveryFailed(GARBAGE)."""
        value = self.text(key, 7)
        if not _AMOUNT.fullmatch(value):
            raise garbage(self.institution_id, f"{key} is not a count in digits")
        return int(value)


def layout_on(layouts: Sequence[Layout], on: dt.date, institution_id: str) -> Layout:
    """The layout in force on a day; raises DeliveryFailed(REJECTED) before the first."""
    known = [layout for layout in layouts if layout.first_day <= on]
    if not known:
        raise not_writable(institution_id, f"no layout of {layouts[0].id} is known on {on}")
    return max(known, key=lambda layout: layout.first_day)


def stated_answer(
    message_id: str, institution_id: str, body: Mapping[str, object], standing: AdapterStanding
) -> StatedAnswer:
    """Return the shared parts of an answer body; raises DeliveryFailed(GARBAGE) if they are not there.

    An answer is simulated if it says so or if nothing but a simulation stands behind the adapter.
    """
    if body.keys() != _KEYS:
        raise garbage(institution_id, "the answer has not exactly the keys of an answer")
    texts = {key: body[key] for key in _TEXTS}
    decision, simulated, status = body["decision"], body["simulated"], body["status"]
    if not all(isinstance(value, str) and len(value) <= 500 for value in texts.values()):
        raise garbage(institution_id, "a text of the answer is missing or too long")
    if not isinstance(decision, dict) or not isinstance(simulated, bool) or status not in ("succ", "rjct"):
        raise garbage(institution_id, "the answer states no decision")
    if body["correlation_id"] != message_id:
        raise garbage(institution_id, "the answer is for another message")
    try:
        answered_at = dt.datetime.fromisoformat(str(texts["answered_at"]))
    except ValueError as error:
        raise garbage(institution_id, "the answer does not say when it was given") from error
    if answered_at.tzinfo is None:
        raise garbage(institution_id, "the answer does not say when it was given")
    return StatedAnswer(
        message_id=UUID(message_id),
        institution_id=institution_id,
        action=str(texts["action"]),
        outcome=AnswerOutcome.ACCEPTED if status == "succ" else AnswerOutcome.REFUSED,
        answer_id=str(texts["answer_id"]),
        answered_at=answered_at,
        digest=str(texts["digest"]),
        simulated=simulated or standing is AdapterStanding.SIMULATED,
        decision=decision,
    )


def refused_answer(stated: StatedAnswer, *, code_key: str, text_key: str) -> Answer:
    """The answer of an institution that refused the message as a whole and says why under these two keys."""
    stated.fields((code_key, text_key))
    return answer(stated, reason_code=stated.code(code_key), reason_text=stated.text(text_key, 500))


def answer(stated: StatedAnswer, *, reference: str = "", reason_code: str = "", reason_text: str = "") -> Answer:
    """An answer without lines or money; what a message's kind adds is put in by its adapter."""
    return Answer(
        message_id=stated.message_id,
        institution_id=stated.institution_id,
        answer_id=stated.answer_id,
        outcome=stated.outcome,
        reference=reference,
        reason_code=reason_code,
        reason_text=reason_text,
        accepted_lines=None,
        accepted_total=None,
        refused_lines=(),
        returned_total=None,
        answered_at=stated.answered_at,
        simulated=stated.simulated,
        digest=stated.digest,
    )


def whole_amount(money: Money, currency: Currency, institution_id: str) -> str:
    """Minor units as digits; another currency, a negative amount or one over 15 digits is not writable."""
    if money.currency is not currency:
        raise not_writable(institution_id, f"an amount is in {money.currency.value}, the layout takes {currency.value}")
    digits = str(money.minor_units)
    if not _AMOUNT.fullmatch(digits):
        raise not_writable(institution_id, "an amount is negative or has more than 15 digits")
    return digits


def identifier(person: PersonOnWire, kind: str, institution_id: str) -> str:
    """The person's identifier of a kind; a person without one cannot be written."""
    value = person.identifier(kind)
    if not value:
        raise not_writable(institution_id, f"the layout needs a {kind}, which is not known for a person")
    return value


def fitting(text: str, most: int, what: str, institution_id: str) -> str:
    """The text, if it has 1 to so many characters; it is never cut."""
    if not 1 <= len(text) <= most:
        raise not_writable(institution_id, f"the {what} has {len(text)} characters, the layout takes 1 to {most}")
    return text


def coded(word: str, codes: Mapping[str, str], what: str, institution_id: str) -> str:
    """The institution's word for one of ours; a word it has none for is not writable."""
    if word not in codes:
        raise not_writable(institution_id, f"the layout has no word for the {what} {word}")
    return codes[word]


def only(fields: dict[str, object], layout: Layout) -> dict[str, object]:
    """The fields, which must be exactly the layout's keys in its order."""
    assert tuple(fields) == layout.keys, f"the layout {layout.id} lists other keys than are written"
    return fields


def garbage(institution_id: str, remark: str) -> DeliveryFailed:
    """The failure to raise for bytes that answer nothing."""
    return DeliveryFailed(
        institution_id=institution_id,
        trouble=DeliveryTrouble.GARBAGE,
        peer_down=False,
        retry_after_seconds=None,
        remark=remark,
    )


def not_writable(institution_id: str, remark: str) -> DeliveryFailed:
    """The failure to raise for a message this institution cannot be told; a person must look at it."""
    return DeliveryFailed(
        institution_id=institution_id,
        trouble=DeliveryTrouble.REJECTED,
        peer_down=False,
        retry_after_seconds=None,
        remark=remark,
    )
