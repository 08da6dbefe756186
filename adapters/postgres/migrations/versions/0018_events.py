"""What changed, for those who wait for it: rows that hold ids only, written with the fact itself."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
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

# Each is one INSERT ... SELECT for a whole statement, however many rows the statement changed. They run as
# lingkar_sight, so that no role that logs in needs the right to write events, and none is left out because whoever
# wrote the fact does not see what it belongs to. Equal notifications of one transaction are sent once.
_FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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

_FUNCTIONS = (("coverage_changed", _COVERAGE), ("case_changed", _CASE), ("donation_changed", _DONATION))

# What the functions read and write as lingkar_sight; moves they read already.
_SIGHT = {
    "events": "INSERT",
    "donations": "SELECT (id, donor_id)",
    "ledger_accounts": "SELECT (id, owner_id)",
}
# The platform itself reads events for all who follow; what each of them may see is asked in their own name.
_PLATFORM = "(SELECT actor_kind()) = 'system'"


def upgrade() -> None:
    op.execute(_TABLE)
    for name, events in _FUNCTIONS:
        op.execute(_FUNCTION.format(name=name, events=events))
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")
    for table, act, function in _TRIGGERS:
        op.execute(
            f"CREATE TRIGGER told_{act.lower()} AFTER {act} ON {table} REFERENCING NEW TABLE AS changed "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )
    op.execute("CREATE TRIGGER facts BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION never_changes()")
    op.execute("CREATE TRIGGER kept BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION never_changes()")
    _hold()


def _hold() -> None:
    """Row security of events, and lingkar_sight as whom events are written."""
    for table, rights in _SIGHT.items():
        op.execute(f"GRANT {rights} ON {table} TO lingkar_sight")
    op.execute("GRANT CREATE ON SCHEMA public TO lingkar_sight")
    for name, _ in _FUNCTIONS:
        op.execute(f"ALTER FUNCTION {name}() OWNER TO lingkar_sight")
    op.execute("REVOKE CREATE ON SCHEMA public FROM lingkar_sight")
    op.execute("CREATE POLICY sight ON ledger_accounts FOR SELECT TO lingkar_sight USING (true)")
    op.execute("ALTER TABLE events ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE events FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY sight ON events FOR INSERT TO lingkar_sight WITH CHECK (true)")
    op.execute("GRANT SELECT ON events TO lingkar_app")
    op.execute(f"CREATE POLICY app_select ON events FOR SELECT TO lingkar_app USING ({_PLATFORM})")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
