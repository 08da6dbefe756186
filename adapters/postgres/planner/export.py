"""A page of an export: the coverage of each worker of a page in sight, one line each, with the records it leaves."""

from __future__ import annotations

from adapters.postgres.planner.cover import determination
from adapters.postgres.planner.pieces import Sql, joined, opaque
from adapters.postgres.planner.statement import Statement
from adapters.postgres.planner.trust import leave_answers
from domain.reads import Part

_WORKER = "Worker:"


def page_of_lines(statement: Statement, part: Part, refusing: str) -> str:
    """The statement of one page. refusing: an expression that ends the statement, so that nothing of it is kept."""
    after, limit = statement.argument(part, "after", "uuid"), statement.argument(part, "limit", "integer")
    scheme = statement.argument(part, "scheme_id", "text")
    seen = statement.cte("seen", f"SELECT s.id FROM workers_in_sight({after}, {limit}) s(id)", kept=True)
    wanted = f"count(*) FILTER (WHERE {{r}}.holds AND {{r}}.scheme_id = {scheme}) > 0 AS of_scheme"
    spells = determination(statement, part, "p.id", wanted)
    answers = statement.cte(
        "answers",
        f"""SELECT p.id, p.id AS given_id, CAST(NULL AS bytea) AS blind, true AS seen, c.body, c.covered,
                   {scheme} IS NULL OR c.of_scheme AS shown
            FROM {seen} p CROSS JOIN LATERAL ({spells}) c""",
        kept=True,
    )
    # Whoever is left out because of the scheme was looked at as well, and leaves a record.
    leave_answers(statement, answers, statement.argument(part, "on", "date"), part.answered)
    line = joined(('{"worker":', *opaque("a.id", _WORKER), ',"coverage":', Sql("a.body"), "}\n"))
    last = "coalesce((array_agg(a.id ORDER BY a.id DESC))[1]::text, '')"
    head = f"count(a.id) || ' ' || count(a.id) FILTER (WHERE a.shown) || ' ' || {last}"
    lines = f"coalesce(string_agg({line}, '' ORDER BY a.id) FILTER (WHERE a.shown), '')"
    page = f"CASE WHEN count(a.id) = count(a.body) THEN {head} || E'\\n' || {lines} END"
    tables = ", ".join(f"{name} {query}" for name, query in statement.ctes)
    (trace,) = statement.traces
    return f"WITH {tables} SELECT coalesce(({page}), {refusing}) FROM {trace} LEFT JOIN {answers} a ON true"
