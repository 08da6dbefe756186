"""Move plans and moves: where cover lands, what it costs, what is lost, and how far the move has come."""

from __future__ import annotations

import datetime as dt

import strawberry

from domain.countries import MemberState
from domain.legislation import Standing
from domain.move_steps import MoveStep
from domain.moves import LandingKind, MovePlan
from domain.periods import Month
from domain.records import Move
from domain.schemes import Branch, Extent, Sector
from schema.ids import opaque_id
from schema.law_values import ReasonType
from schema.money import MoneyInput, MoneyType
from schema.quotes import Quote


@strawberry.type(name="Period", description="Days from the first to the last, both included.")
class PeriodType:
    first_day: dt.date
    last_day: dt.date | None


@strawberry.type(
    name="Landing", description="One scheme in which a branch can continue, and whether the plan takes it."
)
class LandingType:
    branch: Branch
    kind: LandingKind
    scheme_id: str | None
    segment_id: str | None
    institution_id: str | None
    period: PeriodType | None
    extent: Extent | None = strawberry.field(description="How far the branch is protected on its first day there.")
    chosen: bool
    reasons: list[ReasonType]


@strawberry.type(name="BranchDays", description="Per branch: days without cover and days covered twice, and why.")
class BranchDaysType:
    branch: Branch
    gaps: list[PeriodType]
    gap_days: int
    overlap_days: int
    why: str


@strawberry.type(name="Entry", description="An enrolment that the plan opens, and what it costs where that is known.")
class EntryType:
    scheme_id: str
    segment_id: str
    institution_id: str
    period: PeriodType
    quote: Quote | None


@strawberry.type(name="PrepaidMonth", description="A month paid in advance that is not used after the move.")
class PrepaidMonthType:
    scheme_id: str
    month: Month
    amount: MoneyType
    sent: bool = strawberry.field(description="Already with the institution, which is asked to give it back.")


@strawberry.type(name="MovePlan", description="What a move would do, from facts and law, before anything is done.")
class MovePlanType:
    move_on: dt.date = strawberry.field(resolver=lambda root: root.question.move_on)
    from_state: MemberState = strawberry.field(resolver=lambda root: root.question.from_state)
    to_state: MemberState = strawberry.field(resolver=lambda root: root.question.to_state)
    landings: list[LandingType]
    branches: list[BranchDaysType]
    host_entries: list[EntryType]
    pack: EntryType | None = strawberry.field(description="The home scheme for workers abroad, if there is one.")
    alternatives: list[Quote] = strawberry.field(description="The pack by every route, for comparison.")
    ends: list[str] = strawberry.field(
        description="Schemes whose cover ends the day before the move.",
        resolver=lambda root: [scheme_id for scheme_id, _ in root.ends],
    )
    returns: list[PrepaidMonthType]
    cost_to_fund: MoneyType
    returned_to_fund: MoneyType
    funded: bool = strawberry.field(
        description="Whether a donation can and may pay the pack.", resolver=lambda root: root.donation_id is not None
    )
    starts_anew: list[ReasonType] = strawberry.field(description="Waiting and qualifying periods that begin again.")
    reasons: list[ReasonType]
    standing: Standing
    obstacle: str = strawberry.field(description="Why the plan cannot be carried out; empty if it can.")

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, MovePlan)


@strawberry.type(name="StepTaken", description="One step of a move, when it was taken and what it rests on.")
class StepTakenType:
    step: MoveStep
    evidence: str
    simulated: bool = strawberry.field(description="True when a simulated institution stands behind the evidence.")
    taken_at: dt.datetime


@strawberry.type(name="Move", description="A move that was announced, and how far it has come.")
class MoveType:
    id: strawberry.ID = strawberry.field(resolver=lambda root: strawberry.ID(opaque_id("Move", root.id)))
    step: MoveStep = strawberry.field(description="The last step, which is the state of the move.")
    steps: list[StepTakenType]
    plan: MovePlanType
    recorded_at: dt.datetime

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, Move)


@strawberry.input(name="WorkerMoveInput", description="A worker takes work in another member state.")
class WorkerMoveInput:
    worker_id: strawberry.ID
    to_state: MemberState
    move_on: dt.date = strawberry.field(description="First day of work abroad.")
    contract_months: int
    route: str = strawberry.field(description="How the worker is placed, a word of the rule file: agency, individual.")
    sector: Sector = strawberry.field(description="Of the work abroad.")
    decided_on: dt.date = strawberry.field(description="The day of the decision, on which a pack would be paid.")
    wage: MoneyInput | None = strawberry.field(
        default=None, description="Of one month abroad in the host's currency; without it host costs are not quoted."
    )
    fund_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Which fund pays; the one that paid the worker's latest month by default. Another: operators only.",
    )
