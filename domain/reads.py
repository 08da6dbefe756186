"""Reads as trees: what is wanted of which record, in words that know neither GraphQL nor SQL.

A tree is compiled once into a plan and run many times. What differs from run to run is in the arguments of
its parts; what shapes the plan, such as the size of a page, is in `fixed`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from domain.actors import Actor, ActorKind
from domain.records import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of a record. key: under which it is written. prefix: the value is written as one opaque word
    (base64url without padding) of this text and itself."""

    key: str
    name: str
    prefix: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A text that is known before anything is read, or null."""

    key: str
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A list of records that are known before anything is read; their members are plain values."""

    key: str
    members: tuple[Member, ...]
    records: tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A record, or a list of records, that belongs to the record around it.

    members: what is wanted of it. slot: the place of its arguments in the question, None without arguments.
    fixed: arguments that shape the plan. otherwise: what is written in place of a record that may not be seen,
    where the contract has words for that. answered: names of the fields of a person that the receipt of this look
    holds.
    """

    key: str
    name: str
    members: tuple[Member, ...]
    slot: int | None = None
    fixed: tuple[tuple[str, Any], ...] = ()
    otherwise: tuple[Member, ...] = ()
    answered: tuple[str, ...] = ()


Member = Value | Constant | Known | Part


class NotPlannable(Exception):
    """This read has no plan; `reason` is a fixed word for counters and logs, never anything of the request."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ArgumentsRefused(NotPlannable):
    """The arguments of this one request are refused or beyond the plan; with others the same read may have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One run of a plan: who asks, when, for what, and the arguments of each slot.

    rounding: of figures that donors see. purpose: for which persons are asked about, None if nobody said one.
    """

    actor: Actor
    now: dt.datetime
    purpose: Purpose | None
    rounding: int
    arguments: tuple[Mapping[str, Any], ...]


class Plan(Protocol):
    """A compiled tree."""

    async def answer(self, question: Question) -> bytes:
        """The finished JSON object of the tree; raises NotPlannable if the contract has an error for this answer,
        and then nothing was written."""
        ...

    @property
    def searches(self) -> bool:
        """Whether it looks for persons by what identifies them."""
        ...

    def misses(self, question: Question, answer: bytes) -> int:
        """How many of its searches found nobody, by its finished answer."""
        ...


class Reads(Protocol):
    """Compiles trees."""

    def plan(self, members: tuple[Member, ...], kind: ActorKind) -> Plan:
        """The plan of a tree for one kind of actor; raises NotPlannable."""
        ...


class Pages(Protocol):
    """Compiles pages of exports."""

    def page_of_lines(self, part: Part, kind: ActorKind) -> Plan:
        """The plan that answers a part about each worker of a page, one JSON object on each line.

        The part's arguments are those of the page too: `after`, `limit`, and `scheme_id`, None for all. The first line
        of the answer is the number of workers looked at, the number of lines, and where the next page begins.
        """
        ...
