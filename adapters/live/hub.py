"""The hub of a process: reads new events once, asks once for each scope who may see them, and hands them to feeds.

A lane is a reader with its own place and pace: coverage and cases at once, donations at the ticks of a grid, so that
no donor learns at which moment something was done for a worker. A feed that falls behind loses nothing: it reads again
from its place, as one that comes back with a cursor does.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import structlog

from adapters.live.cursors import Cursors
from adapters.live.feeds import Feed, Feeds
from domain.actors import Actor
from domain.live import Event, EventKind, Place, Snapshot
from domain.records import Purpose

_log = structlog.get_logger("lingkar.live")
_AGAIN_SECONDS = 0.5


class EventReading(Protocol):
    """The use cases that the hub needs."""

    async def snapshot(self) -> Snapshot: ...

    async def after(
        self, place: Place, upto: Snapshot, kinds: Sequence[EventKind], limit: int
    ) -> tuple[Event, ...]: ...

    async def seen_of(self, actor: Actor, purpose: Purpose | None, events: Sequence[Event]) -> frozenset[UUID]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLimits:
    """poll_seconds: how long to wait for a notification before looking all the same. donor_seconds: the grid of
    donations. page: events of one reading. pending: events that may wait for the answers of one feed before it reads
    them again later. at_once: answers that are computed at the same time. patience_seconds: how long a feed that reads
    what it missed waits for a full connection."""

    poll_seconds: float = 5.0
    donor_seconds: float = 300.0
    page: int = 500
    pending: int = 500
    at_once: int = 6
    patience_seconds: float = 10.0


class Lane:
    """One reader of events of some kinds; `reached` is the snapshot whose events it tells or has told."""

    def __init__(self, kinds: tuple[EventKind, ...], reached: Snapshot) -> None:
        self.kinds = kinds
        self.feeds = Feeds()
        self.place = Place.at(reached)
        self.reached = reached
        self.wake = asyncio.Event()


class Hub:
    """The feeds of one process."""

    def __init__(
        self, reading: EventReading, cursors: Cursors, now: Callable[[], dt.datetime], limits: HubLimits
    ) -> None:
        self.cursors = cursors
        self.limits = limits
        self._reading = reading
        self._now = now
        self._lanes: tuple[Lane, ...] = ()
        self._gate = asyncio.Semaphore(limits.at_once)
        self._tasks: set[asyncio.Task[None]] = set()
        self._started: asyncio.Task[None] | None = None

    def heard(self) -> None:
        """There may be new events."""
        for lane in self._lanes:
            lane.wake.set()

    async def start(self) -> None:
        """Begin to read from now on; only the first call does something. Raises what the database raises."""
        if self._started is None:
            self._started = asyncio.create_task(self._start())
        try:
            await asyncio.shield(self._started)
        except Exception:
            self._started = None
            raise

    async def stop(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def place(self) -> Place:
        """The place of one who begins now."""
        return self._lanes[0].place

    def follow(self, feed: Feed) -> None:
        """Tell a feed what comes, and before that what it missed since its place."""
        lane = self._lane(feed)
        if feed.place is None:
            feed.place = Place.at(lane.reached)
            feed.held = False
        lane.feeds.add(feed)
        if feed.held:
            self._spawn(self._catch_up(lane, feed))

    def leave(self, feed: Feed) -> None:
        self._lane(feed).feeds.discard(feed)
        feed.pending.clear()

    async def _start(self) -> None:
        reached = await self._reading.snapshot()
        prompt = Lane((EventKind.COVERAGE, EventKind.CASE), reached)
        ticking = Lane((EventKind.DONATION,), reached)
        self._lanes = (prompt, ticking)
        self._spawn(self._run(prompt, self._notified))
        self._spawn(self._run(ticking, self._tick))

    def _lane(self, feed: Feed) -> Lane:
        return next(lane for lane in self._lanes if feed.wanted.kind in lane.kinds)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- reading what is new -----------------------------------------------------------------------------

    async def _run(self, lane: Lane, pause: Callable[[Lane], Awaitable[None]]) -> None:
        while True:
            await pause(lane)
            try:
                await self._read_on(lane)
            except Exception as error:
                # What was told before the failure has been passed by the feeds; the rest is read again.
                _log.warning("events_not_read", error=type(error).__qualname__)
                lane.wake.set()
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _notified(self, lane: Lane) -> None:
        try:
            async with asyncio.timeout(self.limits.poll_seconds):
                await lane.wake.wait()
        except TimeoutError:
            pass
        lane.wake.clear()

    async def _tick(self, lane: Lane) -> None:
        grid = self.limits.donor_seconds
        await asyncio.sleep(grid - self._now().timestamp() % grid)

    async def _read_on(self, lane: Lane) -> None:
        """Tell everything from the lane's place to this moment."""
        upto = await self._reading.snapshot()
        lane.reached = upto
        base = lane.place
        while lane.feeds:
            page = await self._reading.after(lane.place, upto, lane.kinds, self.limits.page)
            for kind in lane.kinds:
                await self._tell(lane, [event for event in _latest(page) if event.kind is kind], base.whole, upto)
            if len(page) < self.limits.page:
                break
            lane.place = Place(whole=base.whole, part=upto, upto=page[-1].place)
        lane.place = Place.at(upto)

    async def _tell(self, lane: Lane, events: Sequence[Event], whole: Snapshot, part: Snapshot) -> None:
        """Hand events of one kind to the feeds that want and may see them."""
        placed = [(event, Place(whole=whole, part=part, upto=event.place)) for event in events]
        for event, place in placed:
            # Whoever follows their own things alone is asked by the read itself.
            for feed in lane.feeds.of_owner(event.owner_id):
                self._hand(lane, feed, event, place)
        for feeds in lane.feeds.of_scopes():
            wanted = [event for event in events if any(feed.wanted.takes(event) for feed in feeds)]
            seen = await self._seen_of(feeds[0], wanted)
            for event, place in placed:
                if event.subject_id in seen:
                    for feed in feeds:
                        self._hand(lane, feed, event, place)

    def _hand(self, lane: Lane, feed: Feed, event: Event, place: Place) -> None:
        if not feed.outlets or not feed.wanted.takes(event) or feed.has_passed(event):
            return
        if feed.pending and feed.pending[-1][1].passed(event):
            return
        if len(feed.pending) >= self.limits.pending:
            feed.pending.clear()
            feed.missed = True
            if not feed.held:
                feed.held = True
                self._spawn(self._catch_up(lane, feed))
            return
        if feed.missed:
            return
        feed.pending.append((event, place))
        if not feed.held and not feed.told:
            feed.told = True
            self._spawn(self._answer_pending(feed))

    # --- answering ---------------------------------------------------------------------------------------

    async def _answer_pending(self, feed: Feed) -> None:
        try:
            while feed.pending and feed.outlets and not feed.held:
                event, place = feed.pending.popleft()
                await self._answer(feed, event, place)
        finally:
            feed.told = False

    async def _answer(self, feed: Feed, event: Event, place: Place) -> None:
        cursor = self.cursors.write(place, feed.actor)
        try:
            await self._paid(feed)
            if not feed.outlets:
                return
            async with self._gate:
                answer = await feed.answer(event.subject_id, cursor)
        except Exception as error:
            _log.error("event_not_answered", error=type(error).__qualname__)
            feed.cut("STREAM_FAILED")
            return
        feed.place = place
        if answer is not None:
            for outlet in tuple(feed.outlets):
                outlet.offer(answer, cursor)

    async def _paid(self, feed: Feed) -> None:
        """Take what an answer costs. Where the budget does not reach, the feed waits until it does: nothing is lost."""
        while feed.outlets and (seconds := await feed.pay()):
            await asyncio.sleep(seconds)

    # --- reading what was missed -------------------------------------------------------------------------

    async def _catch_up(self, lane: Lane, feed: Feed) -> None:
        """Tell a feed everything from its place to what its lane has reached; what comes meanwhile waits.

        The feed is in its lane already: whatever the lane tells from now on it gets from there. All before that is
        seen by the snapshot that the lane has reached by now.
        """
        try:
            while feed.outlets:
                while feed.told:
                    await asyncio.sleep(0.01)
                feed.missed = False
                upto = lane.reached
                await self._read_missed(lane, feed, upto)
                if not feed.missed:
                    feed.floors = (*feed.floors[:1], Place.at(upto))
                    break
            feed.held = False
            feed.pending = type(feed.pending)(item for item in feed.pending if not feed.has_passed(item[0]))
            if feed.pending and not feed.told:
                feed.told = True
                await self._answer_pending(feed)
        except Exception as error:
            _log.warning("events_not_read", error=type(error).__qualname__)
            feed.cut("STREAM_FAILED")

    async def _read_missed(self, lane: Lane, feed: Feed, upto: Snapshot) -> None:
        assert feed.place is not None, "who catches up has a place"
        reader = feed.place
        whole = reader.whole
        while feed.outlets:
            page = await self._reading.after(reader, upto, (feed.wanted.kind,), self.limits.page)
            wanted = [event for event in _latest(page) if feed.wanted.takes(event) and self._own(feed, event)]
            seen = await self._seen_of(feed, wanted)
            for event in wanted:
                if event.subject_id in seen:
                    await self._room(feed)
                    await self._answer(feed, event, Place(whole=whole, part=upto, upto=event.place))
            if len(page) < self.limits.page:
                return
            reader = Place(whole=whole, part=upto, upto=page[-1].place)

    async def _seen_of(self, feed: Feed, events: Sequence[Event]) -> frozenset[UUID]:
        """Of these events the subjects that the feed's actor, and every other of its scope, sees."""
        if not events:
            return frozenset()
        return await self._reading.seen_of(feed.actor, feed.wanted.purpose, events)

    def _own(self, feed: Feed, event: Event) -> bool:
        return feed.owner is None or feed.owner == event.owner_id

    async def _room(self, feed: Feed) -> None:
        """Wait until every connection of the feed has room; those that have none for long are cut off."""
        try:
            async with asyncio.timeout(self.limits.patience_seconds):
                while not all(outlet.has_room() for outlet in feed.outlets):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            for outlet in [outlet for outlet in feed.outlets if not outlet.has_room()]:
                outlet.cut("STREAM_TOO_SLOW")


def _latest(events: Iterable[Event]) -> list[Event]:
    """Of several events of one subject the last: who is told once reads the thing as it is then."""
    last = {(event.kind, event.subject_id): event for event in events}
    return sorted(last.values(), key=lambda event: event.place)
