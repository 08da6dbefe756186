"""That a person was erased, when and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_OPERATOR = "(SELECT actor_kind()) = 'operator'"
_MYSELF = "(SELECT actor_kind()) = 'worker' AND worker_id = (SELECT actor_subject())"


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
    op.execute("GRANT SELECT, INSERT ON erasures TO lingkar_app")
    op.execute("GRANT SELECT, INSERT ON erasures TO lingkar_delivery")
    op.execute("ALTER TABLE erasures ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE erasures FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY delivery ON erasures TO lingkar_delivery USING (true)")
    op.execute(f"CREATE POLICY app_select ON erasures FOR SELECT TO lingkar_app USING ({_OPERATOR} OR {_MYSELF})")
    op.execute(f"CREATE POLICY app_insert ON erasures FOR INSERT TO lingkar_app WITH CHECK ({_OPERATOR})")
    # Erasing overwrites the index of a number, and takes its turn with whoever pays for the worker.
    op.execute("GRANT UPDATE (blind_index) ON identifiers TO lingkar_app")
    op.execute("GRANT UPDATE (blind_index, superseded_at) ON identifiers TO lingkar_delivery")
    op.execute("SET LOCAL ROLE lingkar_sight")
    op.execute("GRANT EXECUTE ON FUNCTION workers_locked(uuid[]) TO lingkar_app")
    op.execute("RESET ROLE")
    op.execute("GRANT SELECT, INSERT, UPDATE (outcome), DELETE ON idempotency_keys TO lingkar_delivery")
    # What is stored about a worker is handed to the worker.
    op.execute(f"ALTER POLICY app_select ON nomination_workers USING ({_OPERATOR} OR {_MYSELF})")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
