"""Numbers by which persons are known: stating one, and checking one without storing it."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain import identifier_checks
from domain.countries import MemberState
from domain.identifier_checks import IdentifierOutcome
from schema import problems as p
from schema.law_values import ReasonType


@strawberry.type(name="IdentifierCheck", description="Whether a number looks as its kind does. It is not stored.")
class IdentifierCheckType:
    outcome: IdentifierOutcome
    reasons: list[ReasonType] = strawberry.field(description="What was looked at; the number is in none of them.")

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, identifier_checks.IdentifierCheck)


IdentifierCheckResult = Annotated[
    IdentifierCheckType | p.IdentifierInvalidProblem,
    strawberry.union("IdentifierCheckResult", description="What a check says, or that the state has no such kind."),
]


@strawberry.input(name="IdentifierInput", description="An identifier of a person: its kind, who gave it, its value.")
class IdentifierInput:
    kind: str = strawberry.field(description="A kind that memberState(code).identifierKinds lists.")
    issuing_state: MemberState
    value: str
