"""Each person has a key; who destroys it erases the person, and of what is sealed nothing else ever changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0131"
down_revision = "0130"
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


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
