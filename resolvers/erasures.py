"""Erasing persons: at an operator's word, and when their time is over. Months and money stay; who it was does not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from domain.actors import ActorKind
from domain.errors import ErasureRefused, StateConflict
from domain.retention import ErasureReason, hindrances, period_of, years_before
from domain.stores import UnitOfWork
from resolvers.context import Context, found_or_refused, permit
from resolvers.once import once

_PERSONS_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerErase:
    """Command: destroy what says who a worker is."""

    worker_id: UUID
    reason: ErasureReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionReport:
    """What is over, and so was or would be ended: persons to erase and keys of acts to delete."""

    persons: int
    keys: int


async def worker_erase(context: Context, key: str, command: WorkerErase) -> UUID:
    """Erase a worker's identity; operators only. Returns the worker's id.

    Raises NotFound, StateConflict if the worker is erased already, ErasureRefused with everything that hinders it.
    """
    permit(context, "workerErase")
    return await _erase(context, key, command)


async def end_what_is_over(context: Context, *, apply: bool) -> RetentionReport:
    """Erase and delete what is over by the retention periods, at most a hundred persons at once; or only count it.

    Only the platform itself. A person whom something hinders meanwhile is left for the next time.
    """
    permit(context, "retention")
    persons_before, keys_before = (_before(context, table) for table in ("workers", "idempotency_keys"))
    async with context.reading() as work:
        persons = await work.erasures.over(persons_before, context.now.date(), limit=_PERSONS_AT_ONCE)
        keys = await work.erasures.count_keys(keys_before)
    if not apply:
        return RetentionReport(persons=len(persons), keys=keys)
    erased = 0
    for worker_id in persons:
        command = WorkerErase(worker_id=worker_id, reason=ErasureReason.PERIOD_OVER)
        try:
            await _erase(context, f"retention-{context.now.date()}-{worker_id}", command)
            erased += 1
        except (ErasureRefused, StateConflict):
            continue
    async with context.writing() as work:
        return RetentionReport(persons=erased, keys=await work.erasures.delete_keys(keys_before))


async def _erase(context: Context, key: str, command: WorkerErase) -> UUID:
    period, today = period_of(context.retention, "workers"), context.now.date()

    async def act(work: UnitOfWork) -> UUID:
        if context.actor.kind is ActorKind.OPERATOR:
            found_or_refused(await work.workers.worker(command.worker_id), "worker")
        facts = await work.erasures.facts(command.worker_id, today)
        if facts.erased:
            raise StateConflict(what="worker", state="erased", needed="one whose identity is kept")
        found = hindrances(facts, today, period)
        if found:
            raise ErasureRefused(hindrances=found)
        await work.erasures.erase(command.worker_id, command.reason, context.now)
        return command.worker_id

    return await once(context, "workerErase", key, command, act)


def _before(context: Context, table: str) -> dt.date:
    years = period_of(context.retention, table).years
    return dt.date.min if years is None else years_before(context.now.date(), years)
