"""What an actor may follow, and the reading of events for all who follow."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from domain.errors import NotFound
from domain.live import Event, EventKind, Place, Snapshot, Wanted
from domain.records import Worker
from resolvers import workers
from resolvers.context import Context, permit
from resolvers.purposes import check_purpose

_OF_PERSONS = {EventKind.COVERAGE: "coverage", EventKind.CASE: "move"}
"""What events tell of a person, by its name in receipts."""


def follow(context: Context, kind: EventKind, ids: frozenset[UUID] | None, after: str | None) -> Wanted:
    """What a subscription follows. Whether the actor sees a thing is asked anew at each of its events.

    ids: None for all whom the actor may see, which the purpose must open as it opens a list of them.
    Raises NotPermitted for a kind of actor that may not read such things at all, ValueMissing, PurposeNotOpen.
    """
    if kind is EventKind.COVERAGE:
        permit(context, "coverageChanged")
    elif kind is EventKind.CASE:
        permit(context, "caseChanged")
    else:
        permit(context, "donationChanged")
    if kind in _OF_PERSONS:
        check_purpose(context, _OF_PERSONS[kind])
        if ids is None:
            check_purpose(context, "workers")
    return Wanted(kind=kind, ids=ids, after=after, purpose=context.asked.purpose)


async def snapshot(context: Context) -> Snapshot:
    """Which transactions have ended by now."""
    async with context.reading() as work:
        return await work.events.snapshot()


async def events_after(
    context: Context, place: Place, upto: Snapshot, kinds: Sequence[EventKind], limit: int
) -> tuple[Event, ...]:
    """What a snapshot sees and a reader at a place has not passed, in order; the first `limit` of them."""
    async with context.reading() as work:
        return await work.events.after(place, upto, kinds, limit=limit)


async def seen_of(context: Context, events: Sequence[Event]) -> frozenset[UUID]:
    """Of these events of one kind, the subjects that the actor may see at this moment; one statement."""
    async with context.reading() as work:
        if events[0].kind is EventKind.DONATION:
            own = await work.funding.donations([event.subject_id for event in events], context.actor)
            return frozenset(own)
        owners = list({event.owner_id for event in events})
        visible = await work.events.visible_workers(owners)
    return frozenset(event.subject_id for event in events if event.owner_id in visible)


async def worker_now(context: Context, worker_id: UUID) -> Worker:
    """The worker of an event, read as any worker is. Raises NotFound for one who is not in sight any more."""
    found = await workers.worker(context, worker_id)
    if found is None:
        raise NotFound(kind="worker")
    return found
