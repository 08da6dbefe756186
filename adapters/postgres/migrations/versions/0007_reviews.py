"""What operators have to look at: objections of workers to questions about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OPERATOR = "(SELECT actor_kind()) = 'operator'"
_MYSELF = "(SELECT actor_kind()) = 'worker' AND worker_id = (SELECT actor_subject())"
_OF_MY_RECORD = (
    "EXISTS (SELECT FROM access_records a WHERE a.id = access_record_id AND a.worker_id = reviews.worker_id "
    "AND a.institution_id = reviews.institution_id)"
)
_POLICIES = {
    "reviews": {
        "SELECT": f"{_OPERATOR} OR {_MYSELF}",
        "INSERT": f"kind = 'objection' AND {_MYSELF} AND {_OF_MY_RECORD}",
    },
    "review_outcomes": {
        "SELECT": "EXISTS (SELECT FROM reviews r WHERE r.id = review_id)",
        "INSERT": f"{_OPERATOR} AND actor_id = (SELECT actor_id())",
    },
}


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("access_record_id", sa.BigInteger(), nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_reviews_worker_id")),
        sa.ForeignKeyConstraint(["access_record_id"], ["access_records.id"], name=op.f("fk_reviews_access_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("access_record_id", "kind", name="uq_reviews_access_record_id"),
    )
    op.create_table(
        "review_outcomes",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_review_outcomes_review_id")),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_review_outcomes")),
    )
    for table, policies in _POLICIES.items():
        for when, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {'facts' if each == 'ROW' else 'kept'} BEFORE {when} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION never_changes()"
            )
        op.execute(f"GRANT SELECT, INSERT ON {table} TO lingkar_app")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY app_select ON {table} FOR SELECT TO lingkar_app USING ({policies['SELECT']})")
        op.execute(f"CREATE POLICY app_insert ON {table} FOR INSERT TO lingkar_app WITH CHECK ({policies['INSERT']})")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
