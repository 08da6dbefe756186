"""That a person was erased, when and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0132"
down_revision = "0131"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('worker_asked', 'nominated_in_error', 'period_over')", name="ck_erasures_reason"
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name="fk_erasures_worker_id"),
        sa.PrimaryKeyConstraint("worker_id", name="pk_erasures"),
    )
    op.execute("CREATE TRIGGER facts BEFORE UPDATE OR DELETE ON erasures FOR EACH ROW EXECUTE FUNCTION never_changes()")
    op.execute("CREATE TRIGGER kept BEFORE TRUNCATE ON erasures FOR EACH STATEMENT EXECUTE FUNCTION never_changes()")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
