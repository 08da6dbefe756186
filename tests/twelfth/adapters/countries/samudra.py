"""Samudra, an invented state: the Workers' Bureau (XS.BUREAU) takes announcements of workers who come."""

from __future__ import annotations

import datetime as dt

from adapters.countries.layouts import (
    Layout,
    answer,
    fitting,
    garbage,
    identifier,
    layout_on,
    not_writable,
    only,
    refused_answer,
    stated_answer,
)
from domain.countries import MemberState
from domain.exchange import (
    KIND_OF,
    AdapterStanding,
    Answer,
    AnswerOutcome,
    Message,
    MessageKind,
    MoveAnnouncement,
)

INSTITUTION_ID = "XS.BUREAU"
LAYOUTS = (
    Layout(
        id="xs.bureau.arrival",
        first_day=dt.date(2020, 1, 1),
        keys=("passport", "name", "arrives_on"),
        lines_max=1,
        source="invented",
    ),
)


class Samudra:
    """The adapter of Samudra."""

    member_state = MemberState("XS")
    standing = AdapterStanding.SIMULATED

    def supports(self, institution_id: str, kind: MessageKind) -> bool:
        """Whether this institution takes this kind of message at all."""
        return institution_id == INSTITUTION_ID and kind is MessageKind.MOVE_ANNOUNCEMENT

    def write(self, message: Message) -> dict[str, object]:
        """The message in the institution's words; raises DeliveryFailed for what it cannot carry."""
        if not isinstance(message, MoveAnnouncement) or message.institution_id != INSTITUTION_ID:
            raise not_writable(message.institution_id, f"it takes no {KIND_OF[type(message)].value} in Samudra")
        fields: dict[str, object] = {
            "passport": identifier(message.person, "passport", INSTITUTION_ID),
            "name": fitting(message.person.name, 100, "name", INSTITUTION_ID),
            "arrives_on": message.move_on.isoformat(),
        }
        return only(fields, layout_on(LAYOUTS, message.written_at.date(), INSTITUTION_ID))

    def read(self, message_id: str, institution_id: str, body: dict[str, object]) -> Answer:
        """The answer that a body states; raises DeliveryFailed(GARBAGE) if it states none."""
        stated = stated_answer(message_id, institution_id, body, self.standing)
        if stated.outcome is AnswerOutcome.REFUSED:
            return refused_answer(stated, code_key="code", text_key="text")
        if stated.action != "on_move_announcement":
            raise garbage(institution_id, "the answer is to a kind of message it never gets")
        stated.fields(("bureau_number",))
        return answer(stated, reference=stated.reference("bureau_number"))


ADAPTER = Samudra()
