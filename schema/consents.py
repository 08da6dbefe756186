"""Consents in the contract: a worker lets an institution ask, and takes it back."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import strawberry

from domain import errors
from domain.access_rules import ConsentText
from domain.consents import Consent
from domain.records import Purpose
from resolvers import consents
from resolvers.context import permit
from schema import problems as p
from schema.ids import id_of
from schema.problems import or_problem
from schema.request import Info
from schema.scalars import IdempotencyKey
from schema.workers import ConsentType


@strawberry.type(name="ConsentText", description="What a worker reads before they consent.")
class ConsentTextType:
    version: str
    language: str = strawberry.field(description="By ISO 639-1.")
    text: str


@strawberry.input(description="Let an institution ask about you, for one purpose and a time of at most five years.")
class ConsentGiveInput:
    institution_id: str
    purpose: Purpose
    first_day: dt.date
    last_day: dt.date
    text_version: str = strawberry.field(description="Of the text that you read; see consentTexts.")
    text_language: str


@strawberry.type(description="The consent that was given.")
class ConsentGivePayload:
    consent: Consent = strawberry.field(graphql_type=ConsentType)


@strawberry.type(description="The consent that was taken back.")
class ConsentWithdrawPayload:
    consent: Consent = strawberry.field(graphql_type=ConsentType)


ConsentGiveResult = Annotated[
    ConsentGivePayload
    | p.IdempotencyConflictProblem
    | p.PeriodInvalidProblem
    | p.RuleUnknownProblem
    | p.PurposeNotOpenProblem,
    strawberry.union("ConsentGiveResult"),
]
ConsentWithdrawResult = Annotated[
    ConsentWithdrawPayload | p.IdempotencyConflictProblem | p.StateConflictProblem | p.NotFoundProblem,
    strawberry.union("ConsentWithdrawResult"),
]


@strawberry.type
class ConsentQueries:
    @strawberry.field(
        graphql_type=list[ConsentTextType], description="What a worker reads before they consent, in all languages."
    )
    async def consent_texts(self, info: Info) -> tuple[ConsentText, ...]:
        permit(info.context.context, "consentTexts")
        return info.context.context.access.consent_texts


@strawberry.type
class ConsentMutations:
    @strawberry.mutation(
        graphql_type=ConsentGiveResult, description="Let an institution ask about you for a purpose. Workers."
    )
    async def consent_give(self, info: Info, idempotency_key: IdempotencyKey, input: ConsentGiveInput) -> Any:
        command = consents.ConsentGive(
            institution_id=input.institution_id,
            purpose=input.purpose,
            first_day=input.first_day,
            last_day=input.last_day,
            text_version=input.text_version,
            text_language=input.text_language,
        )

        async def act() -> ConsentGivePayload:
            return ConsentGivePayload(
                consent=await consents.consent_give(info.context.context, idempotency_key, command)
            )

        kinds = (errors.IdempotencyConflict, errors.PeriodInvalid, errors.RuleUnknown, errors.PurposeNotOpen)
        return await or_problem(act(), *kinds)

    @strawberry.mutation(
        graphql_type=ConsentWithdrawResult, description="Take a consent back; it ends with the next request. Workers."
    )
    async def consent_withdraw(self, info: Info, idempotency_key: IdempotencyKey, consent_id: strawberry.ID) -> Any:
        async def act() -> ConsentWithdrawPayload:
            command = consents.ConsentWithdraw(consent_id=id_of("Consent", consent_id))
            ended = await consents.consent_withdraw(info.context.context, idempotency_key, command)
            return ConsentWithdrawPayload(consent=ended)

        return await or_problem(act(), errors.IdempotencyConflict, errors.NotFound, errors.StateConflict)
