"""Each person has a key; who destroys it erases the person, and of what is sealed nothing else ever changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# A key is wrapped anew or destroyed, and stays destroyed.
_KEYS = """
CREATE FUNCTION only_wrapped_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.destroyed_at IS NULL AND NEW.wrapped_key IS DISTINCT FROM OLD.wrapped_key
       AND to_jsonb(OLD) - '{wrapped_key,destroyed_at}'::text[] = to_jsonb(NEW) - '{wrapped_key,destroyed_at}'::text[]
    THEN RETURN NEW;
    END IF;
    RAISE EXCEPTION 'keys of persons are only wrapped anew or destroyed' USING ERRCODE = '23514';
END $$
"""

# A value from before there were keys of persons is sealed anew by one, once. Of a person whose key is destroyed the
# name goes, and with it the indexes by which a number could still be guessed.
_WORKERS = r"""
CREATE FUNCTION only_sealed_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - 'sealed_person' = to_jsonb(NEW) - 'sealed_person'
       AND substring(OLD.sealed_person FOR 1) = '\x01' AND substring(NEW.sealed_person FOR 1) = '\x02'
    THEN RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = '23514';
END $$
"""
_IDENTIFIERS = r"""
CREATE FUNCTION only_superseded_or_sealed_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.superseded_at IS NULL AND NEW.superseded_at IS NOT NULL
       AND to_jsonb(OLD) - 'superseded_at' = to_jsonb(NEW) - 'superseded_at' THEN RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - 'sealed_value' = to_jsonb(NEW) - 'sealed_value'
       AND substring(OLD.sealed_value FOR 1) = '\x01' AND substring(NEW.sealed_value FOR 1) = '\x02' THEN RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.superseded_at IS NOT NULL AND NEW.blind_index <> OLD.blind_index
       AND (OLD.superseded_at IS NULL OR NEW.superseded_at = OLD.superseded_at)
       AND to_jsonb(OLD) - '{blind_index,superseded_at}'::text[] = to_jsonb(NEW) - '{blind_index,superseded_at}'::text[]
       AND EXISTS (SELECT FROM person_keys k WHERE k.worker_id = NEW.worker_id AND k.destroyed_at IS NOT NULL)
    THEN RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are only superseded, once', TG_TABLE_NAME USING ERRCODE = '23514';
END $$
"""

_KIND = "(SELECT actor_kind())"
_RELATED = (
    f"({_KIND} = 'worker' AND person_keys.worker_id = (SELECT actor_subject()) "
    "OR EXISTS (SELECT FROM own_relations seen WHERE seen.worker_id = person_keys.worker_id OFFSET 0))"
)
_POLICIES = {
    "SELECT": f"{_KIND} = 'operator' OR {_RELATED}",
    "INSERT": f"{_KIND} = 'operator' OR {_KIND} = 'officer' AND {_RELATED}",
    "UPDATE": f"{_KIND} = 'operator'",
}

# Nobody pays for who was erased.
_NOMINATED = """
    CREATE OR REPLACE FUNCTION nominated_workers(nomination uuid)
    RETURNS TABLE (worker_id uuid, sector text, place bigint)
    LANGUAGE sql STABLE ROWS 5000 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT n.worker_id, w.sector, row_number() OVER (ORDER BY n.line) - 1
        FROM nomination_workers n JOIN workers w ON w.id = n.worker_id
        WHERE n.nomination_id = nomination
          AND NOT EXISTS (SELECT FROM person_keys k WHERE k.worker_id = n.worker_id AND k.destroyed_at IS NOT NULL)
          AND (actor_kind() = 'operator' OR actor_kind() = 'donor' AND EXISTS (
            SELECT FROM nominations o JOIN donations d ON d.fund_id = o.fund_id
            WHERE o.id = nomination AND d.donor_id = actor_subject()))
    $$"""


def upgrade() -> None:
    op.create_table(
        "person_keys",
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(wrapped_key IS NULL) = (destroyed_at IS NOT NULL)", name="ck_person_keys_destroyed"),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name="fk_person_keys_worker_id"),
        sa.PrimaryKeyConstraint("worker_id", name="pk_person_keys"),
    )
    for function in (_KEYS, _WORKERS, _IDENTIFIERS):
        op.execute(function)
    op.execute("DROP TRIGGER facts ON workers")
    op.execute("DROP TRIGGER facts ON identifiers")
    for table, function in (
        ("person_keys", "only_wrapped_anew"),
        ("workers", "only_sealed_anew"),
        ("identifiers", "only_superseded_or_sealed_anew"),
    ):
        op.execute(
            f"CREATE TRIGGER facts BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
    op.execute("CREATE TRIGGER kept BEFORE TRUNCATE ON person_keys FOR EACH STATEMENT EXECUTE FUNCTION never_changes()")
    op.execute("GRANT SELECT, INSERT, UPDATE (wrapped_key, destroyed_at) ON person_keys TO lingkar_app")
    op.execute("GRANT SELECT, UPDATE (wrapped_key, destroyed_at) ON person_keys TO lingkar_delivery")
    op.execute("GRANT SELECT (worker_id, destroyed_at) ON person_keys TO lingkar_sight")
    op.execute("ALTER TABLE person_keys ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE person_keys FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY delivery ON person_keys TO lingkar_delivery USING (true)")
    op.execute("CREATE POLICY sight ON person_keys TO lingkar_sight USING (true)")
    for act, condition in _POLICIES.items():
        word = "WITH CHECK" if act == "INSERT" else "USING"
        op.execute(f"CREATE POLICY app_{act.lower()} ON person_keys FOR {act} TO lingkar_app {word} ({condition})")
    # Who changes the root key seals anew, and reads nothing but what is sealed.
    for table in ("workers", "identifiers", "person_keys"):
        op.execute(f"CREATE POLICY reseal ON {table} TO lingkar_owner USING ((SELECT actor_kind()) = 'system')")
    op.execute("GRANT CREATE ON SCHEMA public TO lingkar_sight")
    op.execute("SET LOCAL ROLE lingkar_sight")
    # A migration leaves no row out unsaid, so that it may not even look at what a policy holds.
    op.execute("SET LOCAL check_function_bodies = off")
    op.execute(_NOMINATED)
    op.execute("RESET check_function_bodies")
    op.execute("RESET ROLE")
    op.execute("REVOKE CREATE ON SCHEMA public FROM lingkar_sight")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
