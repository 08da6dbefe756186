"""What a question may begin with: the root of each tree, with who sees it and which trace it leaves."""

from __future__ import annotations

from adapters.postgres.batches import PLACES
from adapters.postgres.planner.cover import determination
from adapters.postgres.planner.lists import listing_of, page
from adapters.postgres.planner.pieces import Pieces, Sql, joined
from adapters.postgres.planner.records import ALLOCATION, DONATION, WORKER
from adapters.postgres.planner.statement import Inner, Record, Statement
from adapters.postgres.planner.trust import (
    leave_answer,
    leave_answers,
    leave_traces,
    visible_donation,
    visible_page,
    visible_worker,
)
from domain.reads import Part


def _worker(statement: Statement, part: Part, _: str) -> Pieces:
    return _seen_worker(statement, part, f"w.id = {statement.argument(part, 'id', 'uuid')}", "'null'")


def _me(statement: Statement, part: Part, _: str) -> Pieces:
    # Without the worker there is no answer but an error, which the ordinary path gives.
    return _seen_worker(statement, part, f"w.id = {statement.parameter(None, 'actor_subject', 'uuid')}", "NULL")


def _seen_worker(statement: Statement, part: Part, condition: str, nothing: str) -> Pieces:
    query = f"SELECT w.* FROM workers w WHERE {condition} AND {visible_worker('w.id')}"
    seen = statement.cte("seen", query)
    leave_traces(statement, seen, part.answered)
    body = joined(statement.object(WORKER, part.members, seen))
    return (Sql(f"CASE WHEN EXISTS (SELECT FROM {seen}) THEN (SELECT {body} FROM {seen}) ELSE {nothing} END"),)


def _workers(statement: Statement, part: Part, _: str) -> Pieces:
    after = statement.argument(part, "after", "uuid")
    limit = int(dict(part.fixed)["first"]) + 1
    seen = statement.cte("seen", visible_page(after, limit))
    leave_traces(statement, seen, part.answered)
    rows = f"SELECT * FROM {seen}"
    return page(statement, part, WORKER, rows, key="id", order="{r}.id", listing=listing_of("workers"))


def _coverage(statement: Statement, part: Part, _: str) -> Pieces:
    blind = statement.argument(part, "identifier", "bytea")
    person = statement.cte(
        "person",
        f"""SELECT i.worker_id AS id, {visible_worker("i.worker_id")} AS seen
            FROM identifiers i WHERE i.blind_index = {blind} AND i.superseded_at IS NULL""",
    )
    # Of a person who may not be seen nothing is read, so that the time it takes tells nothing either.
    spells = determination(statement, part, "CASE WHEN p.seen THEN p.id END")
    answer = statement.cte(
        "answer",
        f"""SELECT p.id, p.seen, c.body, c.covered
            FROM (SELECT) one LEFT JOIN {person} p ON true LEFT JOIN LATERAL ({spells}) c ON true""",
    )
    leave_answer(statement, answer, blind, statement.argument(part, "on", "date"), part.answered)
    hidden = statement.parameter(part.slot, "hidden", "text", part)
    return (Sql(f"(SELECT CASE WHEN a.seen THEN a.body ELSE {hidden} END FROM {answer} a)"),)


def _coverages(statement: Statement, part: Part, _: str) -> Pieces:
    given = {name: statement.argument(part, name, kind) for name, kind in (("ids", "uuid[]"), ("blinds", "bytea[]"))}
    places = statement.cte("places", PLACES.format(**given), kept=True)
    spells = determination(statement, part, "CASE WHEN p.seen THEN p.id END")
    answers = statement.cte(
        "answers", f"SELECT p.*, c.body, c.covered FROM {places} p CROSS JOIN LATERAL ({spells}) c", kept=True
    )
    leave_answers(statement, answers, statement.argument(part, "on", "date"), part.answered)
    hidden = statement.parameter(part.slot, "hidden", "text", part)
    each = f"CASE WHEN a.seen THEN a.body ELSE {hidden} END"
    return ("[", Sql(f"(SELECT coalesce(string_agg({each}, ',' ORDER BY a.n), '') FROM {answers} a)"), "]")


def _donation(statement: Statement, part: Part, _: str) -> Pieces:
    row = statement.alias("d")
    condition = f"{row}.id = {statement.argument(part, 'id', 'uuid')} AND {visible_donation(statement, row)}"
    return _one(statement, part, DONATION, f"donations {row}", condition, row)


def _donations(statement: Statement, part: Part, _: str) -> Pieces:
    limit = int(dict(part.fixed)["first"]) + 1
    rows = f"""SELECT d.* FROM donations d WHERE {visible_donation(statement, "d")}
               AND d.id > {statement.argument(part, "after", "uuid")} ORDER BY d.id LIMIT {limit}"""
    return page(statement, part, DONATION, rows, key="id", order="{r}.id", listing=listing_of("donations"))


def _allocation(statement: Statement, part: Part, _: str) -> Pieces:
    row = statement.alias("a")
    own = f"EXISTS (SELECT FROM donations d WHERE d.id = {row}.donation_id AND {visible_donation(statement, 'd')})"
    condition = f"{row}.id = {statement.argument(part, 'id', 'uuid')} AND {own}"
    return _one(statement, part, ALLOCATION, f"allocations {row}", condition, row)


def _one(statement: Statement, part: Part, record: Record, rows: str, condition: str, row: str) -> Pieces:
    """A row, or null where none is found."""
    body = joined(statement.object(record, part.members, row))
    held = f"SELECT ARRAY[{body}] FROM {rows} WHERE {condition}"
    return (Sql(f"(SELECT CASE WHEN count(*) = 0 THEN 'null' ELSE (array_agg(f.a))[1][1] END FROM ({held}) f(a))"),)


ROOT = Record(
    values={},
    parts={
        "worker": Inner(_worker),
        "me": Inner(_me),
        "workers": Inner(_workers),
        "coverage_of_identifier": Inner(_coverage),
        "coverage_of_people": Inner(_coverages),
        "donation": Inner(_donation),
        "donations": Inner(_donations),
        "allocation": Inner(_allocation),
    },
)
