"""Consent: one more reason why an institution sees a worker, for one purpose and as long as it holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_RELATIONS = """
    CREATE OR REPLACE VIEW relations AS
    SELECT e.worker_id, e.institution_id AS party, CAST(NULL AS text) AS purpose FROM enrolments e
    UNION ALL
    SELECT m.worker_id, m.from_state, NULL FROM moves m WHERE m.ended_at IS NULL OR EXISTS (
        SELECT FROM move_steps done WHERE done.move_id = m.id AND done.step = 'completed')
    UNION ALL
    SELECT m.worker_id, m.to_state, NULL FROM moves m WHERE m.ended_at IS NULL OR EXISTS (
        SELECT FROM move_steps done WHERE done.move_id = m.id AND done.step = 'completed')
    UNION ALL
    SELECT c.worker_id, c.institution_id, c.purpose FROM consents c
    WHERE CAST(asked_at() AT TIME ZONE 'UTC' AS date) BETWEEN c.first_day AND c.last_day
      AND NOT EXISTS (SELECT FROM consent_withdrawals w WHERE w.consent_id = c.id)"""

_MYSELF = "(SELECT actor_kind()) = 'worker' AND worker_id = (SELECT actor_subject())"
_OF_MINE = "EXISTS (SELECT FROM consents c WHERE c.id = consent_id)"
_POLICIES = {
    "consents": {"SELECT": f"(SELECT actor_kind()) = 'operator' OR {_MYSELF}", "INSERT": _MYSELF},
    "consent_withdrawals": {"SELECT": _OF_MINE, "INSERT": f"(SELECT actor_kind()) = 'worker' AND {_OF_MINE}"},
}


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("text_language", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_consents_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_consents_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_worker_id", "consents", ["worker_id"])
    op.create_index("ix_consents_institution_worker", "consents", ["institution_id", "worker_id"])
    op.create_table(
        "consent_withdrawals",
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name=op.f("fk_consent_withdrawals_consent_id")),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consent_withdrawals")),
    )
    for table, policies in _POLICIES.items():
        _hold(table, policies)
    _replace_relations()


def _hold(table: str, policies: dict[str, str]) -> None:
    op.execute(f"CREATE TRIGGER facts BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION never_changes()")
    op.execute(f"CREATE TRIGGER kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION never_changes()")
    op.execute(f"GRANT SELECT, INSERT ON {table} TO lingkar_app")
    op.execute(f"GRANT SELECT ON {table} TO lingkar_sight")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY sight ON {table} TO lingkar_sight USING (true)")
    op.execute(f"CREATE POLICY app_select ON {table} FOR SELECT TO lingkar_app USING ({policies['SELECT']})")
    op.execute(f"CREATE POLICY app_insert ON {table} FOR INSERT TO lingkar_app WITH CHECK ({policies['INSERT']})")


def _replace_relations() -> None:
    """The view belongs to lingkar_sight, which may make nothing but at this moment."""
    op.execute("GRANT CREATE ON SCHEMA public TO lingkar_sight")
    op.execute("SET LOCAL ROLE lingkar_sight")
    op.execute(_RELATIONS)
    op.execute("RESET ROLE")
    op.execute("REVOKE CREATE ON SCHEMA public FROM lingkar_sight")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
