"""What each actor may read, add and change of one lived-through world, straight in SQL under the platform's roles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.unit_of_work import say_who_asks
from domain.actors import Actor, ActorKind
from domain.countries import MemberState
from domain.reviews import ReviewOutcome
from resolvers import workers
from resolvers.consents import ConsentWithdraw, consent_withdraw
from resolvers.emergencies import EmergencyOpen, emergency_open
from resolvers.reviews import ReviewClose, review_close
from schema.ids import id_of
from tests.support.asked import World, actors, lived
from tests.support.scene import SYSTEM, Scene, worker_actor

OF_THE_ALLOCATION = "SELECT id FROM remittances WHERE allocation_id = :allocation"
OF_THE_DONATION = "SELECT id FROM ledger_accounts WHERE owner_id = :donation"
OF_THE_WORKER = "SELECT id FROM certificates WHERE worker_id = :worker"
# For each table the rows that belong to the world: its worker, move, donor, donation, and what its operator did.
BELONGS = {
    "access_records": "worker_id = :worker",
    "acknowledgements": f"remittance_id IN ({OF_THE_ALLOCATION})",
    "alembic_version": "true",
    "allocations": "id = :allocation",
    "answers": "message_id IN (SELECT id FROM messages WHERE subject_id = :move)",
    "audit_entries": "chain = 'lingkar'",
    "audit_heads": "chain = 'lingkar'",
    "audit_signed_heads": "chain = 'lingkar'",
    "budgets": "true",
    "certificate_statuses": f"certificate_id IN ({OF_THE_WORKER})",
    "certificate_withdrawals": f"certificate_id IN ({OF_THE_WORKER})",
    "certificates": "worker_id = :worker",
    "consent_withdrawals": "consent_id IN (SELECT id FROM consents WHERE worker_id = :worker)",
    "consents": "worker_id = :worker",
    "contribution_months": "worker_id = :worker",
    "coverage_spells": "worker_id = :worker",
    "donation_months": "donation_id = :donation",
    "donations": "id = :donation",
    "donors": "id = :donor",
    "enrolments": "worker_id = :worker",
    "erasures": "worker_id = :worker",
    "events": "owner_id = :worker",
    "funds": "id = :fund",
    "idempotency_keys": "actor_id = 'operator-one'",
    "identifiers": "worker_id = :worker",
    "ledger_accounts": "owner_id = :donation",
    "ledger_pendings": "transfer_id IN (SELECT id FROM ledger_transfers WHERE debit_account_id = ANY(:accounts))",
    "ledger_transactions": "subject_id = :allocation",
    "ledger_transfers": "transaction_id IN (SELECT id FROM ledger_transactions WHERE subject_id = :allocation)",
    "messages": "subject_id = :move",
    "move_steps": "move_id = :move",
    "moves": "id = :move",
    "nomination_refusals": "nomination_id IN (SELECT id FROM nominations WHERE fund_id = :fund)",
    "nomination_workers": "worker_id = :worker",
    "nominations": "fund_id = :fund",
    "openings": "worker_id = :worker",
    "peers": "true",
    "person_keys": "worker_id = :worker",
    "pledges": "donor_id = :donor",
    "proofs_seen": "true",
    "reasons": "true",
    "remittances": "allocation_id = :allocation",
    "review_outcomes": "review_id IN (SELECT id FROM reviews WHERE worker_id = :worker)",
    "reviews": "worker_id = :worker",
    "tariffs": "allocation_id = :allocation",
    "wallet_credentials": "offer_id IN (SELECT id FROM wallet_offers WHERE worker_id = :worker)",
    "wallet_offers": "worker_id = :worker",
    "wallet_tokens": "offer_id IN (SELECT id FROM wallet_offers WHERE worker_id = :worker)",
    "wallet_wrong_tries": "offer_id IN (SELECT id FROM wallet_offers WHERE worker_id = :worker)",
    "workers": "id = :worker",
}
ACTORS = (
    "operator",
    "officer",
    "officer elsewhere",
    "worker",
    "other worker",
    "donor",
    "other donor",
    "nobody",
    "delivery",
)
_REFUSED = "42501"


async def whole_world(scene: Scene) -> tuple[World, dict[str, Any]]:
    """A world in which every table has a row, and the ids that BELONGS names."""
    world = await lived(scene)
    (donation,) = await scene.rows("SELECT id, fund_id FROM donations WHERE donor_id = :id", id=world.donor_id)
    (allocation,) = await scene.rows("SELECT id FROM allocations WHERE donation_id = :id AND kind = 'months'",
                                     id=donation.id)  # fmt: skip
    (move,) = await scene.rows("SELECT id FROM moves WHERE worker_id = :id", id=world.worker_id)
    accounts = await scene.rows(OF_THE_DONATION, donation=donation.id)
    await scene.nominate(donation.fund_id, scene.lines(8, refused=2))
    await workers.worker(scene.context(), world.worker_id)
    closing = ReviewClose(review_id=id_of("Review", world.review), outcome=ReviewOutcome.JUSTIFIED)
    await review_close(scene.context(), scene.key(), closing)
    withdrawing = ConsentWithdraw(consent_id=id_of("Consent", world.consent))
    await consent_withdraw(scene.context(worker_actor(world.worker_id)), scene.key(), withdrawing)
    await scene.to_wallet(world.worker_id)
    await scene.withdraw(world.worker_id)
    urgent = Actor(id="on call", kind=ActorKind.OFFICER, member_state=MemberState.TH, institution_id="TH.SSO")
    command = EmergencyOpen(identifier=world.passport, reason="to have a row")
    await emergency_open(scene.context(urgent), scene.key(), command)
    async with scene.superuser.begin() as connection:
        await connection.execute(text("INSERT INTO pledges SELECT gen_random_uuid(), donor_id, fund_id, 1, currency, "
                                      "received_on, now() FROM donations"))  # fmt: skip
        await connection.execute(text("INSERT INTO proofs_seen VALUES ('x', now())"))
        await connection.execute(text("INSERT INTO audit_signed_heads (chain, occasion, day, number, hash, signed_at, "
                                      "digest, key_id, signature) SELECT chain, 'daily', current_date, number, hash, "
                                      "now(), 'd', 'k', 's' FROM audit_heads"))  # fmt: skip
        await connection.execute(text("INSERT INTO erasures VALUES (:worker, 'worker_asked', now())"),
                                 {"worker": world.worker_id})  # fmt: skip
        await connection.execute(text("INSERT INTO budgets VALUES ('x', 1, now())"))
        await connection.execute(text("INSERT INTO peers VALUES ('ID.BPJSTK', 1, now())"))
    return world, {
        "worker": world.worker_id,
        "donor": world.donor_id,
        "donation": donation.id,
        "fund": donation.fund_id,
        "allocation": allocation.id,
        "move": move.id,
        "accounts": [row.id for row in accounts],
    }


async def asking(scene: Scene, world: World) -> dict[str, Actor | None]:
    """The actors of the matrix; nobody is a transaction in which nobody said who asks."""
    found = await actors(scene, world)
    return {name: found.get(name) for name in ACTORS} | {"delivery": SYSTEM}


class Wall:
    """Tries what one actor may do. Whatever is done is undone."""

    def __init__(self, connection: AsyncConnection, ids: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]):
        self._connection = connection
        self._ids = ids
        self._rows = rows

    async def cell(self, table: str) -> str:
        """What may be done with the rows of a table that belong to the world: r(ead), a(dd), c(hange), or nothing: -"""
        found = [letter for letter, may in (("r", self._reads), ("a", self._adds), ("c", self._changes))
                 if await may(table)]  # fmt: skip
        return "".join(found) or "-"

    async def outcome(self, statement: str, **asked: Any) -> tuple[str, int]:
        """The SQLSTATE (empty: it worked) and the number of rows of one statement, which is then undone."""
        tried = await self._connection.begin_nested()
        try:
            done = await self._connection.execute(text(statement), asked)
            return "", len(done.all()) if done.returns_rows else done.rowcount
        except DBAPIError as refused:
            return str(getattr(refused.orig, "sqlstate", "")), 0
        finally:
            await tried.rollback()

    async def _reads(self, table: str) -> bool:
        state, found = await self.outcome(f"SELECT 1 FROM {table} WHERE {BELONGS[table]} LIMIT 1", **self._named(table))
        return state == "" and found > 0

    async def _adds(self, table: str) -> bool:
        """Whether the very row may come from this actor; that it is there already is another matter."""
        row = self._rows[table]
        columns = ", ".join(row)
        statement = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL\\:\\:{table}, "
        state, _ = await self.outcome(statement + "CAST(:row AS jsonb))", row=json.dumps(dict(row)))
        return state != _REFUSED

    async def _changes(self, table: str) -> bool:
        query = "SELECT column_name FROM information_schema.column_privileges WHERE table_name = :table AND grantee = "
        query += "current_user AND privilege_type = 'UPDATE'"
        columns = (await self._connection.execute(text(query), {"table": table})).scalars().all()
        if not columns:
            return False
        statement = f"UPDATE {table} SET {columns[0]} = {columns[0]} WHERE {BELONGS[table]}"
        state, changed = await self.outcome(statement, **self._named(table))
        return state not in ("", _REFUSED) or changed > 0

    def _named(self, table: str) -> dict[str, Any]:
        return {name: value for name, value in self._ids.items() if f":{name}" in BELONGS[table]}


async def as_actor(connection: AsyncConnection, scene: Scene, actor: Actor | None) -> None:
    if actor is not None:
        await say_who_asks(connection, actor, scene.clock.now(), None)


async def one_row_of_each(scene: Scene, ids: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A row that belongs to the world from each table, without columns that the database fills by itself."""
    rows = {}
    for table, belongs in BELONGS.items():
        named = {name: value for name, value in ids.items() if f":{name}" in belongs}
        (found,) = await scene.rows(f"SELECT to_jsonb(t) AS row FROM {table} t WHERE {belongs} LIMIT 1", **named)
        made = await scene.rows(
            """SELECT column_name FROM information_schema.columns WHERE table_name = :table AND table_schema = 'public'
               AND (is_identity = 'YES' OR column_default IS NOT NULL)""",
            table=table,
        )
        rows[table] = {k: v for k, v in found.row.items() if k not in {row.column_name for row in made}}
    return rows
