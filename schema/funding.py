"""Donors, funds, donations, nominations and allocations in the contract. No type here reaches a worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import strawberry

from domain.exchange import MessageKind
from domain.funding import Allocation, AllocationKind, Donation, Statement
from domain.money import Currency
from domain.periods import Month
from domain.records import MonthOfFigures, NominationRefusal, NominationReport, QueuedMessage, Remittance
from domain.schemes import FunderKind
from resolvers import nominations
from schema.ids import number_after, opaque_id
from schema.money import MoneyInput, MoneyType
from schema.pages import PAGE, Connection, Page, checked_first, page_of
from schema.request import Info
from schema.workers import Node


@strawberry.type(name="Donor", description="A giver: a company, a state-owned enterprise, a government or a person.")
class DonorType:
    id: strawberry.ID = strawberry.field(resolver=lambda root: strawberry.ID(opaque_id("Donor", root.id)))
    name: str
    funder_kind: FunderKind


@strawberry.type(name="Fund", description="A pot with a purpose, in one currency.")
class FundType:
    id: strawberry.ID = strawberry.field(resolver=lambda root: strawberry.ID(opaque_id("Fund", root.id)))
    name: str
    purpose: str
    currency: Currency


@strawberry.type(name="Pledge", description="A promise of an amount; it moves no money.")
class PledgeType:
    id: strawberry.ID = strawberry.field(resolver=lambda root: strawberry.ID(opaque_id("Pledge", root.id)))
    amount: MoneyType
    pledged_on: dt.date


@strawberry.type(name="Terms", description="What a donor lets the money pay; an empty list allows every scheme.")
class TermsType:
    scheme_ids: list[str]
    first_month: Month | None
    last_month: Month | None
    follows_movers: bool = strawberry.field(description="Whether it may pay cover of a worker who moves.")


@strawberry.type(
    name="Statement",
    description="What a donation did, to the minor unit: received = available + reserved + sent + refunded.",
)
class StatementType:
    received: MoneyType
    available: MoneyType = strawberry.field(description="Unspent: neither reserved nor sent.")
    reserved: MoneyType = strawberry.field(description="Set aside for cover; not yet confirmed by an institution.")
    sent: MoneyType = strawberry.field(description="With institutions for cover, less what they gave back.")
    refunded: MoneyType = strawberry.field(description="Given back to the donor.")
    adds_up: bool = strawberry.field(description="Whether the four parts are exactly the money received.")
    person_months_covered: int = strawberry.field(
        description="Months that institutions confirmed, once per worker; for donors rounded to a multiple of five."
    )
    person_months_reserved: int
    person_months_term: int = strawberry.field(description="Months that paid packs protect at most.")


@strawberry.type(name="MonthOfFigures", description="Workers covered in a month, rounded to a multiple of five.")
class MonthOfFiguresType:
    month: Month
    workers_rounded: int


@strawberry.type(name="Donation", description="Money received from a donor into a fund, under the donor's terms.")
class DonationType(Node):
    id: strawberry.ID = strawberry.field(resolver=lambda root: strawberry.ID(opaque_id("Donation", root.id)))
    fund_id: strawberry.ID = strawberry.field(resolver=lambda root: strawberry.ID(opaque_id("Fund", root.fund_id)))
    funder_kind: FunderKind
    amount: MoneyType
    received_on: dt.date
    terms: TermsType

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, Donation)

    @strawberry.field(graphql_type=StatementType, description="What the money did, to the minor unit.")
    @staticmethod
    async def statement(root: strawberry.Parent[Donation], info: Info) -> Statement:
        found: Statement = await info.context.statements.load(root.id)
        return found

    @strawberry.field(graphql_type=list[MonthOfFiguresType], description="Workers covered by month, rounded.")
    @staticmethod
    async def months(root: strawberry.Parent[Donation], info: Info) -> tuple[MonthOfFigures, ...]:
        found: tuple[MonthOfFigures, ...] = await info.context.figures.load(root.id)
        return found


@strawberry.type(
    name="NominationRefusal", description="A refused row: its line (the header is line 1), code and reason."
)
class NominationRefusalType:
    line: int
    code: str
    reason: str


@strawberry.type(name="Nomination", description="How a file of nominated workers was taken in.")
class NominationType(Node):
    id: strawberry.ID = strawberry.field(resolver=lambda root: strawberry.ID(opaque_id("Nomination", root.id)))
    rows_accepted: int
    rows_refused: int
    recorded_at: dt.datetime

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, NominationReport)

    @strawberry.field(graphql_type=Connection[NominationRefusalType], description="Refused rows by line.")
    @staticmethod
    async def refusals(
        root: strawberry.Parent[NominationReport], info: Info, first: int = PAGE, after: str | None = None
    ) -> Page:
        listing = f"refusals/{root.id}"
        after_line = number_after(listing, after) or 0
        rows: Sequence[NominationRefusal] = await nominations.nomination_refusals(
            info.context.context, root.id, after_line=after_line, limit=checked_first(first) + 1
        )
        return page_of(listing, rows, first, lambda row: row.line)


@strawberry.type(name="Remittance", description="A batch of contributions on its way to an institution.")
class RemittanceType:
    institution_id: str
    month: Month | None
    lines: int
    amount: MoneyType
    state: str = strawberry.field(description="reserved, sent, accepted, refused, released, or parked for a person.")
    reference: str = strawberry.field(description="The institution's own number, once it confirmed.")


@strawberry.type(name="Allocation", description="Money reserved for workers' cover, and how far it has been sent.")
class AllocationType(Node):
    id: strawberry.ID = strawberry.field(resolver=lambda root: strawberry.ID(opaque_id("Allocation", root.id)))
    kind: AllocationKind
    scheme_ids: list[str]
    segment_id: str
    first_month: Month
    last_month: Month
    workers: int
    person_months: int
    amount: MoneyType
    recorded_at: dt.datetime

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, Allocation)

    @strawberry.field(graphql_type=list[RemittanceType], description="Its remittances by month.")
    @staticmethod
    async def remittances(root: strawberry.Parent[Allocation], info: Info) -> tuple[Remittance, ...]:
        found: tuple[Remittance, ...] = await info.context.remittances.load(root.id)
        return found


@strawberry.type(name="InstitutionMessage", description="A message to an institution, without its content.")
class MessageType:
    id: strawberry.ID = strawberry.field(resolver=lambda root: strawberry.ID(opaque_id("Message", root.id)))
    institution_id: str
    kind: MessageKind
    state: str = strawberry.field(description="due, taken, answered, parked for a person, or withdrawn.")
    attempts: int
    trouble: str
    recorded_at: dt.datetime

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, QueuedMessage)


@strawberry.input(description="A donor becomes known.")
class DonorRegisterInput:
    name: str
    funder_kind: FunderKind


@strawberry.input(description="A pot with a purpose is opened.")
class FundOpenInput:
    name: str
    purpose: str
    currency: Currency


@strawberry.input(description="A donor promises an amount; no money moves.")
class PledgeRecordInput:
    donor_id: strawberry.ID
    fund_id: strawberry.ID
    amount: MoneyInput
    pledged_on: dt.date


@strawberry.input(description="What a donor lets the money pay; leave out what is not limited.")
class TermsInput:
    scheme_ids: list[str] = strawberry.field(default_factory=list)
    first_month: Month | None = None
    last_month: Month | None = None
    follows_movers: bool = True


@strawberry.input(description="Money of a donor was received.")
class DonationRecordInput:
    donor_id: strawberry.ID
    fund_id: strawberry.ID
    amount: MoneyInput
    received_on: dt.date
    terms: TermsInput | None = None


@strawberry.input(description="Unspent money goes back to the donor.")
class DonationRefundInput:
    donation_id: strawberry.ID
    amount: MoneyInput


@strawberry.input(description="A donation is reserved for nominated workers' months.")
class DonationAllocateInput:
    donation_id: strawberry.ID
    nomination_id: strawberry.ID
    scheme_ids: list[str]
    segment_id: str
    first_month: Month
    last_month: Month
    income: MoneyInput = strawberry.field(description="The declared monthly income that contributions are computed on.")
