"""Builds a database of workers for the measurements: set by set, skewed as corridors are, the same each time.

Seven of ten workers are Indonesia's, one in seven of them has moved to Malaysia; a tenth of the donations pays half
of all months. Each worker has a passport, cover of three branches, and half a year of months in two schemes if a
donation pays for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg

from adapters.identity.sealing import Sealer
from adapters.postgres.workers import blind_index_of
from domain.countries import MemberState
from domain.people import Identifier

_REASON = {
    "rule": "ID.JKK.cover",
    "text": "The months are paid and acknowledged",
    "value": "2025-07 to 2025-12",
    "since": None,
    "source_ids": ["ID.PP44.2015", "ID.PP82.2019"],
    "standing": "confirmed",
}

_DONATIONS = 100

_STATEMENTS = (
    """
    CREATE TABLE numbered AS
    SELECT n, ('01980000-' || lpad(to_hex(n / 65536), 4, '0') || '-7' || lpad(to_hex(n % 4096), 3, '0') || '-8' ||
               lpad(to_hex(n % 4096), 3, '0') || '-' || lpad(to_hex(n), 12, '0'))::uuid AS id,
           (n * 7919::bigint) % 1000 AS chance
    FROM generate_series(1, {workers}) n""",
    """
    INSERT INTO workers (id, home_state, nationality, sector, sealed_person, birth_precision, recorded_at)
    SELECT id, s, s, (ARRAY['agriculture', 'fishing', 'construction', 'manufacturing', 'domestic_work'])[1 + n % 5],
           '\\x00', 'day', timestamptz '2025-06-01 00:00+00' + n % 86400 * interval '1 second'
    FROM (SELECT *, CASE WHEN chance < 700 THEN 'ID' WHEN chance < 850 THEN 'PH' WHEN chance < 930 THEN 'VN'
                         ELSE 'MM' END AS s FROM numbered) w ORDER BY id""",
    """
    INSERT INTO donors SELECT md5('donor ' || n)::uuid, 'Donor ' || n, 'corporate', '2025-06-01 00:00+00'
    FROM generate_series(1, {donations}) n""",
    """
    INSERT INTO funds SELECT md5('fund ' || n)::uuid, 'Fund ' || n, 'cover', 'IDR', '2025-06-01 00:00+00'
    FROM generate_series(1, 10) n""",
    """
    INSERT INTO donations
    SELECT md5('donation ' || n)::uuid, md5('donor ' || n)::uuid, md5('fund ' || n % 10 + 1)::uuid, 'corporate',
           100000000000000, 'IDR', '2025-06-30', ARRAY['ID.JKK', 'ID.JKM'], NULL, NULL, true, '2025-06-30 00:00+00'
    FROM generate_series(1, {donations}) n""",
    """
    INSERT INTO ledger_accounts (id, kind, owner_id, currency, may_be_overdrawn, recorded_at)
    SELECT md5(k || n)::uuid, k, md5('donation ' || n)::uuid, 'IDR', k = 'donor', '2025-06-30 00:00+00'
    FROM generate_series(1, {donations}) n, unnest(ARRAY['donation', 'donor', 'remitted']) k""",
    """
    INSERT INTO ledger_transactions
    SELECT md5('received ' || n)::uuid, 'donation', md5('donation ' || n)::uuid, '2025-06-30 00:00+00'
    FROM generate_series(1, {donations}) n""",
    """
    INSERT INTO ledger_transfers
    SELECT md5('transfer ' || n)::uuid, md5('received ' || n)::uuid, 'posted', md5('donor' || n)::uuid,
           md5('donation' || n)::uuid, 100000000000000, 'IDR', NULL, '2025-06-30 00:00+00'
    FROM generate_series(1, {donations}) n""",
    # Half of the paid workers have their months from the first tenth of the donations.
    """
    CREATE TABLE paid AS
    SELECT n, id, CASE WHEN n % 2 = 0 THEN 1 + n % ({donations} / 10) ELSE 1 + n % {donations} END AS donation
    FROM numbered WHERE chance < 600""",
    """
    INSERT INTO allocations
    SELECT md5('allocation ' || n)::uuid, md5('donation ' || n)::uuid, NULL, NULL, 'months', 'bpu',
           ARRAY['ID.JKK', 'ID.JKM'], '2025-07-01', '2025-12-01', p.workers, 6 * p.workers, 6 * 16800 * p.workers,
           'IDR', '2025-06-30 00:00+00'
    FROM generate_series(1, {donations}) n
    JOIN (SELECT donation, count(*) AS workers FROM paid GROUP BY 1) p ON p.donation = n""",
    """
    INSERT INTO tariffs (allocation_id, scheme_id, month, sector, base, amount, reasons_id, rules_hash)
    SELECT md5('allocation ' || n)::uuid, s, m, 'agriculture', 1000000, CASE s WHEN 'ID.JKK' THEN 10000 ELSE 6800 END,
           sha256('list 1'), '0'
    FROM generate_series(1, {donations}) n, unnest(ARRAY['ID.JKK', 'ID.JKM']) s,
         generate_series(timestamp '2025-07-01', '2025-12-01', '1 month') m
    WHERE EXISTS (SELECT FROM allocations a WHERE a.id = md5('allocation ' || n)::uuid)""",
    """
    INSERT INTO ledger_transactions
    SELECT md5('reserved ' || a.id || m)::uuid, 'allocation', a.id, '2025-06-30 00:00+00'
    FROM allocations a, generate_series(7, 12) m""",
    """
    INSERT INTO ledger_transfers
    SELECT md5('pending ' || a.id || m)::uuid, md5('reserved ' || a.id || m)::uuid, 'pending', own.id, sent.id,
           16800 * a.workers, 'IDR', NULL, '2025-06-30 00:00+00'
    FROM allocations a JOIN ledger_accounts own ON own.owner_id = a.donation_id AND own.kind = 'donation'
    JOIN ledger_accounts sent ON sent.owner_id = a.donation_id AND sent.kind = 'remitted', generate_series(7, 12) m""",
    """
    INSERT INTO remittances
    SELECT md5('remittance ' || a.id || m)::uuid, a.id, 'ID.BPJSTK', make_date(2025, m, 1), 1, a.workers,
           16800 * a.workers, 'IDR', md5('pending ' || a.id || m)::uuid, '2025-06-30 00:00+00'
    FROM allocations a, generate_series(7, 12) m""",
    """
    INSERT INTO ledger_transfers
    SELECT md5('post ' || r.id)::uuid, t.transaction_id, 'post', t.debit_account_id, t.credit_account_id, t.amount,
           'IDR', t.id, '2025-07-02 00:00+00'
    FROM remittances r JOIN ledger_transfers t ON t.id = r.pending_transfer_id WHERE r.month < '2025-12-01'""",
    """
    INSERT INTO acknowledgements
    SELECT id, 'accepted', 'REF-' || left(id::text, 8), lines, amount, true, '2025-07-02 00:00+00'
    FROM remittances WHERE month < '2025-12-01'""",
    """
    INSERT INTO contribution_months
           (worker_id, scheme_id, month, allocation_id, remittance_id, line, tariff_id, amount, recorded_at)
    SELECT p.id, t.scheme_id, t.month, t.allocation_id,
           md5('remittance ' || t.allocation_id || extract(month FROM t.month))::uuid, p.n, t.id, t.amount,
           '2025-06-30 00:00+00'
    FROM paid p JOIN tariffs t ON t.allocation_id = md5('allocation ' || p.donation)::uuid
    ORDER BY p.id, t.month, t.scheme_id""",
    "SELECT donation_months_reserve(id) FROM allocations",
    """
    INSERT INTO enrolments (worker_id, scheme_id, segment_id, institution_id, first_day, last_day, funder_kind, fund_id,
                            reference, simulated, recorded_at)
    SELECT id, s, 'bpu', CASE WHEN chance < 700 THEN 'ID.BPJSTK' ELSE 'PH.SSS' END, '2025-07-01',
           CASE WHEN chance < 100 THEN date '2025-10-15' END, 'corporate', md5('fund ' || n % 10 + 1)::uuid,
           'KPJ-' || n, true, '2025-07-02 00:00+00'
    FROM numbered, unnest(ARRAY['ID.JKK', 'ID.JKM']) s ORDER BY id""",
    """
    INSERT INTO enrolments (worker_id, scheme_id, segment_id, institution_id, first_day, last_day, funder_kind, fund_id,
                            reference, simulated, recorded_at)
    SELECT id, 'MY.SOCSO.CAT1', 'inbound', 'MY.SOCSO', '2025-10-16', '2027-10-15', 'employer', NULL, 'SSFW-' || n, true,
           '2025-10-16 00:00+00'
    FROM numbered WHERE chance < 100 ORDER BY id""",
    """
    INSERT INTO moves (id, worker_id, from_state, to_state, move_on, plan, recorded_at, ended_at)
    SELECT md5('move ' || n)::uuid, id, 'ID', 'MY', '2025-10-16', '{{}}', '2025-10-06 00:00+00', '2025-10-10 00:00+00'
    FROM numbered WHERE chance < 100""",
    """
    INSERT INTO move_steps SELECT id, 'completed', 'REF', true, '2025-10-10 00:00+00' FROM moves""",
    "ALTER TABLE coverage_spells DROP CONSTRAINT ex_coverage_spells_no_overlap",
    """
    INSERT INTO coverage_spells (worker_id, scheme_id, institution_id, branch, days, extent, state, funder_kind,
                                 fund_id, reasons_id, rules_hash, recorded_at)
    SELECT id, scheme, 'ID.BPJSTK', branch,
           daterange('2025-07-01', CASE WHEN chance < 100 THEN date '2025-10-16' ELSE '2026-01-01' END), 'full', 'paid',
           'corporate', md5('fund ' || n % 10 + 1)::uuid, sha256(convert_to('list ' || n % 50 + 1, 'UTF8')), '0',
           '2025-07-02 00:00+00'
    FROM numbered, (VALUES ('ID.JKK', 'employment_injury'), ('ID.JKK', 'invalidity'), ('ID.JKM', 'survivors'))
         AS b(scheme, branch) ORDER BY id""",
    """
    INSERT INTO coverage_spells (worker_id, scheme_id, institution_id, branch, days, extent, state, funder_kind,
                                 fund_id, reasons_id, rules_hash, recorded_at)
    SELECT id, 'MY.SOCSO.CAT1', 'MY.SOCSO', branch, '[2025-10-16,2027-10-15]', 'full', 'enrolment', 'employer',
           NULL,           sha256(convert_to('list ' || n % 50 + 1, 'UTF8')), '0', '2025-10-16 00:00+00'
    FROM numbered, unnest(ARRAY['employment_injury', 'invalidity', 'survivors']) branch
    WHERE chance < 100 ORDER BY id""",
    """
    ALTER TABLE coverage_spells ADD CONSTRAINT ex_coverage_spells_no_overlap EXCLUDE USING gist
        (worker_id WITH =, scheme_id WITH =, branch WITH =, days WITH &&) WHERE (superseded_at IS NULL)""",
    """
    INSERT INTO access_records (worker_id, institution_id, actor_kind, actor_id, purpose, outcome, fields, recorded_at)
    SELECT id, 'ID.BPJSTK', 'officer', 'officer-ID', '', 'read', ARRAY['worker'], '2025-09-01 00:00+00'
    FROM numbered, generate_series(1, 2)""",
)


def build(address: str, sealer: Sealer, workers: int) -> None:
    """Fill an empty database with the newest schema. address: as psycopg takes it. Takes about 30 s for 100,000."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO reasons VALUES (sha256(%s), %s, '2025-06-01 00:00+00')",
                [(f"list {n}".encode(), json.dumps([_REASON | {"value": f"case {n}"}])) for n in range(1, 51)],
            )
        for statement in _STATEMENTS:
            connection.execute(statement.format(workers=workers, donations=_DONATIONS))
        _passports(connection, sealer, workers)
        connection.execute("DROP TABLE numbered, paid")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def passport(number: int) -> Identifier:
    """The passport of a worker, by the worker's number."""
    return Identifier(kind="passport", state=MemberState.ID, value=f"B{number:07d}")


def _passports(connection: psycopg.Connection[Any], sealer: Sealer, workers: int) -> None:
    connection.execute("CREATE TEMPORARY TABLE shown (n integer PRIMARY KEY, blind bytea)")
    with connection.cursor() as cursor, cursor.copy("COPY shown FROM STDIN") as copy:
        for row in _blind(sealer, workers):
            copy.write_row(row)
    connection.execute(
        """INSERT INTO identifiers (id, worker_id, kind, issuing_state, blind_index, sealed_value, recorded_at)
           SELECT md5('passport ' || n)::uuid, w.id, 'passport', 'ID', s.blind, '\\x00', '2025-06-01 00:00+00'
           FROM shown s JOIN numbered w USING (n)"""
    )


def _blind(sealer: Sealer, workers: int) -> Iterator[tuple[int, bytes]]:
    for number in range(1, workers + 1):
        yield number, blind_index_of(sealer, passport(number))
