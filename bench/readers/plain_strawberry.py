"""A plain server as one would write it with Strawberry: types, resolvers, DataLoaders, rows of psycopg.

It answers the three questions from the same tables by sensible batched statements. It checks no token, no visibility
and no limit and leaves no trace.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections import defaultdict
from typing import Any
from uuid import UUID

import strawberry
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

from adapters.identity.sealing import Sealer
from adapters.postgres.workers import blind_index_of
from bench.readers.data import passport
from domain.countries import MemberState
from domain.records import Purpose

Row = dict[str, Any]


def _opaque(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _after(cursor: str | None) -> UUID:
    if cursor is None:
        return UUID(int=0)
    return UUID(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().rpartition(":")[2])


class Loaders:
    """What one request reads through."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self.pool = pool
        self.spells: DataLoader[UUID, list[Row]] = DataLoader(load_fn=self._spells)
        self.enrolments: DataLoader[UUID, list[Row]] = DataLoader(load_fn=self._enrolments)

    async def rows(self, query: str, *values: Any) -> list[Row]:
        async with self.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(query.encode(), values, prepare=True)
            found: list[Row] = await cursor.fetchall()
            return found

    async def _spells(self, ids: list[UUID]) -> list[list[Row]]:
        query = """SELECT s.*, lower(s.days) AS first_day, upper(s.days) - 1 AS last_day, r.body
                   FROM coverage_spells s JOIN reasons r ON r.id = s.reasons_id
                   WHERE s.worker_id = ANY(%s) AND s.superseded_at IS NULL ORDER BY s.branch, s.days, s.scheme_id"""
        return _grouped(ids, await self.rows(query, ids))

    async def _enrolments(self, ids: list[UUID]) -> list[list[Row]]:
        query = """SELECT * FROM enrolments WHERE worker_id = ANY(%s) AND superseded_at IS NULL
                   ORDER BY first_day, scheme_id, id"""
        return _grouped(ids, await self.rows(query, ids))


def _grouped(ids: list[UUID], rows: list[Row]) -> list[list[Row]]:
    found: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["worker_id"]].append(row)
    return [found[one] for one in ids]


@strawberry.type
class Reason:
    rule: str
    text: str
    value: str
    since: str | None
    source_ids: list[str]
    standing: str


@strawberry.type
class Cover:
    branch: str
    scheme_id: str
    institution_id: str
    extent: str
    state: str
    funder_kind: str
    fund_id: strawberry.ID | None
    first_day: dt.date
    covered_until: dt.date | None
    reasons: list[Reason]


@strawberry.type
class CoverageDetermination:
    on: dt.date
    outcome: str
    standing: str
    covers: list[Cover]


@strawberry.type
class Problem:
    code: str
    message: str


@strawberry.type
class Enrolment:
    scheme_id: str
    segment_id: str
    institution_id: str
    first_day: dt.date
    last_day: dt.date | None
    funder_kind: str
    reference: str


def _determined(spells: list[Row], on: dt.date) -> CoverageDetermination:
    held = [s for s in spells if s["first_day"] <= on and (s["last_day"] is None or on <= s["last_day"])]
    standings = {reason["standing"] for spell in held for reason in spell["body"]}
    weakest = next((word for word in ("assumed", "reported") if word in standings), "confirmed")
    return CoverageDetermination(
        on=on,
        outcome="COVERED" if held else "NOT_COVERED",
        standing=weakest.upper(),
        covers=[_cover(spell, spells) for spell in held],
    )


def _cover(spell: Row, spells: list[Row]) -> Cover:
    until = spell["last_day"]
    for other in sorted((s for s in spells if s["branch"] == spell["branch"]), key=lambda s: s["first_day"]):
        if until is None or other["last_day"] is None:
            until = None
            break
        if other["first_day"] <= until + dt.timedelta(days=1):
            until = max(until, other["last_day"])
    return Cover(
        branch=spell["branch"].upper(),
        scheme_id=spell["scheme_id"],
        institution_id=spell["institution_id"],
        extent=spell["extent"].upper(),
        state=spell["state"].upper(),
        funder_kind=spell["funder_kind"].upper(),
        fund_id=strawberry.ID(_opaque(f"Fund:{spell['fund_id']}")) if spell["fund_id"] else None,
        first_day=spell["first_day"],
        covered_until=until,
        reasons=[Reason(**reason | {"standing": reason["standing"].upper()}) for reason in spell["body"]],
    )


@strawberry.type
class Worker:
    row: strawberry.Private[Row]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(_opaque(f"Worker:{self.row['id']}"))

    @strawberry.field
    def home_state(self) -> str:
        return str(self.row["home_state"])

    @strawberry.field
    def nationality(self) -> str:
        return str(self.row["nationality"])

    @strawberry.field
    def sector(self) -> str:
        return str(self.row["sector"]).upper()

    @strawberry.field
    async def coverage_on(self, info: strawberry.Info[Any, None], on: dt.date) -> CoverageDetermination:
        return _determined(await info.context["loaders"].spells.load(self.row["id"]), on)

    @strawberry.field
    async def enrolments(self, info: strawberry.Info[Any, None]) -> list[Enrolment]:
        rows = await info.context["loaders"].enrolments.load(self.row["id"])
        return [
            Enrolment(
                scheme_id=row["scheme_id"],
                segment_id=row["segment_id"],
                institution_id=row["institution_id"],
                first_day=row["first_day"],
                last_day=row["last_day"],
                funder_kind=row["funder_kind"].upper(),
                reference=row["reference"],
            )
            for row in rows
        ]


@strawberry.type
class WorkerEdge:
    cursor: str
    node: Worker


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class WorkerConnection:
    edges: list[WorkerEdge]
    page_info: PageInfo


@strawberry.type
class Money:
    amount: str
    currency: str


@strawberry.type
class Statement:
    received: Money
    available: Money
    reserved: Money
    sent: Money
    refunded: Money
    adds_up: bool
    person_months_covered: int
    person_months_reserved: int


@strawberry.type
class MonthOfFigures:
    month: str
    workers_rounded: int


_STATEMENT = """
    SELECT d.amount AS received, d.currency, own.posted_credits - own.posted_debits - own.pending_debits AS available,
           own.pending_debits AS reserved, sent.posted_credits - sent.posted_debits AS sent
    FROM donations d JOIN ledger_accounts own ON own.owner_id = d.id AND own.kind = 'donation'
    JOIN ledger_accounts sent ON sent.owner_id = d.id AND sent.kind = 'remitted' WHERE d.id = %s"""
_REFUNDED = """
    SELECT coalesce(sum(t.amount), 0) AS amount FROM ledger_transfers t
    JOIN ledger_transactions x ON x.id = t.transaction_id AND x.kind = 'refund'
    JOIN ledger_accounts a ON a.id = t.debit_account_id WHERE a.owner_id = %s AND a.kind = 'donation'"""
_PERSON_MONTHS = """
    SELECT count(*) FILTER (WHERE taken) AS covered, count(*) FILTER (WHERE NOT taken) AS reserved
    FROM (SELECT bool_or(k.outcome = 'accepted') IS TRUE AS taken FROM allocations a
          JOIN contribution_months c ON c.allocation_id = a.id AND c.superseded_at IS NULL
          LEFT JOIN acknowledgements k ON k.remittance_id = c.remittance_id
          WHERE a.donation_id = %s GROUP BY c.worker_id, c.month) m"""
_FIGURES = """
    SELECT c.month, count(DISTINCT c.worker_id) AS workers FROM allocations a
    JOIN contribution_months c ON c.allocation_id = a.id AND c.superseded_at IS NULL
    JOIN acknowledgements k ON k.remittance_id = c.remittance_id AND k.outcome = 'accepted'
    WHERE a.donation_id = %s GROUP BY c.month ORDER BY c.month"""


@strawberry.type
class Donation:
    row: strawberry.Private[Row]

    @strawberry.field
    def received_on(self) -> dt.date:
        found: dt.date = self.row["received_on"]
        return found

    @strawberry.field
    def amount(self) -> Money:
        return Money(amount=str(self.row["amount"]), currency=self.row["currency"])

    @strawberry.field
    async def statement(self, info: strawberry.Info[Any, None]) -> Statement:
        loaders: Loaders = info.context["loaders"]
        (sums,) = await loaders.rows(_STATEMENT, self.row["id"])
        (refunds,) = await loaders.rows(_REFUNDED, self.row["id"])
        (months,) = await loaders.rows(_PERSON_MONTHS, self.row["id"])
        sums["refunded"] = refunds["amount"]
        parts = {
            name: Money(amount=str(sums[name]), currency=sums["currency"])
            for name in ("received", "available", "reserved", "sent", "refunded")
        }
        given = sums["available"] + sums["reserved"] + sums["sent"] + sums["refunded"]
        return Statement(
            **parts,
            adds_up=given == sums["received"],
            person_months_covered=months["covered"],
            person_months_reserved=months["reserved"],
        )

    @strawberry.field
    async def months(self, info: strawberry.Info[Any, None]) -> list[MonthOfFigures]:
        rows = await info.context["loaders"].rows(_FIGURES, self.row["id"])
        return [
            MonthOfFigures(month=f"{row['month']:%Y-%m}", workers_rounded=5 * int(row["workers"] / 5 + 0.5))
            for row in rows
        ]


for _words in (MemberState, Purpose):
    strawberry.enum(_words)


@strawberry.input
class IdentifierInput:
    kind: str
    issuing_state: MemberState
    value: str


@strawberry.type
class Query:
    @strawberry.field
    async def coverage_on(
        self, info: strawberry.Info[Any, None], identifier: IdentifierInput, on: dt.date, purpose: Purpose
    ) -> CoverageDetermination | Problem:
        loaders: Loaders = info.context["loaders"]
        shown = passport(int(identifier.value[1:]))
        blind = blind_index_of(info.context["sealer"], shown)
        query = "SELECT worker_id FROM identifiers WHERE blind_index = %s AND superseded_at IS NULL"
        (found,) = await loaders.rows(query, blind)
        return _determined(await loaders.spells.load(found["worker_id"]), on)

    @strawberry.field
    async def workers(self, info: strawberry.Info[Any, None], first: int, after: str | None = None) -> WorkerConnection:
        query = "SELECT * FROM workers WHERE id > %s ORDER BY id LIMIT %s"
        rows = await info.context["loaders"].rows(query, _after(after), first + 1)
        edges = [
            WorkerEdge(cursor=_opaque(f"cursor:workers:{row['id']}"), node=Worker(row=row)) for row in rows[:first]
        ]
        info_ = PageInfo(has_next_page=len(rows) > first, end_cursor=edges[-1].cursor if edges else None)
        return WorkerConnection(edges=edges, page_info=info_)

    @strawberry.field
    async def donation(self, info: strawberry.Info[Any, None], id: strawberry.ID) -> Donation | None:
        rows = await info.context["loaders"].rows("SELECT * FROM donations WHERE id = %s", _after(id))
        return Donation(row=rows[0]) if rows else None


class _Server(GraphQL[Any, Any]):
    """Strawberry's own ASGI application, with loaders for each request."""

    pool: AsyncConnectionPool[Any]
    sealer: Sealer

    async def get_context(self, request: Any, response: Any) -> Any:
        if self.pool.closed:
            await self.pool.open()
        return {"loaders": Loaders(self.pool), "sealer": self.sealer}

    def encode_json(self, data: object) -> str:
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def application(address: str, sealer: Sealer, pool: int) -> Any:
    """The ASGI application. address: of the database, as libpq takes it."""
    server = _Server(strawberry.Schema(query=Query))
    server.pool = AsyncConnectionPool(
        address, min_size=pool, max_size=pool, open=False, kwargs={"autocommit": True, "options": "-c jit=off"}
    )
    server.sealer = sealer
    return server
