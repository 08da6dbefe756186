"""Proofs of possession that were taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proofs_seen",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_proofs_seen"),
    )
    op.create_index("ix_proofs_seen_until", "proofs_seen", ["until"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
