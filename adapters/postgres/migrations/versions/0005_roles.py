"""What each role may do, table by table; whoever connects owns nothing."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# The API. What is never changed it may read and add to; of the rest it may change the columns named, and no others.
_APP = {
    "alembic_version": "SELECT",
    "workers": "SELECT, INSERT",
    "identifiers": "SELECT, INSERT, UPDATE (superseded_at)",
    "enrolments": "SELECT",
    "access_records": "SELECT",
    "donors": "SELECT, INSERT",
    "funds": "SELECT, INSERT",
    "pledges": "SELECT, INSERT",
    "donations": "SELECT, INSERT",
    "ledger_accounts": "SELECT, INSERT",
    "ledger_transactions": "SELECT, INSERT",
    "ledger_transfers": "SELECT, INSERT",
    "ledger_pendings": "SELECT",
    "nominations": "SELECT, INSERT",
    "nomination_workers": "SELECT, INSERT",
    "nomination_refusals": "SELECT, INSERT",
    "allocations": "SELECT, INSERT",
    "reasons": "SELECT, INSERT",
    "tariffs": "SELECT, INSERT",
    "remittances": "SELECT, INSERT",
    "acknowledgements": "SELECT",
    "contribution_months": "SELECT, INSERT",
    "coverage_spells": "SELECT",
    "moves": "SELECT, INSERT",
    "move_steps": "SELECT, INSERT",
    "certificates": "SELECT",
    "certificate_statuses": "SELECT",
    "certificate_withdrawals": "SELECT, INSERT",
    "messages": "SELECT, INSERT, UPDATE (state, attempts, due_at)",
    "idempotency_keys": "SELECT, INSERT, UPDATE (outcome)",
    "audit_heads": "SELECT, INSERT, UPDATE (number, hash)",
    "audit_entries": "SELECT, INSERT",
}

# The delivery worker. It writes what institutions answered, and never a person, a gift or a key.
_DELIVERY = {
    "alembic_version": "SELECT",
    "workers": "SELECT",
    "identifiers": "SELECT",
    "enrolments": "SELECT, INSERT, UPDATE (superseded_at)",
    "donations": "SELECT",
    "ledger_accounts": "SELECT",
    "ledger_transactions": "SELECT, INSERT",
    "ledger_transfers": "SELECT, INSERT",
    "ledger_pendings": "SELECT",
    "allocations": "SELECT",
    "reasons": "SELECT, INSERT",
    "tariffs": "SELECT",
    "remittances": "SELECT",
    "acknowledgements": "SELECT, INSERT",
    "contribution_months": "SELECT, UPDATE (superseded_at, superseded_why)",
    "coverage_spells": "SELECT, INSERT, UPDATE (superseded_at)",
    "moves": "SELECT, UPDATE (ended_at)",
    "move_steps": "SELECT, INSERT",
    "certificates": "SELECT, INSERT",
    "certificate_statuses": "SELECT, INSERT",
    "certificate_withdrawals": "SELECT, INSERT",
    "messages": "SELECT, INSERT, UPDATE (state, attempts, due_at, leased_until, trouble)",
    "answers": "SELECT, INSERT, UPDATE (settled_at)",
    "peers": "SELECT, INSERT, UPDATE (failures, retry_at), DELETE",
    "audit_heads": "SELECT, INSERT, UPDATE (number, hash)",
    "audit_entries": "SELECT, INSERT",
}

# Who asks, as the unit of work says at the beginning of each transaction; null if nobody said.
_ACTOR = (
    """CREATE FUNCTION actor_kind() RETURNS text LANGUAGE sql STABLE
        AS $$ SELECT nullif(current_setting('lingkar.actor_kind', true), '') $$""",
    """CREATE FUNCTION actor_id() RETURNS text LANGUAGE sql STABLE
        AS $$ SELECT nullif(current_setting('lingkar.actor_id', true), '') $$""",
    """CREATE FUNCTION actor_institution() RETURNS text LANGUAGE sql STABLE
        AS $$ SELECT nullif(current_setting('lingkar.actor_institution', true), '') $$""",
    """CREATE FUNCTION actor_state() RETURNS text LANGUAGE sql STABLE
        AS $$ SELECT nullif(current_setting('lingkar.actor_state', true), '') $$""",
    """CREATE FUNCTION actor_subject() RETURNS uuid LANGUAGE sql STABLE
        AS $$ SELECT CAST(nullif(current_setting('lingkar.actor_subject', true), '') AS uuid) $$""",
    """CREATE FUNCTION actor_chain() RETURNS text LANGUAGE sql STABLE
        AS $$ SELECT coalesce(actor_institution(), 'lingkar') $$""",
    """CREATE FUNCTION asked_for() RETURNS text LANGUAGE sql STABLE
        AS $$ SELECT nullif(current_setting('lingkar.asked_for', true), '') $$""",
    """CREATE FUNCTION asked_at() RETURNS timestamptz LANGUAGE sql STABLE
        AS $$ SELECT CAST(nullif(current_setting('lingkar.asked_at', true), '') AS timestamptz) $$""",
)

# Locking a row asks for the right to change it, which nobody has. So these lock, as the owner, and change nothing.
# A donor locks accounts of their own donations only.
_LOCKS = (
    """CREATE FUNCTION ledger_accounts_locked(ids uuid[]) RETURNS SETOF ledger_accounts
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT a.* FROM ledger_accounts a
        WHERE a.id = ANY(ids)
          AND (actor_kind() <> 'donor'
           OR a.owner_id IN (SELECT d.id FROM donations d WHERE d.donor_id = actor_subject()))
        ORDER BY a.id FOR UPDATE OF a
    $$""",
    """CREATE FUNCTION ledger_pendings_locked(ids uuid[]) RETURNS SETOF ledger_pendings
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT p.* FROM ledger_pendings p WHERE p.transfer_id = ANY(ids) ORDER BY p.transfer_id FOR UPDATE OF p
    $$""",
    """CREATE FUNCTION workers_locked(ids uuid[]) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT count(*) FROM (SELECT w.id FROM workers w JOIN unnest(ids) AS i(id) USING (id)
                              ORDER BY w.id FOR NO KEY UPDATE OF w) locked
    $$""",
)

# Who asked is what the unit of work said: nobody writes a record in another's name. A person is found by the blind
# index also when the actor may not see them, so that the worker learns of questions that were refused.
_ACCESS = """
    CREATE FUNCTION leave_access_records(
        people uuid[], blind bytea, purpose text, asked_about date, outcome text, fields text[]) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        INSERT INTO access_records (worker_id, institution_id, actor_kind, actor_id, purpose, asked_about, outcome,
                                    fields, recorded_at)
        SELECT asked.id, actor_chain(), actor_kind(), actor_id(), $3, $4, $5, $6, asked_at()
        FROM (SELECT unnest(people) AS id
              UNION ALL
              SELECT (SELECT i.worker_id FROM identifiers i WHERE i.blind_index = blind AND i.superseded_at IS NULL)
              WHERE blind IS NOT NULL) asked
    $$"""

_FUNCTIONS = {
    "ledger_accounts_locked(uuid[])": "lingkar_app, lingkar_delivery",
    "ledger_pendings_locked(uuid[])": "lingkar_delivery",
    "workers_locked(uuid[])": "lingkar_delivery",
    "leave_access_records(uuid[], bytea, text, date, text, text[])": "lingkar_app",
}


def upgrade() -> None:
    op.execute("GRANT USAGE ON SCHEMA public TO lingkar_app, lingkar_delivery, lingkar_sight")
    for role, grants in (("lingkar_app", _APP), ("lingkar_delivery", _DELIVERY)):
        for table, rights in grants.items():
            op.execute(f"GRANT {rights} ON {table} TO {role}")
    for function in (*_ACTOR, *_LOCKS, _ACCESS):
        op.execute(function)
    # Totals follow transfers, whoever writes those; the right to write totals belongs to the trigger alone.
    op.execute("ALTER FUNCTION ledger_apply() SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp")
    for name, roles in _FUNCTIONS.items():
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {roles}")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
