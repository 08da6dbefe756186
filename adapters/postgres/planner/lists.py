"""Lists and pages of rows, written as JSON by one expression each."""

from __future__ import annotations

from adapters.postgres.planner.pieces import Pieces, Sql, joined, opaque_place, optional, quoted
from adapters.postgres.planner.statement import Column, Inner, Record, Statement
from domain.reads import Part, Value


def listed(statement: Statement, part: Part, record: Record, rows: str, row: str, order: str) -> Pieces:
    """All rows of a FROM and WHERE, as a JSON list in an order."""
    body = joined(statement.object(record, part.members, row))
    return (Sql(f"(SELECT '[' || coalesce(string_agg({body}, ',' ORDER BY {order}), '') || ']' FROM {rows})"),)


def page(statement: Statement, part: Part, record: Record, rows: str, *, key: str, order: str, listing: str) -> Pieces:
    """A page of a query that gives one row more than is shown.

    key: the column by which a cursor finds its place. listing: an expression of the listing that a cursor belongs
    to, followed by a colon.
    """
    shown = int(dict(part.fixed)["first"])
    row = statement.alias("p")
    cursor = f"{listing} || {row}.{key}"
    node = Inner(lambda inner, wanted, at: inner.object(record, wanted.members, at))
    edge = Record(values={"cursor": Column(opaque_place, cursor)}, parts={"node": node})

    def edges(inner: Statement, wanted: Part, _: str) -> Pieces:
        body = joined(inner.object(edge, wanted.members, row))
        held = f"string_agg({body}, ',' ORDER BY {row}.place) FILTER (WHERE {row}.place <= {shown})"
        return ("[", Sql(f"coalesce({held}, '')"), "]")

    last = f"(array_agg({cursor} ORDER BY {row}.place DESC) FILTER (WHERE {row}.place <= {shown}))[1]"
    info = Record(
        values={
            "has_next_page": Column(lambda column: (Sql(f"({column})::text"),), f"count(*) > {shown}"),
            "end_cursor": Column(optional(opaque_place), last),
        }
    )
    whole = Record(
        values={},
        parts={
            "edges": Inner(edges),
            "page_info": Inner(lambda inner, wanted, at: inner.object(info, wanted.members, at)),
        },
    )
    body = joined(statement.object(whole, part.members, row))
    placed = f"SELECT r.*, row_number() OVER (ORDER BY {order.format(r='r')}) AS place FROM ({rows}) r"
    # HAVING makes it one row, also where nothing that was asked for counts or gathers rows.
    return (Sql(f"(SELECT {body} FROM ({placed}) {row} HAVING true)"),)


def listing_of(name: str) -> str:
    """The fixed name of a listing as `page` takes it."""
    return quoted(f"{name}:")


def wants(part: Part, *names: str) -> bool:
    """Whether a part wants one of these of its record, at its own level."""
    return any(isinstance(member, Part | Value) and member.name in names for member in part.members)
