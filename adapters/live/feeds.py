"""Feeds: what one actor follows with one operation, answered once for all connections that follow it."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Protocol
from uuid import UUID

from domain.actors import Actor, ActorKind
from domain.live import Event, Place, Wanted
from domain.records import Purpose

Answer = Callable[[UUID, str], Awaitable[str | None]]
"""From the subject of an event and the cursor after it to the answer as JSON; None if the actor sees no such thing."""
Pay = Callable[[], Awaitable[int]]
"""Takes what one answer costs from the budget of the actor: 0, or in how many seconds it will reach."""
Scope = Hashable


class Outlet(Protocol):
    """Where the answers of one subscription go: into a connection."""

    def offer(self, answer: str, cursor: str) -> None:
        """Put an answer into the queue of the connection; a connection whose queue is full is cut off."""
        ...

    def has_room(self) -> bool:
        """Whether half of the queue is free."""
        ...

    def cut(self, code: str) -> None:
        """End the connection; the client is told to go on from its last cursor."""
        ...


class Feed:
    """What one actor follows with one operation, and how far it was told."""

    __slots__ = (
        "actor", "answer", "floors", "held", "missed", "outlets", "pay", "pending", "place", "told", "wanted",
    )  # fmt: skip

    def __init__(self, actor: Actor, wanted: Wanted, answer: Answer, pay: Pay, place: Place | None) -> None:
        self.actor = actor
        self.wanted = wanted
        self.answer = answer
        self.pay = pay
        self.place = place
        """Up to here everything was told; None for one that begins now."""
        self.outlets: set[Outlet] = set()
        self.pending: deque[tuple[Event, Place]] = deque()
        """What is to be answered next, each with the place behind it."""
        self.floors: tuple[Place, ...] = () if place is None else (place,)
        """What one of these has passed is not told again."""
        self.held = True
        """Whether what comes has to wait until what came earlier is read."""
        self.missed = False
        """Whether something was dropped that has to be read again."""
        self.told = False
        """Whether somebody works through what is pending."""

    @property
    def owner(self) -> UUID | None:
        """The worker or donor who follows their own things; None for actors who see those of others."""
        return self.actor.subject_id if self.actor.kind in (ActorKind.WORKER, ActorKind.DONOR) else None

    @property
    def scope(self) -> Scope:
        """Actors of one scope see the same things: those of one institution for one purpose, but an emergency is
        opened to one officer alone."""
        alone = self.actor.id if self.wanted.purpose is Purpose.EMERGENCY else None
        return self.actor.kind, self.actor.member_state, self.actor.institution_id, self.wanted.purpose, alone

    def has_passed(self, event: Event) -> bool:
        return any(floor.passed(event) for floor in self.floors) or (
            self.place is not None and self.place.passed(event)
        )

    def cut(self, code: str) -> None:
        for outlet in tuple(self.outlets):
            outlet.cut(code)


class Feeds:
    """The feeds of one lane, found by whom an event is about and by who may see it."""

    def __init__(self) -> None:
        self._owned: dict[UUID, dict[Feed, None]] = {}
        self._scoped: dict[Scope, dict[Feed, None]] = {}

    def __bool__(self) -> bool:
        return bool(self._owned or self._scoped)

    def add(self, feed: Feed) -> None:
        self._group(feed)[feed] = None

    def discard(self, feed: Feed) -> None:
        group = self._group(feed)
        group.pop(feed, None)
        if not group:
            self._owned.pop(feed.owner, None) if feed.owner else self._scoped.pop(feed.scope, None)

    def of_owner(self, owner_id: UUID) -> tuple[Feed, ...]:
        return tuple(self._owned.get(owner_id, ()))

    def of_scopes(self) -> list[tuple[Feed, ...]]:
        return [tuple(group) for group in self._scoped.values()]

    def _group(self, feed: Feed) -> dict[Feed, None]:
        if feed.owner is not None:
            return self._owned.setdefault(feed.owner, {})
        return self._scoped.setdefault(feed.scope, {})
