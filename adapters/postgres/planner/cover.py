"""Coverage determinations written by SQL: `domain.determination.determine` over the spells of one worker.

Cover ends the day before the first day, from the one asked about on, that no spell of the branch holds; reasons are
those of the covers of the day, each once, in their order; the words for no cover are the domain's own.
"""

from __future__ import annotations

import datetime as dt

from adapters.postgres.coverage import KNOWN
from adapters.postgres.planner.lists import listed
from adapters.postgres.planner.pieces import Pieces, Sql, day, enum, free, joined
from adapters.postgres.planner.statement import Column, Inner, Record, Statement, plain_object
from domain.determination import Outcome, no_cover
from domain.reads import Member, Part, Value
from domain.standing import WEAKEST_LAST

_ENDED, _BEGINS = dt.date(1111, 1, 1), dt.date(2222, 2, 2)
"""Days that hold the places of real ones in the domain's words."""
_YES, _NO = Outcome.COVERED.value, Outcome.NOT_COVERED.value


def _source_ids(column: str) -> Pieces:
    each = f"jsonb_array_elements({column}) WITH ORDINALITY e(x, n)"
    return ("[", Sql(f"coalesce((SELECT string_agg(e.x::text, ',' ORDER BY e.n) FROM {each}), '')"), "]")


def _as_kept(column: str) -> Pieces:
    return (Sql(f"({column})::text"),)


REASON = Record(
    values={
        **{name: Column(_as_kept, f"{{r}}.x -> '{name}'") for name in ("rule", "text", "value", "since")},
        "source_ids": Column(_source_ids, "{r}.x -> 'source_ids'"),
        "standing": Column(enum, "{r}.x ->> 'standing'"),
    }
)
"""A reason as a list of them keeps it; `x` is its JSON."""


def reasons_in(body: str, *needs: str) -> Inner:
    """The reasons of a kept list, in its order. body: the list, as an expression of the row `{r}`."""

    def written(statement: Statement, part: Part, row: str) -> Pieces:
        one = statement.alias("x")
        rows = f"jsonb_array_elements({body.format(r=row)}) WITH ORDINALITY {one}(x, n)"
        return listed(statement, part, REASON, rows, one, f"{one}.n")

    return Inner(written, needs)


_COVER = Record(
    values={
        **{name: Column(enum, f"{{r}}.{name}") for name in ("branch", "extent", "state", "funder_kind")},
        "scheme_id": Column(free, "{r}.scheme_id"),
        "institution_id": Column(free, "{r}.institution_id"),
        "fund_id": Column(free, "{r}.fund_id", nullable=True),
        "first_day": Column(day, "lower({r}.days)"),
        "covered_until": Column(day, "lower(datemultirange(daterange({r}.asked, NULL)) - {r}.held) - 1", nullable=True),
    },
    parts={"reasons": reasons_in("{r}.body")},
)


def determination(statement: Statement, part: Part, worker: str, more: str = "") -> str:
    """The query of one row: the JSON of a determination as `body`, and whether there is cover as `covered`.

    more: a further column, an aggregate of the spells that `{r}` names; of those `{r}.holds` on the day.
    """
    on = statement.argument(part, "on", "date")
    known = statement.numbered(KNOWN, {"known_at": "timestamptz"}, part.slot)
    row = statement.alias("c")
    kept = "JOIN reasons r ON r.id = s.reasons_id"
    body, reasons = ("r.body", kept) if _gives_reasons(part.members) else ("NULL", "")
    spells = f"""
        SELECT s.*, {body} AS body, {on} AS asked, s.days @> {on} AS holds,
               range_agg(s.days) OVER (PARTITION BY s.branch) AS held
        FROM coverage_spells s {reasons} WHERE s.worker_id = {worker} AND {known}"""
    answer = joined(statement.object(_of(row, on), part.members, row))
    covered = f"count(*) FILTER (WHERE {row}.holds) > 0 AS covered"
    further = f", {more.format(r=row)}" if more else ""
    return f"SELECT {answer} AS body, {covered}{further} FROM ({spells}) {row}"


def _gives_reasons(members: tuple[Member, ...]) -> bool:
    own = any(isinstance(member, Part | Value) and member.name in ("reasons", "standing") for member in members)
    return own or any(isinstance(member, Part) and _gives_reasons(member.members) for member in members)


def _of(row: str, on: str) -> Record:
    """A determination over the spells that the alias `row` names: everything in it is an aggregate of them."""
    holds = f"FILTER (WHERE {row}.holds)"
    order = f"{row}.branch, {row}.days, {row}.scheme_id"

    def covers(statement: Statement, part: Part, _: str) -> Pieces:
        body = joined(statement.object(_COVER, part.members, row))
        return ("[", Sql(f"coalesce(string_agg({body}, ',' ORDER BY {order}) {holds}, '')"), "]")

    def reasons(statement: Statement, part: Part, _: str) -> Pieces:
        one = statement.alias("x")
        once = f"""(SELECT e.x, min(ARRAY[b.n, e.n]) AS n
            FROM unnest(array_agg({row}.body ORDER BY {order}) {holds}) WITH ORDINALITY b(body, n),
                 jsonb_array_elements(b.body) WITH ORDINALITY e(x, n) GROUP BY e.x) {one}"""
        (given,) = listed(statement, part, REASON, once, one, f"{one}.n")
        ended = f"max(upper({row}.days) - 1) FILTER (WHERE upper({row}.days) - 1 < {row}.asked)"
        begins = f"min(lower({row}.days)) FILTER (WHERE lower({row}.days) > {row}.asked)"
        none = _no_cover(part.members, ended, begins)
        return (Sql(f"CASE WHEN count(*) {holds} > 0 THEN {given} ELSE {none} END"),)

    cases = [
        f"WHEN bool_or({row}.body @> '[{{{{\"standing\": \"{standing.value}\"}}}}]') {holds} THEN '{standing.value}'"
        for standing in reversed(WEAKEST_LAST)
    ]
    return Record(
        values={
            "on": Column(day, on),
            "outcome": Column(enum, f"CASE WHEN count(*) {holds} > 0 THEN '{_YES}' ELSE '{_NO}' END"),
            "standing": Column(enum, f"CASE {' '.join(cases)} ELSE '{WEAKEST_LAST[0].value}' END"),
        },
        parts={"covers": Inner(covers), "reasons": Inner(reasons)},
    )


def _no_cover(members: tuple[Member, ...], ended: str, begins: str) -> str:
    """The list of the one reason of an answer without cover, in each of the forms in which the domain says it."""
    neither, only_ended, only_begins, both = (
        joined(_filled(members, before, after, ended, begins))
        for before, after in ((None, None), (_ENDED, None), (None, _BEGINS), (_ENDED, _BEGINS))
    )
    return f"""CASE WHEN {ended} IS NULL AND {begins} IS NULL THEN {neither} WHEN {begins} IS NULL THEN {only_ended}
        WHEN {ended} IS NULL THEN {only_begins} ELSE {both} END"""


def _filled(
    members: tuple[Member, ...], before: dt.date | None, after: dt.date | None, ended: str, begins: str
) -> Pieces:
    text = "".join(["[", *plain_object(members, no_cover(before, after)), "]"])
    pieces: list[str] = []
    for number, piece in enumerate(text.split(str(_ENDED))):
        pieces += [Sql(f"({ended})::text")] if number else []
        for place, rest in enumerate(piece.split(str(_BEGINS))):
            pieces += [Sql(f"({begins})::text")] if place else []
            pieces.append(rest)
    return tuple(pieces)
