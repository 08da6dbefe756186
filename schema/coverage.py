"""Coverage answers: who is protected, for which branches, who paid, until when, and why."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

import strawberry

from domain.coverage import CoverState
from domain.determination import BranchCover, CoverageDetermination, Outcome
from domain.errors import IdentifierInvalid, PersonNotVisible, PurposeNotOpen
from domain.legislation import Standing
from domain.schemes import Branch, Extent, FunderKind
from schema.ids import opaque_id
from schema.law_values import ReasonType
from schema.problems import IdentifierInvalidProblem, PersonNotVisibleProblem, PurposeNotOpenProblem, Told


def _fund_id(value: str | None) -> strawberry.ID | None:
    return None if value is None else strawberry.ID(opaque_id("Fund", UUID(value)))


def _told(root: BranchCover, name: str, value: Any) -> Any:
    return None if f"coverage.covers.{name}" in root.withheld else value


@strawberry.type(name="BranchCover", description="One branch that a scheme protects on the day asked.")
class BranchCoverType:
    branch: Branch = strawberry.field(resolver=lambda root: root.spell.branch)
    scheme_id: str = strawberry.field(resolver=lambda root: root.spell.scheme_id)
    institution_id: str = strawberry.field(resolver=lambda root: root.spell.institution_id)
    extent: Extent = strawberry.field(resolver=lambda root: root.spell.extent)
    state: CoverState = strawberry.field(resolver=lambda root: root.spell.state)
    funder_kind: FunderKind | None = strawberry.field(
        description="Who paid: the kind of funder.",
        resolver=lambda root: _told(root, "funderKind", root.spell.funder_kind),
    )
    fund_id: strawberry.ID | None = strawberry.field(
        description="The fund that paid, if one did.",
        resolver=lambda root: _told(root, "fundId", _fund_id(root.spell.fund_id)),
    )
    first_day: dt.date = strawberry.field(
        description="First day of this stretch of cover.", resolver=lambda root: root.spell.first_day
    )
    covered_until: dt.date | None = strawberry.field(
        description="Last day without a break for this branch, as now known; null while no end is known.",
        resolver=lambda root: _told(root, "coveredUntil", root.covered_until),
    )
    reasons: list[ReasonType] | None = strawberry.field(
        resolver=lambda root: _told(root, "reasons", root.spell.reasons)
    )


@strawberry.type(
    name="CoverageDetermination",
    description="Whether a person is covered on a day, by what, paid by whom, until when, and on which rules.",
)
class CoverageDeterminationType:
    on: dt.date
    outcome: Outcome
    covers: list[BranchCoverType]
    reasons: list[ReasonType]
    standing: Standing = strawberry.field(description="Of the weakest value that the answer rests on.")

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, CoverageDetermination)

    @strawberry.field(
        graphql_type=list[PurposeNotOpenProblem],
        description="What of the covers is null because the purpose does not open it.",
    )
    @staticmethod
    def withheld(root: strawberry.Parent[CoverageDetermination]) -> list[Told]:
        return [Told(refusal) for refusal in root.withheld]


CoverageResult = Annotated[
    CoverageDeterminationType | PersonNotVisibleProblem | IdentifierInvalidProblem | PurposeNotOpenProblem,
    strawberry.union("CoverageResult", description="The answer to a coverage question, or why there is none."),
]
COVERAGE_PROBLEMS = (PersonNotVisible, IdentifierInvalid, PurposeNotOpen)
