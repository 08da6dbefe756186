"""What the database refuses by itself: edited facts, transfers that do not fit, deletions."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A transfer changes the totals of its two accounts in the transaction that inserts it; the constraints of
# ledger_accounts then refuse an overdraft, whoever wrote the transfer and by whatever program.
_APPLY = """
CREATE FUNCTION ledger_apply() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE settled_one ledger_transfers;
BEGIN
    IF NEW.kind IN ('post', 'release') THEN
        SELECT * INTO settled_one FROM ledger_transfers WHERE id = NEW.pending_id;
        IF settled_one.kind IS DISTINCT FROM 'pending'
           OR settled_one.debit_account_id <> NEW.debit_account_id
           OR settled_one.credit_account_id <> NEW.credit_account_id THEN
            RAISE EXCEPTION 'a transfer of kind % settles a pending one between the same accounts', NEW.kind
                USING ERRCODE = '23514', CONSTRAINT = 'ck_ledger_transfers_settles_its_pending';
        END IF;
        UPDATE ledger_pendings SET settled = settled + NEW.amount WHERE transfer_id = NEW.pending_id;
    END IF;
    IF NEW.kind = 'pending' THEN
        INSERT INTO ledger_pendings (transfer_id, amount) VALUES (NEW.id, NEW.amount);
    END IF;
    UPDATE ledger_accounts SET
        posted_debits = posted_debits + CASE WHEN NEW.kind IN ('posted', 'post') THEN NEW.amount ELSE 0 END,
        pending_debits = pending_debits + CASE NEW.kind WHEN 'pending' THEN NEW.amount
            WHEN 'post' THEN -NEW.amount WHEN 'release' THEN -NEW.amount ELSE 0 END
    WHERE id = NEW.debit_account_id;
    IF NEW.kind IN ('posted', 'post') THEN
        UPDATE ledger_accounts SET posted_credits = posted_credits + NEW.amount WHERE id = NEW.credit_account_id;
    END IF;
    RETURN NULL;
END $$
"""

# Totals are written by ledger_apply alone; a trigger inside a trigger has a depth of two.
_TOTALS_ONLY = """
CREATE FUNCTION only_by_transfers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND TG_TABLE_NAME = 'ledger_accounts' THEN
        IF NEW.posted_debits <> 0 OR NEW.posted_credits <> 0 OR NEW.pending_debits <> 0 THEN
            RAISE EXCEPTION 'an account begins at zero' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '% is written by transfers only', TG_TABLE_NAME USING ERRCODE = '23514';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$
"""

_NEVER = """
CREATE FUNCTION never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = '23514';
END $$
"""

# A correction closes a row once and changes nothing else of it.
_SUPERSEDED_ONCE = """
CREATE FUNCTION only_superseded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.superseded_at IS NULL AND NEW.superseded_at IS NOT NULL
       AND to_jsonb(OLD) - '{superseded_at,superseded_why}'::text[]
         = to_jsonb(NEW) - '{superseded_at,superseded_why}'::text[]
    THEN RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are only superseded, once', TG_TABLE_NAME USING ERRCODE = '23514';
END $$
"""

_FACTS = (
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
    "audit_entries",
)
_CORRECTED = ("identifiers", "enrolments", "contribution_months", "coverage_spells")


def upgrade() -> None:
    for function in (_APPLY, _TOTALS_ONLY, _NEVER, _SUPERSEDED_ONCE):
        op.execute(function)
    op.execute("CREATE TRIGGER apply AFTER INSERT ON ledger_transfers FOR EACH ROW EXECUTE FUNCTION ledger_apply()")
    op.execute(
        "CREATE TRIGGER totals BEFORE INSERT OR UPDATE OR DELETE ON ledger_accounts "
        "FOR EACH ROW EXECUTE FUNCTION only_by_transfers()"
    )
    op.execute(
        "CREATE TRIGGER totals BEFORE INSERT OR UPDATE OR DELETE ON ledger_pendings "
        "FOR EACH ROW EXECUTE FUNCTION only_by_transfers()"
    )
    for table in _FACTS:
        _guard(table, "BEFORE UPDATE OR DELETE", "ROW", "never_changes")
    for table in _CORRECTED:
        _guard(table, "BEFORE UPDATE OR DELETE", "ROW", "only_superseded")
    for table in (*_FACTS, *_CORRECTED, "ledger_accounts", "ledger_pendings", "moves", "answers"):
        op.execute(
            f"CREATE TRIGGER kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION never_changes()"
        )


def _guard(table: str, when: str, each: str, function: str) -> None:
    op.execute(f"CREATE TRIGGER facts {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
