"""What institutions are told and what they answer, before any wire format.

A message is written once, in the transaction that needs it, and delivered until an answer comes, always
under the same id. An answer is evidence: it is kept, and the first one for a message stands.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from domain.circumstances import BirthPrecision
from domain.money import Money
from domain.periods import Month


class MessageKind(Enum):
    """The business messages between Lingkar and an institution."""

    CONTRIBUTION_REMITTANCE = "contribution_remittance"
    MOVE_ANNOUNCEMENT = "move_announcement"
    COVER_HANDOVER = "cover_handover"
    MOVE_WITHDRAWAL = "move_withdrawal"


class AnswerOutcome(Enum):
    """What an institution decided about a message."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class AdapterStanding(Enum):
    """What stands behind an adapter: the institution itself, its test system, or a simulation."""

    LIVE = "live"
    SANDBOX = "sandbox"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonOnWire:
    """The identifying facts of a worker that a message may carry; never stored with the message.

    birth_date: the first day that it can be, if birth_precision says that only month or year is known.
    identifiers: pairs of kind and value, for example ("nik", ...) and ("passport", ...).
    """

    name: str
    birth_date: dt.date
    nationality: str
    identifiers: tuple[tuple[str, str], ...]
    birth_precision: BirthPrecision = BirthPrecision.DAY

    def identifier(self, kind: str) -> str | None:
        """The value of one kind of identifier, if it is known."""
        return next((value for known, value in self.identifiers if known == kind), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemittanceLine:
    """One worker's month in a remittance; `number` counts from 1 within the message."""

    number: int
    person: PersonOnWire
    base: Money
    amounts: tuple[tuple[str, Money], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributionRemittance:
    """Contributions of many workers for one month, paid together. `amounts` of a line go by scheme id."""

    message_id: UUID
    institution_id: str
    written_at: dt.datetime
    month: Month
    segment_id: str
    lines: tuple[RemittanceLine, ...]
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAnnouncement:
    """Tells the destination that a worker comes, from which day, and in which of its schemes it should insure them."""

    message_id: UUID
    institution_id: str
    written_at: dt.datetime
    person: PersonOnWire
    from_state: str
    move_on: dt.date
    contract_last_day: dt.date
    scheme_ids: tuple[str, ...]
    wage: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepaidReturn:
    """A month paid in advance that is not used after the move and is asked back."""

    scheme_id: str
    month: Month
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverHandover:
    """Tells the home institution to end one cover and open the pack for workers abroad, paid with this message.

    ends_on: last day of the old cover. pack_scheme_id, route, contract_months, price: the pack; the cover of
    the pack runs from cover_first_day to cover_last_day. returns: prepaid months that are asked back.
    """

    message_id: UUID
    institution_id: str
    written_at: dt.datetime
    person: PersonOnWire
    to_state: str
    ends: tuple[str, ...]
    ends_on: dt.date
    pack_scheme_id: str
    route: str
    contract_months: int
    price: Money
    cover_first_day: dt.date
    cover_last_day: dt.date
    returns: tuple[PrepaidReturn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveWithdrawal:
    """Tells an institution that an announced move does not take place; `announced_id` is the first message."""

    message_id: UUID
    institution_id: str
    written_at: dt.datetime
    announced_id: UUID
    person: PersonOnWire
    move_on: dt.date


Message = ContributionRemittance | MoveAnnouncement | CoverHandover | MoveWithdrawal

KIND_OF: dict[type, MessageKind] = {
    ContributionRemittance: MessageKind.CONTRIBUTION_REMITTANCE,
    MoveAnnouncement: MessageKind.MOVE_ANNOUNCEMENT,
    CoverHandover: MessageKind.COVER_HANDOVER,
    MoveWithdrawal: MessageKind.MOVE_WITHDRAWAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line of a remittance that the institution did not take, with its own code and text."""

    number: int
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an institution decided about one message.

    reference: the institution's own number. accepted_lines, accepted_total: of a remittance, counted by the
    institution. returned_total: money it gives back (0 if none, None if it was not asked).
    simulated: true when no real institution stands behind the answer; shown wherever the answer is shown.
    answer_id: the institution's id of this answer; digest: SHA-256 of the bytes that were signed.
    """

    message_id: UUID
    institution_id: str
    answer_id: str
    outcome: AnswerOutcome
    reference: str
    reason_code: str
    reason_text: str
    accepted_lines: int | None
    accepted_total: Money | None
    refused_lines: tuple[RefusedLine, ...]
    returned_total: Money | None
    answered_at: dt.datetime
    simulated: bool
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The institution took the message and will answer later, at its own time."""

    message_id: UUID
    institution_id: str


class DeliveryTrouble(Enum):
    """Why a message could not be delivered this time."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"
    GARBAGE = "garbage"
    NOT_TRUSTED = "not_trusted"
    REJECTED = "rejected"
    TOO_LARGE = "too_large"


@dataclass(eq=False, kw_only=True)
class DeliveryFailed(Exception):
    """A delivery attempt gave no answer that counts; the message is kept and tried again.

    peer_down: the institution as a whole does not answer, so the attempt does not count against the message.
    retry_after_seconds: what the institution asked for, if it did. remark: facts without personal data.
    """

    institution_id: str
    trouble: DeliveryTrouble
    peer_down: bool
    retry_after_seconds: float | None
    remark: str

    def __str__(self) -> str:
        return f"{self.institution_id}: {self.trouble.value}: {self.remark}"
