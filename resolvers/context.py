"""What every use case is given: who asks, the instant, the law, and where facts are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from domain.access_rules import AccessRules
from domain.actors import Actor
from domain.errors import NotFound, NotPermitted
from domain.legislation import Rulebook
from domain.ports import IdentityRules
from domain.records import Asked
from domain.retention import RetentionPeriod
from domain.stores import Database, UnitOfWork
from domain.wallet import OfferWriter
from resolvers.searches import Searches, UncountedSearches

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one call takes; each is a documented setting.

    person_months: of one allocation. remittance_lines: of one message to an institution. page: rows of a
    connection. donor_rounding: breakdowns that a donor sees are multiples of it. move_answer_days: how long
    a destination may stay silent before a move is undone.
    """

    person_months: int = 50_000
    remittance_lines: int = 10_000
    page: int = 100
    donor_rounding: int = 5
    move_answer_days: int = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The surroundings of one request.

    reached: institutions to which messages can be sent. access: what is declared of asking about persons.
    asked: for what a person is asked about, and which fields. searches: counts those by identifier that find nobody.
    offers: writes offers for wallets, where workers are answered.
    retention: how long what is kept.
    """

    actor: Actor
    now: dt.datetime
    database: Database
    rulebook: Rulebook
    identity: IdentityRules
    new_id: Callable[[], UUID]
    reached: frozenset[str]
    access: AccessRules
    limits: Limits = Limits()
    retention: tuple[RetentionPeriod, ...] = ()
    offers: OfferWriter | None = None
    searches: Searches = field(default_factory=UncountedSearches)
    asked: Asked = field(default_factory=Asked)

    def writing(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit of work of this actor at this instant; the database shows it what the actor may see, and no more."""
        return self.database.write(self.actor, self.now, self.asked.purpose)

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """The same, which the database itself keeps from writing."""
        return self.database.read(self.actor, self.now, self.asked.purpose)


def permit(context: Context, operation: str) -> None:
    """Refuse an actor whose kind the policy does not let call this operation; the first line of every use case."""
    if not context.access.decisions.may_call(context.actor.kind, operation):
        raise NotPermitted(actor_kind=context.actor.kind.value, operation=operation)


def found_or_refused(thing: T | None, kind: str) -> T:
    """The thing, or the refusal that is the same for what does not exist and what may not be seen."""
    if thing is None:
        raise NotFound(kind=kind)
    return thing
