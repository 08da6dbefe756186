"""Makes what tests need through the use cases, as the platform itself does: nothing is written behind its back."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.access_rules import load_access_rules
from adapters.certificates.wallet_metadata import GRANT_TYPE, WalletDesk
from adapters.identity.invented import invented_nominations
from adapters.identity.rules import CheckedIdentities
from adapters.postgres.audit_archive import AuditArchive
from adapters.postgres.rows import new_id
from adapters.postgres.tables import metadata
from adapters.postgres.unit_of_work import PostgresDatabase
from adapters.retention import load_retention
from adapters.rulebook import load_rulebook
from domain.actors import Actor, ActorKind
from domain.audit import first_fault
from domain.certificates import CertificateOfCoverage, WithdrawalReason
from domain.consents import Consent
from domain.countries import MemberState
from domain.determination import CoverageDetermination
from domain.errors import PersonNotVisible, Refusal
from domain.funding import Allocation, Donation, Statement, Terms
from domain.money import Currency, Money
from domain.move_steps import MoveStep
from domain.people import Identifier
from domain.periods import Month
from domain.records import Asked, Move, NominationReport, Purpose, Remittance
from domain.schemes import FunderKind, Sector
from domain.wallet import WalletCredential, WalletRefused
from resolvers import (
    allocations,
    certificates,
    consents,
    coverage,
    deliveries,
    funding,
    moves,
    nominations,
    wallet,
    workers,
)
from resolvers.context import Context, Limits
from tests.support.clock import SettableClock
from tests.support.institutions import FakeExchange

OPERATOR = Actor(id="operator-one", kind=ActorKind.OPERATOR)
SYSTEM = Actor(id="lingkar-delivery", kind=ActorKind.SYSTEM)
OFFICER_ID = Actor(id="officer-ID", kind=ActorKind.OFFICER, member_state=MemberState.ID, institution_id="ID.BPJSTK")
OFFICER_MY = Actor(id="officer-MY", kind=ActorKind.OFFICER, member_state=MemberState.MY, institution_id="MY.SOCSO")
OFFICER_TH = Actor(id="officer-TH", kind=ActorKind.OFFICER, member_state=MemberState.TH, institution_id="TH.SSO")

SCHEMES = ("ID.JKK", "ID.JKM")
A_MONTH = 16_800
"""JKK 10,000 and JKM 6,800 on an income base of 1,000,000 rupiah."""
PACK = 370_000
MOVE_ON = dt.date(2025, 10, 16)
DECIDED_ON = dt.date(2025, 10, 6)
ACCESS = load_access_rules()
RETENTION = load_retention()
_WHOLE = load_rulebook()
RULEBOOK = replace(_WHOLE, states={state: _WHOLE.states[state] for state in (MemberState.ID, MemberState.MY)})
"""The law of two states: what tests say of a state without rules holds however many states have them."""

_numbers = count(1)


def rupiah(amount: int) -> Money:
    return Money(amount, Currency.IDR)


def donor_actor(donor_id: UUID) -> Actor:
    return Actor(id=f"donor-{donor_id}", kind=ActorKind.DONOR, subject_id=donor_id)


def worker_actor(worker_id: UUID) -> Actor:
    return Actor(id=f"worker-{worker_id}", kind=ActorKind.WORKER, subject_id=worker_id)


@dataclass(kw_only=True)
class Scene:
    """A platform without HTTP: the database, the clock and the institutions are the test's.

    database, delivery: as the API and as the delivery worker reach it. superuser: without any wall.
    """

    database: PostgresDatabase
    delivery: PostgresDatabase
    superuser: AsyncEngine
    clock: SettableClock
    exchange: FakeExchange
    limits: Limits = field(default_factory=Limits)
    reached: frozenset[str] = frozenset({"ID.BPJSTK", "MY.SOCSO"})

    def context(self, actor: Actor = OPERATOR) -> Context:
        return Context(
            actor=actor,
            now=self.clock.now(),
            database=self.delivery if actor.kind is ActorKind.SYSTEM else self.database,
            rulebook=RULEBOOK,
            identity=CheckedIdentities(),
            new_id=new_id,
            reached=self.reached,
            access=ACCESS,
            asked=Asked(purpose=Purpose.ADMINISTRATION if actor.kind is ActorKind.OFFICER else None),
            limits=self.limits,
            offers=WalletDesk("http://lingkar.test"),
            retention=RETENTION,
        )

    def key(self) -> str:
        """A key that was never used."""
        return f"key-{next(_numbers)}-{new_id()}"

    # --- money -------------------------------------------------------------------------------------------

    async def fund(self, currency: Currency = Currency.IDR) -> UUID:
        command = funding.FundOpen(name=f"Fund {next(_numbers)}", purpose="cover that follows", currency=currency)
        return (await funding.fund_open(self.context(), self.key(), command)).id

    async def donor(self, kind: FunderKind = FunderKind.CORPORATE) -> UUID:
        command = funding.DonorRegister(name=f"Donor {next(_numbers)}", funder_kind=kind)
        return (await funding.donor_register(self.context(), self.key(), command)).id

    async def donation(
        self, amount: int, fund_id: UUID | None = None, *, terms: Terms | None = None, donor_id: UUID | None = None
    ) -> Donation:
        """Money received, into a new fund of a new donor unless they are given."""
        command = funding.DonationRecord(
            donor_id=donor_id or await self.donor(),
            fund_id=fund_id or await self.fund(),
            amount=rupiah(amount),
            received_on=dt.date(2025, 6, 30),
            terms=terms or Terms(),
        )
        return await funding.donation_record(self.context(), self.key(), command)

    async def pledge(self, donation: Donation) -> None:
        """The donor of a donation promises the same amount once more."""
        command = funding.PledgeRecord(
            donor_id=donation.donor_id,
            fund_id=donation.fund_id,
            amount=donation.amount,
            pledged_on=donation.received_on,
        )
        await funding.pledge_record(self.context(), self.key(), command)

    async def statement(self, donation: Donation) -> Statement:
        found = await funding.statements(self.context(), [donation.id])
        return found[donation.id]

    async def balances(self, donation: Donation) -> tuple[int, int, int, int]:
        """What is available, reserved, sent and refunded, in rupiah; it must add up."""
        told = await self.statement(donation)
        assert told.adds_up, "available, reserved, sent and refunded are the money received"
        parts = (told.available, told.reserved, told.sent, told.refunded)
        return tuple(part.minor_units for part in parts)  # type: ignore[return-value]

    # --- workers -----------------------------------------------------------------------------------------

    def lines(self, workers_count: int, refused: int = 0) -> list[str]:
        """A nomination file of persons that no other file names, all of one sector, the usable ones under 45."""
        sectors, seed = (Sector.AGRICULTURE,), next(_numbers)
        if refused:
            return list(invented_nominations(workers_count, seed=seed, refused=refused, sectors=sectors))
        header, *rows = invented_nominations(4 * workers_count + 8, seed=seed, sectors=sectors)
        return [header, *[row for row in rows if _born(row) > "1980"][:workers_count]]

    async def nominate(self, fund_id: UUID, lines: Sequence[str]) -> NominationReport:
        command = nominations.NominationSubmit(
            fund_id=fund_id,
            scheme_id="ID.JKK",
            segment_id="bpu",
            on=dt.date(2025, 7, 1),
            file_digest=nominations.digest_of(lines),
        )
        return await nominations.nomination_submit(self.context(), self.key(), command, lines)

    async def worker_of(self, nik: str) -> UUID:
        found = await workers.worker_by_identifier(self.context(), nik_of(nik))
        assert found is not None, "the worker is known"
        return found.id

    async def passport(self, worker_id: UUID) -> Identifier:
        """A passport that the worker showed."""
        shown = Identifier(kind="passport", state=MemberState.ID, value=f"C{next(_numbers):07d}")
        command = workers.IdentifierRecord(worker_id=worker_id, identifier=shown)
        await workers.identifier_record(self.context(), self.key(), command)
        return shown

    async def consent(self, worker_id: UUID, institution_id: str, **changes: Any) -> Consent:
        """A worker lets an institution ask for a year, for claims unless another purpose is given."""
        today = self.clock.now().date()
        wanted: dict[str, Any] = {
            "institution_id": institution_id,
            "purpose": Purpose.CLAIM,
            "first_day": today,
            "last_day": today + dt.timedelta(days=365),
            "text_version": "2026-1",
            "text_language": "id",
        }
        command = consents.ConsentGive(**wanted | changes)
        return await consents.consent_give(self.context(worker_actor(worker_id)), self.key(), command)

    # --- months ------------------------------------------------------------------------------------------

    def allocate_command(
        self, donation: Donation, nomination_id: UUID, first: str = "2025-07", last: str = "2025-12", **changes: Any
    ) -> allocations.DonationAllocate:
        wanted: dict[str, Any] = {
            "donation_id": donation.id,
            "nomination_id": nomination_id,
            "scheme_ids": SCHEMES,
            "segment_id": "bpu",
            "first_month": Month.parse(first),
            "last_month": Month.parse(last),
            "income": rupiah(1_000_000),
        }
        return allocations.DonationAllocate(**wanted | changes)

    async def allocate(
        self, donation: Donation, nomination_id: UUID, first: str = "2025-07", last: str = "2025-12", **changes: Any
    ) -> Allocation:
        command = self.allocate_command(donation, nomination_id, first, last, **changes)
        return await allocations.donation_allocate(self.context(), self.key(), command)

    async def remit(self, allocation: Allocation) -> None:
        command = allocations.AllocationRemit(allocation_id=allocation.id)
        await allocations.allocation_remit(self.context(), self.key(), command)

    async def remittances(self, allocation: Allocation) -> tuple[Remittance, ...]:
        return (await allocations.remittances_of(self.context(), [allocation.id]))[allocation.id]

    async def deliver(self) -> None:
        """Deliver and settle until nothing is due at this instant."""
        while await self.deliver_once() + await self.settle_once():
            pass

    async def deliver_once(self) -> int:
        return await deliveries.deliver_due(self.context(SYSTEM), self.exchange)

    async def settle_once(self) -> int:
        return await deliveries.settle_answers(self.context(SYSTEM))

    # --- moves -------------------------------------------------------------------------------------------

    def move_command(self, worker_id: UUID, **changes: Any) -> moves.WorkerMove:
        wanted: dict[str, Any] = {
            "worker_id": worker_id,
            "to_state": MemberState.MY,
            "move_on": MOVE_ON,
            "contract_months": 24,
            "route": "agency",
            "sector": Sector.MANUFACTURING,
            "wage": Money.parse("1700.00", Currency.MYR),
            "decided_on": DECIDED_ON,
            "fund_id": None,
        }
        return moves.WorkerMove(**wanted | changes)

    async def move(self, worker_id: UUID, actor: Actor = OPERATOR, **changes: Any) -> Move:
        return await moves.worker_move(self.context(actor), self.key(), self.move_command(worker_id, **changes))

    async def certificate(self, worker_id: UUID) -> CertificateOfCoverage:
        """The one certificate that a worker holds."""
        (held,) = (await certificates.certificates_of(self.context(), [worker_id]))[worker_id]
        return held

    async def withdraw(
        self, worker_id: UUID, reason: WithdrawalReason = WithdrawalReason.WORK_NOT_TAKEN_UP
    ) -> CertificateOfCoverage:
        """The destination's officer withdraws a worker's certificate."""
        number = (await self.certificate(worker_id)).number
        command = certificates.CertificateWithdraw(number=number, reason=reason)
        return await certificates.certificate_withdraw(self.context(OFFICER_MY), self.key(), command)

    async def to_wallet(self, worker_id: UUID) -> None:
        """A worker's certificate goes to a wallet, after the code was typed wrongly once."""
        context = self.context(worker_actor(worker_id))
        command = wallet.CertificateOffer(
            number=(await self.certificate(worker_id)).number,
            credential=WalletCredential.CERTIFICATE_OF_COVERAGE,
            disclosures=(),
        )
        made = await wallet.certificate_offer(context, command)
        platform = replace(context, actor=SYSTEM)
        offer = json.loads(parse_qs(urlsplit(made.written.uri).query)["credential_offer"][0])
        code = offer["grants"][GRANT_TYPE]["pre-authorized_code"]
        with suppress(WalletRefused):
            await wallet.wallet_token(platform, code, "wrong")
        token = await wallet.wallet_token(platform, code, made.transaction_code)
        taken = await wallet.wallet_offer_of(platform, token)
        await wallet.wallet_certificate(platform, taken, f"nonce-{next(_numbers)}-{new_id()}")

    async def step(self, move: Move) -> MoveStep:
        return (await moves.move_of(self.context(), move.id)).step

    async def coverage(
        self, worker_id: UUID, on: dt.date, known_at: dt.datetime | None = None
    ) -> CoverageDetermination:
        found = await coverage.coverage_of(self.context(), [worker_id], on, known_at)
        return found[worker_id]

    async def schemes_on(self, worker_id: UUID, on: dt.date, known_at: dt.datetime | None = None) -> set[str]:
        """The schemes that cover a worker on a day."""
        return {cover.spell.scheme_id for cover in (await self.coverage(worker_id, on, known_at)).covers}

    async def sees(self, actor: Actor, identifier: Identifier) -> bool:
        """Whether an officer gets an answer about a person at all."""
        context = self.context(actor)
        try:
            await coverage.coverage_on(context, identifier, MOVE_ON, None, Purpose.ELIGIBILITY_CHECK)
        except PersonNotVisible:
            return False
        return True

    # --- the whole ---------------------------------------------------------------------------------------

    async def counts(self) -> dict[str, int]:
        """How many rows each table of facts has."""
        async with self.superuser.connect() as connection:
            found = {}
            for table in metadata.tables.keys() - {"budgets"}:
                found[table] = (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            return found

    async def rows(self, query: str, **asked: object) -> list[Any]:
        async with self.superuser.connect() as connection:
            return list(await connection.execute(text(query), asked))

    async def chains_are_whole(self) -> bool:
        async with AuditArchive(self.delivery.engine).read() as reading:
            found = []
            for chain in await reading.chains():
                entries = [entry async for entry in reading.entries(chain)]
                found.append(first_fault(entries, chain, await reading.head(chain)))
            return found != [] and set(found) == {None}


def nik_of(value: str) -> Identifier:
    return Identifier(kind="nik", state=MemberState.ID, value=value)


def _born(row: str) -> str:
    fields = next(csv.reader([row]))
    return fields[2] if len(fields) == 4 else ""


def niks_in(lines: Sequence[str]) -> list[str]:
    """The numbers of a file, in its order."""
    return [row[0] for row in csv.reader(lines[1:])]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredWorker:
    """A worker whose months from July to December 2025 a donation paid or reserved."""

    id: UUID
    nik: str
    passport: Identifier
    donation: Donation
    allocation: Allocation


async def covered_worker(
    scene: Scene, *, amount: int = 6 * A_MONTH + PACK, sent: bool = True, terms: Terms | None = None, beside: int = 0
) -> CoveredWorker:
    """One worker, covered for six months from a donation that can pay a pack too; `beside`: others of the same file.

    sent: whether the months went to the institution and were acknowledged.
    """
    donation = await scene.donation(amount + beside * 6 * A_MONTH, terms=terms)
    lines = scene.lines(1 + beside)
    report = await scene.nominate(donation.fund_id, lines)
    allocation = await scene.allocate(donation, report.id)
    if sent:
        await scene.remit(allocation)
        await scene.deliver()
    nik = niks_in(lines)[0]
    worker_id = await scene.worker_of(nik)
    passport = await scene.passport(worker_id)
    return CoveredWorker(id=worker_id, nik=nik, passport=passport, donation=donation, allocation=allocation)


async def refusal_code(doing: Any) -> str:
    """The code of the refusal that an act ends in; empty if it succeeds."""
    try:
        await doing
    except Refusal as refusal:
        return refusal.code
    return ""
