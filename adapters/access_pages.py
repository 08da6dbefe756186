"""The access policy as tables that anybody can read: every decision, written from the policy itself."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.access_policy import ASKERS
from domain.access_rules import PERSON, PERSON_FIELDS, Asker, Decisions
from domain.actors import ActorKind
from domain.records import Purpose

DOORS: Mapping[str, str] = {
    "health": "`GET /livez`, `GET /readyz`",
    "issuerKeys": "`GET /.well-known/jwt-vc-issuer` and the keys it names; in development `/.well-known/jwks.json`",
    "graphiql": "the page at `GET /graphql`, in development",
    "verify": "`GET` and `POST /verify`",
    "statusList": "`GET /status/…`",
    "certificateBodies": "`GET /certificates/…`",
    "nominationSubmit": "`POST /nominations`",
    "deliver": "the delivery worker's process",
    "settle": "the delivery worker's process",
    "endSilentMoves": "the delivery worker's process",
}
"""What is reached by something else than a field of the GraphQL contract."""
_HEAD = """# Who may do what

Written by `python -m lingkar who-may-what` from `domain/access/policies.cedar`; do not edit. What is not here is
refused. Which rows an actor then sees is decided in the database ([privacy](../explain/privacy.md)).

## Operations

`yes`: may call it. *Anonymous*: without a token, or with one that is not believed. *Besides*: what the code asks
beyond the policy.
"""
_FIELDS_HEAD = """
## What is read of a person

For each purpose (`domain/access/purposes.yaml`), of persons in sight. `person`: that they are there, home state,
nationality and sector. A worker reads all of themselves. Donors, the delivery worker and who has no token read
nothing of a person.
"""


def who_may_what(decisions: Decisions) -> str:
    """The page; one line for each operation and for each field of a person."""
    return "\n".join([_HEAD, *_operations(decisions), _FIELDS_HEAD, *_fields(decisions), ""])


def _operations(decisions: Decisions) -> list[str]:
    names = [_named(asker) for asker in ASKERS]
    rows = [
        [
            f"`{operation}`",
            DOORS.get(operation, _field_of(operation)),
            *("yes" if asker in callers else "-" for asker in ASKERS),
            "; ".join(decisions.further.get(operation, ())),
        ]
        for operation, callers in decisions.callers.items()
    ]
    return _table(["operation", "reached by", *names, "besides"], rows)


def _fields(decisions: Decisions) -> list[str]:
    kinds = (ActorKind.OFFICER, ActorKind.OPERATOR)
    columns: list[tuple[Asker, Purpose | None]] = [(kind, purpose) for kind in kinds for purpose in (None, *Purpose)]
    shown = [column for column in columns if decisions.opens[column]]
    heads = [f"{_named(asker)}, {'no purpose' if purpose is None else purpose.value}" for asker, purpose in shown]
    rows = [
        [f"`{name}`", *("yes" if name in decisions.opens[column] else "-" for column in shown)]
        for name in (PERSON, *PERSON_FIELDS)
    ]
    return _table(["field", *heads], rows)


def _field_of(operation: str) -> str:
    return f"`{operation[0].upper()}{operation[1:]}`" if "." in operation else "GraphQL"


def _named(asker: Asker) -> str:
    return "anonymous" if asker is None else asker.value


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines]
