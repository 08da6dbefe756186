"""What of the contract is a plain fact and can be read by a plan. What is not named here runs on the executor.

Beside each field stands what it is of the domain's record: a value by its name, or a part. Who may ask is asked of the
policy by the name of the use case's operation, so that a plan never answers whom that refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from domain.records import Asked
from resolvers.context import Context
from resolvers.identifiers import identifier_of
from resolvers.purposes import OF_COVERS, OF_WORKERS, check_purpose
from schema.batches import checked_people, person_of
from schema.ids import id_of, parts_of, uuid_after
from schema.pages import checked_first

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bound:
    """Arguments as a plan takes them. values: of each run. fixed: what shapes the plan."""

    values: Mapping[str, Any]
    fixed: tuple[tuple[str, Any], ...] = ()


Binder = Callable[[Context, Arguments], Bound]
"""Checks arguments and names them as the plan does; raises what the ordinary path answers with."""


@dataclass(frozen=True, slots=True)
class Column:
    """A value of the record. kind: it is an id of this kind of thing. opened_by: by its name in receipts, what of a
    person the purpose has to open for it."""

    name: str
    kind: str | None = None
    opened_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A part of the record. operation: what the policy has to let the actor call for it; nothing more if empty.

    seen, hidden: where a union has a type for each. opened_by: as of a column.

    looks_at: the thing that receipts name, where a person is looked at.
    """

    name: str
    bind: Binder | None = None
    operation: str = ""
    seen: str = ""
    hidden: str = ""
    opened_by: str = ""
    looks_at: str = ""


@dataclass(frozen=True, slots=True)
class Withheld:
    """What of these fields the purpose does not open."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A thing that is one of several by the kind in its id: for each kind its type and relation."""

    by_kind: Mapping[str, tuple[str, Relation]]

    def kind_of(self, text: object) -> str:
        """What decides; raises GraphQLError for what is no id."""
        return parts_of(str(text))[0]


Declared = Column | Relation | Withheld | Choice

_BEFORE_ALL = UUID(int=0)
_AFTER_ALL = 2**63 - 1


def _thing(kind: str) -> Binder:
    return lambda _, given: Bound({"id": id_of(kind, given["id"])})


def _page(listing: str) -> Binder:
    def bind(_: Context, given: Arguments) -> Bound:
        first = checked_first(given["first"])
        return Bound({"after": uuid_after(listing, given["after"]) or _BEFORE_ALL}, (("first", first),))

    return bind


def _for_a_purpose(thing: str, bind: Binder) -> Binder:
    """The same arguments, for the purpose that is said; one that does not open the thing is refused."""

    def bound(context: Context, given: Arguments) -> Bound:
        purpose = given["purpose"]
        check_purpose(replace(context, asked=Asked(purpose=purpose)), thing)
        held = bind(context, given)
        return Bound(held.values, (*held.fixed, ("purpose", purpose)))

    return bound


def _own_page(_: Context, given: Arguments) -> Bound:
    # The cursor names the worker whose list it belongs to; whether it is this one is only known of the row.
    if given["after"] is not None:
        raise LaterPage
    return Bound({"before": _AFTER_ALL}, (("first", checked_first(given["first"])),))


class LaterPage(Exception):
    """A page that begins after a cursor of a list that belongs to a row."""


def _day(context: Context, given: Arguments) -> Bound:
    return Bound({"on": given["on"], "known_at": given["knownAt"] or context.now})


def _question(context: Context, given: Arguments) -> Bound:
    shown = given["identifier"]
    identifier = identifier_of(context, shown["kind"], shown["issuingState"], shown["value"])
    return Bound({**_day(context, given).values, "identifier": identifier})


def _people(context: Context, given: Arguments) -> Bound:
    people = [person_of(context, one.get("id"), _shown(one)) for one in checked_people(given["workers"])]
    ids = tuple(one if isinstance(one, UUID) else None for one in people)
    blinds = tuple(None if isinstance(one, UUID) else one for one in people)
    return Bound({**_day(context, given).values, "ids": ids, "blinds": blinds})


def _shown(person: Arguments) -> tuple[str, Any, str] | None:
    shown = person.get("identifier")
    return None if shown is None else (shown["kind"], shown["issuingState"], shown["value"])


def _columns(names: str, opened_by: str = "") -> dict[str, Declared]:
    """Fields that are called as the record calls its values. opened_by: with the field's name in place of {}."""
    return {name: Column(_snake(name), opened_by=opened_by.format(name)) for name in names.split()}


def _parts(names: str, opened_by: str = "") -> dict[str, Declared]:
    return {name: Relation(name=_snake(name), opened_by=opened_by.format(name)) for name in names.split()}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


_WORKER = Relation(
    name="worker", bind=_for_a_purpose("worker", _thing("Worker")), operation="worker", looks_at="worker"
)
_DONATION = Relation(name="donation", bind=_thing("Donation"), operation="donation")
_ALLOCATION = Relation(name="allocation", bind=_thing("Allocation"), operation="allocation")
NODE = Choice(
    {"Worker": ("Worker", _WORKER), "Donation": ("Donation", _DONATION), "Allocation": ("Allocation", _ALLOCATION)}
)

PLANS: Mapping[str, Mapping[str, Declared]] = {
    "Query": {
        "worker": _WORKER,
        "me": Relation(name="me", operation="me"),
        "workers": Relation(
            name="workers",
            bind=_for_a_purpose("workers", _page("workers")),
            operation="workers",
            looks_at="worker",
        ),
        "coverageOn": Relation(
            name="coverage_of_identifier",
            bind=_for_a_purpose("coverage", _question),
            operation="coverageOn",
            seen="CoverageDetermination",
            hidden="PersonNotVisibleProblem",
            looks_at="coverage",
        ),
        "coverageOf": Relation(
            name="coverage_of_people",
            bind=_for_a_purpose("coverage", _people),
            operation="coverageOf",
            seen="CoverageDetermination",
            hidden="PersonNotVisibleProblem",
            looks_at="coverage",
        ),
        "donation": _DONATION,
        "donations": Relation(name="donations", bind=_page("donations"), operation="donations"),
        "allocation": _ALLOCATION,
        "node": NODE,
    },
    "Worker": {
        "id": Column("id", "Worker"),
        **_columns("homeState nationality sector recordedAt"),
        "coverageOn": Relation(name="coverage", bind=_day, operation="worker.coverageOn", opened_by="coverage"),
        **_parts("enrolments contributions", "worker.{}"),
        **_parts("moves", "move"),
        **_parts("certificates", "certificate"),
        "withheld": Withheld(OF_WORKERS),
        "accessRecords": Relation(name="access_records", bind=_own_page, operation="worker.accessRecords"),
    },
    "CoverageDetermination": {
        **_columns("on outcome standing"),
        **_parts("covers reasons"),
        "withheld": Withheld(OF_COVERS),
    },
    "BranchCover": {
        **_columns("branch schemeId institutionId extent state firstDay"),
        **_columns("funderKind coveredUntil", "coverage.covers.{}"),
        "fundId": Column("fund_id", "Fund", "coverage.covers.fundId"),
        **_parts("reasons", "coverage.covers.{}"),
    },
    "Reason": _columns("rule text value since sourceIds standing"),
    "PersonNotVisibleProblem": _columns("code message institution"),
    "PurposeNotOpenProblem": _columns("code message purpose field"),
    "Enrolment": _columns("schemeId segmentId institutionId firstDay lastDay funderKind reference simulated"),
    "ContributionMonth": {
        **_columns("schemeId month funderKind acknowledged reference"),
        **_parts("amount reasons"),
    },
    "Money": {"amount": Column("decimal_text"), **_columns("currency")},
    "Move": {"id": Column("id", "Move"), **_columns("step recordedAt"), **_parts("steps")},
    "StepTaken": _columns("step evidence simulated takenAt"),
    "CertificateOfCoverage": {**_columns("number legislation issuedAt simulated digest"), **_parts("covers")},
    "CertifiedCover": _columns("schemeId institutionId branches firstDay lastDay reference"),
    "AccessRecord": {
        "id": Column("id", "AccessRecord"),
        **_columns("institutionId actorKind purpose askedAbout outcome fields recordedAt"),
        **_columns("objectedAt objectionOutcome"),
    },
    **{f"{name}Connection": _parts("edges pageInfo") for name in ("Worker", "Donation", "AccessRecord")},
    **{f"{name}Edge": {**_columns("cursor"), **_parts("node")} for name in ("Worker", "Donation", "AccessRecord")},
    "PageInfo": _columns("hasNextPage endCursor"),
    "Donation": {
        "id": Column("id", "Donation"),
        "fundId": Column("fund_id", "Fund"),
        **_columns("funderKind receivedOn"),
        **_parts("amount terms statement months"),
    },
    "Terms": _columns("schemeIds firstMonth lastMonth followsMovers"),
    "Statement": {
        **_columns("addsUp personMonthsCovered personMonthsReserved personMonthsTerm"),
        **_parts("received available reserved sent refunded"),
    },
    "MonthOfFigures": _columns("month workersRounded"),
    "Allocation": {
        "id": Column("id", "Allocation"),
        **_columns("kind schemeIds segmentId firstMonth lastMonth workers personMonths recordedAt"),
        **_parts("amount remittances"),
    },
    "Remittance": {**_columns("institutionId month lines state reference"), **_parts("amount")},
}

SHAPING = ("first", "purpose")
"""Arguments, by name, whose value is part of the plan."""
