"""Workers of each donation by month, kept beside the facts: whoever asks does not count months again.

A worker counts once in a month of a donation, whatever schemes it pays: as covered if an institution accepted one of
them, else as reserved. Three things change it, each in the transaction in which it happens: an allocation adds months,
which the store says after them; triggers follow months that are closed, and acknowledgements.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_AS_SIGHT = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

# Who changes the counts of a month holds its row first, in order; what is counted then is read by a later statement,
# which sees what the one before committed. True if nothing was counted of these months yet.
_LOCKED = f"""
    CREATE FUNCTION donation_months_locked(gifts uuid[], on_months date[]) RETURNS boolean
    LANGUAGE plpgsql VOLATILE {_AS_SIGHT} AS $$
    DECLARE
        counted bigint;
    BEGIN
        INSERT INTO donation_months (donation_id, month, covered, reserved)
        SELECT DISTINCT k.gift, k.on_month, 0, 0 FROM unnest(gifts, on_months) k(gift, on_month) ORDER BY 1, 2
        ON CONFLICT DO NOTHING;
        PERFORM FROM donation_months d
        WHERE (d.donation_id, d.month) IN (SELECT * FROM unnest(gifts, on_months))
        ORDER BY d.donation_id, d.month FOR UPDATE;
        SELECT sum(d.covered + d.reserved) INTO counted FROM donation_months d
        WHERE (d.donation_id, d.month) IN (SELECT * FROM unnest(gifts, on_months));
        RETURN coalesce(counted, 0) = 0;
    END $$"""

# What each worker's month was before and is now. closed: rows that were open before. acked: remittances that were not
# accepted before.
_FOLLOW = f"""
    CREATE FUNCTION donation_months_follow(
        gifts uuid[], people uuid[], on_months date[], closed bigint[], acked uuid[]) RETURNS void
    LANGUAGE plpgsql VOLATILE {_AS_SIGHT} AS $$
    BEGIN
        UPDATE donation_months d SET covered = d.covered + n.covered, reserved = d.reserved + n.reserved
        FROM (
            SELECT s.gift, s.on_month, sum(s.covers - s.covered) AS covered,
                   sum((s.pays - s.covers) - (s.paid - s.covered)) AS reserved
            FROM (
                SELECT r.gift, r.on_month, r.person,
                       max(CAST(r.is_live AS integer)) AS pays,
                       max(CAST(r.was_live AS integer)) AS paid,
                       max(CAST(r.is_live AND x.remittance_id IS NOT NULL AS integer)) AS covers,
                       max(CAST(r.was_live AND x.remittance_id IS NOT NULL AND y.id IS NULL AS integer)) AS covered
                FROM (
                    SELECT k.gift, k.on_month, k.person, c.remittance_id, true AS is_live, true AS was_live
                    FROM (SELECT DISTINCT * FROM unnest(gifts, people, on_months)) k(gift, person, on_month)
                    CROSS JOIN LATERAL (
                        SELECT c.id, c.remittance_id FROM contribution_months c
                        JOIN allocations a ON a.id = c.allocation_id
                        WHERE c.worker_id = k.person AND c.month = k.on_month AND c.superseded_at IS NULL
                          AND a.donation_id = k.gift OFFSET 0) c
                    UNION ALL
                    SELECT a.donation_id, c.month, c.worker_id, c.remittance_id, false, true
                    FROM unnest(closed) z(id)
                    JOIN contribution_months c ON c.id = z.id JOIN allocations a ON a.id = c.allocation_id) r
                LEFT JOIN acknowledgements x ON x.remittance_id = r.remittance_id AND x.outcome = 'accepted'
                LEFT JOIN unnest(acked) y(id) ON y.id = r.remittance_id
                GROUP BY r.gift, r.on_month, r.person) s
            GROUP BY s.gift, s.on_month) n
        WHERE (d.donation_id, d.month) = (n.gift, n.on_month) AND (n.covered, n.reserved) <> (0, 0);
    END $$"""

# Months are added by allocations, all of one at once, and whoever adds them says so. Into months of which nothing was
# counted the remittances tell how many workers there are, without a look at each; otherwise the months are counted
# again. Saying it twice changes nothing.
_RESERVED = f"""
    CREATE FUNCTION donation_months_reserve(allocation uuid) RETURNS void
    LANGUAGE plpgsql VOLATILE {_AS_SIGHT} AS $$
    DECLARE
        gift CONSTANT uuid := (SELECT a.donation_id FROM allocations a WHERE a.id = allocation);
        on_months CONSTANT date[] := ARRAY(SELECT DISTINCT r.month FROM remittances r
                                           WHERE r.allocation_id = allocation AND r.month IS NOT NULL);
    BEGIN
        IF donation_months_locked(array_fill(gift, ARRAY[cardinality(on_months)]), on_months)
           AND NOT EXISTS (SELECT FROM remittances r JOIN acknowledgements x ON x.remittance_id = r.id
                           WHERE r.allocation_id = allocation) THEN
            UPDATE donation_months d SET reserved = n.workers
            FROM (SELECT r.month, sum(r.lines) AS workers FROM remittances r
                  WHERE r.allocation_id = allocation GROUP BY r.month) n
            WHERE d.donation_id = gift AND d.month = n.month;
        ELSE
            UPDATE donation_months d SET covered = n.covered, reserved = n.reserved
            FROM (SELECT w.month, count(*) FILTER (WHERE w.accepted) AS covered,
                         count(*) FILTER (WHERE NOT w.accepted) AS reserved
                  FROM (SELECT c.month, c.worker_id, bool_or(x.remittance_id IS NOT NULL) AS accepted
                        FROM allocations a JOIN contribution_months c ON c.allocation_id = a.id
                        LEFT JOIN acknowledgements x ON x.remittance_id = c.remittance_id AND x.outcome = 'accepted'
                        WHERE a.donation_id = gift AND c.month = ANY(on_months) AND c.superseded_at IS NULL
                        GROUP BY 1, 2) w
                  GROUP BY w.month) n
            WHERE d.donation_id = gift AND d.month = n.month;
        END IF;
    END $$"""

_CLOSED = f"""
    CREATE FUNCTION donation_months_closed() RETURNS trigger LANGUAGE plpgsql {_AS_SIGHT} AS $$
    DECLARE
        gifts uuid[];
        people uuid[];
        on_months date[];
        closed bigint[];
    BEGIN
        SELECT array_agg(a.donation_id), array_agg(c.worker_id), array_agg(c.month), array_agg(c.id)
        INTO gifts, people, on_months, closed
        FROM changed c JOIN former f ON f.id = c.id JOIN allocations a ON a.id = c.allocation_id
        WHERE f.superseded_at IS NULL AND c.superseded_at IS NOT NULL;
        IF closed IS NOT NULL THEN
            PERFORM donation_months_locked(gifts, on_months);
            PERFORM donation_months_follow(gifts, people, on_months, closed, '{{}}');
        END IF;
        RETURN NULL;
    END $$"""

_ACKNOWLEDGED = f"""
    CREATE FUNCTION donation_months_acknowledged() RETURNS trigger LANGUAGE plpgsql {_AS_SIGHT} AS $$
    DECLARE
        gifts uuid[];
        people uuid[];
        on_months date[];
        acked uuid[];
    BEGIN
        SELECT array_agg(k.remittance_id) INTO acked FROM changed k WHERE k.outcome = 'accepted';
        SELECT array_agg(a.donation_id), array_agg(c.worker_id), array_agg(c.month) INTO gifts, people, on_months
        FROM unnest(acked) k(id) JOIN contribution_months c ON c.remittance_id = k.id AND c.superseded_at IS NULL
        JOIN allocations a ON a.id = c.allocation_id;
        IF gifts IS NOT NULL THEN
            PERFORM donation_months_locked(gifts, on_months);
            PERFORM donation_months_follow(gifts, people, on_months, '{{}}', acked);
        END IF;
        RETURN NULL;
    END $$"""

_FUNCTIONS = (
    "donation_months_locked(uuid[], date[])",
    "donation_months_follow(uuid[], uuid[], date[], bigint[], uuid[])",
    "donation_months_reserve(uuid)",
    "donation_months_closed()",
    "donation_months_acknowledged()",
)
_TRIGGERS = (
    "CREATE TRIGGER counted_closed AFTER UPDATE ON contribution_months REFERENCING OLD TABLE AS former "
    "NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION donation_months_closed()",
    "CREATE TRIGGER counted_acknowledged AFTER INSERT ON acknowledgements REFERENCING NEW TABLE AS changed "
    "FOR EACH STATEMENT EXECUTE FUNCTION donation_months_acknowledged()",
)
_COUNTED_BEFORE = """
    INSERT INTO donation_months (donation_id, month, covered, reserved)
    SELECT w.donation_id, w.month, count(*) FILTER (WHERE w.accepted), count(*) FILTER (WHERE NOT w.accepted)
    FROM (SELECT a.donation_id, c.month, c.worker_id, bool_or(x.remittance_id IS NOT NULL) AS accepted
          FROM contribution_months c JOIN allocations a ON a.id = c.allocation_id
          LEFT JOIN acknowledgements x ON x.remittance_id = c.remittance_id AND x.outcome = 'accepted'
          WHERE c.superseded_at IS NULL GROUP BY 1, 2, 3) w
    GROUP BY w.donation_id, w.month"""

_READ_BY = """(SELECT actor_kind()) = 'operator' OR (SELECT actor_kind()) = 'donor' AND donation_id IN (
    SELECT d.id FROM donations d WHERE d.donor_id = (SELECT actor_subject()))"""


def upgrade() -> None:
    op.create_table(
        "donation_months",
        sa.Column("donation_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("covered", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.CheckConstraint("covered >= 0", name=op.f("ck_donation_months_covered")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_donation_months_reserved")),
        sa.ForeignKeyConstraint(["donation_id"], ["donations.id"], name=op.f("fk_donation_months_donation_id")),
        sa.PrimaryKeyConstraint("donation_id", "month", name=op.f("pk_donation_months")),
    )
    _hold()
    _count()


def _hold() -> None:
    """The API reads, and nobody writes but the triggers, as lingkar_sight."""
    op.execute("GRANT SELECT ON donation_months TO lingkar_app")
    op.execute("GRANT SELECT, INSERT, UPDATE (covered, reserved) ON donation_months TO lingkar_sight")
    op.execute("GRANT SELECT (id, allocation_id, remittance_id) ON contribution_months TO lingkar_sight")
    op.execute("GRANT SELECT (id, donation_id) ON allocations TO lingkar_sight")
    op.execute("GRANT SELECT (id, allocation_id, month, lines) ON remittances TO lingkar_sight")
    op.execute("GRANT SELECT (remittance_id, outcome) ON acknowledgements TO lingkar_sight")
    op.execute("ALTER TABLE donation_months ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE donation_months FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY app_select ON donation_months FOR SELECT TO lingkar_app USING ({_READ_BY})")
    for table in ("donation_months", "allocations", "remittances", "acknowledgements"):
        op.execute(f"CREATE POLICY sight ON {table} TO lingkar_sight USING (true)")


def _count() -> None:
    for function in (_LOCKED, _FOLLOW, _RESERVED, _CLOSED, _ACKNOWLEDGED):
        op.execute(function)
    for trigger in _TRIGGERS:
        op.execute(trigger)
    op.execute("GRANT EXECUTE ON FUNCTION donation_months_reserve(uuid) TO lingkar_app")
    op.execute("GRANT CREATE ON SCHEMA public TO lingkar_sight")
    for name in _FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"ALTER FUNCTION {name} OWNER TO lingkar_sight")
    op.execute("REVOKE CREATE ON SCHEMA public FROM lingkar_sight")
    # What was there before is counted where row security shows it.
    op.execute("SET LOCAL ROLE lingkar_sight")
    op.execute("SET LOCAL row_security = on")
    op.execute(_COUNTED_BEFORE)
    op.execute("RESET ROLE")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
