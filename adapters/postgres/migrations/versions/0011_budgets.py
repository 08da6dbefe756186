"""Budgets of partners: what each may still ask."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_budgets"),
        # No fact: after a crash every budget is whole, and writing it costs no log.
        prefixes=["UNLOGGED"],
    )
    # The process counts for everybody, between two units of work of theirs.
    op.execute("GRANT SELECT, INSERT, UPDATE (granted, full_at) ON budgets TO lingkar_app")
    op.execute("ALTER TABLE budgets ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE budgets FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY every ON budgets TO lingkar_app USING (true) WITH CHECK (true)")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
