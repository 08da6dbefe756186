"""Budgets of partners: what each may still ask."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0120"
down_revision = "0004"
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


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
