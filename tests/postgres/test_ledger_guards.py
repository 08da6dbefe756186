"""What the database refuses by itself in the ledger, straight in SQL, whoever writes and by whatever program."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from adapters.postgres.rows import new_id
from domain.funding import Donation
from tests.support.scene import Scene

RECEIVED = 1_000
INSERT = """
    INSERT INTO ledger_transfers (id, transaction_id, kind, debit_account_id, credit_account_id, amount, currency,
                                  pending_id, recorded_at)
    VALUES (:id, :transaction, :kind, :debit, :credit, :amount, :currency, :pending, now())"""


@dataclass(kw_only=True)
class Ledger:
    """The accounts of one donation of 1,000 rupiah, and a hand that writes transfers in SQL."""

    scene: Scene
    donation: Donation
    own: UUID
    remitted: UUID
    source: UUID

    async def write(
        self,
        amount: int,
        *,
        kind: str = "posted",
        debit: UUID | None = None,
        credit: UUID | None = None,
        currency: str = "IDR",
        pending: UUID | None = None,
    ) -> UUID:
        transaction, transfer = new_id(), new_id()
        async with self.scene.superuser.begin() as connection:
            await connection.execute(
                text("INSERT INTO ledger_transactions VALUES (:id, 'allocation', :subject, now())"),
                {"id": transaction, "subject": self.donation.id},
            )
            await connection.execute(
                text(INSERT),
                {
                    "id": transfer,
                    "transaction": transaction,
                    "kind": kind,
                    "debit": debit or self.own,
                    "credit": credit or self.remitted,
                    "amount": amount,
                    "currency": currency,
                    "pending": pending,
                },
            )
        return transfer

    async def run(self, statement: str, **asked: object) -> None:
        async with self.scene.superuser.begin() as connection:
            await connection.execute(text(statement), asked)

    async def state(self) -> list[tuple[Any, ...]]:
        """Every total and transfer of the database."""
        accounts = "SELECT id, posted_debits, posted_credits, pending_debits FROM ledger_accounts ORDER BY id"
        transfers = "SELECT id, kind, amount FROM ledger_transfers ORDER BY id"
        pendings = "SELECT transfer_id, amount, settled FROM ledger_pendings ORDER BY transfer_id"
        return [tuple(row) for query in (accounts, transfers, pendings) for row in await self.scene.rows(query)]


@pytest.fixture
async def ledger(scene: Scene) -> Ledger:
    donation = await scene.donation(RECEIVED)
    rows = await scene.rows("SELECT kind, id FROM ledger_accounts WHERE owner_id = :id", id=donation.id)
    ids = {row.kind: row.id for row in rows}
    return Ledger(scene=scene, donation=donation, own=ids["donation"], remitted=ids["remitted"], source=ids["donor"])


async def refused(ledger: Ledger, doing: Awaitable[object], word: str) -> None:
    """The database refuses, names the rule, and nothing of the ledger changed."""
    before = await ledger.state()

    with pytest.raises(DBAPIError) as broken:
        await doing

    assert word in str(broken.value.orig)
    assert await ledger.state() == before


async def test_a_transfer_of_a_negative_amount_is_refused(ledger: Ledger) -> None:
    await refused(ledger, ledger.write(-1), "ck_ledger_transfers_positive")


async def test_a_transfer_of_nothing_is_refused(ledger: Ledger) -> None:
    await refused(ledger, ledger.write(0), "ck_ledger_transfers_positive")


async def test_a_transfer_in_another_currency_than_its_accounts_is_refused(ledger: Ledger) -> None:
    await refused(ledger, ledger.write(1, currency="MYR"), "same_currency")


async def test_a_transfer_between_accounts_of_two_currencies_is_refused(ledger: Ledger) -> None:
    other = new_id()
    await ledger.run(
        "INSERT INTO ledger_accounts (id, kind, owner_id, currency, may_be_overdrawn, recorded_at) "
        "VALUES (:id, 'remitted', :id, 'MYR', false, now())",
        id=other,
    )

    await refused(ledger, ledger.write(1, credit=other), "same_currency")


async def test_a_transfer_of_more_than_there_is_is_refused(ledger: Ledger) -> None:
    await refused(ledger, ledger.write(RECEIVED + 1), "not_overdrawn")


async def test_a_reservation_of_more_than_there_is_is_refused(ledger: Ledger) -> None:
    await ledger.write(RECEIVED, kind="pending")

    await refused(ledger, ledger.write(1, kind="pending"), "not_overdrawn")


async def test_reserved_money_cannot_be_spent_by_another_transfer(ledger: Ledger) -> None:
    await ledger.write(RECEIVED, kind="pending")

    await refused(ledger, ledger.write(1), "not_overdrawn")


async def test_a_transfer_from_an_account_to_itself_is_refused(ledger: Ledger) -> None:
    await refused(ledger, ledger.write(1, credit=ledger.own), "two_accounts")


async def test_settling_more_than_is_pending_is_refused(ledger: Ledger) -> None:
    pending = await ledger.write(100, kind="pending")

    await refused(ledger, ledger.write(101, kind="post", pending=pending), "settled_within_amount")


async def test_settling_a_pending_transfer_twice_is_refused(ledger: Ledger) -> None:
    pending = await ledger.write(100, kind="pending")
    await ledger.write(60, kind="post", pending=pending)
    await ledger.write(40, kind="release", pending=pending)

    await refused(ledger, ledger.write(1, kind="release", pending=pending), "settled_within_amount")


async def test_settling_by_other_accounts_is_refused(ledger: Ledger) -> None:
    pending = await ledger.write(100, kind="pending")

    await refused(
        ledger, ledger.write(100, kind="post", credit=ledger.source, pending=pending), "between the same accounts"
    )


async def test_settling_a_transfer_that_is_not_pending_is_refused(ledger: Ledger) -> None:
    posted = await ledger.write(100)

    await refused(ledger, ledger.write(100, kind="post", pending=posted), "between the same accounts")


@pytest.mark.parametrize("kind", ["post", "release"])
async def test_a_settlement_that_names_no_pending_transfer_is_refused(ledger: Ledger, kind: str) -> None:
    await refused(ledger, ledger.write(1, kind=kind), "ck_ledger_transfers_settle")


async def test_a_transfer_of_an_unknown_kind_is_refused(ledger: Ledger) -> None:
    await refused(ledger, ledger.write(1, kind="gift"), "ck_ledger_transfers_kind")


async def test_a_release_gives_reserved_money_back_and_a_post_sends_it(ledger: Ledger) -> None:
    pending = await ledger.write(100, kind="pending")

    await ledger.write(30, kind="release", pending=pending)
    await ledger.write(70, kind="post", pending=pending)

    assert await ledger.scene.balances(ledger.donation) == (930, 0, 70, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_transfers SET amount = amount + 1",
        "DELETE FROM ledger_transfers",
        "UPDATE ledger_transactions SET kind = 'refund'",
        "DELETE FROM ledger_transactions",
        "UPDATE ledger_accounts SET posted_credits = posted_credits + 1",
        "UPDATE ledger_accounts SET may_be_overdrawn = true",
        "DELETE FROM ledger_accounts",
        "UPDATE ledger_pendings SET settled = 0",
        "DELETE FROM ledger_pendings",
        "INSERT INTO ledger_accounts (id, kind, owner_id, currency, may_be_overdrawn, posted_credits, recorded_at) "
        "VALUES (gen_random_uuid(), 'donation', gen_random_uuid(), 'IDR', false, 5, now())",
        "INSERT INTO ledger_pendings (transfer_id, amount) SELECT id, 5 FROM ledger_transfers WHERE kind = 'posted'",
        "TRUNCATE ledger_transfers CASCADE",
        "TRUNCATE ledger_accounts CASCADE",
        "TRUNCATE ledger_pendings",
        "TRUNCATE ledger_transactions CASCADE",
    ],
)
async def test_the_ledger_is_written_by_transfers_only(ledger: Ledger, statement: str) -> None:
    pending = await ledger.write(100, kind="pending")
    await ledger.write(10, kind="post", pending=pending)

    await refused(ledger, ledger.run(statement), "")


async def test_the_totals_of_each_account_are_the_sums_of_its_transfers(ledger: Ledger) -> None:
    pending = await ledger.write(300, kind="pending")
    await ledger.write(100, kind="post", pending=pending)
    await ledger.write(50, kind="release", pending=pending)
    await ledger.write(20)

    differing = await ledger.scene.rows(TOTALS_AND_TRANSFERS)

    assert differing == []


TOTALS_AND_TRANSFERS = """
    WITH sums AS (
        SELECT a.id,
               coalesce(sum(t.amount) FILTER (WHERE t.debit_account_id = a.id AND t.kind IN ('posted', 'post')), 0)
                   AS debits,
               coalesce(sum(t.amount) FILTER (WHERE t.credit_account_id = a.id AND t.kind IN ('posted', 'post')), 0)
                   AS credits,
               coalesce(sum(CASE t.kind WHEN 'pending' THEN t.amount WHEN 'posted' THEN 0 ELSE -t.amount END)
                   FILTER (WHERE t.debit_account_id = a.id), 0) AS pending
        FROM ledger_accounts a
        LEFT JOIN ledger_transfers t ON a.id IN (t.debit_account_id, t.credit_account_id) GROUP BY a.id)
    SELECT * FROM sums JOIN ledger_accounts USING (id)
    WHERE (debits, credits, pending) <> (posted_debits, posted_credits, pending_debits)"""
