"""Workers: who may be seen, what is known of them, who asked, and recording a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.actors import ActorKind
from domain.errors import NotPermitted
from domain.people import Identifier
from domain.records import AccessRecord, ContributionMonth, Enrolment, Move, Worker
from domain.stores import UnitOfWork
from resolvers.context import Context, found_or_refused, permit
from resolvers.once import once
from resolvers.purposes import check_purpose
from resolvers.traces import answered, trace


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierRecord:
    """Command: a worker showed a document with an identifier."""

    worker_id: UUID
    identifier: Identifier


async def worker(context: Context, worker_id: UUID) -> Worker | None:
    """A worker whom the actor may see, else None. A look at someone else leaves a trace that the worker sees."""
    permit(context, "worker")
    check_purpose(context, "worker")
    async with context.writing() as work:
        found = await work.workers.worker(worker_id)
        if found is not None:
            await trace(context, work, found.id, "worker")
        return _for_what(context, found)


async def worker_by_identifier(context: Context, identifier: Identifier) -> Worker | None:
    """The worker who shows a document, if the officer or operator may see them; the question is recorded."""
    permit(context, "workerByIdentifier")
    check_purpose(context, "worker")
    await context.searches.begin(context.actor, context.now)
    async with context.writing() as work:
        found = await work.workers.worker_of(identifier)
        await work.workers.record_access(
            worker_id=None if found is None else found.id,
            identifier=identifier,
            purpose=context.asked.purpose,
            asked_about=None,
            outcome="not_visible" if found is None else "read",
            fields=() if found is None else answered(context, "worker"),
        )
    if found is None:
        context.searches.missed(context.actor)
    return _for_what(context, found)


async def me(context: Context) -> Worker:
    """The worker whose token this is. Raises NotFound for a token of a worker who is not known."""
    permit(context, "me")
    assert context.actor.subject_id is not None, "a worker's token names the worker"
    return found_or_refused(await worker(context, context.actor.subject_id), "worker")


async def workers(context: Context, *, after: UUID | None, limit: int) -> tuple[Worker, ...]:
    """A page of the workers whom an officer or operator may see; each look leaves a trace."""
    permit(context, "workers")
    check_purpose(context, "workers")
    async with context.writing() as work:
        page = await work.workers.page(after=after, limit=limit)
        await work.workers.record_page(
            [seen.id for seen in page], purpose=context.asked.purpose, fields=answered(context, "worker")
        )
        return tuple(replace(seen, purpose=context.asked.purpose) for seen in page)


def _for_what(context: Context, found: Worker | None) -> Worker | None:
    """The worker with the purpose, so that what is read of them next is read for it, too."""
    return None if found is None else replace(found, purpose=context.asked.purpose)


async def identifier_record(context: Context, key: str, command: IdentifierRecord) -> Worker:
    """Record a document's identifier for a worker; it takes the place of an older one of its kind.

    Officers of the state that issued it, if they may see the worker, and operators. Raises NotPermitted, NotFound,
    IdentifierInvalid.
    """
    permit(context, "identifierRecord")
    issuer = command.identifier.state
    if context.actor.kind is ActorKind.OFFICER and context.actor.member_state is not issuer:
        # A document of one state must not be put in the place of another by a third.
        raise NotPermitted(actor_kind="officer of another state", operation="identifierRecord")

    async def act(work: UnitOfWork) -> UUID:
        found_or_refused(await work.workers.worker(command.worker_id), "worker")
        await work.workers.add_identifier(context.new_id(), command.worker_id, command.identifier, context.now)
        return command.worker_id

    return found_or_refused(await worker(context, await once(context, "identifierRecord", key, command, act)), "worker")


async def enrolments_of(context: Context, worker_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Enrolment, ...]]:
    """Where workers in sight are enrolled."""
    check_purpose(context, "worker.enrolments")
    async with context.reading() as work:
        return await work.workers.enrolments_of(worker_ids)


async def contributions_of(
    context: Context, worker_ids: Sequence[UUID]
) -> Mapping[UUID, tuple[ContributionMonth, ...]]:
    """The contribution months of workers in sight, with the price's reasons."""
    check_purpose(context, "worker.contributions")
    async with context.reading() as work:
        return await work.contributions.contributions_of(worker_ids)


async def moves_of(context: Context, worker_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Move, ...]]:
    """The moves of workers in sight."""
    check_purpose(context, "move")
    async with context.reading() as work:
        return await work.moves.moves_of(worker_ids)


async def access_records_of(
    context: Context, worker_ids: Sequence[UUID], *, before: int | None, limit: int
) -> Mapping[UUID, tuple[AccessRecord, ...]]:
    """Who asked about a worker, latest first; only the worker and operators see it."""
    permit(context, "worker.accessRecords")
    async with context.reading() as work:
        return await work.workers.access_records_of(worker_ids, before=before, limit=limit)
