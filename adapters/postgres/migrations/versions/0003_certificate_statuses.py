"""Certificates get a place in the published status lists, and can be withdrawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Certificates that exist already get places of the first list at random, as later ones do: a place that says
# how many were issued before would tell two neighbours apart.
_PLACES = """
INSERT INTO certificate_statuses (certificate_id, list_number, list_index, recorded_at)
SELECT c.id, 1 + (c.rank - 1) / 65536, i.list_index, c.recorded_at
FROM (SELECT id, recorded_at, row_number() OVER (ORDER BY id) AS rank FROM certificates) c
JOIN (SELECT list_index, row_number() OVER (ORDER BY random()) AS rank FROM generate_series(0, 131071) AS list_index) i
  ON i.rank = 1 + (c.rank - 1) % 65536
"""


def upgrade() -> None:
    op.create_table(
        "certificate_statuses",
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("list_index", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("list_number > 0", name="ck_certificate_statuses_list"),
        sa.CheckConstraint("list_index BETWEEN 0 AND 131071", name="ck_certificate_statuses_index"),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificates.id"], name="fk_certificate_statuses_certificate_id"),
        sa.PrimaryKeyConstraint("certificate_id", name="pk_certificate_statuses"),
        sa.UniqueConstraint("list_number", "list_index", name="uq_certificate_statuses_place"),
    )
    op.create_table(
        "certificate_withdrawals",
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificates.id"], name="fk_certificate_withdrawals_certificate_id"
        ),
        sa.PrimaryKeyConstraint("certificate_id", name="pk_certificate_withdrawals"),
    )
    op.execute(_PLACES)
    for table in ("certificate_statuses", "certificate_withdrawals"):
        op.execute(
            f"CREATE TRIGGER facts BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION never_changes()"
        )
        op.execute(
            f"CREATE TRIGGER kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION never_changes()"
        )


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
