"""Emergencies: an officer opens a worker to whom there is no relation. It is loud, and looked at afterwards."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from uuid import UUID

from domain.errors import LimitExceeded, PersonNotVisible, ValueMissing
from domain.people import Identifier
from domain.records import Purpose, Worker
from domain.reviews import Opening
from domain.stores import UnitOfWork
from resolvers.context import Context, found_or_refused, permit
from resolvers.once import once
from resolvers.workers import worker

_REASON_AT_MOST = 500
"""Characters of a reason; it says why, and is no report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyOpen:
    """Command: an officer has to know now. reason: for the operator who looks at it afterwards; it is sealed."""

    identifier: Identifier
    reason: str


async def emergency_open(context: Context, key: str, command: EmergencyOpen) -> tuple[Worker, Opening]:
    """Open the worker with this identifier to this officer for some hours, for the purpose `emergency` alone.

    Officers only. The opening, the record that stands first in the worker's list, the review on the operators' desk and
    the audit entry are one unit of work. Raises ValueMissing without a reason, LimitExceeded for a long one,
    PersonNotVisible for nobody; that question is recorded, too.
    """
    permit(context, "emergencyOpen")
    context = replace(context, asked=replace(context.asked, purpose=Purpose.EMERGENCY))
    hours = context.access.purposes[Purpose.EMERGENCY].open_hours
    reason = command.reason.strip()

    async def act(work: UnitOfWork) -> UUID:
        _check_reason(reason)
        opening_id = context.new_id()
        closes_at = context.now + dt.timedelta(hours=hours)
        reviews = work.reviews
        if not await reviews.open_in_emergency(opening_id, context.new_id(), command.identifier, reason, closes_at):
            raise PersonNotVisible(institution=context.actor.institution_id or "")
        return opening_id

    try:
        opening_id = await once(context, "emergencyOpen", key, command, act)
    except PersonNotVisible:
        await _record_in_vain(context, command.identifier)
        raise
    async with context.reading() as work:
        opening = found_or_refused(await work.reviews.opening(opening_id), "opening")
    return found_or_refused(await worker(context, opening.worker_id), "worker"), opening


def _check_reason(reason: str) -> None:
    if not reason:
        raise ValueMissing(rule="emergencyOpen", fact="a reason")
    if len(reason) > _REASON_AT_MOST:
        raise LimitExceeded(what="characters of the reason", given=len(reason), limit=_REASON_AT_MOST)


async def _record_in_vain(context: Context, identifier: Identifier) -> None:
    async with context.writing() as work:
        await work.workers.record_access(
            worker_id=None,
            identifier=identifier,
            purpose=Purpose.EMERGENCY,
            asked_about=None,
            outcome="not_visible",
            fields=(),
        )
