"""Malaysia: the Social Security Organisation (MY.SOCSO, PERKESO).

A foreign worker is registered in the institution's employer portal and gets a 12-character number. The
registration template is not public; field names follow the institution's contribution text file, dates are
DDMMYYYY and amounts are sen in digits as there. The envelope is ours. Nothing real stands behind this
adapter, and it says so.

What it covers: the announcement of a worker who comes, and its withdrawal. What it does not: contributions,
which the employer in Malaysia pays; the scheme against unemployment, which takes no foreigners.
"""

from __future__ import annotations

import datetime as dt
import re

from adapters.countries.layouts import (
    Layout,
    StatedAnswer,
    answer,
    coded,
    fitting,
    garbage,
    identifier,
    layout_on,
    not_writable,
    only,
    refused_answer,
    stated_answer,
    whole_amount,
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
    MoveWithdrawal,
)
from domain.money import Currency

INSTITUTION_ID = "MY.SOCSO"

REGISTRATION_LAYOUTS = (
    Layout(
        id="my.socso.foreign_worker",
        first_day=dt.date(2022, 7, 1),
        keys=(
            "passport_number",
            "employee_name",
            "birth_date",
            "nationality",
            "home_state",
            "employment_date",
            "employment_end_date",
            "scheme_list",
            "monthly_salary",
        ),
        lines_max=1,
        source="names and widths of the contribution text file; the registration template is not public",
    ),
)
CANCELLATION_LAYOUTS = (
    Layout(
        id="my.socso.cancellation",
        first_day=dt.date(2022, 7, 1),
        keys=("registration_message", "passport_number", "employment_date"),
        lines_max=1,
        source="ours; the institution cancels by hand in its portal",
    ),
)

# The first category insures employment injury and invalidity, the second employment injury only (Act 4).
# The scheme against accidents outside work takes no foreigners and so has no word here.
_SCHEMES = {
    "MY.SOCSO.CAT1": "ACT4_FIRST_CATEGORY",
    "MY.SOCSO.CAT2": "ACT4_SECOND_CATEGORY",
}
_SSFW = re.compile(r"SSFW[0-9]{8}")

_REGISTERED = ("social_security_number", "employment_date", "scheme_list")
_CANCELLED = ("cancellation_number",)


class Malaysia:
    """The adapter of Malaysia."""

    member_state = MemberState.MY
    standing = AdapterStanding.SIMULATED

    def supports(self, institution_id: str, kind: MessageKind) -> bool:
        """Whether this institution takes this kind of message at all."""
        return institution_id == INSTITUTION_ID and kind in (
            MessageKind.MOVE_ANNOUNCEMENT,
            MessageKind.MOVE_WITHDRAWAL,
        )

    def write(self, message: Message) -> dict[str, object]:
        """The message in the institution's words; raises DeliveryFailed for what it cannot carry."""
        if not self.supports(message.institution_id, KIND_OF[type(message)]):
            raise not_writable(message.institution_id, f"it takes no {KIND_OF[type(message)].value} in Malaysia")
        match message:
            case MoveAnnouncement():
                return _registration(message)
            case MoveWithdrawal():
                return _cancellation(message)
            case _:
                raise AssertionError("every supported kind is written")

    def read(self, message_id: str, institution_id: str, body: dict[str, object]) -> Answer:
        """The answer that a body states; raises DeliveryFailed(GARBAGE) if it states none."""
        stated = stated_answer(message_id, institution_id, body, self.standing)
        if stated.outcome is AnswerOutcome.REFUSED:
            return refused_answer(stated, code_key="code", text_key="text")
        match stated.action:
            case "on_move_announcement":
                return _registration_answer(stated)
            case "on_move_withdrawal":
                stated.fields(_CANCELLED)
                return answer(stated, reference=stated.reference("cancellation_number"))
            case _:
                raise garbage(institution_id, "the answer is to a kind of message it never gets")


def _registration(message: MoveAnnouncement) -> dict[str, object]:
    institution_id, person = message.institution_id, message.person
    schemes: list[object] = [coded(s, _SCHEMES, "scheme", institution_id) for s in message.scheme_ids]
    wage = None if message.wage is None else whole_amount(message.wage, Currency.MYR, institution_id)
    fields: dict[str, object] = {
        "passport_number": _passport(message),
        "employee_name": fitting(person.name, 150, "name", institution_id),
        "birth_date": _day_text(person.birth_date),
        "nationality": fitting(person.nationality, 3, "nationality", institution_id),
        "home_state": fitting(message.from_state, 2, "state", institution_id),
        "employment_date": _day_text(message.move_on),
        "employment_end_date": _day_text(message.contract_last_day),
        "scheme_list": schemes,
        "monthly_salary": wage,
    }
    return only(fields, layout_on(REGISTRATION_LAYOUTS, message.written_at.date(), institution_id))


def _cancellation(message: MoveWithdrawal) -> dict[str, object]:
    fields: dict[str, object] = {
        "registration_message": str(message.announced_id),
        "passport_number": _passport(message),
        "employment_date": _day_text(message.move_on),
    }
    return only(fields, layout_on(CANCELLATION_LAYOUTS, message.written_at.date(), message.institution_id))


def _passport(message: MoveAnnouncement | MoveWithdrawal) -> str:
    number = identifier(message.person, "passport", message.institution_id)
    return fitting(number, 12, "passport", message.institution_id)


def _registration_answer(stated: StatedAnswer) -> Answer:
    fields = stated.fields(_REGISTERED)
    number = stated.text("social_security_number", 12)
    if not _SSFW.fullmatch(number):
        raise garbage(stated.institution_id, "social_security_number does not have its shape")
    stated.text("employment_date", 8)
    schemes = fields["scheme_list"]
    if not isinstance(schemes, list) or not set(map(str, schemes)) <= set(_SCHEMES.values()):
        raise garbage(stated.institution_id, "scheme_list names other schemes than the institution has")
    return answer(stated, reference=number)


def _day_text(day: dt.date) -> str:
    return f"{day.day:02d}{day.month:02d}{day.year:04d}"


ADAPTER = Malaysia()
