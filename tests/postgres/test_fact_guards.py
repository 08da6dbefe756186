"""Facts are inserted and superseded, never edited or deleted: the database holds this for every table."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain.reviews import ObjectionCode, ReviewOutcome
from resolvers import consents, reviews
from resolvers.emergencies import EmergencyOpen, emergency_open
from tests.support.scene import A_MONTH, OFFICER_TH, Scene, covered_worker, worker_actor

NEVER_CHANGED = (
    "workers",
    "access_records",
    "donors",
    "funds",
    "pledges",
    "donations",
    "ledger_transactions",
    "ledger_transfers",
    "nominations",
    "nomination_workers",
    "nomination_refusals",
    "allocations",
    "reasons",
    "tariffs",
    "remittances",
    "acknowledgements",
    "move_steps",
    "certificates",
    "certificate_statuses",
    "certificate_withdrawals",
    "wallet_offers",
    "wallet_wrong_tries",
    "wallet_tokens",
    "wallet_credentials",
    "audit_entries",
    "reviews",
    "review_outcomes",
    "consents",
    "consent_withdrawals",
    "openings",
)
SUPERSEDED = ("identifiers", "enrolments", "contribution_months", "coverage_spells")
A_COLUMN = {
    "workers": "sector",
    "access_records": "outcome",
    "donors": "name",
    "funds": "purpose",
    "pledges": "currency",
    "donations": "currency",
    "ledger_transactions": "kind",
    "ledger_transfers": "kind",
    "nominations": "rows_accepted",
    "nomination_workers": "line",
    "nomination_refusals": "reason",
    "allocations": "segment_id",
    "reasons": "body",
    "tariffs": "sector",
    "remittances": "currency",
    "acknowledgements": "reference",
    "move_steps": "evidence",
    "certificates": "legislation",
    "certificate_statuses": "list_index",
    "certificate_withdrawals": "reason",
    "wallet_offers": "credential",
    "wallet_wrong_tries": "recorded_at",
    "wallet_tokens": "expires_at",
    "wallet_credentials": "recorded_at",
    "audit_entries": "action",
    "reviews": "code",
    "review_outcomes": "outcome",
    "consents": "purpose",
    "consent_withdrawals": "consent_id",
    "openings": "actor_id",
    "identifiers": "kind",
    "enrolments": "reference",
    "contribution_months": "line",
    "coverage_spells": "state",
}


@pytest.fixture
async def lived(scene: Scene) -> Scene:
    """A platform on which everything happened once, so that every table has a row."""
    worker = await covered_worker(scene)
    await scene.nominate(worker.donation.fund_id, scene.lines(8, refused=2))
    await scene.move(worker.id)
    await scene.deliver()
    await scene.to_wallet(worker.id)
    await scene.withdraw(worker.id)
    await scene.pledge(worker.donation)
    await _objected_and_looked_at(scene, worker.id)
    urgent = EmergencyOpen(identifier=worker.passport, reason="to have a row")
    await emergency_open(scene.context(OFFICER_TH), scene.key(), urgent)
    withdrawn = consents.ConsentWithdraw(consent_id=(await scene.consent(worker.id, "MY.EPF")).id)
    await consents.consent_withdraw(scene.context(worker_actor(worker.id)), scene.key(), withdrawn)
    counts = await scene.counts()
    assert [table for table in (*NEVER_CHANGED, *SUPERSEDED) if counts[table] == 0] == []
    return scene


async def _objected_and_looked_at(scene: Scene, worker_id: UUID) -> None:
    (asked, *_) = await scene.rows("SELECT id FROM access_records WHERE worker_id = :id", id=worker_id)
    objection = reviews.AccessRecordObject(access_record_id=asked.id, code=ObjectionCode.NO_RELATION)
    made = await reviews.access_record_object(scene.context(worker_actor(worker_id)), scene.key(), objection)
    found = reviews.ReviewClose(review_id=made, outcome=ReviewOutcome.JUSTIFIED)
    await reviews.review_close(scene.context(), scene.key(), found)


async def refused(scene: Scene, statement: str) -> None:
    with pytest.raises(DBAPIError) as broken:
        async with scene.superuser.begin() as connection:
            await connection.execute(text(statement))

    assert getattr(broken.value.orig, "sqlstate", "") == "23514"


async def test_no_fact_is_edited_deleted_or_truncated(lived: Scene) -> None:
    before = await lived.counts()

    for table in (*NEVER_CHANGED, *SUPERSEDED):
        column = A_COLUMN[table]
        await refused(lived, f"UPDATE {table} SET {column} = {column}")
        await refused(lived, f"DELETE FROM {table}")
        await refused(lived, f"TRUNCATE {table} CASCADE")

    assert await lived.counts() == before


async def test_a_row_is_superseded_once_and_changes_nothing_else(lived: Scene) -> None:
    for table in SUPERSEDED:
        column = A_COLUMN[table]
        current = f"ctid = (SELECT min(ctid) FROM {table} WHERE superseded_at IS NULL)"
        changed = f"{column} = 99" if column == "line" else f"{column} = 'x'"

        await refused(lived, f"UPDATE {table} SET superseded_at = now(), {changed} WHERE {current}")
        async with lived.superuser.begin() as connection:
            closing = f"UPDATE {table} SET superseded_at = now() WHERE {current} RETURNING id"
            closed = (await connection.execute(text(closing))).scalar_one()
        await refused(lived, f"UPDATE {table} SET superseded_at = now() WHERE id = '{closed}'")
        await refused(lived, f"UPDATE {table} SET superseded_at = NULL WHERE id = '{closed}'")


async def test_two_spells_of_one_scheme_and_branch_cannot_hold_the_same_day(lived: Scene) -> None:
    copied = """
        INSERT INTO coverage_spells (worker_id, scheme_id, institution_id, branch, days, extent, state, funder_kind,
                                     reasons_id, rules_hash, recorded_at)
        SELECT worker_id, scheme_id, institution_id, branch, daterange(lower(days), lower(days), '[]'), extent,
               state, funder_kind, reasons_id, rules_hash, now()
        FROM coverage_spells WHERE superseded_at IS NULL LIMIT 1"""

    with pytest.raises(DBAPIError, match="ex_coverage_spells_no_overlap"):
        async with lived.superuser.begin() as connection:
            await connection.execute(text(copied))


async def test_one_month_of_one_worker_in_one_scheme_cannot_be_inserted_twice(scene: Scene) -> None:
    worker = await covered_worker(scene, sent=False)
    copied = """
        INSERT INTO contribution_months (worker_id, scheme_id, month, allocation_id, remittance_id, line, tariff_id,
                                         amount, recorded_at)
        SELECT worker_id, scheme_id, month, allocation_id, remittance_id, line, tariff_id, amount, now()
        FROM contribution_months WHERE worker_id = :worker AND superseded_at IS NULL LIMIT 1"""

    with pytest.raises(DBAPIError, match="uq_contribution_months_paid_once"):
        async with scene.superuser.begin() as connection:
            await connection.execute(text(copied), {"worker": worker.id})


async def test_a_reading_unit_of_work_cannot_write(scene: Scene) -> None:
    donation = await scene.donation(A_MONTH)

    with pytest.raises(DBAPIError, match="read-only"):
        async with scene.context().reading() as work:
            await work.funding.add_donation(donation, scene.clock.now())
