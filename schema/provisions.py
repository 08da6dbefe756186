"""Institutions, schemes, segments and benefits: what the law provides, with the names of the values it rests on."""

from __future__ import annotations

import datetime as dt

import strawberry

from domain.circumstances import Contingency
from domain.countries import MemberState
from domain.formulas import AmountIs, Payment
from domain.legislation import Parameter, Standing
from domain.schemes import (
    Benefit,
    Branch,
    Extent,
    Participation,
    PersonGroup,
    PortableObject,
    Scheme,
    SchemeKind,
    Segment,
)
from domain.wording import (
    condition_in_words,
    contribution_in_words,
    formula_in_words,
    parameters_of_benefit,
    parameters_of_segment,
)
from schema.law_values import ParameterType, Text
from schema.request import Info


@strawberry.type(name="Institution", description="A body that applies legislation or owes benefits.")
class InstitutionType:
    id: strawberry.ID
    member_state: MemberState
    name: Text
    short_name: str


@strawberry.type(name="DueRule", description="By when a month is paid: names of parameters.")
class DueRuleType:
    months_after: str
    day: str = strawberry.field(description="Day of the month that many months later; 31 is its last day.")


@strawberry.type(name="Segment", description="The part of a scheme that is for one group of persons.")
class SegmentType:
    id: str
    persons: PersonGroup
    participation: Participation
    first_day: dt.date
    last_day: dt.date | None
    conditions: list[str] = strawberry.field(
        description="What a person must fulfil, in words with the names of parameters.",
        resolver=lambda root: [condition_in_words(condition) for condition in root.conditions],
    )
    contributions: list[str] = strawberry.field(
        description="Who pays which share, in words with the names of parameters.",
        resolver=lambda root: [contribution_in_words(rule) for rule in root.contributions],
    )
    due: DueRuleType | None
    parameter_names: list[str] = strawberry.field(
        description="All values it rests on; parameters of the scheme give them.",
        resolver=lambda root: list(parameters_of_segment(root)),
    )
    standing: Standing | None = strawberry.field(description="Of who is in the segment; null if the file gives none.")
    source_ids: list[str]
    grounds: str


@strawberry.type(name="BenefitRule", description="What a scheme owes when something happens.")
class BenefitRuleType:
    id: str
    name: Text
    contingency: Contingency
    branch: Branch
    payment: Payment
    amount_is: AmountIs
    first_day: dt.date
    last_day: dt.date | None
    segment_ids: list[str] = strawberry.field(description="The segments in which it is owed; empty for all.")
    conditions: list[str] = strawberry.field(
        description="What a person must fulfil, in words with the names of parameters.",
        resolver=lambda root: [condition_in_words(condition) for condition in root.conditions],
    )
    amount: str = strawberry.field(
        description="What the amount is computed from, in words with the names of parameters; empty for one in kind.",
        resolver=lambda root: formula_in_words(root.amount),
    )
    parameter_names: list[str] = strawberry.field(
        description="All values it rests on; parameters of the scheme give them.",
        resolver=lambda root: list(parameters_of_benefit(root)),
    )
    standing: Standing | None
    source_ids: list[str]
    grounds: str


@strawberry.type(
    name="WaitingRule", description="In the first months of membership a branch is protected only to an extent."
)
class WaitingRuleType:
    segment_id: str
    months: str = strawberry.field(description="The name of the parameter that counts them.")
    extent: Extent
    remark: str


@strawberry.type(name="BranchRules", description="One branch of a scheme: its benefits and waiting rules.")
class BranchRulesType:
    branch: Branch
    benefits: tuple[Benefit, ...] = strawberry.field(graphql_type=list[BenefitRuleType])
    waiting: list[WaitingRuleType]
    parameters: tuple[Parameter, ...] = strawberry.field(
        graphql_type=list[ParameterType], description="The values that its benefits and waiting rules rest on."
    )


@strawberry.type(name="Scheme", description="A statutory arrangement of one institution that covers branches.")
class SchemeType:
    id: strawberry.ID
    member_state: MemberState
    institution_id: str
    name: Text
    kind: SchemeKind
    portable_object: PortableObject
    branches: list[Branch]
    segments: list[SegmentType] = strawberry.field(resolver=lambda root: list(root.segments.values()))
    benefits: list[BenefitRuleType] = strawberry.field(resolver=lambda root: list(root.benefits.values()))
    grounds: str

    @strawberry.field(description="Each branch that the scheme covers, with its benefits, waiting rules and values.")
    @staticmethod
    async def branch_rules(root: strawberry.Parent[Scheme], info: Info) -> list[BranchRulesType]:
        return [_branch_rules(info, root, branch) for branch in root.branches]

    @strawberry.field(
        graphql_type=list[ParameterType],
        description="The values with their history that its segments and benefits rest on; those named, or all.",
    )
    @staticmethod
    async def parameters(
        root: strawberry.Parent[Scheme], info: Info, names: list[str] | None = None
    ) -> tuple[Parameter, ...]:
        used = [name for segment in root.segments.values() for name in parameters_of_segment(segment)]
        used += [name for benefit in root.benefits.values() for name in parameters_of_benefit(benefit)]
        return _named(info, root, [name for name in used if names is None or name in names])


def _branch_rules(info: Info, scheme: Scheme, branch: Branch) -> BranchRulesType:
    benefits = tuple(benefit for benefit in scheme.benefits.values() if benefit.branch is branch)
    waiting = [one for segment in scheme.segments.values() for one in _waiting(segment, branch)]
    used = [name for benefit in benefits for name in parameters_of_benefit(benefit)]
    return BranchRulesType(
        branch=branch,
        benefits=benefits,
        waiting=waiting,
        parameters=_named(info, scheme, [*used, *(one.months for one in waiting)]),
    )


def _waiting(segment: Segment, branch: Branch) -> list[WaitingRuleType]:
    return [
        WaitingRuleType(segment_id=segment.id, months=rule.months, extent=rule.extent, remark=rule.remark)
        for rule in segment.waiting
        if rule.branch is branch
    ]


def _named(info: Info, scheme: Scheme, names: list[str]) -> tuple[Parameter, ...]:
    law = info.context.context.rulebook.legislation(scheme.member_state)
    return tuple(law.parameter(name) for name in dict.fromkeys(names))
