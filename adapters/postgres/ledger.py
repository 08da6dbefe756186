"""The store of the ledger. Triggers apply transfers to accounts; constraints refuse what may not be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.rows import money
from adapters.postgres.tables import ledger_accounts, ledger_transactions, ledger_transfers
from domain.ledger import Account, AccountKind, Balance, Transaction
from domain.money import Currency, Money


class PostgresLedger:
    """Accounts and transfers of one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open_accounts(self, accounts: Sequence[Account], *, at: dt.datetime) -> None:
        rows = [
            {
                "id": account.id,
                "kind": account.kind.value,
                "owner_id": account.owner_id,
                "currency": account.currency.value,
                "may_be_overdrawn": account.kind is AccountKind.DONOR,
                "recorded_at": at,
            }
            for account in accounts
        ]
        await self._connection.execute(insert(ledger_accounts), rows)

    async def accounts_of(self, owner_ids: Sequence[UUID]) -> Mapping[tuple[UUID, str], Account]:
        table = ledger_accounts
        query = select(table.c.id, table.c.kind, table.c.owner_id, table.c.currency)
        rows = await self._connection.execute(query.where(table.c.owner_id.in_(owner_ids)))
        return {
            (row.owner_id, row.kind): Account(
                id=row.id, kind=AccountKind(row.kind), owner_id=row.owner_id, currency=Currency(row.currency)
            )
            for row in rows
        }

    async def lock(self, account_ids: Sequence[UUID]) -> Mapping[UUID, Balance]:
        query = "SELECT * FROM ledger_accounts_locked(:ids)"
        rows = await self._connection.execute(text(query), {"ids": list(account_ids)})
        return {
            row.id: Balance(
                posted=money(row.posted_credits - row.posted_debits, row.currency),
                pending=money(row.pending_debits, row.currency),
            )
            for row in rows
        }

    async def post(self, transaction: Transaction, at: dt.datetime) -> None:
        await self._connection.execute(
            insert(ledger_transactions).values(
                id=transaction.id,
                kind=transaction.kind.value,
                subject_id=transaction.subject_id,
                recorded_at=at,
            )
        )
        rows = [
            {
                "id": transfer.id,
                "transaction_id": transaction.id,
                "kind": transfer.kind.value,
                "debit_account_id": transfer.debit_account_id,
                "credit_account_id": transfer.credit_account_id,
                "amount": transfer.amount.minor_units,
                "currency": transfer.amount.currency.value,
                "pending_id": transfer.pending_id,
                "recorded_at": at,
            }
            for transfer in transaction.transfers
        ]
        await self._connection.execute(insert(ledger_transfers).values(rows))

    async def pending_left(self, transfer_ids: Sequence[UUID]) -> Mapping[UUID, tuple[UUID, UUID, Money]]:
        query = """
            SELECT t.id, t.debit_account_id, t.credit_account_id, t.currency, p.amount - p.settled AS amount_left
            FROM ledger_pendings_locked(:ids) p JOIN ledger_transfers t ON t.id = p.transfer_id ORDER BY t.id"""
        rows = await self._connection.execute(text(query), {"ids": list(transfer_ids)})
        return {
            row.id: (row.debit_account_id, row.credit_account_id, money(row.amount_left, row.currency)) for row in rows
        }
