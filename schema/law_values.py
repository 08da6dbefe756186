"""The values of the law as the contract shows them, and the reasons that cite them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import strawberry

from domain.errors import RuleNotInForce
from domain.legislation import DatedValue, Parameter, Standing
from schema.problems import RuleNotInForceProblem, Told


@strawberry.type(
    description="A name in English and in the state's own language (BCP 47 code), which may be unknown of a benefit."
)
class Text:
    en: str
    own: str | None
    own_language: str | None


@strawberry.type(description="Where a value of the law was read.")
class Source:
    id: str
    title: str
    place: str
    read_on: dt.date


@strawberry.type(
    name="Reason",
    description="One step of an answer: the rule and value used, since when it applies, its sources, its standing.",
)
class ReasonType:
    rule: str
    text: str
    value: str
    since: dt.date | None
    source_ids: list[str] = strawberry.field(description="Ids of sources; memberState(code).sources gives them.")
    standing: Standing


@strawberry.type(name="Bracket", description="One row of a table: from this amount upwards the value applies.")
class BracketType:
    from_amount: str = strawberry.field(resolver=lambda root: str(root.from_amount))
    value: str = strawberry.field(resolver=lambda root: str(root.value))
    standing: Standing
    source_ids: list[str]


@strawberry.type(
    name="DatedValue",
    description="A value of the law from its first day on: a number, a table, or neither where the law ended it.",
)
class DatedValueType:
    first_day: dt.date
    number: str | None = strawberry.field(
        description="Decimal text.", resolver=lambda root: None if root.number is None else str(root.number)
    )
    brackets: list[BracketType]
    standing: Standing
    source_ids: list[str]
    note: str

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, DatedValue)


ValueResult = Annotated[
    DatedValueType | RuleNotInForceProblem,
    strawberry.union("ValueResult", description="A value in force on a day, or that none is known then."),
]


@strawberry.type(name="Parameter", description="A named value of the law through time, oldest first.")
class ParameterType:
    name: str
    unit: str
    values: list[DatedValueType]

    @strawberry.field(graphql_type=ValueResult, description="The value in force on a day.")
    @staticmethod
    async def value_on(root: strawberry.Parent[Parameter], on: dt.date) -> Any:
        return in_force(root, on)


def in_force(parameter: Parameter, on: dt.date) -> DatedValue | Told:
    """The value in force on a day, or the refusal as a problem."""
    try:
        return parameter.on(on)
    except RuleNotInForce as refusal:
        return Told(refusal)
