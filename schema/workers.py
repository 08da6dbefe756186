"""Workers in the contract: what protects them, what was paid, who asked. No field gives a name or a number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from domain.certificates import BodyKind, CertificateOfCoverage, Withdrawal, WithdrawalReason
from domain.consents import Consent
from domain.countries import MemberState
from domain.determination import CoverageDetermination
from domain.periods import Month
from domain.records import AccessRecord, ContributionMonth, Enrolment, Move, Purpose, Worker
from domain.schemes import Branch, FunderKind, Sector
from resolvers.purposes import OF_WORKERS, refusal_of_field, withheld_of
from schema.coverage import CoverageDeterminationType
from schema.ids import number_after, opaque_id, opaque_number
from schema.law_values import ReasonType
from schema.money import MoneyType
from schema.moves import MoveType
from schema.pages import PAGE, Connection, Page, checked_first, page_of
from schema.problems import PurposeNotOpenProblem, Told
from schema.request import Info, Request


@strawberry.interface(description="A thing with an id by which node(id) finds it again.")
class Node:
    id: strawberry.ID


@strawberry.type(name="Enrolment", description="A worker in a segment of a scheme, as the institution confirmed it.")
class EnrolmentType:
    scheme_id: str
    segment_id: str
    institution_id: str
    first_day: dt.date
    last_day: dt.date | None
    funder_kind: FunderKind
    reference: str = strawberry.field(description="The institution's own number.")
    simulated: bool = strawberry.field(description="True when a simulated institution confirmed it.")


@strawberry.type(name="ContributionMonth", description="One month in one scheme, reserved or paid, and its price.")
class ContributionMonthType:
    scheme_id: str
    month: Month
    amount: MoneyType
    funder_kind: FunderKind
    acknowledged: bool = strawberry.field(description="The institution confirmed the payment.")
    reference: str
    reasons: list[ReasonType] = strawberry.field(description="Why the month costs this.")


@strawberry.type(name="AccessRecord", description="Who asked about a worker, for what, with what outcome, when.")
class AccessRecordType:
    id: strawberry.ID = strawberry.field(resolver=lambda root: strawberry.ID(opaque_number("AccessRecord", root.id)))
    institution_id: str
    actor_kind: str
    purpose: str
    asked_about: dt.date | None
    outcome: str
    fields: list[str] = strawberry.field(description="Names of the fields that were answered; never a value.")
    recorded_at: dt.datetime
    objected_at: dt.datetime | None = strawberry.field(description="When the worker objected, if they did.")
    objection_outcome: str | None = strawberry.field(description="What an operator found, once one looked.")


@strawberry.type(name="Consent", description="What a worker let an institution ask, and the text that they read.")
class ConsentType:
    id: strawberry.ID = strawberry.field(resolver=lambda root: strawberry.ID(opaque_id("Consent", root.id)))
    institution_id: str
    purpose: Purpose
    first_day: dt.date
    last_day: dt.date
    text_version: str
    text_language: str
    recorded_at: dt.datetime
    withdrawn_at: dt.datetime | None = strawberry.field(description="When the worker took it back, if they did.")


@strawberry.type(name="CertifiedCover", description="One scheme's part of a certificate.")
class CertifiedCoverType:
    scheme_id: str
    institution_id: str
    branches: list[Branch]
    first_day: dt.date
    last_day: dt.date | None
    reference: str


@strawberry.type(name="Withdrawal", description="A certificate is not true any more: since when, and why.")
class WithdrawalType:
    reason: WithdrawalReason
    withdrawn_at: dt.datetime


@strawberry.type(
    name="CertificateBodies",
    description="Where the bodies of a certificate are asked for, under the API's address, with the same token.",
)
class CertificateBodies:
    json: str
    sd_jwt: str
    qr_text: str
    qr_png: str
    qr_svg: str
    pdf: str


@strawberry.type(
    name="CertificateOfCoverage",
    description="Proof of the legislation that applies to a worker and of what protects them.",
)
class CertificateType:
    number: str
    legislation: MemberState
    covers: list[CertifiedCoverType]
    issued_at: dt.datetime
    simulated: bool = strawberry.field(description="True when a simulated institution stands behind a cover.")
    digest: str = strawberry.field(description="SHA-256 of the content, so that a copy can be compared.")
    withdrawal: Withdrawal | None = strawberry.field(
        graphql_type=WithdrawalType | None, description="Null while the certificate stands."
    )

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, CertificateOfCoverage)

    @strawberry.field(description="Paths of the signed bodies; a withdrawn certificate has them, but no content.")
    @staticmethod
    def bodies(root: strawberry.Parent[CertificateOfCoverage]) -> CertificateBodies:
        return CertificateBodies(**{kind.name.lower(): kind.path(root.number) for kind in BodyKind})


async def _opened(root: Worker, info: Info, name: str, loader: Callable[[Request], DataLoader[UUID, Any]]) -> Any:
    """What a loader has for the worker, or null if the purpose does not open it; `withheld` says so."""
    request = info.context.asked_for(root.purpose)
    if refusal_of_field(request.context, name) is not None:
        return None
    return await loader(request).load(root.id)


@strawberry.type(name="Worker", description="A worker whom you may see.")
class WorkerType(Node):
    id: strawberry.ID = strawberry.field(resolver=lambda root: strawberry.ID(opaque_id("Worker", root.id)))
    home_state: MemberState
    nationality: MemberState
    sector: Sector
    recorded_at: dt.datetime

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, Worker)

    @strawberry.field(
        graphql_type=list[PurposeNotOpenProblem],
        description="What of this worker is null because the purpose for which you ask does not open it.",
    )
    @staticmethod
    def withheld(root: strawberry.Parent[Worker], info: Info) -> list[Told]:
        context = info.context.asked_for(root.purpose).context
        return [Told(refusal) for refusal in withheld_of(context, OF_WORKERS)]

    @strawberry.field(
        graphql_type=CoverageDeterminationType | None, description="Whether and how this worker is covered on a day."
    )
    @staticmethod
    async def coverage_on(
        root: strawberry.Parent[Worker], info: Info, on: dt.date, known_at: dt.datetime | None = None
    ) -> CoverageDetermination | None:
        determination: CoverageDetermination | None = await _opened(
            root, info, "coverage", lambda request: request.coverage(on, known_at)
        )
        return determination

    @strawberry.field(graphql_type=list[EnrolmentType] | None, description="Where this worker is enrolled.")
    @staticmethod
    async def enrolments(root: strawberry.Parent[Worker], info: Info) -> tuple[Enrolment, ...] | None:
        found: tuple[Enrolment, ...] | None = await _opened(
            root, info, "worker.enrolments", lambda request: request.enrolments
        )
        return found

    @strawberry.field(
        graphql_type=list[ContributionMonthType] | None, description="Months reserved or paid, oldest first."
    )
    @staticmethod
    async def contributions(root: strawberry.Parent[Worker], info: Info) -> tuple[ContributionMonth, ...] | None:
        found: tuple[ContributionMonth, ...] | None = await _opened(
            root, info, "worker.contributions", lambda request: request.contributions
        )
        return found

    @strawberry.field(graphql_type=list[MoveType] | None, description="Moves, oldest first.")
    @staticmethod
    async def moves(root: strawberry.Parent[Worker], info: Info) -> tuple[Move, ...] | None:
        found: tuple[Move, ...] | None = await _opened(root, info, "move", lambda request: request.moves)
        return found

    @strawberry.field(graphql_type=list[CertificateType] | None, description="Certificates of coverage, oldest first.")
    @staticmethod
    async def certificates(root: strawberry.Parent[Worker], info: Info) -> tuple[CertificateOfCoverage, ...] | None:
        found: tuple[CertificateOfCoverage, ...] | None = await _opened(
            root, info, "certificate", lambda request: request.certificates
        )
        return found

    @strawberry.field(
        graphql_type=list[ConsentType],
        description="Whom this worker let ask, oldest first; seen by the worker and by operators.",
    )
    @staticmethod
    async def consents(root: strawberry.Parent[Worker], info: Info) -> tuple[Consent, ...]:
        found: tuple[Consent, ...] = await info.context.asked_for(root.purpose).consents.load(root.id)
        return found

    @strawberry.field(
        graphql_type=Connection[AccessRecordType],
        description="Who asked about this worker, emergencies first, then the latest; for the worker and operators.",
    )
    @staticmethod
    async def access_records(
        root: strawberry.Parent[Worker], info: Info, first: int = PAGE, after: str | None = None
    ) -> Page:
        listing = f"accessRecords/{root.id}"
        before = number_after(listing, after)
        rows: tuple[AccessRecord, ...] = (
            await info.context.asked_for(root.purpose).accesses(before, checked_first(first) + 1).load(root.id)
        )
        return page_of(listing, rows, first, lambda row: row.place)
