"""What the use cases ask of the database about money and what it pays, as protocols; see domain/stores.py."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from domain.actors import Actor
from domain.countries import MemberState
from domain.exchange import Answer, PersonOnWire, RefusedLine
from domain.funding import Allocation, Donation, Donor, Fund, Pledge, Purse, Statement
from domain.ledger import Account, Balance, Transaction
from domain.money import Money
from domain.moves import PrepaidMonth
from domain.nominations import NominatedPerson, RefusedRow
from domain.periods import Month
from domain.records import (
    ContributionMonth,
    MonthOfFigures,
    NominationRefusal,
    NominationReport,
    Remittance,
    SectorCount,
    Tariff,
)


class Funding(Protocol):
    """Donors, funds, pledges and donations, and what the money of a donation did."""

    async def add_donor(self, donor: Donor, at: dt.datetime) -> None: ...

    async def add_fund(self, fund: Fund, at: dt.datetime) -> None: ...

    async def add_pledge(self, pledge: Pledge, at: dt.datetime) -> None: ...

    async def add_donation(self, donation: Donation, at: dt.datetime) -> None: ...

    async def donor(self, donor_id: UUID) -> Donor | None: ...

    async def fund(self, fund_id: UUID) -> Fund | None: ...

    async def pledge(self, pledge_id: UUID) -> Pledge | None: ...

    async def donations(self, donation_ids: Sequence[UUID], actor: Actor) -> Mapping[UUID, Donation]: ...

    async def donation_page(self, actor: Actor, *, after: UUID | None, limit: int) -> tuple[Donation, ...]: ...

    async def purses(self, fund_id: UUID) -> tuple[Purse, ...]:
        """The fund's donations in the order of their use (received first, used first), accounts locked in id order."""
        ...

    async def statements(self, donation_ids: Sequence[UUID], round_to: int) -> Mapping[UUID, Statement]:
        """What donations did, money to the minor unit. round_to: person-months are multiples of it."""
        ...

    async def months_of_figures(
        self, donation_ids: Sequence[UUID], round_to: int
    ) -> Mapping[UUID, tuple[MonthOfFigures, ...]]: ...

    async def months_counted_otherwise(self) -> tuple[tuple[UUID, Month], ...]:
        """The months of donations whose kept counts are not those of the facts, counted again from all of them."""
        ...


class Nominations(Protocol):
    """Nomination files: who was accepted into a list, which rows were refused, and why."""

    async def add_nomination(
        self,
        report_id: UUID,
        fund_id: UUID,
        rows: Iterable[NominatedPerson | RefusedRow],
        home: MemberState,
        at: dt.datetime,
    ) -> NominationReport:
        """Stream the rows of a file in; known persons are recognised by their number and not added twice."""
        ...

    async def nomination(self, nomination_id: UUID) -> NominationReport | None: ...

    async def nomination_refusals(
        self, nomination_id: UUID, *, after_line: int, limit: int
    ) -> tuple[NominationRefusal, ...]: ...

    async def sectors_of(self, nomination_id: UUID) -> tuple[SectorCount, ...]: ...


class Contributions(Protocol):
    """Allocations and their months: what the money pays, worker by worker."""

    async def months_already_funded(
        self, nomination_id: UUID, scheme_ids: Sequence[str], first: Month, last: Month
    ) -> tuple[int, Month | None]: ...

    async def add_allocation(
        self, allocation: Allocation, nomination_id: UUID | None, worker_id: UUID | None
    ) -> None: ...

    async def add_months(
        self,
        allocation_id: UUID,
        nomination_id: UUID,
        tariffs: Sequence[Tariff],
        lines_at_most: int,
        at: dt.datetime,
    ) -> int:
        """Insert every nominated worker's months at their tariffs; returns how many rows went in."""
        ...

    async def allocations(self, allocation_ids: Sequence[UUID]) -> Mapping[UUID, Allocation]: ...

    async def contributions_of(self, worker_ids: Sequence[UUID]) -> Mapping[UUID, tuple[ContributionMonth, ...]]: ...

    async def prepaid_months(self, worker_id: UUID, from_month: Month) -> tuple[PrepaidMonth, ...]: ...

    async def months_under_way(self, worker_id: UUID) -> int:
        """How many of the worker's months are sent and not answered yet."""
        ...

    async def fund_of_worker(self, worker_id: UUID) -> UUID | None:
        """The fund that paid the worker's latest month, if one did."""
        ...

    async def close_months(
        self, worker_id: UUID, months: Sequence[PrepaidMonth], why: str, at: dt.datetime
    ) -> None: ...

    async def pending_of_months(
        self, worker_id: UUID, months: Sequence[PrepaidMonth]
    ) -> tuple[tuple[UUID, UUID, Money], ...]:
        """Where months without a message are reserved: the donation, the pending transfer and the amount of each."""
        ...


class Remittances(Protocol):
    """Batches of contributions on their way to institutions, and what became of each."""

    async def batches(
        self, nomination_id: UUID, tariffs: Sequence[Tariff], lines_at_most: int
    ) -> tuple[tuple[Month, int, int, Money], ...]:
        """How the months fall into remittances: month, part, lines, amount."""
        ...

    async def add_remittances(self, remittances: Sequence[Remittance], at: dt.datetime) -> None: ...

    async def remittances_of(self, allocation_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Remittance, ...]]: ...

    async def remittances(self, remittance_ids: Sequence[UUID]) -> Mapping[UUID, Remittance]: ...

    async def acknowledge(self, answers: Mapping[UUID, Answer], at: dt.datetime) -> None: ...

    async def lines_and_totals(
        self, remittance_ids: Sequence[UUID], refused: Mapping[UUID, tuple[RefusedLine, ...]]
    ) -> Mapping[UUID, tuple[int, Money, Money]]:
        """Per remittance: lines that were not refused, their total, and the total of the refused ones."""
        ...

    async def refuse_lines(self, refused: Mapping[UUID, tuple[RefusedLine, ...]], at: dt.datetime) -> None: ...

    async def refuse_whole(self, refused: Mapping[UUID, str], at: dt.datetime) -> None:
        """Close every month of remittances that were refused as a whole, with the institution's code."""
        ...

    async def enrol_for_remittances(self, remittance_ids: Sequence[UUID], at: dt.datetime) -> None:
        """Open the enrolments of workers whose first months these remittances paid."""
        ...

    async def remittance_lines(
        self, remittance_id: UUID, known_at: dt.datetime
    ) -> tuple[tuple[int, PersonOnWire, Money, tuple[tuple[str, Money], ...]], ...]: ...


class Ledger(Protocol):
    """Accounts and transfers; the database refuses what the domain would refuse, and what it overlooked."""

    async def open_accounts(self, accounts: Sequence[Account], *, at: dt.datetime) -> None: ...

    async def accounts_of(self, owner_ids: Sequence[UUID]) -> Mapping[tuple[UUID, str], Account]: ...

    async def lock(self, account_ids: Sequence[UUID]) -> Mapping[UUID, Balance]:
        """Lock accounts in id order and return what they hold."""
        ...

    async def post(self, transaction: Transaction, at: dt.datetime) -> None: ...

    async def pending_left(self, transfer_ids: Sequence[UUID]) -> Mapping[UUID, tuple[UUID, UUID, Money]]:
        """Of pending transfers: debit account, credit account and what is not settled yet."""
        ...
