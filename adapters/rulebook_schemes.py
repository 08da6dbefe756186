"""The schemes of a rule file: segments with their price, cover and waiting, and the benefits."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from types import MappingProxyType

from adapters import rulebook_keys as keys
from adapters.rulebook_benefits import read_benefits
from adapters.rulebook_conditions import Conditions, read_standing
from adapters.rulebook_names import (
    count_since,
    known_parameter,
    number_named,
    optional_count,
    optional_number,
    optional_since,
    whole_named,
)
from adapters.rulebook_prices import read_market_payer, read_rounding_self, refuse_zero
from adapters.rulebook_yaml import Entry, optional_rows
from domain.countries import MemberState
from domain.legislation import Parameter, Source
from domain.money import Rounding
from domain.schemes import (
    BaseKind,
    Branch,
    ContributionRule,
    CoverBasis,
    CoverRule,
    DueRule,
    Extent,
    Formula,
    Institution,
    Participation,
    PersonGroup,
    PortableObject,
    Scheme,
    SchemeKind,
    Segment,
    Text,
    WaitingRule,
)

_SEGMENT_ID = re.compile(keys.WORD)


def read_text(entry: Entry) -> Text:
    """Return a name in English and in the state's own language."""
    fields = entry.fields(*keys.NAME)
    return Text(en=fields["en"].text(), own=fields["own"].text(), own_language=fields["own_language"].text())


def read_institutions(entry: Entry, state: MemberState) -> Mapping[str, Institution]:
    """Return the institutions of a state by id; an id begins with the state's code."""
    institutions = {}
    for institution_id, row in entry.named().items():
        _refuse_foreign_id(row, institution_id, state)
        fields = row.fields(*keys.INSTITUTION)
        institutions[institution_id] = Institution(
            id=institution_id,
            member_state=state,
            name=read_text(fields["name"]),
            short_name=fields["short_name"].text(),
        )
    return MappingProxyType(institutions)


def read_schemes(
    entry: Entry,
    state: MemberState,
    institutions: Mapping[str, Institution],
    parameters: Mapping[str, Parameter],
    sources: Mapping[str, Source],
) -> Mapping[str, Scheme]:
    """Return the schemes of a state by id; each belongs to one of the institutions of the same file."""
    schemes = {}
    for scheme_id, row in entry.named().items():
        _refuse_foreign_id(row, scheme_id, state)
        fields = row.fields(*keys.SCHEME)
        institution_id = fields["institution"].text()
        if institution_id not in institutions:
            raise fields["institution"].refused(
                f"the institution {institution_id} is not in this file", "Add it or correct the id"
            )
        branches = tuple(branch.word(Branch) for branch in fields["branches"].filled_rows())
        segments = _segments(fields["segments"], branches, parameters, sources)
        schemes[scheme_id] = Scheme(
            id=scheme_id,
            member_state=state,
            institution_id=institution_id,
            name=read_text(fields["name"]),
            kind=fields["kind"].word(SchemeKind),
            portable_object=fields["portable_object"].word(PortableObject),
            branches=branches,
            segments=segments,
            grounds=fields["grounds"].text(),
            benefits=read_benefits(fields, branches, segments, parameters, sources),
        )
    return MappingProxyType(schemes)


def _refuse_foreign_id(entry: Entry, given: str, state: MemberState) -> None:
    if not given.startswith(f"{state.value}."):
        raise entry.refused(
            f"the id {given} does not begin with {state.value} and a point",
            "Begin it with the code of the state",
        )


def _segments(
    entry: Entry, branches: tuple[Branch, ...], parameters: Mapping[str, Parameter], sources: Mapping[str, Source]
) -> Mapping[str, Segment]:
    segments = {}
    for segment_id, row in entry.named().items():
        if not _SEGMENT_ID.fullmatch(segment_id):
            raise row.refused("the id of a segment is one lower-case word", "Use a to z, 0 to 9 and _")
        segments[segment_id] = _segment(segment_id, row, branches, parameters, sources)
    if not segments:
        raise entry.refused("the scheme has no segment", "Add a segment or take the scheme out")
    return MappingProxyType(segments)


def _segment(
    segment_id: str,
    entry: Entry,
    branches: tuple[Branch, ...],
    parameters: Mapping[str, Parameter],
    sources: Mapping[str, Source],
) -> Segment:
    fields = entry.fields(*keys.SEGMENT)
    first_day = fields["first_day"].day()
    last_day = fields["last_day"].day() if "last_day" in fields else None
    if last_day is not None and last_day < first_day:
        raise fields["last_day"].refused(f"{last_day} is before {first_day}", "Correct one of the two days")
    contributions = tuple(_contribution(row, parameters) for row in fields["contributions"].rows())
    rounding_step = optional_since(fields, "rounding_step", parameters, first_day)
    refuse_zero(fields, "rounding_step", parameters)
    conditions = Conditions(parameters=parameters, sources=sources, first_day=first_day, whose="the segment").read(
        fields
    )
    standing, source_ids = read_standing(entry, fields, sources)
    return Segment(
        id=segment_id,
        persons=fields["persons"].word(PersonGroup),
        participation=fields["participation"].word(Participation),
        first_day=first_day,
        last_day=last_day,
        cover=_cover(fields["cover"], parameters, first_day),
        contributions=contributions,
        due=_due(fields["due"], contributions, parameters) if "due" in fields else None,
        rounding=fields["rounding"].word(Rounding),
        rounding_step=rounding_step,
        rounding_self=read_rounding_self(fields, contributions),
        market_payer=read_market_payer(fields, contributions),
        waiting=tuple(_waiting(row, branches, parameters, first_day) for row in optional_rows(fields, "waiting")),
        conditions=conditions,
        returns_prepaid=optional_count(fields, "returns_prepaid", parameters, first_day),
        standing=standing,
        source_ids=source_ids,
        grounds=fields["grounds"].text(),
    )


def _cover(entry: Entry, parameters: Mapping[str, Parameter], first_day: dt.date) -> CoverRule:
    basis = entry.fields(("basis",), keys.every_key(*keys.COVER.values()))["basis"].word(CoverBasis)
    fields = entry.fields(*keys.COVER[basis])
    return CoverRule(
        basis=basis,
        tolerance_months=optional_count(fields, "tolerance_months", parameters, first_day),
        restart_anew=_restart(fields["restart_anew"], parameters, first_day) if "restart_anew" in fields else None,
        before_months=optional_count(fields, "before_months", parameters, first_day),
        after_months=optional_count(fields, "after_months", parameters, first_day),
    )


def _restart(entry: Entry, parameters: Mapping[str, Parameter], first_day: dt.date) -> str:
    """The name of a rule that is 1, membership begins anew, or 0, it goes on."""
    name = count_since(entry, parameters, first_day)
    for value in parameters[name].values:
        if value.number not in (0, 1):
            raise entry.refused(f"{name} is {value.number} on {value.first_day}", "Give 1 (anew) or 0 (it goes on)")
    return name


def _due(entry: Entry, contributions: tuple[ContributionRule, ...], parameters: Mapping[str, Parameter]) -> DueRule:
    """When a month is due. Like a price it may be known later than the segment begins, and is refused before."""
    if all(rule.formula is Formula.TERM_PACK for rule in contributions):
        raise entry.refused("the segment has no monthly contribution", "Take due out")
    fields = entry.fields(*keys.DUE)
    day = whole_named(fields["day"], number_named(fields["day"], parameters), parameters)
    for value in parameters[day].values:
        if value.number is not None and not 1 <= value.number <= 31:
            raise fields["day"].refused(f"{day} is {value.number} on {value.first_day}", "Give a day from 1 to 31")
    months_after = number_named(fields["months_after"], parameters)
    return DueRule(months_after=whole_named(fields["months_after"], months_after, parameters), day=day)


def _contribution(entry: Entry, parameters: Mapping[str, Parameter]) -> ContributionRule:
    loose = entry.fields(("payer", "formula", "amount"), keys.every_key(*keys.CONTRIBUTION.values()))
    formula = loose["formula"].word(Formula)
    base_kind = loose["base_kind"].word(BaseKind) if "base_kind" in loose else None
    fields = entry.fields(*keys.contribution_keys(formula, base_kind))
    amount = known_parameter(fields["amount"], parameters).name
    if formula is Formula.FLAT or base_kind is BaseKind.INCOME_BASE:
        amount = number_named(fields["amount"], parameters)
    bracket_width = optional_number(fields, "bracket_width", parameters)
    refuse_zero(fields, "bracket_width", parameters)
    return ContributionRule(
        payer=fields["payer"].one_of(keys.PAYERS),
        formula=formula,
        amount=amount,
        base_kind=base_kind,
        base=_base(fields, base_kind, parameters),
        floor=optional_number(fields, "floor", parameters),
        ceiling=optional_number(fields, "ceiling", parameters),
        bracket_width=bracket_width,
        component=fields["component"].text() if "component" in fields else "",
        routes=tuple(row.one_of(keys.ROUTES) for row in optional_rows(fields, "routes")),
    )


def _base(fields: Mapping[str, Entry], base_kind: BaseKind | None, parameters: Mapping[str, Parameter]) -> str | None:
    """An income base is a table; the price of a month beyond a pack is a number."""
    if base_kind is not BaseKind.INCOME_BASE:
        return optional_number(fields, "base", parameters)
    found = known_parameter(fields["base"], parameters)
    if any(value.number is not None for value in found.values):
        raise fields["base"].refused(f"{found.name} is not a table", "Name a parameter with brackets")
    return found.name


def _waiting(
    entry: Entry, branches: tuple[Branch, ...], parameters: Mapping[str, Parameter], first_day: dt.date
) -> WaitingRule:
    fields = entry.fields(*keys.WAITING)
    branch = fields["branch"].word(Branch)
    if branch not in branches:
        raise fields["branch"].refused(f"the scheme does not cover {branch.value}", "Name a branch of this scheme")
    return WaitingRule(
        branch=branch,
        months=count_since(fields["months"], parameters, first_day),
        extent=fields["extent"].word(Extent),
        remark=fields["remark"].text(),
    )
