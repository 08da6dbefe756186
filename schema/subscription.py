"""Everything that can be followed. An event names the thing as it is now, read as any other question reads it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLError

from domain.funding import Donation
from domain.live import EventKind, Wanted
from domain.records import Move, Purpose, Worker
from resolvers import funding, live, moves
from schema.funding import DonationType
from schema.ids import id_of
from schema.moves import MoveType
from schema.request import Info, asking
from schema.workers import WorkerType

IDS_AT_MOST = 100
"""How many workers or donations one subscription may name; without names it follows all that the actor sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An event on its way to one subscriber: what changed, the cursor after it, and for what the subscriber asks."""

    subject_id: UUID
    cursor: str
    purpose: Purpose | None = None


_CURSOR = "Pass it as `after` to go on behind this event. It is good for you alone."


@strawberry.type(name="CoverageChanged", description="The coverage of a worker changed.")
class CoverageChangedType:
    cursor: str = strawberry.field(description=_CURSOR)

    @strawberry.field(graphql_type=WorkerType, description="The worker, as they are now; reading leaves its trace.")
    @staticmethod
    async def worker(root: strawberry.Parent[Changed], info: Info) -> Worker:
        return await live.worker_now(asking(info, root.purpose), root.subject_id)


@strawberry.type(name="CaseChanged", description="A case, which is the move of a worker, took a step.")
class CaseChangedType:
    cursor: str = strawberry.field(description=_CURSOR)

    @strawberry.field(graphql_type=MoveType, description="The move, as it is now; reading leaves its trace.")
    @staticmethod
    async def move(root: strawberry.Parent[Changed], info: Info) -> Move:
        return await moves.move_of(asking(info, root.purpose), root.subject_id)


@strawberry.type(name="DonationChanged", description="The money of a donation did something, since the last tick.")
class DonationChangedType:
    cursor: str = strawberry.field(description=_CURSOR)

    @strawberry.field(graphql_type=DonationType, description="The donation, as it is now.")
    @staticmethod
    async def donation(root: strawberry.Parent[Changed], info: Info) -> Donation:
        return await funding.donation(info.context.context, root.subject_id)


@strawberry.type(
    description="What can be followed. Each source says once what is followed; the platform does the rest."
)
class Subscription:
    @strawberry.subscription(
        graphql_type=CoverageChangedType,
        description="Coverage of workers whom you may see, or of those named. `after`: the cursor to go on behind.",
    )
    async def coverage_changed(
        self,
        info: Info,
        workers: list[strawberry.ID] | None = None,
        after: str | None = None,
        purpose: Purpose | None = None,
    ) -> AsyncGenerator[Any, None]:
        yield _followed(info, EventKind.COVERAGE, "Worker", workers, after, purpose)

    @strawberry.subscription(
        graphql_type=CaseChangedType,
        description="Moves of workers whom you may see, or of those named. `after`: the cursor to go on behind.",
    )
    async def case_changed(
        self,
        info: Info,
        workers: list[strawberry.ID] | None = None,
        after: str | None = None,
        purpose: Purpose | None = None,
    ) -> AsyncGenerator[Any, None]:
        yield _followed(info, EventKind.CASE, "Worker", workers, after, purpose)

    @strawberry.subscription(
        graphql_type=DonationChangedType,
        description="Donations that you may see, or those named, at the ticks of a fixed grid of time.",
    )
    async def donation_changed(
        self, info: Info, donations: list[strawberry.ID] | None = None, after: str | None = None
    ) -> AsyncGenerator[Any, None]:
        yield _followed(info, EventKind.DONATION, "Donation", donations, after, None)


def _followed(
    info: Info, kind: EventKind, named: str, ids: Sequence[str] | None, after: str | None, purpose: Purpose | None
) -> Wanted:
    if ids is not None and len(ids) > IDS_AT_MOST:
        message = f"A subscription names at most {IDS_AT_MOST} ids. Name fewer, or none to follow all that you may see."
        raise GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
    found = None if ids is None else frozenset(id_of(named, one) for one in ids)
    return live.follow(info.context.asked_for(purpose).context, kind, found, after)
