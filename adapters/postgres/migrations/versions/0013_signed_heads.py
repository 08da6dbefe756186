"""Heads of audit chains are signed; a chain's own head only goes forward, to an entry that is there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_FORWARD = """
CREATE FUNCTION only_forward() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.chain = OLD.chain AND NEW.number > OLD.number AND EXISTS (
        SELECT FROM audit_entries e WHERE (e.chain, e.number, e.hash) = (NEW.chain, NEW.number, NEW.hash)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the head of a chain only moves forward to its last entry' USING ERRCODE = '23514';
END $$
"""


def upgrade() -> None:
    op.create_table(
        "audit_signed_heads",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("occasion IN ('daily', 'asked')", name="ck_audit_signed_heads_occasion"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_signed_heads"),
        sa.UniqueConstraint("chain", "signed_at", name="uq_audit_signed_heads_chain"),
    )
    op.create_index(
        "uq_audit_signed_heads_daily",
        "audit_signed_heads",
        ["chain", "day"],
        unique=True,
        postgresql_where=sa.text("occasion = 'daily'"),
    )
    op.create_index(
        "uq_audit_signed_heads_asked",
        "audit_signed_heads",
        ["chain", "number"],
        unique=True,
        postgresql_where=sa.text("occasion = 'asked'"),
    )
    op.execute(
        "CREATE TRIGGER facts BEFORE UPDATE OR DELETE ON audit_signed_heads "
        "FOR EACH ROW EXECUTE FUNCTION never_changes()"
    )
    op.execute(_FORWARD)
    op.execute(
        "CREATE TRIGGER forward BEFORE UPDATE OR DELETE ON audit_heads FOR EACH ROW EXECUTE FUNCTION only_forward()"
    )
    for table in ("audit_signed_heads", "audit_heads"):
        op.execute(
            f"CREATE TRIGGER kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION never_changes()"
        )
    # Anyone may fetch signed heads: the platform itself reads them for who has no token.
    op.execute("GRANT SELECT ON audit_signed_heads TO lingkar_app")
    op.execute("GRANT SELECT, INSERT ON audit_signed_heads TO lingkar_delivery")
    op.execute("ALTER TABLE audit_signed_heads ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE audit_signed_heads FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY delivery ON audit_signed_heads TO lingkar_delivery USING (true)")
    op.execute(
        "CREATE POLICY app_select ON audit_signed_heads FOR SELECT TO lingkar_app "
        "USING ((SELECT actor_kind()) = 'system')"
    )
    # Whoever adds to a chain need not be able to read it.
    op.execute("GRANT SELECT (chain, number, hash) ON audit_entries TO lingkar_sight")
    op.execute("CREATE POLICY sight ON audit_entries TO lingkar_sight USING (true)")
    op.execute("GRANT CREATE ON SCHEMA public TO lingkar_sight")
    op.execute("ALTER FUNCTION only_forward() OWNER TO lingkar_sight")
    op.execute("REVOKE CREATE ON SCHEMA public FROM lingkar_sight")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
