"""Questions about many persons at once: their records in one statement, by the rules of a question about one."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Each person once, however often they were asked about. Of those who were not shown the record is found by id or by
# the blind index, whether there is such a person or not: it is left with nobody's id where there is none.
_LEAVE = """
    CREATE FUNCTION leave_answer_records(
        people uuid[], outcomes text[], hidden uuid[], blinds bytea[], purpose text, asked_about date, fields text[])
    RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        INSERT INTO access_records (worker_id, institution_id, actor_kind, actor_id, purpose, asked_about, outcome,
                                    fields, recorded_at)
        SELECT asked.id, actor_chain(), actor_kind(), actor_id(), $5, $6, asked.outcome, asked.fields, asked_at()
        FROM (SELECT DISTINCT p.id, p.outcome, $7 AS fields FROM unnest(people, outcomes) p(id, outcome)
              UNION ALL
              SELECT w.id, 'not_visible', '{}' FROM (SELECT DISTINCT unnest(hidden) AS id) h
              LEFT JOIN workers w ON w.id = h.id WHERE h.id IS NOT NULL
              UNION ALL
              SELECT i.worker_id, 'not_visible', '{}' FROM (SELECT DISTINCT unnest(blinds) AS blind) b
              LEFT JOIN identifiers i ON i.blind_index = b.blind AND i.superseded_at IS NULL
              WHERE b.blind IS NOT NULL) asked
        ORDER BY asked.id
    $$"""
_NAME = "leave_answer_records(uuid[], text[], uuid[], bytea[], text, date, text[])"


def upgrade() -> None:
    # The body is checked where row security holds, which is not while migrations run.
    op.execute("SET LOCAL check_function_bodies = off")
    op.execute(_LEAVE)
    op.execute("SET LOCAL check_function_bodies = on")
    op.execute(f"REVOKE ALL ON FUNCTION {_NAME} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_NAME} TO lingkar_app")
    op.execute("GRANT CREATE ON SCHEMA public TO lingkar_sight")
    op.execute(f"ALTER FUNCTION {_NAME} OWNER TO lingkar_sight")
    op.execute("REVOKE CREATE ON SCHEMA public FROM lingkar_sight")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
