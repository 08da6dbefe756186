"""What the planner can read of each kind of row, on one page. What is missing here has no plan."""

from __future__ import annotations

from adapters.postgres.funding import FIGURES, STATEMENTS
from adapters.postgres.planner.cover import determination, reasons_in
from adapters.postgres.planner.lists import listed, page
from adapters.postgres.planner.pieces import (
    Form,
    Pieces,
    Sql,
    amount,
    day,
    enum,
    free,
    instant,
    joined,
    month,
    number,
    quoted,
    texts,
    truth,
    word,
)
from adapters.postgres.planner.statement import Column, Inner, Record, Statement
from adapters.postgres.remittances import REMITTANCES
from domain.actors import ActorKind
from domain.move_steps import MoveStep
from domain.reads import NotPlannable, Part
from domain.records import LOUD, Purpose


def _columns(form: Form, names: str, *needs: str) -> dict[str, Column]:
    """Columns of the row itself, all of one form."""
    return {name: Column(form, f"{{r}}.{name}", needs=needs) for name in names.split()}


def _inner(record: Record, needs: tuple[str, ...] = ()) -> Inner:
    """A part that is made of the columns of the same row."""
    return Inner(lambda statement, part, row: statement.object(record, part.members, row), needs)


def _money(column: str, currency: str, *needs: str) -> Inner:
    """An amount of minor units and its currency, both of the row `{r}` or of a join."""

    def written(statement: Statement, part: Part, row: str) -> Pieces:
        unit = currency.format(r=row)
        parts = {
            "decimal_text": Column(lambda minor: amount(minor, unit), column),
            "currency": Column(enum, currency),
        }
        return statement.object(Record(values=parts), part.members, row)

    return Inner(written, needs)


def _list(record: Record, rows: str, order: str) -> Inner:
    """Rows that belong to the row `{parent}`; `{r}` names them. rows: what follows FROM, with `{joins}` in it."""

    def written(statement: Statement, part: Part, parent: str) -> Pieces:
        row = statement.alias("r")
        joins = record.joined(part.members, row)
        query = rows.format(r=row, parent=parent, joins=joins)
        return listed(statement, part, record, query, row, order.format(r=row))

    return Inner(written)


_ENROLMENT = Record(
    values={
        **_columns(free, "scheme_id segment_id institution_id reference"),
        **_columns(day, "first_day"),
        "last_day": Column(day, "{r}.last_day", nullable=True),
        **_columns(enum, "funder_kind"),
        **_columns(truth, "simulated"),
    }
)

_CONTRIBUTION = Record(
    values={
        **_columns(free, "scheme_id"),
        **_columns(month, "month"),
        "funder_kind": Column(enum, "{r}_d.funder_kind", needs=("donation",)),
        "acknowledged": Column(truth, "{r}_k.outcome IS NOT DISTINCT FROM 'accepted'", needs=("acknowledgement",)),
        "reference": Column(free, "coalesce({r}_k.reference, '')", needs=("acknowledgement",)),
    },
    parts={
        "amount": _money("{r}.amount", "{r}_d.currency", "donation"),
        "reasons": reasons_in("{r}_x.body", "reasons"),
    },
    joins={
        "donation": "JOIN allocations {r}_a ON {r}_a.id = {r}.allocation_id "
        "JOIN donations {r}_d ON {r}_d.id = {r}_a.donation_id",
        "reasons": "JOIN tariffs {r}_t ON {r}_t.id = {r}.tariff_id JOIN reasons {r}_x ON {r}_x.id = {r}_t.reasons_id",
        "acknowledgement": "LEFT JOIN acknowledgements {r}_k ON {r}_k.remittance_id = {r}.remittance_id",
    },
)

_STEPS = ", ".join(quoted(step.value) for step in MoveStep)
_STEP_ORDER = f"{{r}}.taken_at, array_position(ARRAY[{_STEPS}], {{r}}.step)"
_STEP = Record(
    values={
        **_columns(enum, "step"),
        **_columns(free, "evidence"),
        **_columns(truth, "simulated"),
        **_columns(instant, "taken_at"),
    }
)
_LAST_STEP = f"""(SELECT t.step FROM move_steps t WHERE t.move_id = {{r}}.id
    ORDER BY t.taken_at DESC, array_position(ARRAY[{_STEPS}], t.step) DESC LIMIT 1)"""
_MOVE = Record(
    values={
        **_columns(word, "id"),
        "step": Column(enum, _LAST_STEP),
        **_columns(instant, "recorded_at"),
    },
    parts={"steps": _list(_STEP, "move_steps {r} WHERE {r}.move_id = {parent}.id", _STEP_ORDER)},
)


def _kept(name: str, form: Form, nullable: bool = False) -> Column:
    """A value of a record that is kept as JSON `x`."""
    return Column(form, f"{{r}}.x ->> '{name}'", nullable)


def _branches(column: str) -> Pieces:
    each = f"jsonb_array_elements_text({column}) WITH ORDINALITY e(x, n)"
    names = f"(SELECT string_agg(to_json(upper(e.x COLLATE \"C\"))::text, ',' ORDER BY e.n) FROM {each})"
    return ("[", Sql(f"coalesce({names}, '')"), "]")


_CERTIFIED = Record(
    values={
        **{name: _kept(name, free) for name in ("scheme_id", "institution_id", "reference")},
        "branches": Column(_branches, "{r}.x -> 'branches'"),
        "first_day": _kept("first_day", free),
        "last_day": _kept("last_day", free, nullable=True),
    }
)
_CERTIFICATE = Record(
    values={
        **_columns(free, "number digest"),
        **_columns(enum, "legislation"),
        **_columns(truth, "simulated"),
        "issued_at": Column(instant, "{r}.recorded_at"),
    },
    parts={
        "covers": _list(_CERTIFIED, "jsonb_array_elements({parent}.covers) WITH ORDINALITY {r}(x, n)", "{r}.n"),
    },
)

_ACCESS = Record(
    values={
        **_columns(word, "id"),
        **_columns(free, "institution_id actor_kind purpose outcome"),
        "objected_at": Column(instant, "{r}.objected_at", nullable=True),
        "objection_outcome": Column(free, "{r}.objection_outcome", nullable=True),
        "asked_about": Column(day, "{r}.asked_about", nullable=True),
        **_columns(texts, "fields"),
        **_columns(instant, "recorded_at"),
    }
)


def _coverage(statement: Statement, part: Part, row: str) -> Pieces:
    return (Sql(f"(SELECT c.body FROM ({determination(statement, part, f'{row}.id')}) c)"),)


def _accesses(statement: Statement, part: Part, row: str) -> Pieces:
    if statement.traces:
        # This very question would be in the answer, and a statement does not see what it inserts itself.
        raise NotPlannable("reads its own trace")
    before = statement.argument(part, "before", "bigint")
    shown = int(dict(part.fixed)["first"])
    turn = f"a.id + CASE a.purpose WHEN '{Purpose.EMERGENCY.value}' THEN {LOUD} ELSE 0 END"
    rows = f"""SELECT a.*, v.recorded_at AS objected_at, o.outcome AS objection_outcome
        FROM (SELECT * FROM (SELECT a.*, {turn} AS turn FROM access_records a WHERE a.worker_id = {row}.id) loud
              WHERE loud.turn < {before} ORDER BY loud.turn DESC LIMIT {shown + 1}) a
        LEFT JOIN reviews v ON v.access_record_id = a.id AND v.kind = 'objection'
        LEFT JOIN review_outcomes o ON o.review_id = v.id"""
    listing = f"'accessRecords/' || {row}.id || ':'"
    return page(statement, part, _ACCESS, rows, key="turn", order="{r}.turn DESC", listing=listing)


WORKER = Record(
    values={
        **_columns(word, "id"),
        **_columns(enum, "home_state nationality sector"),
        **_columns(instant, "recorded_at"),
    },
    parts={
        "coverage": Inner(_coverage),
        "enrolments": _list(
            _ENROLMENT,
            "enrolments {r} WHERE {r}.worker_id = {parent}.id AND {r}.superseded_at IS NULL",
            "{r}.first_day, {r}.scheme_id, {r}.id",
        ),
        "contributions": _list(
            _CONTRIBUTION,
            "contribution_months {r} {joins} WHERE {r}.worker_id = {parent}.id AND {r}.superseded_at IS NULL",
            "{r}.month, {r}.scheme_id",
        ),
        "moves": _list(_MOVE, "moves {r} WHERE {r}.worker_id = {parent}.id", "{r}.id"),
        "certificates": _list(_CERTIFICATE, "certificates {r} WHERE {r}.worker_id = {parent}.id", "{r}.id"),
        "access_records": Inner(_accesses),
    },
)

_ADDS_UP = "{r}.available + {r}.reserved + {r}.sent + {r}.refunded = {r}.received"
_STATEMENT = Record(
    values={
        "adds_up": Column(truth, _ADDS_UP),
        "person_months_covered": Column(number, "{r}.covered"),
        "person_months_reserved": Column(number, "{r}.months_reserved"),
        "person_months_term": Column(number, "{r}.term"),
    },
    parts={
        name: _money(f"{{r}}.{name}", "{r}.currency")
        for name in ("received", "available", "reserved", "sent", "refunded")
    },
)
_FIGURE = Record(values={**_columns(month, "month"), "workers_rounded": Column(number, "{r}.workers")})
_TERMS = Record(
    values={
        "scheme_ids": Column(texts, "{r}.terms_scheme_ids"),
        "first_month": Column(month, "{r}.terms_first_month", nullable=True),
        "last_month": Column(month, "{r}.terms_last_month", nullable=True),
        "follows_movers": Column(truth, "{r}.terms_follows_movers"),
    }
)


def _statement(statement: Statement, part: Part, row: str) -> Pieces:
    own = statement.alias("s")
    body = joined(statement.object(_STATEMENT, part.members, own))
    query = STATEMENTS.format(ids=f"ARRAY[{row}.id]")
    if statement.kind is ActorKind.DONOR:
        query = statement.numbered(query, {"step": "integer"})
    else:
        query = query.replace(":step", "1")
    return (Sql(f"(SELECT {body} FROM ({query}) {own})"),)


def _figures(statement: Statement, part: Part, row: str) -> Pieces:
    own = statement.alias("f")
    query = FIGURES.format(ids=f"ARRAY[{row}.id]")
    query = statement.numbered(query, {"step": "integer"})
    return listed(statement, part, _FIGURE, f"({query}) {own}", own, f"{own}.month")


DONATION = Record(
    values={
        **_columns(word, "id fund_id"),
        **_columns(enum, "funder_kind"),
        **_columns(day, "received_on"),
    },
    parts={
        "amount": _money("{r}.amount", "{r}.currency"),
        "terms": _inner(_TERMS),
        "statement": Inner(_statement),
        "months": Inner(_figures),
    },
)

_REMITTANCE = Record(
    values={
        **_columns(free, "institution_id state reference"),
        "month": Column(month, "{r}.month", nullable=True),
        **_columns(number, "lines"),
    },
    parts={"amount": _money("{r}.amount", "{r}.currency")},
)


def _remittances(statement: Statement, part: Part, row: str) -> Pieces:
    own = statement.alias("m")
    query = REMITTANCES.format(condition=f"r.allocation_id = {row}.id")
    return listed(statement, part, _REMITTANCE, f"({query}) {own}", own, f"{own}.month, {own}.part, {own}.id")


ALLOCATION = Record(
    values={
        **_columns(word, "id"),
        **_columns(enum, "kind"),
        **_columns(texts, "scheme_ids"),
        **_columns(free, "segment_id"),
        **_columns(month, "first_month last_month"),
        **_columns(number, "workers person_months"),
        **_columns(instant, "recorded_at"),
    },
    parts={"amount": _money("{r}.amount", "{r}.currency"), "remittances": Inner(_remittances)},
)
