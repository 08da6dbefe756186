"""Emergencies: an officer opens a worker without a relation, for some hours, with a reason, a record and a review."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# All of it or nothing, found by the blind index whether the officer sees the worker or not. Nobody adds an opening
# by any other way.
_OPEN = """
    CREATE FUNCTION open_in_emergency(opening uuid, review uuid, blind bytea, sealed_reason bytea, closes timestamptz)
    RETURNS uuid LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        person uuid;
        record bigint;
    BEGIN
        IF actor_kind() IS DISTINCT FROM 'officer' THEN
            RAISE EXCEPTION 'emergencies are for officers' USING ERRCODE = '42501';
        END IF;
        SELECT i.worker_id INTO person FROM identifiers i WHERE i.blind_index = blind AND i.superseded_at IS NULL;
        IF person IS NULL THEN
            RETURN NULL;
        END IF;
        INSERT INTO access_records (worker_id, institution_id, actor_kind, actor_id, purpose, outcome, fields,
                                    recorded_at)
        VALUES (person, actor_chain(), actor_kind(), actor_id(), 'emergency', 'opened', '{}', asked_at())
        RETURNING id INTO record;
        INSERT INTO openings (id, worker_id, institution_id, actor_id, sealed_reason, access_record_id, recorded_at,
                              closes_at)
        VALUES (opening, person, actor_chain(), actor_id(), sealed_reason, record, asked_at(), closes);
        INSERT INTO reviews (id, kind, worker_id, access_record_id, institution_id, code, recorded_at)
        VALUES (review, 'emergency', person, record, actor_chain(), '', asked_at());
        RETURN person;
    END $$"""
_NAME = "open_in_emergency(uuid, uuid, bytea, bytea, timestamptz)"

# In an emergency own_relations shows only what was opened, also of workers to whom there is another relation: whoever
# names an emergency has said why.
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
      AND NOT EXISTS (SELECT FROM consent_withdrawals w WHERE w.consent_id = c.id)
    UNION ALL
    SELECT o.worker_id, o.institution_id, 'emergency' FROM openings o
    WHERE o.actor_id = actor_id() AND asked_at() >= o.recorded_at AND asked_at() < o.closes_at"""

_SEEN_BY = """(SELECT actor_kind()) = 'operator'
    OR actor_id = (SELECT actor_id()) AND institution_id = (SELECT actor_institution())"""


def upgrade() -> None:
    op.create_table(
        "openings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=False),
        sa.Column("access_record_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("closes_at > recorded_at", name=op.f("ck_openings_closes_after_it_opens")),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name=op.f("fk_openings_worker_id")),
        sa.ForeignKeyConstraint(["access_record_id"], ["access_records.id"], name=op.f("fk_openings_access_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openings")),
    )
    op.create_index("ix_openings_worker_id", "openings", ["worker_id"])
    op.create_index("ix_openings_access_record_id", "openings", ["access_record_id"])
    op.execute("CREATE TRIGGER facts BEFORE UPDATE OR DELETE ON openings FOR EACH ROW EXECUTE FUNCTION never_changes()")
    op.execute("CREATE TRIGGER kept BEFORE TRUNCATE ON openings FOR EACH STATEMENT EXECUTE FUNCTION never_changes()")
    op.execute("GRANT SELECT ON openings TO lingkar_app")
    op.execute("ALTER TABLE openings ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE openings FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY app_select ON openings FOR SELECT TO lingkar_app USING ({_SEEN_BY})")
    op.execute("CREATE POLICY sight ON openings TO lingkar_sight USING (true)")
    op.execute("CREATE POLICY sight ON reviews TO lingkar_sight USING (true)")
    op.execute("GRANT SELECT, INSERT ON openings TO lingkar_sight")
    op.execute("GRANT INSERT ON reviews TO lingkar_sight")
    op.execute("GRANT SELECT (id) ON access_records TO lingkar_sight")
    op.execute(_OPEN)
    op.execute(f"REVOKE ALL ON FUNCTION {_NAME} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_NAME} TO lingkar_app")
    op.execute("GRANT CREATE ON SCHEMA public TO lingkar_sight")
    op.execute(f"ALTER FUNCTION {_NAME} OWNER TO lingkar_sight")
    op.execute("SET LOCAL ROLE lingkar_sight")
    op.execute(_RELATIONS)
    op.execute("RESET ROLE")
    op.execute("REVOKE CREATE ON SCHEMA public FROM lingkar_sight")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
