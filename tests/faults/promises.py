"""What must hold after every fault, read from the database and from the institutions' own records."""

from __future__ import annotations

from collections.abc import Iterator

from domain.audit import AuditEntry, Head, first_fault
from tests.faults.running import INSTITUTIONS, Platform

_MONEY = """
    SELECT d.id, d.amount, own.posted_credits - own.posted_debits - own.pending_debits AS available,
           own.pending_debits AS reserved, sent.posted_credits - sent.posted_debits AS sent,
           coalesce((SELECT sum(t.amount) FROM ledger_transfers t JOIN ledger_transactions x
                     ON x.id = t.transaction_id AND x.kind = 'refund' WHERE t.debit_account_id = own.id), 0) AS refunded
    FROM donations d
    JOIN ledger_accounts own ON own.owner_id = d.id AND own.kind = 'donation'
    JOIN ledger_accounts sent ON sent.owner_id = d.id AND sent.kind = 'remitted'"""

_TOTALS = """
    SELECT a.id FROM ledger_accounts a,
    LATERAL (SELECT
        coalesce(sum(t.amount) FILTER (WHERE t.kind IN ('posted', 'post')
                 AND t.debit_account_id = a.id), 0) AS debits,
        coalesce(sum(t.amount) FILTER (WHERE t.kind IN ('posted', 'post')
                 AND t.credit_account_id = a.id), 0) AS credits,
        coalesce(sum(CASE t.kind WHEN 'pending' THEN t.amount WHEN 'posted' THEN 0 ELSE -t.amount END)
                 FILTER (WHERE t.debit_account_id = a.id), 0) AS pending
        FROM ledger_transfers t WHERE a.id IN (t.debit_account_id, t.credit_account_id)) again
    WHERE (a.posted_debits, a.posted_credits, a.pending_debits) <> (again.debits, again.credits, again.pending)"""

_STANDING = """
    SELECT m.id, m.state, count(a.message_id) FILTER (WHERE a.stands) AS standing
    FROM messages m LEFT JOIN answers a ON a.message_id = m.id GROUP BY m.id, m.state
    HAVING (m.state = 'answered' AND count(a.message_id) FILTER (WHERE a.stands) <> 1)
        OR m.state IN ('due', 'taken', 'parked')"""

_PAID_TWICE = """
    SELECT worker_id, scheme_id, month FROM contribution_months WHERE superseded_at IS NULL
    GROUP BY worker_id, scheme_id, month HAVING count(*) > 1"""

_PAID = """
    SELECT count(DISTINCT (c.worker_id, c.month)) AS months, coalesce(sum(c.amount), 0) AS total
    FROM contribution_months c JOIN acknowledgements k ON k.remittance_id = c.remittance_id AND k.outcome = 'accepted'
    WHERE c.superseded_at IS NULL"""

_MOVES = """
    SELECT m.id, m.worker_id, m.move_on, m.ended_at, array_agg(t.step) AS steps,
           (SELECT count(*) FROM certificates c WHERE c.move_id = m.id) AS certificates
    FROM moves m JOIN move_steps t ON t.move_id = m.id GROUP BY m.id"""

# Days on which a branch that was covered on the eve of the move is covered by nothing.
_GAPS = """
    SELECT eve.branch, CAST(day AS date) AS day
    FROM (SELECT DISTINCT branch FROM coverage_spells WHERE worker_id = %(worker)s AND superseded_at IS NULL
          AND days @> %(eve)s::date) eve,
         generate_series(%(eve)s::date - 10, %(eve)s::date + 30, interval '1 day') day
    WHERE NOT EXISTS (SELECT 1 FROM coverage_spells s WHERE s.worker_id = %(worker)s AND s.superseded_at IS NULL
                      AND s.branch = eve.branch AND s.days @> CAST(day AS date))"""

_COVERED_BY = """
    SELECT DISTINCT scheme_id FROM coverage_spells
    WHERE worker_id = %s AND superseded_at IS NULL AND days @> CAST(%s AS date)"""

_UNDONE = {"destination_refused", "destination_silent", "home_refused"}


def broken_promises(platform: Platform) -> list[str]:
    """Every promise that does not hold, in words; nothing may be on its way any more."""
    return [*_money(platform), *_messages(platform), *_months(platform), *_moves(platform), *_chains(platform)]


def _money(platform: Platform) -> Iterator[str]:
    for row in platform.rows(_MONEY):
        if row["available"] + row["reserved"] + row["sent"] + row["refunded"] != row["amount"]:
            yield f"the parts of a donation do not add up: {row}"
        if row["reserved"]:
            yield f"money of a donation is still reserved: {row}"
    for row in platform.rows(_TOTALS):
        yield f"the totals of account {row['id']} are not the sums of its transfers"
    for row in platform.rows("SELECT * FROM ledger_pendings WHERE settled <> amount"):
        yield f"a pending transfer is left over: {row}"


def _messages(platform: Platform) -> Iterator[str]:
    for row in platform.rows(_STANDING):
        yield f"a message does not have exactly one standing answer: {row}"
    for state, institution in INSTITUTIONS.items():
        query = """SELECT count(*) FILTER (WHERE state = 'answered') AS answered,
                   count(*) FILTER (WHERE state = 'withdrawn') AS withdrawn FROM messages WHERE institution_id = %s"""
        told = platform.rows(query, [institution])[0]
        taken_in = platform.state(state)["messages"]
        if not told["answered"] <= taken_in <= told["answered"] + told["withdrawn"]:
            yield f"{institution} took {taken_in} messages in, answered were {told}"


def _months(platform: Platform) -> Iterator[str]:
    for row in platform.rows(_PAID_TWICE):
        yield f"a month is paid twice: {row}"
    paid, there = platform.rows(_PAID)[0], platform.records("ID")
    if (paid["months"], paid["total"]) != (there["months_paid"], there["paid_total"]):
        yield f"the institution's months {there} are not ours {paid}"
    sent = sum(row["sent"] for row in platform.rows(_MONEY))
    if sent != there["paid_total"] + there["packs_total"]:
        yield f"{sent} lie with the institution by our books, by its own {there}"


def _moves(platform: Platform) -> Iterator[str]:
    moves = platform.rows(_MOVES)
    completed = [move for move in moves if "completed" in move["steps"]]
    for move in moves:
        steps = set(move["steps"])
        if move["ended_at"] is None or len(steps & (_UNDONE | {"completed"})) != 1:
            yield f"a move has not exactly one end: {move}"
        if move["certificates"] != (1 if "completed" in steps else 0):
            yield f"a move has {move['certificates']} certificates: {move}"
        # Who was refused once and moved later has the cover of the later move.
        if "completed" in steps or move["worker_id"] not in {one["worker_id"] for one in completed}:
            yield from _cover(platform, move)
    registered, packs = platform.records("MY")["registrations"], platform.records("ID")["packs"]
    if not len(completed) == registered == packs:
        yield f"{len(completed)} completed moves, {registered} registrations there, {packs} packs at home"


def _cover(platform: Platform, move: dict[str, object]) -> Iterator[str]:
    worker, on = move["worker_id"], move["move_on"]
    eve = platform.rows("SELECT CAST(%s AS date) - 1 AS eve", [on])[0]["eve"]
    with platform.connect() as connection:
        for row in connection.execute(_GAPS, {"worker": worker, "eve": eve}):
            yield f"worker {worker} has a gap: {row}"
    steps = move["steps"]
    assert isinstance(steps, list)
    before = {row["scheme_id"] for row in platform.rows(_COVERED_BY, [worker, eve])}
    after = {row["scheme_id"] for row in platform.rows(_COVERED_BY, [worker, on])}
    if not {"ID.JKK", "ID.JKM"} <= before:
        yield f"worker {worker} was not covered before the move: {before}"
    if "completed" in steps and (not {"MY.SOCSO.CAT1", "ID.PMI"} <= after or {"ID.JKK", "ID.JKM"} & after):
        yield f"worker {worker} has the wrong cover from the move on: {after}"
    if "completed" not in steps and not {"ID.JKK", "ID.JKM"} <= after:
        yield f"worker {worker} lost the old cover though the move was undone: {after}"


def _chains(platform: Platform) -> Iterator[str]:
    for head in platform.rows("SELECT * FROM audit_heads"):
        rows = platform.rows("SELECT * FROM audit_entries WHERE chain = %s ORDER BY number", [head["chain"]])
        entries = [
            AuditEntry(**row | {"hash": bytes(row["hash"]), "previous_hash": bytes(row["previous_hash"])})
            for row in rows
        ]
        own = Head(number=head["number"], hash=bytes(head["hash"]))
        fault = first_fault(entries, head["chain"], own)
        if fault is not None:
            yield f"the audit chain {head['chain']} is broken: {fault}"
