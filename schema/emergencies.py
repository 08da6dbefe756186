"""Emergencies in the contract: opening a worker without a relation, loudly."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import strawberry

from domain import errors
from domain.records import Purpose, Worker
from resolvers import emergencies
from schema import problems as p
from schema.identifiers import IdentifierInput
from schema.problems import or_problem
from schema.query import identifier_of
from schema.request import Info, asking
from schema.scalars import IdempotencyKey
from schema.workers import WorkerType


@strawberry.input(description="An officer has to know now about a person to whom the institution has no relation.")
class EmergencyOpenInput:
    identifier: IdentifierInput
    reason: str = strawberry.field(description="Why; at most 500 characters. It is sealed, and an operator reads it.")


@strawberry.type(description="The worker, open to you for the purpose EMERGENCY until an instant.")
class EmergencyOpenPayload:
    worker: Worker = strawberry.field(graphql_type=WorkerType)
    closes_at: dt.datetime


EmergencyOpenResult = Annotated[
    EmergencyOpenPayload
    | p.IdempotencyConflictProblem
    | p.PersonNotVisibleProblem
    | p.IdentifierInvalidProblem
    | p.ValueMissingProblem
    | p.LimitExceededProblem,
    strawberry.union("EmergencyOpenResult"),
]
_PROBLEMS = (
    errors.IdempotencyConflict,
    errors.PersonNotVisible,
    errors.IdentifierInvalid,
    errors.ValueMissing,
    errors.LimitExceeded,
)


@strawberry.type
class EmergencyMutations:
    @strawberry.mutation(
        graphql_type=EmergencyOpenResult,
        description="Open a worker in an emergency. The worker sees it first, an operator looks at it. Officers.",
    )
    async def emergency_open(self, info: Info, idempotency_key: IdempotencyKey, input: EmergencyOpenInput) -> Any:
        async def act() -> EmergencyOpenPayload:
            command = emergencies.EmergencyOpen(
                identifier=identifier_of(info.context, input.identifier), reason=input.reason
            )
            found, opening = await emergencies.emergency_open(asking(info, Purpose.EMERGENCY), idempotency_key, command)
            return EmergencyOpenPayload(worker=found, closes_at=opening.closes_at)

        return await or_problem(act(), *_PROBLEMS)
