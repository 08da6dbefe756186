"""The store of donors, funds, pledges and donations, and of what the money of a donation did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.rows import money, month
from adapters.postgres.tables import donations, donors, funds, pledges
from domain.actors import Actor, ActorKind
from domain.funding import Donation, Donor, Fund, Pledge, Purse, Statement, Terms
from domain.ledger import Balance
from domain.money import Currency
from domain.periods import Month
from domain.records import MonthOfFigures
from domain.schemes import FunderKind

_IDS = "CAST(:ids AS uuid[])"

STATEMENTS = """
    SELECT d.id, d.amount AS received, d.currency,
           own.posted_credits - own.posted_debits - own.pending_debits AS available,
           own.pending_debits AS reserved,
           sent.posted_credits - sent.posted_debits AS sent,
           coalesce(refunds.amount, 0) AS refunded,
           CAST(round(coalesce(months.covered, 0) / CAST(:step AS numeric)) * :step AS bigint) AS covered,
           CAST(round(coalesce(months.reserved, 0) / CAST(:step AS numeric)) * :step AS bigint) AS months_reserved,
           CAST(round(coalesce(packs.months, 0) / CAST(:step AS numeric)) * :step AS bigint) AS term
    FROM donations d
    JOIN ledger_accounts own ON own.owner_id = d.id AND own.kind = 'donation'
    JOIN ledger_accounts sent ON sent.owner_id = d.id AND sent.kind = 'remitted'
    LEFT JOIN LATERAL (
        SELECT sum(t.amount) AS amount FROM ledger_transfers t
        JOIN ledger_transactions x ON x.id = t.transaction_id AND x.kind = 'refund'
        WHERE t.debit_account_id = own.id) refunds ON true
    LEFT JOIN LATERAL (
        SELECT sum(m.covered) AS covered, sum(m.reserved) AS reserved
        FROM donation_months m WHERE m.donation_id = d.id) months ON true
    LEFT JOIN LATERAL (
        SELECT sum(a.person_months) AS months FROM allocations a
        JOIN remittances r ON r.allocation_id = a.id
        JOIN acknowledgements k ON k.remittance_id = r.id AND k.outcome = 'accepted'
        WHERE a.donation_id = d.id AND a.kind = 'pack') packs ON true
    WHERE d.id = ANY({ids})"""

# Counted when the months change; see the migration of donation_months.
FIGURES = """
    SELECT m.donation_id, m.month, CAST(round(m.covered / CAST(:step AS numeric)) * :step AS integer) AS workers
    FROM donation_months m WHERE m.donation_id = ANY({ids}) AND m.covered > 0 ORDER BY m.donation_id, m.month"""

_COUNTED_AGAIN = """
    SELECT coalesce(f.donation_id, m.donation_id) AS donation_id, coalesce(f.month, m.month) AS month
    FROM (SELECT w.donation_id, w.month, count(*) FILTER (WHERE w.accepted) AS covered,
                 count(*) FILTER (WHERE NOT w.accepted) AS reserved
          FROM (SELECT a.donation_id, c.month, c.worker_id, bool_or(k.remittance_id IS NOT NULL) AS accepted
                FROM contribution_months c JOIN allocations a ON a.id = c.allocation_id
                LEFT JOIN acknowledgements k ON k.remittance_id = c.remittance_id AND k.outcome = 'accepted'
                WHERE c.superseded_at IS NULL GROUP BY 1, 2, 3) w
          GROUP BY w.donation_id, w.month) f
    FULL JOIN (SELECT * FROM donation_months WHERE covered + reserved > 0) m USING (donation_id, month)
    WHERE (f.covered, f.reserved) IS DISTINCT FROM (m.covered, m.reserved)
    ORDER BY 1, 2"""

_PURSES = """
    SELECT d.*, l.posted_credits - l.posted_debits AS posted, l.pending_debits
    FROM donations d JOIN ledger_accounts l ON l.owner_id = d.id AND l.kind = 'donation'
    WHERE d.fund_id = :fund ORDER BY d.received_on, d.id"""


class PostgresFunding:
    """Donors, funds, pledges and donations of one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_donor(self, donor: Donor, at: dt.datetime) -> None:
        values = {"id": donor.id, "name": donor.name, "funder_kind": donor.funder_kind.value}
        await self._connection.execute(insert(donors).values(**values, recorded_at=at))

    async def add_fund(self, fund: Fund, at: dt.datetime) -> None:
        await self._connection.execute(
            insert(funds).values(
                id=fund.id,
                name=fund.name,
                purpose=fund.purpose,
                currency=fund.currency.value,
                recorded_at=at,
            )
        )

    async def add_pledge(self, pledge: Pledge, at: dt.datetime) -> None:
        await self._connection.execute(
            insert(pledges).values(
                id=pledge.id,
                donor_id=pledge.donor_id,
                fund_id=pledge.fund_id,
                amount=pledge.amount.minor_units,
                currency=pledge.amount.currency.value,
                pledged_on=pledge.pledged_on,
                recorded_at=at,
            )
        )

    async def add_donation(self, donation: Donation, at: dt.datetime) -> None:
        terms = donation.terms
        await self._connection.execute(
            insert(donations).values(
                id=donation.id,
                donor_id=donation.donor_id,
                fund_id=donation.fund_id,
                funder_kind=donation.funder_kind.value,
                amount=donation.amount.minor_units,
                currency=donation.amount.currency.value,
                received_on=donation.received_on,
                terms_scheme_ids=list(terms.scheme_ids),
                terms_first_month=terms.first_month and terms.first_month.first_day,
                terms_last_month=terms.last_month and terms.last_month.first_day,
                terms_follows_movers=terms.follows_movers,
                recorded_at=at,
            )
        )

    async def donor(self, donor_id: UUID) -> Donor | None:
        row = (await self._connection.execute(select(donors).where(donors.c.id == donor_id))).one_or_none()
        if row is None:
            return None
        return Donor(id=row.id, name=row.name, funder_kind=FunderKind(row.funder_kind))

    async def fund(self, fund_id: UUID) -> Fund | None:
        row = (await self._connection.execute(select(funds).where(funds.c.id == fund_id))).one_or_none()
        if row is None:
            return None
        return Fund(id=row.id, name=row.name, purpose=row.purpose, currency=Currency(row.currency))

    async def pledge(self, pledge_id: UUID) -> Pledge | None:
        row = (await self._connection.execute(select(pledges).where(pledges.c.id == pledge_id))).one_or_none()
        if row is None:
            return None
        return Pledge(
            id=row.id,
            donor_id=row.donor_id,
            fund_id=row.fund_id,
            amount=money(row.amount, row.currency),
            pledged_on=row.pledged_on,
        )

    async def donations(self, donation_ids: Sequence[UUID], actor: Actor) -> Mapping[UUID, Donation]:
        query = select(donations).where(donations.c.id.in_(donation_ids), *_own(actor))
        return {row.id: _donation(row) for row in await self._connection.execute(query)}

    async def donation_page(self, actor: Actor, *, after: UUID | None, limit: int) -> tuple[Donation, ...]:
        query = select(donations).where(*_own(actor)).order_by(donations.c.id).limit(limit)
        if after is not None:
            query = query.where(donations.c.id > after)
        return tuple(_donation(row) for row in await self._connection.execute(query))

    async def purses(self, fund_id: UUID) -> tuple[Purse, ...]:
        rows = await self._connection.execute(text(_PURSES), {"fund": fund_id})
        return tuple(
            Purse(
                donation=_donation(row),
                balance=Balance(
                    posted=money(row.posted, row.currency), pending=money(row.pending_debits, row.currency)
                ),
            )
            for row in rows
        )

    async def statements(self, donation_ids: Sequence[UUID], round_to: int) -> Mapping[UUID, Statement]:
        asked = {"ids": list(donation_ids), "step": round_to}
        rows = await self._connection.execute(text(STATEMENTS.format(ids=_IDS)), asked)
        return {
            row.id: Statement(
                donation_id=row.id,
                received=money(row.received, row.currency),
                available=money(row.available, row.currency),
                reserved=money(row.reserved, row.currency),
                sent=money(row.sent, row.currency),
                refunded=money(row.refunded, row.currency),
                person_months_covered=row.covered,
                person_months_reserved=row.months_reserved,
                person_months_term=row.term,
            )
            for row in rows
        }

    async def months_of_figures(
        self, donation_ids: Sequence[UUID], round_to: int
    ) -> Mapping[UUID, tuple[MonthOfFigures, ...]]:
        found: dict[UUID, list[MonthOfFigures]] = {}
        asked = {"ids": list(donation_ids), "step": round_to}
        for row in await self._connection.execute(text(FIGURES.format(ids=_IDS)), asked):
            figures = MonthOfFigures(month=month(row.month), workers_rounded=row.workers)
            found.setdefault(row.donation_id, []).append(figures)
        return {donation_id: tuple(rows) for donation_id, rows in found.items()}

    async def months_counted_otherwise(self) -> tuple[tuple[UUID, Month], ...]:
        rows = await self._connection.execute(text(_COUNTED_AGAIN))
        return tuple((row.donation_id, month(row.month)) for row in rows)


def _own(actor: Actor) -> list[Any]:
    """A donor sees their own donations, operators and the platform all, nobody else any."""
    if actor.kind in (ActorKind.OPERATOR, ActorKind.SYSTEM):
        return []
    if actor.kind is ActorKind.DONOR:
        return [donations.c.donor_id == actor.subject_id]
    return [text("false")]


def _donation(row: Row[Any]) -> Donation:
    terms = Terms(
        scheme_ids=tuple(row.terms_scheme_ids),
        first_month=None if row.terms_first_month is None else month(row.terms_first_month),
        last_month=None if row.terms_last_month is None else month(row.terms_last_month),
        follows_movers=row.terms_follows_movers,
    )
    return Donation(
        id=row.id,
        donor_id=row.donor_id,
        fund_id=row.fund_id,
        funder_kind=FunderKind(row.funder_kind),
        amount=money(row.amount, row.currency),
        received_on=row.received_on,
        terms=terms,
    )
