"""One question about many persons: each by their id or by an identifier, each answered at its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import strawberry
from graphql import GraphQLError

from domain.errors import IdentifierInvalid, NotFound, PersonNotVisible, PurposeNotOpen, Refusal
from domain.people import Identifier
from domain.records import Purpose
from resolvers import coverage
from resolvers.context import Context
from resolvers.identifiers import identifier_of
from schema.coverage import CoverageResult
from schema.identifiers import IdentifierInput
from schema.ids import id_of
from schema.problems import Told
from schema.request import Info, asking

T = TypeVar("T")
PEOPLE_AT_MOST = 1000


@strawberry.input(name="WorkerInput", description="A worker, by id or by an identifier.", one_of=True)
class WorkerInput:
    id: strawberry.ID | None = strawberry.UNSET
    identifier: IdentifierInput | None = strawberry.UNSET


@strawberry.type
class BatchQueries:
    @strawberry.field(
        graphql_type=list[CoverageResult],
        description="Are these persons covered on a day? An answer at each place, in the order asked, for at most "
        "1,000 places. For officers and operators; each worker sees the question.",
    )
    async def coverage_of(
        self,
        info: Info,
        workers: list[WorkerInput],
        on: dt.date,
        purpose: Purpose,
        known_at: dt.datetime | None = None,
    ) -> Any:
        asked = asking(info, purpose)
        people = [_person_or_refusal(asked, given) for given in checked_people(workers)]
        try:
            answers = await coverage.coverage_of_people(asked, people, on, known_at, purpose)
        except PurposeNotOpen as refusal:
            answers = (refusal,) * len(people)
        return [Told(answer) if isinstance(answer, Refusal) else answer for answer in answers]


def checked_people(given: Sequence[T]) -> Sequence[T]:
    """The places of a batch; refused with BAD_USER_INPUT outside 1 to 1,000."""
    if not 1 <= len(given) <= PEOPLE_AT_MOST:
        message = f"workers takes 1 to {PEOPLE_AT_MOST} persons; {len(given)} were given. Ask in several requests."
        raise GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
    return given


def person_of(context: Context, id: str | None, identifier: tuple[str, Any, str] | None) -> UUID | Identifier:
    """The person that a place names. identifier: its kind, who gave it, its value.

    Raises IdentifierInvalid, NotFound for an id of another kind, and GraphQLError for what is no id.
    """
    if identifier is not None:
        return identifier_of(context, *identifier)
    return id_of("Worker", id or "")


def _person_or_refusal(context: Context, given: WorkerInput) -> UUID | Identifier | Refusal:
    shown = given.identifier or None
    try:
        stated = None if shown is None else (shown.kind, shown.issuing_state, shown.value)
        return person_of(context, given.id or None, stated)
    except IdentifierInvalid as refusal:
        return refusal
    except NotFound:
        return PersonNotVisible(institution=context.actor.institution_id or "")
