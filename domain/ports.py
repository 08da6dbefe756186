"""What the use cases need from outside, as protocols. Adapters implement them; `app.py` joins the two."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from domain.countries import MemberState
from domain.exchange import AdapterStanding, Answer, Message, MessageKind, Pending
from domain.identifier_checks import IdentifierCheck
from domain.identifiers import IdentifierRule
from domain.people import BirthDate, Identifier


class Clock(Protocol):
    """The only reader of the time."""

    def now(self) -> dt.datetime:
        """This instant, in UTC."""
        ...


class IdentityRules(Protocol):
    """What is known of the shape of identifiers and of other calendars; nothing is ever looked up."""

    def checked(self, rule: IdentifierRule, text: str) -> Identifier:
        """The identifier that a text names, normalised; raises IdentifierInvalid without the value."""
        ...

    def check(self, rule: IdentifierRule, text: str) -> IdentifierCheck:
        """Whether a text looks like a number of this kind, and why."""
        ...

    def agrees(self, rule: IdentifierRule, value: str, birth: BirthDate) -> bool:
        """Whether the date inside a normalised number, if its kind has one, can be the birth date."""
        ...

    def buddhist_birth_date(self, year: int, month: int | None, day: int | None) -> BirthDate:
        """The birth date of a year, month and day of the Buddhist Era; raises DateInvalid for one that never was."""
        ...


class CountryAdapter(Protocol):
    """Translates between our messages and the words of one member state's institutions. No network, no state."""

    @property
    def member_state(self) -> MemberState: ...

    @property
    def standing(self) -> AdapterStanding: ...

    def supports(self, institution_id: str, kind: MessageKind) -> bool:
        """Whether this institution takes this kind of message at all."""
        ...

    def write(self, message: Message) -> dict[str, object]:
        """The body of the message in the institution's own field names; only allow-listed keys."""
        ...

    def read(self, message_id: str, institution_id: str, body: dict[str, object]) -> Answer:
        """The answer that a body states; raises DeliveryFailed(GARBAGE) if it states none for this message."""
        ...


class Exchange(Protocol):
    """Carries messages to institutions and brings answers back, over the wire of each."""

    async def deliver(self, message: Message) -> Answer | Pending:
        """Send a message (again, under the same id) and return what the institution said; raises DeliveryFailed."""
        ...

    async def answer_to(self, message: Message) -> Answer | Pending:
        """Ask the institution for its answer to a message it took earlier; raises DeliveryFailed."""
        ...
