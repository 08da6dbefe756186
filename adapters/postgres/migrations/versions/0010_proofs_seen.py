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
    # A proof is taken before it is known who asks, and names nobody.
    op.execute("GRANT SELECT, INSERT ON proofs_seen TO lingkar_app")
    op.execute("GRANT SELECT, DELETE ON proofs_seen TO lingkar_delivery")
    op.execute("ALTER TABLE proofs_seen ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE proofs_seen FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY every ON proofs_seen TO lingkar_app, lingkar_delivery USING (true) WITH CHECK (true)")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
