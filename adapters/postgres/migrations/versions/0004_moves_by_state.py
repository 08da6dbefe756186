"""Moves are found by the states they lead from and to, in the order in which workers are listed."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_moves_from_state", "moves", ["from_state", "worker_id"], unique=False)
    op.create_index("ix_moves_to_state", "moves", ["to_state", "worker_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
