"""Member states and what their rule files say, what changes of it, and who may be insured."""

from __future__ import annotations

import datetime as dt

import strawberry

from domain.changes import RuleChange
from domain.countries import MemberState
from domain.eligibility import Eligibility
from domain.identifiers import Strength
from domain.legislation import Legislation, Parameter, Standing
from domain.quality import QualityRule, QualityState
from schema.law_values import ParameterType, ReasonType, Source, Text
from schema.persons import PersonInput
from schema.provisions import InstitutionType, SchemeType


@strawberry.type(
    name="RuleChange", description="One change of one rule: what held before, and what holds from a day on."
)
class RuleChangeType:
    member_state: MemberState
    rule: str
    on: dt.date
    before: str | None
    after: str | None
    standing: Standing
    source_ids: list[str]
    note: str


@strawberry.type(description="The changes of a period, by day, state and rule.")
class RuleChanges:
    changes: tuple[RuleChange, ...] = strawberry.field(graphql_type=list[RuleChangeType])


@strawberry.type(name="Eligibility", description="Whether a person may or must be in a segment on a day, and why.")
class EligibilityType:
    eligible: bool
    unmet: str = strawberry.field(description="The first condition that is not met; empty if all are.")
    reasons: list[ReasonType]

    @classmethod
    def is_type_of(cls, value: object, info: strawberry.Info) -> bool:
        return isinstance(value, Eligibility)


@strawberry.input(description="Who asks about being insured, in which segment, on which day.")
class EligibilityQuestion:
    scheme_id: str
    segment_id: str
    on: dt.date
    person: PersonInput


@strawberry.type(
    name="IdentifierKind",
    description="A kind of number by which a member state or one of its institutions knows persons.",
)
class IdentifierKindType:
    kind: str = strawberry.field(description="The word by which questions and acts name it, for example passport.")
    name: Text
    pattern: str | None = strawberry.field(
        description="A regular expression of the whole number without separators; null if no shape is published."
    )
    rule: str = strawberry.field(description="What numbers of this kind look like, in words.")
    strength: Strength
    standing: Standing
    source_ids: list[str] = strawberry.field(description="Ids of sources; memberState(code).sources gives them.")
    note: str


@strawberry.type(name="LeftOut", description="Something of the law that the rule file leaves out, and why.")
class LeftOutType:
    what: str
    why: str


@strawberry.type(name="QualityGap", description="A rule of quality that the rule file does not fulfil, and why.")
class QualityGapType:
    rule: QualityRule
    state: QualityState
    reason: str


def _gaps(root: strawberry.Parent[Legislation]) -> list[QualityGapType]:
    return [QualityGapType(rule=rule, state=gap.state, reason=gap.reason) for rule, gap in root.exemptions.items()]


@strawberry.type(name="MemberStateLegislation", description="What the rule file of one member state says.")
class LegislationType:
    code: MemberState = strawberry.field(resolver=lambda root: root.member_state)
    name: Text
    institutions: list[InstitutionType] = strawberry.field(resolver=lambda root: list(root.institutions.values()))
    schemes: list[SchemeType] = strawberry.field(resolver=lambda root: list(root.schemes.values()))
    identifier_kinds: list[IdentifierKindType] = strawberry.field(
        description="The kinds of number by which the state and its institutions know persons.",
        resolver=lambda root: list(root.identifiers.values()),
    )
    left_out: list[LeftOutType] = strawberry.field(description="What of the law the rule file leaves out, and why.")
    quality_gaps: list[QualityGapType] = strawberry.field(
        description="Which rules of quality are not fulfilled yet; none where the file is complete.", resolver=_gaps
    )
    sources: list[Source] = strawberry.field(resolver=lambda root: list(root.sources.values()))
    rules_hash: str = strawberry.field(
        description="SHA-256 of the rule file: names the version that answers rest on.",
        resolver=lambda root: root.content_hash,
    )

    @strawberry.field(
        graphql_type=list[ParameterType],
        description="The dated values of the rule file with their history; all of them where none is named.",
    )
    @staticmethod
    async def parameters(root: strawberry.Parent[Legislation], names: list[str] | None = None) -> list[Parameter]:
        return [found for found in root.parameters.values() if names is None or found.name in names]
