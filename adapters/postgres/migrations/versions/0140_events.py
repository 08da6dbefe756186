"""What changed, for those who wait for it: rows that hold ids only, written with the fact itself."""

from __future__ import annotations

from alembic import op

revision = "0140"
down_revision = "0004"
branch_labels = None
depends_on = None

# `xact` is the transaction that wrote the row: a reader compares it with snapshots, so that a transaction that
# commits late is not passed over. One reading takes the events in the order of the primary key.
_TABLE = """
CREATE TABLE events (
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
    number bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    CONSTRAINT pk_events PRIMARY KEY (xact, number),
    CONSTRAINT ck_events_kind CHECK (kind IN ('coverage', 'case', 'donation'))
)
"""

# Each is one INSERT ... SELECT for a whole statement, however many rows the statement changed. They run with the
# rights of the owner, so that no role needs the right to write events. Equal notifications of one transaction are
# sent once.
_FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO events (kind, subject_id, owner_id) {events};
    IF FOUND THEN
        PERFORM pg_notify('lingkar_events', pg_current_xact_id()::text);
    END IF;
    RETURN NULL;
END $$
"""
_COVERAGE = "SELECT DISTINCT 'coverage', c.worker_id, c.worker_id FROM changed c"
_CASE = "SELECT DISTINCT 'case', m.id, m.worker_id FROM changed c JOIN moves m ON m.id = c.move_id"
# All that a donation's statement says follows from the transfers of its accounts.
_DONATION = """
    SELECT DISTINCT 'donation', d.id, d.donor_id FROM changed c
    CROSS JOIN LATERAL (VALUES (c.debit_account_id), (c.credit_account_id)) moved(account_id)
    JOIN ledger_accounts a ON a.id = moved.account_id
    JOIN donations d ON d.id = a.owner_id"""

_TRIGGERS = (
    ("coverage_spells", "INSERT", "coverage_changed"),
    ("coverage_spells", "UPDATE", "coverage_changed"),
    ("move_steps", "INSERT", "case_changed"),
    ("ledger_transfers", "INSERT", "donation_changed"),
)


def upgrade() -> None:
    op.execute(_TABLE)
    for name, events in (("coverage_changed", _COVERAGE), ("case_changed", _CASE), ("donation_changed", _DONATION)):
        op.execute(_FUNCTION.format(name=name, events=events))
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")
    for table, act, function in _TRIGGERS:
        op.execute(
            f"CREATE TRIGGER told_{act.lower()} AFTER {act} ON {table} REFERENCING NEW TABLE AS changed "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )
    op.execute("CREATE TRIGGER facts BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION never_changes()")
    op.execute("CREATE TRIGGER kept BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION never_changes()")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
