"""Nominations: lists of workers whom a fund may help, read from a file row by row."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.legislation import Legislation
from domain.nominations import IDENTIFIER_KIND, NominatedPerson, RefusedRow, read_nominations
from domain.people import BirthDate, Calendar
from domain.records import NominationRefusal, NominationReport
from domain.schemes import Segment
from domain.stores import UnitOfWork
from resolvers.context import Context, found_or_refused, permit
from resolvers.identifiers import birth_date_of, rule_of
from resolvers.once import once

_NO_BOUND = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NominationSubmit:
    """Command: a file of workers for a fund. file_digest stands for its content when keys are compared.

    scheme_id, segment_id: whose age bounds apply, on the day `on`.
    """

    fund_id: UUID
    scheme_id: str
    segment_id: str
    on: dt.date
    file_digest: str


async def nomination_submit(
    context: Context, key: str, command: NominationSubmit, lines: Sequence[str]
) -> NominationReport:
    """Take the usable rows of a nomination file in and report every refused one. Operators only.

    lines: the file's lines. The rows are judged, sealed and stored one after the other; nothing is kept if
    the file as a whole is refused (NominationFileInvalid, LimitExceeded).
    """
    permit(context, "nominationSubmit")

    async def act(work: UnitOfWork) -> UUID:
        found_or_refused(await work.funding.fund(command.fund_id), "fund")
        report_id = context.new_id()
        law = context.rulebook.of_scheme(command.scheme_id)
        rows = _judged(context, command, law, iter(lines))
        await work.nominations.add_nomination(report_id, command.fund_id, rows, law.member_state, context.now)
        return report_id

    return await nomination(context, await once(context, "nominationSubmit", key, command, act))


def digest_of(lines: Sequence[str]) -> str:
    """What stands for a file's content when two submissions are compared."""
    return hashlib.sha256("".join(lines).encode()).hexdigest()


async def nomination(context: Context, nomination_id: UUID) -> NominationReport:
    """How a nomination file was taken in; operators only. Raises NotFound."""
    permit(context, "nomination")
    async with context.reading() as work:
        return found_or_refused(await work.nominations.nomination(nomination_id), "nomination")


async def nomination_refusals(
    context: Context, nomination_id: UUID, *, after_line: int, limit: int
) -> tuple[NominationRefusal, ...]:
    """The refused rows of a file by line; operators only."""
    permit(context, "nomination")
    async with context.reading() as work:
        return await work.nominations.nomination_refusals(nomination_id, after_line=after_line, limit=limit)


def _judged(
    context: Context, command: NominationSubmit, law: Legislation, lines: Iterator[str]
) -> Iterator[NominatedPerson | RefusedRow]:
    segment = law.segment(command.scheme_id, command.segment_id, command.on)
    rule = rule_of(context, IDENTIFIER_KIND, law.member_state)

    def check(text: str) -> str:
        return context.identity.checked(rule, text).value

    def agrees(value: str, birth: BirthDate) -> bool:
        return context.identity.agrees(rule, value, birth)

    def read_birth(text: str, calendar: Calendar) -> BirthDate:
        return birth_date_of(context, text, calendar, command.on)

    return read_nominations(
        lines,
        on=command.on,
        age_min_years=_bound(law, segment, "age_min_years", command.on, 0),
        age_max_years=_bound(law, segment, "age_max_years", command.on, _NO_BOUND),
        check_nik=check,
        nik_agrees=agrees,
        read_birth=read_birth,
    )


def _bound(law: Legislation, segment: Segment, kind: str, on: dt.date, otherwise: int) -> int:
    name = next((c.parameter for c in segment.conditions if c.kind == kind), None)
    number = None if name is None else law.parameter(name).on(on).number
    return otherwise if number is None else int(number)
