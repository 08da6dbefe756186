"""What the use cases ask of the database, as protocols: one method, one question, one statement (or a fixed few).

Batch methods take collections; no method's statements grow with rows. `adapters/postgres/` implements them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from uuid import UUID

from domain.access_stores import Batches, Consents, Reviews
from domain.actors import Actor
from domain.certificates import CertificateOfCoverage, WithdrawalReason
from domain.coverage import CoverageSpell
from domain.exchange import Answer, PersonOnWire
from domain.legislation import Rulebook
from domain.live import Event, EventKind, Place, Snapshot
from domain.money_stores import Contributions, Funding, Ledger, Nominations, Remittances
from domain.move_steps import StepTaken
from domain.people import Identifier
from domain.records import (
    AccessRecord,
    Enrolment,
    Move,
    Purpose,
    QueuedMessage,
    Worker,
)
from domain.retention import ErasureFacts, ErasureReason
from domain.wallet import WalletOffers


class Workers(Protocol):
    """Workers, their identifiers and enrolments: those whom the actor of the unit of work may see, and no others."""

    async def worker(self, worker_id: UUID) -> Worker | None: ...

    async def worker_of(self, identifier: Identifier) -> Worker | None: ...

    async def page(self, *, after: UUID | None, limit: int) -> tuple[Worker, ...]: ...

    async def person(self, worker_id: UUID, known_at: dt.datetime) -> PersonOnWire:
        """Name, birth date, nationality and the identifiers known at an instant; for messages, eligibility and what
        workers have written into their own certificate."""
        ...

    async def add_identifier(
        self, identifier_id: UUID, worker_id: UUID, identifier: Identifier, at: dt.datetime
    ) -> None:
        """Close the worker's current identifier of this kind and state, if any, and insert this one."""
        ...

    async def enrolments_of(self, worker_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Enrolment, ...]]: ...

    async def open_enrolments(self, enrolments: Sequence[Enrolment], at: dt.datetime) -> None: ...

    async def end_enrolments(
        self, worker_id: UUID, segments: Sequence[tuple[str, str]], last_day: dt.date, at: dt.datetime
    ) -> None:
        """Close the current rows of these segments and insert them again with a last day."""
        ...

    async def record_access(
        self,
        *,
        worker_id: UUID | None,
        identifier: Identifier | None,
        purpose: Purpose | None,
        asked_about: dt.date | None,
        outcome: str,
        fields: Sequence[str],
    ) -> None:
        """Leave the trace of this actor's question about a person, also when it was refused; one statement."""
        ...

    async def record_page(self, worker_ids: Sequence[UUID], *, purpose: Purpose | None, fields: Sequence[str]) -> None:
        """The same for a page of workers that was looked at, in one statement."""
        ...

    async def access_records_of(
        self, worker_ids: Sequence[UUID], *, before: int | None, limit: int
    ) -> Mapping[UUID, tuple[AccessRecord, ...]]: ...


class Erasures(Protocol):
    """Who can be erased, and erasing them."""

    async def facts(self, worker_id: UUID, today: dt.date) -> ErasureFacts:
        """What decides about the erasure of a worker, who is locked until the unit of work ends."""
        ...

    async def erase(self, worker_id: UUID, reason: ErasureReason, at: dt.datetime) -> None:
        """Destroy the person's key and the indexes by which they are found."""
        ...

    async def over(self, before: dt.date, today: dt.date, *, limit: int) -> tuple[UUID, ...]:
        """Workers who had cover, the last of it before a day, and whom nothing else keeps from being erased."""
        ...

    async def count_keys(self, before: dt.date) -> int:
        """How many idempotency keys were used before a day."""
        ...

    async def delete_keys(self, before: dt.date) -> int:
        """Delete the idempotency keys that were used before a day; returns how many that were."""
        ...


class Exports(Protocol):
    """What is stored about one worker."""

    async def rows_about(self, worker_id: UUID) -> dict[str, list[dict[str, Any]]]:
        """The rows about a worker by table, as JSON values; a fixed number of statements."""
        ...


class Coverage(Protocol):
    """Coverage spells: computed from the facts of a set of workers at once, and read for one or many."""

    async def spells_of_identifier(
        self, identifier: Identifier, known_at: dt.datetime
    ) -> tuple[UUID, tuple[CoverageSpell, ...]] | None:
        """The worker with this identifier and the spells as known at an instant; None if there is none to see."""
        ...

    async def spells_of(
        self, worker_ids: Sequence[UUID], known_at: dt.datetime
    ) -> Mapping[UUID, tuple[CoverageSpell, ...]]: ...

    async def recompute(self, worker_ids: Iterable[UUID], rulebook: Rulebook, at: dt.datetime) -> int:
        """Bring the spells of these workers in line with the facts; returns how many rows changed."""
        ...

    async def recompute_for_remittances(
        self, remittance_ids: Sequence[UUID], rulebook: Rulebook, at: dt.datetime
    ) -> int:
        """The same for all workers of some remittances, without reading them into this process."""
        ...


class Moves(Protocol):
    """Moves and their steps."""

    async def add(self, move: Move) -> None: ...

    async def take_step(self, step: StepTaken) -> None: ...

    async def moves(self, move_ids: Sequence[UUID], *, lock: bool = False) -> Mapping[UUID, Move]: ...

    async def moves_of(self, worker_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Move, ...]]: ...

    async def open_move_of(self, worker_id: UUID) -> UUID | None: ...

    async def unanswered_since(self, before: dt.datetime) -> tuple[UUID, ...]:
        """Open moves whose last step is older than an instant."""
        ...


class Certificates(Protocol):
    """Certificates, their places in the status lists, and which of them were withdrawn."""

    async def add(self, certificate: CertificateOfCoverage) -> None:
        """Keep a certificate and give it a place in a status list that nobody can guess."""
        ...

    async def certificates_of(self, worker_ids: Sequence[UUID]) -> Mapping[UUID, tuple[CertificateOfCoverage, ...]]: ...

    async def certificate(self, number: str) -> CertificateOfCoverage | None: ...

    async def withdraw(self, certificate_ids: Sequence[UUID], reason: WithdrawalReason, at: dt.datetime) -> int:
        """Withdraw those that are not withdrawn yet; returns how many that were."""
        ...

    async def withdrawn_in(self, list_number: int) -> tuple[int, ...] | None:
        """The indices of withdrawn certificates in a status list; None if there is no such list."""
        ...


class Messages(Protocol):
    """The outbox and the answers that came."""

    async def write(self, messages: Sequence[QueuedMessage]) -> None: ...

    async def claim(self, at: dt.datetime, *, limit: int, lease_seconds: float) -> tuple[QueuedMessage, ...]:
        """Take due messages of institutions that are not resting, in the order they were written, under a lease."""
        ...

    async def of_subjects(self, subject_ids: Sequence[UUID]) -> tuple[QueuedMessage, ...]: ...

    async def postpone(
        self, message_id: UUID, *, until: dt.datetime, counted: bool, trouble: str, state: str
    ) -> None: ...

    async def rest(self, institution_id: str, *, at: dt.datetime, at_least_seconds: float) -> None:
        """Leave an institution that does not answer alone for a while, longer after each failure."""
        ...

    async def resume(self, institution_id: str) -> None: ...

    async def keep_answers(self, answers: Sequence[Answer], at: dt.datetime) -> None:
        """Keep what institutions said; for each message the first answer stands, later ones are only kept."""
        ...

    async def answers_of(self, subject_ids: Sequence[UUID]) -> tuple[Answer, ...]:
        """The standing answers to the messages about some things."""
        ...

    async def unsettled(self, *, limit: int) -> tuple[tuple[QueuedMessage, Answer], ...]:
        """Standing answers that have had no effect yet, locked against another worker."""
        ...

    async def settled(self, message_ids: Sequence[UUID], state: str, at: dt.datetime) -> None: ...

    async def withdraw(self, message_ids: Sequence[UUID]) -> None:
        """Messages that nobody needs any more are not delivered."""
        ...

    async def park(self, message_id: UUID, trouble: str) -> None:
        """Leave a message for a person to look at."""
        ...

    async def retry(self, message_id: UUID, at: dt.datetime) -> bool:
        """Take a parked message up again, as if it had not been tried; False if it is not parked."""
        ...

    async def page(self, state: str | None, *, after: UUID | None, limit: int) -> tuple[QueuedMessage, ...]: ...


class Trust(Protocol):
    """Idempotency keys and the audit chain."""

    async def claim_key(
        self, actor: Actor, key: str, operation: str, digest: bytes, at: dt.datetime
    ) -> tuple[str, bool, dict[str, Any] | None] | None:
        """None if the key is new and now ours; else the operation it was used with, whether for the same content,
        and the outcome. The digest is kept under a key: content can be a passport number, which can be guessed.
        """
        ...

    async def keep_outcome(self, actor: Actor, key: str, outcome: dict[str, Any]) -> None: ...

    async def append(self, chain: str, actor: Actor, action: str, subject: str, at: dt.datetime) -> None:
        """Add an audit entry. It is written at the very end of the transaction, so that no other lock is waited for
        while the head of the chain is held."""
        ...


class Events(Protocol):
    """What changed, in the order in which one reading takes it; written by the database itself, with each fact."""

    async def snapshot(self) -> Snapshot: ...

    async def after(
        self, place: Place, upto: Snapshot, kinds: Sequence[EventKind], *, limit: int
    ) -> tuple[Event, ...]: ...

    async def visible_workers(self, worker_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Of these workers those whom the actor of the unit of work may see, for the purpose that it said."""
        ...


class UnitOfWork(Protocol):
    """One transaction with all stores on it. A clean exit commits; any exception rolls everything back."""

    @property
    def workers(self) -> Workers: ...
    @property
    def erasures(self) -> Erasures: ...
    @property
    def exports(self) -> Exports: ...
    @property
    def coverage(self) -> Coverage: ...
    @property
    def batches(self) -> Batches: ...
    @property
    def funding(self) -> Funding: ...
    @property
    def nominations(self) -> Nominations: ...
    @property
    def contributions(self) -> Contributions: ...

    @property
    def remittances(self) -> Remittances: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def moves(self) -> Moves: ...
    @property
    def certificates(self) -> Certificates: ...
    @property
    def wallet_offers(self) -> WalletOffers: ...
    @property
    def messages(self) -> Messages: ...
    @property
    def events(self) -> Events: ...
    @property
    def trust(self) -> Trust: ...
    @property
    def reviews(self) -> Reviews: ...
    @property
    def consents(self) -> Consents: ...

    def savepoint(self) -> AbstractAsyncContextManager[object]:
        """A part of the transaction that can be undone alone; raises TryAgain for what is only momentary."""
        ...


class Database(Protocol):
    """Where units of work come from: each acts for one actor at one instant, and sees the rows that the actor may.

    purpose: for what the actor asks about persons, which decides whether a consent lets them.
    """

    def write(
        self, actor: Actor, at: dt.datetime, purpose: Purpose | None
    ) -> AbstractAsyncContextManager[UnitOfWork]: ...

    def read(self, actor: Actor, at: dt.datetime, purpose: Purpose | None) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit of work that the database itself keeps from writing."""
        ...
