-- What PostGraphile shows of the bench's data: plain views with keys, and a function where a fact is computed.
CREATE SCHEMA peer;

CREATE VIEW peer.worker AS SELECT id, home_state, nationality, sector FROM public.workers;
COMMENT ON VIEW peer.worker IS E'@primaryKey id';

CREATE VIEW peer.enrolment AS
    SELECT id, worker_id, scheme_id, segment_id, institution_id, first_day, last_day, funder_kind, reference
    FROM public.enrolments WHERE superseded_at IS NULL;
COMMENT ON VIEW peer.enrolment IS E'@primaryKey id\n@foreignKey (worker_id) references worker (id)|@foreignFieldName enrolments';

CREATE TYPE peer.cover AS (
    branch text, scheme_id text, institution_id text, extent text, state text, funder_kind text, fund_id uuid,
    first_day date, covered_until date, reasons jsonb);

CREATE FUNCTION peer.covers(worker_id uuid, on_day date) RETURNS SETOF peer.cover LANGUAGE sql STABLE AS $$
    SELECT branch, scheme_id, institution_id, extent, state, funder_kind, fund_id, lower(days),
           (SELECT upper(h) - 1 FROM unnest(held) h WHERE h @> on_day), body
    FROM (SELECT s.*, r.body, range_agg(s.days) OVER (PARTITION BY s.branch) AS held
          FROM public.coverage_spells s JOIN public.reasons r ON r.id = s.reasons_id
          WHERE s.worker_id = covers.worker_id AND s.superseded_at IS NULL) c
    WHERE days @> on_day ORDER BY branch, days, scheme_id $$;
COMMENT ON FUNCTION peer.covers IS E'@omit';

CREATE FUNCTION peer.worker_covers(worker peer.worker, on_day date) RETURNS SETOF peer.cover LANGUAGE sql STABLE AS $$
    SELECT * FROM peer.covers(worker.id, on_day) $$;

CREATE FUNCTION peer.covers_of(blind text, on_day date) RETURNS SETOF peer.cover LANGUAGE sql STABLE AS $$
    SELECT c.* FROM public.identifiers i, peer.covers(i.worker_id, on_day) c
    WHERE i.blind_index = decode(blind, 'hex') AND i.superseded_at IS NULL $$;

CREATE VIEW peer.donation AS SELECT id, received_on, amount, currency FROM public.donations;
COMMENT ON VIEW peer.donation IS E'@primaryKey id';

CREATE TYPE peer.statement AS (
    received bigint, available bigint, reserved bigint, sent bigint, refunded bigint, covered bigint, promised bigint);

CREATE FUNCTION peer.donation_statement(donation peer.donation) RETURNS peer.statement LANGUAGE sql STABLE AS $$
    SELECT donation.amount, own.posted_credits - own.posted_debits - own.pending_debits, own.pending_debits,
           sent.posted_credits - sent.posted_debits,
           (SELECT coalesce(sum(t.amount), 0)::bigint FROM public.ledger_transfers t
            JOIN public.ledger_transactions x ON x.id = t.transaction_id AND x.kind = 'refund'
            WHERE t.debit_account_id = own.id),
           m.covered, m.promised
    FROM public.ledger_accounts own
    JOIN public.ledger_accounts sent ON sent.owner_id = donation.id AND sent.kind = 'remitted'
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE taken) AS covered, count(*) FILTER (WHERE NOT taken) AS promised
        FROM (SELECT bool_or(k.outcome = 'accepted') IS TRUE AS taken
              FROM public.allocations a
              JOIN public.contribution_months c ON c.allocation_id = a.id AND c.superseded_at IS NULL
              LEFT JOIN public.acknowledgements k ON k.remittance_id = c.remittance_id
              WHERE a.donation_id = donation.id GROUP BY c.worker_id, c.month) each_month) m
    WHERE own.owner_id = donation.id AND own.kind = 'donation' $$;

CREATE TYPE peer.figure AS (month text, workers_rounded integer);

CREATE FUNCTION peer.donation_months(donation peer.donation) RETURNS SETOF peer.figure LANGUAGE sql STABLE AS $$
    SELECT to_char(month, 'YYYY-MM'), CAST(round(count(*) / 5.0) * 5 AS integer)
    FROM (SELECT DISTINCT c.month, c.worker_id
          FROM public.allocations a
          JOIN public.contribution_months c ON c.allocation_id = a.id AND c.superseded_at IS NULL
          JOIN public.acknowledgements k ON k.remittance_id = c.remittance_id AND k.outcome = 'accepted'
          WHERE a.donation_id = donation.id) w
    GROUP BY month ORDER BY month $$;
