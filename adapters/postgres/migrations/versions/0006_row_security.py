"""Row security: which rows an actor's transaction sees, whatever its statements say.

Why an institution sees a worker is written once, in the view `relations`. Both walls ask it: the statements that look
for a worker by the function `sees_worker`, the policies below by the view `own_relations`, which needs no call for
each row.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_RELATIONS = """
    CREATE VIEW relations AS
    SELECT e.worker_id, e.institution_id AS party, CAST(NULL AS text) AS purpose FROM enrolments e
    UNION ALL
    SELECT m.worker_id, m.from_state, NULL FROM moves m WHERE m.ended_at IS NULL OR EXISTS (
        SELECT FROM move_steps done WHERE done.move_id = m.id AND done.step = 'completed')
    UNION ALL
    SELECT m.worker_id, m.to_state, NULL FROM moves m WHERE m.ended_at IS NULL OR EXISTS (
        SELECT FROM move_steps done WHERE done.move_id = m.id AND done.step = 'completed')"""

# Those of the officer who asks, read as lingkar_sight: a policy of enrolments that read enrolments as the officer
# would ask itself for ever.
# What holds for one purpose is only seen by who names it, and in an emergency nothing else is.
_OWN_RELATIONS = """
    CREATE VIEW own_relations AS
    SELECT r.worker_id, r.party FROM relations r
    WHERE actor_kind() = 'officer' AND r.party IN (actor_institution(), actor_state())
      AND (r.purpose = asked_for() OR r.purpose IS NULL AND asked_for() IS DISTINCT FROM 'emergency')"""

_AS_SIGHT = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

_SEES_WORKER = f"""
    CREATE FUNCTION sees_worker(worker uuid) RETURNS boolean LANGUAGE plpgsql STABLE {_AS_SIGHT} AS $$
    BEGIN
        CASE actor_kind()
        WHEN 'operator' THEN RETURN true;
        WHEN 'worker' THEN RETURN worker = actor_subject();
        WHEN 'officer' THEN RETURN EXISTS (SELECT FROM own_relations r WHERE r.worker_id = worker);
        ELSE RETURN false;
        END CASE;
    END $$"""

# The same by set instead of by worker, so that a page is read in order through the indexes of what relates, and
# ends with its last row; hashing would read the relations of all workers first.
_WORKERS_IN_SIGHT = f"""
    CREATE FUNCTION workers_in_sight(after uuid, at_most integer) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 100 {_AS_SIGHT} SET enable_hashagg = off AS $$
    DECLARE
        beyond CONSTANT uuid := coalesce(after, '00000000-0000-0000-0000-000000000000');
    BEGIN
        IF actor_kind() = 'operator' THEN
            RETURN QUERY SELECT w.id FROM workers w WHERE w.id > beyond ORDER BY w.id LIMIT at_most;
        ELSIF actor_kind() = 'officer' THEN
            RETURN QUERY
            SELECT seen.id FROM (
                (SELECT DISTINCT r.worker_id AS id FROM own_relations r
                 WHERE r.party = actor_institution() AND r.worker_id > beyond ORDER BY r.worker_id LIMIT at_most)
                UNION
                (SELECT DISTINCT r.worker_id FROM own_relations r
                 WHERE r.party = actor_state() AND r.worker_id > beyond ORDER BY r.worker_id LIMIT at_most)) seen
            ORDER BY seen.id LIMIT at_most;
        END IF;
    END $$"""

# A donor pays for workers whom they do not see. What an allocation needs to know of them comes from these two.
_MAY_PAY = """(actor_kind() = 'operator' OR actor_kind() = 'donor' AND EXISTS (
            SELECT FROM nominations o JOIN donations d ON d.fund_id = o.fund_id
            WHERE o.id = nomination AND d.donor_id = actor_subject()))"""
_NOMINATED = f"""
    CREATE FUNCTION nominated_workers(nomination uuid) RETURNS TABLE (worker_id uuid, sector text, place bigint)
    LANGUAGE sql STABLE ROWS 5000 {_AS_SIGHT} AS $$
        SELECT n.worker_id, w.sector, row_number() OVER (ORDER BY n.line) - 1
        FROM nomination_workers n JOIN workers w ON w.id = n.worker_id
        WHERE n.nomination_id = nomination AND {_MAY_PAY}
    $$"""
_FUNDED = f"""
    CREATE FUNCTION months_funded(nomination uuid, schemes text[], first_day date, last_day date)
    RETURNS TABLE (months bigint, first_month date) LANGUAGE sql STABLE {_AS_SIGHT} AS $$
        SELECT count(*), min(c.month)
        FROM nomination_workers n JOIN contribution_months c ON c.worker_id = n.worker_id
        WHERE n.nomination_id = nomination AND c.superseded_at IS NULL AND {_MAY_PAY}
          AND c.scheme_id = ANY(schemes) AND c.month BETWEEN first_day AND last_day
    $$"""

# A status list is public, and a place in it tells nothing of whose it is; whose it is, only the tables tell. Null if
# there is no such list.
_WITHDRAWN = f"""
    CREATE FUNCTION withdrawn_places(list integer) RETURNS integer[] LANGUAGE sql STABLE {_AS_SIGHT} AS $$
        SELECT coalesce(
            array_agg(s.list_index ORDER BY s.list_index) FILTER (WHERE w.certificate_id IS NOT NULL), '{{}}')
        FROM certificate_statuses s LEFT JOIN certificate_withdrawals w USING (certificate_id)
        WHERE s.list_number = list HAVING count(*) > 0
    $$"""

_FUNCTIONS = {
    "sees_worker(uuid)": "lingkar_app",
    "workers_in_sight(uuid, integer)": "lingkar_app",
    "nominated_workers(uuid)": "lingkar_app",
    "months_funded(uuid, text[], date, date)": "lingkar_app",
    "withdrawn_places(integer)": "lingkar_app",
}
_HANDED_OVER = ("workers_locked(uuid[])", "leave_access_records(uuid[], bytea, text, date, text, text[])")

# What those functions read as lingkar_sight, and the one thing they write. To lock is granted as to update.
_SIGHT = {
    "workers": "SELECT (id, sector), UPDATE (id)",
    "identifiers": "SELECT (worker_id, blind_index, superseded_at)",
    "enrolments": "SELECT (worker_id, institution_id)",
    "moves": "SELECT (id, worker_id, from_state, to_state, ended_at)",
    "move_steps": "SELECT (move_id, step)",
    "nominations": "SELECT (id, fund_id)",
    "nomination_workers": "SELECT",
    "contribution_months": "SELECT (worker_id, scheme_id, month, superseded_at)",
    "donations": "SELECT (fund_id, donor_id)",
    "certificate_statuses": "SELECT (certificate_id, list_number, list_index)",
    "certificate_withdrawals": "SELECT (certificate_id)",
    "access_records": "INSERT",
}

_KIND = "(SELECT actor_kind())"
_OPERATOR = f"{_KIND} = 'operator'"
_BUT_DONORS = f"{_KIND} IN ('operator', 'officer', 'worker')"
_DONORS_OWN = f"{_KIND} = 'donor' AND {{}} = (SELECT actor_subject())"
_OWN_GIFTS = "(SELECT d.id FROM donations d WHERE d.donor_id = (SELECT actor_subject()))"
_OWN_ALLOCATION = f"{_KIND} = 'donor' AND {{}} IN (SELECT a.id FROM allocations a WHERE a.donation_id IN {_OWN_GIFTS})"
_OWN_KEYS = "actor_id = (SELECT actor_id())"
_OWN_CHAIN = "chain = (SELECT actor_chain())"
# OFFSET 0 keeps PostgreSQL from reading a whole table into a hash for the few rows of a question.
_CERTIFICATE_IN_SIGHT = "EXISTS (SELECT FROM certificates c WHERE c.id = certificate_id OFFSET 0)"
_CERTIFICATE_OF_MY_STATE = (
    f"{_KIND} = 'officer' AND EXISTS (SELECT FROM certificates c "
    "WHERE c.id = certificate_id AND c.legislation = (SELECT actor_state()) OFFSET 0)"
)
_MOVE_IN_SIGHT = "EXISTS (SELECT FROM moves m WHERE m.id = {} OFFSET 0)"
_PAID_BY_DONOR = _OWN_ALLOCATION.format("allocation_id")
# Money moves for one's own gift, or for the pack of a worker in sight; what is hidden is not found here.
_PAYABLE = (
    f"EXISTS (SELECT FROM allocations a WHERE a.id = {{}} AND ({_KIND} = 'donor' OR a.worker_id IS NOT NULL) OFFSET 0)"
)
_BATCH_IN_SIGHT = "EXISTS (SELECT FROM remittances r WHERE r.id = {} OFFSET 0)"


def _in_sight(column: str) -> str:
    return f"{_OPERATOR} OR {_related(column)}"


def _related(column: str) -> str:
    """What sees_worker says, without a call for each row, of an actor who does not see everybody."""
    return (
        f"({_KIND} = 'worker' AND {column} = (SELECT actor_subject()) "
        f"OR EXISTS (SELECT FROM own_relations seen WHERE seen.worker_id = {column} OFFSET 0))"
    )


# For each table who reads, who adds and who changes rows as lingkar_app. Where nothing is said, nobody does.
# A table that a condition names is read under its own policies.
_POLICIES = {
    "workers": {"SELECT": _in_sight("workers.id"), "INSERT": _OPERATOR},
    "identifiers": {
        "SELECT": _in_sight("identifiers.worker_id"),
        "INSERT": f"{_OPERATOR} OR {_KIND} = 'officer' AND {_related('identifiers.worker_id')}",
        "UPDATE": f"{_OPERATOR} OR {_KIND} = 'officer' AND {_related('identifiers.worker_id')}",
    },
    "enrolments": {"SELECT": _in_sight("enrolments.worker_id")},
    "coverage_spells": {"SELECT": _in_sight("coverage_spells.worker_id")},
    "certificates": {"SELECT": _in_sight("certificates.worker_id")},
    "certificate_statuses": {"SELECT": _CERTIFICATE_IN_SIGHT},
    "certificate_withdrawals": {"SELECT": _CERTIFICATE_IN_SIGHT, "INSERT": _CERTIFICATE_OF_MY_STATE},
    "moves": {"SELECT": _in_sight("moves.worker_id"), "INSERT": _in_sight("moves.worker_id")},
    "move_steps": {"SELECT": _MOVE_IN_SIGHT.format("move_id"), "INSERT": _MOVE_IN_SIGHT.format("move_id")},
    "access_records": {"SELECT": f"{_OPERATOR} OR {_KIND} = 'worker' AND worker_id = (SELECT actor_subject())"},
    "contribution_months": {
        "SELECT": f"{_OPERATOR} OR {_PAID_BY_DONOR} OR {_related('contribution_months.worker_id')}",
        "INSERT": f"{_OPERATOR} OR {_PAID_BY_DONOR}",
    },
    "nominations": {
        "SELECT": f"{_OPERATOR} OR {_KIND} = 'donor' AND fund_id IN "
        "(SELECT d.fund_id FROM donations d WHERE d.donor_id = (SELECT actor_subject()))",
        "INSERT": _OPERATOR,
    },
    "nomination_workers": {"SELECT": _OPERATOR, "INSERT": _OPERATOR},
    "nomination_refusals": {"SELECT": _OPERATOR, "INSERT": _OPERATOR},
    "allocations": {
        "SELECT": f"{_OPERATOR} OR {_KIND} = 'donor' AND donation_id IN {_OWN_GIFTS} "
        f"OR {_BUT_DONORS} AND (worker_id IS NULL OR {_related('allocations.worker_id')})",
        "INSERT": f"{_OPERATOR} OR {_KIND} = 'donor' AND donation_id IN {_OWN_GIFTS} "
        f"OR {_related('allocations.worker_id')}",
    },
    "remittances": {
        "SELECT": f"{_BUT_DONORS} OR {_PAID_BY_DONOR}",
        "INSERT": f"{_OPERATOR} OR {_PAYABLE.format('allocation_id')}",
    },
    "acknowledgements": {"SELECT": f"{_BUT_DONORS} OR {_BATCH_IN_SIGHT.format('remittance_id')}"},
    "donors": {"SELECT": f"{_OPERATOR} OR {_DONORS_OWN.format('id')}", "INSERT": _OPERATOR},
    "pledges": {
        "SELECT": f"{_OPERATOR} OR {_DONORS_OWN.format('donor_id')}",
        "INSERT": f"{_OPERATOR} OR {_DONORS_OWN.format('donor_id')}",
    },
    "donations": {"SELECT": f"{_BUT_DONORS} OR {_DONORS_OWN.format('donor_id')}", "INSERT": _OPERATOR},
    "ledger_accounts": {"SELECT": f"{_BUT_DONORS} OR owner_id IN {_OWN_GIFTS}", "INSERT": _OPERATOR},
    "ledger_transactions": {
        "SELECT": f"{_BUT_DONORS} OR {_OWN_ALLOCATION.format('subject_id')} "
        f"OR {_KIND} = 'donor' AND subject_id IN {_OWN_GIFTS}",
        "INSERT": f"{_OPERATOR} OR {_PAYABLE.format('subject_id')}",
    },
    "ledger_transfers": {
        "SELECT": f"{_BUT_DONORS} OR EXISTS (SELECT FROM ledger_accounts a WHERE a.id = debit_account_id OFFSET 0)",
        "INSERT": f"{_OPERATOR} OR EXISTS (SELECT FROM ledger_transactions x "
        f"WHERE x.id = transaction_id AND {_PAYABLE.format('x.subject_id')})",
    },
    "ledger_pendings": {
        "SELECT": f"{_BUT_DONORS} OR EXISTS (SELECT FROM ledger_transfers t WHERE t.id = transfer_id OFFSET 0)"
    },
    "funds": {"SELECT": f"{_KIND} IS NOT NULL", "INSERT": _OPERATOR},
    "reasons": {"SELECT": f"{_KIND} IS NOT NULL", "INSERT": f"{_KIND} IN ('operator', 'donor')"},
    "tariffs": {"SELECT": f"{_KIND} IS NOT NULL", "INSERT": f"{_OPERATOR} OR {_PAID_BY_DONOR}"},
    "messages": {
        "SELECT": f"{_OPERATOR} OR CASE kind WHEN 'contribution_remittance' "
        f"THEN {_BATCH_IN_SIGHT.format('subject_id')} ELSE {_MOVE_IN_SIGHT.format('subject_id')} END",
        "INSERT": f"{_OPERATOR} OR kind = 'move_announcement' AND {_MOVE_IN_SIGHT.format('subject_id')}",
        "UPDATE": _OPERATOR,
    },
    "answers": {},
    "idempotency_keys": {"SELECT": _OWN_KEYS, "INSERT": _OWN_KEYS, "UPDATE": _OWN_KEYS},
    "audit_heads": {"SELECT": f"{_OPERATOR} OR {_OWN_CHAIN}", "INSERT": _OWN_CHAIN, "UPDATE": _OWN_CHAIN},
    "audit_entries": {"SELECT": _OPERATOR, "INSERT": f"{_OWN_CHAIN} AND actor_id = (SELECT actor_id())"},
}

# The owner's own functions lock and add up these; they name nobody. Everything else is closed to the owner, too.
_OPEN_TO_THE_OWNER = ("donations", "ledger_accounts", "ledger_transfers", "ledger_pendings")


def upgrade() -> None:
    op.execute(_RELATIONS)
    op.execute(_OWN_RELATIONS)
    for function in (_SEES_WORKER, _WORKERS_IN_SIGHT, _NOMINATED, _FUNDED, _WITHDRAWN):
        op.execute(function)
    for table, rights in _SIGHT.items():
        op.execute(f"GRANT {rights} ON {table} TO lingkar_sight")
    op.execute("GRANT CREATE ON SCHEMA public TO lingkar_sight")
    for name, role in _FUNCTIONS.items():
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {role}")
    for name in (*_FUNCTIONS, *_HANDED_OVER):
        op.execute(f"ALTER FUNCTION {name} OWNER TO lingkar_sight")
    op.execute("GRANT SELECT ON own_relations TO lingkar_app")
    for view in ("relations", "own_relations"):
        op.execute(f"ALTER VIEW {view} OWNER TO lingkar_sight")
    op.execute("REVOKE CREATE ON SCHEMA public FROM lingkar_sight")
    for table, policies in _POLICIES.items():
        _hold(table, policies)


def _hold(table: str, policies: dict[str, str]) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    if table not in _OPEN_TO_THE_OWNER:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY delivery ON {table} TO lingkar_delivery USING (true)")
    if table in _SIGHT:
        op.execute(f"CREATE POLICY sight ON {table} TO lingkar_sight USING (true)")
    for act, condition in policies.items():
        word = "WITH CHECK" if act == "INSERT" else "USING"
        op.execute(f"CREATE POLICY app_{act.lower()} ON {table} FOR {act} TO lingkar_app {word} ({condition})")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")
