"""The schemes of a rule file: segments with their price, cover, waiting and conditions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from types import MappingProxyType

from adapters.rulebook_yaml import Entry, optional_rows
from domain.countries import MemberState
from domain.legislation import Parameter
from domain.money import Rounding
from domain.schemes import (
    BaseKind,
    Branch,
    Condition,
    ContributionRule,
    CoverBasis,
    CoverRule,
    Extent,
    Formula,
    Institution,
    Participation,
    PersonGroup,
    PortableObject,
    Scheme,
    SchemeKind,
    Sector,
    Segment,
    Text,
    WaitingRule,
)

PAYERS = ("self", "employer", "funder", "state")
ROUTES = ("agency", "individual")

_SEGMENT_ID = re.compile(r"[a-z][a-z0-9_]*")
_CONDITION_KEYS: dict[str, tuple[str, ...]] = {
    "age_min_years": ("parameter",),
    "age_max_years": ("parameter",),
    "age_below": ("parameter",),
    "first_entry_age_below": ("parameter",),
    "first_entry_age_from": ("parameter",),
    "contract_months_min": ("parameter",),
    "sectors_excluded": ("sectors",),
    "nationals_only": (),
    "valid_pass": (),
}

_COVER_KEYS: dict[CoverBasis, tuple[str, ...]] = {
    CoverBasis.CONTRIBUTION_MONTH: ("tolerance_months",),
    CoverBasis.TERM: ("before_months", "after_months"),
    CoverBasis.ENROLMENT: (),
}


def read_text(entry: Entry) -> Text:
    """Return a name in English and in the state's own language."""
    fields = entry.fields(("en", "own", "own_language"))
    return Text(en=fields["en"].text(), own=fields["own"].text(), own_language=fields["own_language"].text())


def read_institutions(entry: Entry, state: MemberState) -> Mapping[str, Institution]:
    """Return the institutions of a state by id; an id begins with the state's code."""
    institutions = {}
    for institution_id, row in entry.named().items():
        _refuse_foreign_id(row, institution_id, state)
        fields = row.fields(("name", "short_name"))
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
) -> Mapping[str, Scheme]:
    """Return the schemes of a state by id; each belongs to one of the institutions of the same file."""
    schemes = {}
    for scheme_id, row in entry.named().items():
        _refuse_foreign_id(row, scheme_id, state)
        fields = row.fields(("institution", "name", "kind", "portable_object", "branches", "grounds", "segments"))
        institution_id = fields["institution"].text()
        if institution_id not in institutions:
            raise fields["institution"].refused(
                f"the institution {institution_id} is not in this file", "Add it or correct the id"
            )
        branches = tuple(branch.word(Branch) for branch in fields["branches"].filled_rows())
        schemes[scheme_id] = Scheme(
            id=scheme_id,
            member_state=state,
            institution_id=institution_id,
            name=read_text(fields["name"]),
            kind=fields["kind"].word(SchemeKind),
            portable_object=fields["portable_object"].word(PortableObject),
            branches=branches,
            segments=_segments(fields["segments"], branches, parameters),
            grounds=fields["grounds"].text(),
        )
    return MappingProxyType(schemes)


def _refuse_foreign_id(entry: Entry, given: str, state: MemberState) -> None:
    if not given.startswith(f"{state.value}."):
        raise entry.refused(
            f"the id {given} does not begin with {state.value} and a point",
            "Begin it with the code of the state",
        )


def _segments(entry: Entry, branches: tuple[Branch, ...], parameters: Mapping[str, Parameter]) -> Mapping[str, Segment]:
    segments = {}
    for segment_id, row in entry.named().items():
        if not _SEGMENT_ID.fullmatch(segment_id):
            raise row.refused("the id of a segment is one lower-case word", "Use a to z, 0 to 9 and _")
        segments[segment_id] = _segment(segment_id, row, branches, parameters)
    if not segments:
        raise entry.refused("the scheme has no segment", "Add a segment or take the scheme out")
    return MappingProxyType(segments)


def _segment(
    segment_id: str, entry: Entry, branches: tuple[Branch, ...], parameters: Mapping[str, Parameter]
) -> Segment:
    fields = entry.fields(
        ("persons", "participation", "first_day", "cover", "contributions", "rounding", "grounds"),
        ("last_day", "rounding_step", "waiting", "conditions", "returns_prepaid"),
    )
    first_day = fields["first_day"].day()
    last_day = fields["last_day"].day() if "last_day" in fields else None
    if last_day is not None and last_day < first_day:
        raise fields["last_day"].refused(f"{last_day} is before {first_day}", "Correct one of the two days")
    return Segment(
        id=segment_id,
        persons=fields["persons"].word(PersonGroup),
        participation=fields["participation"].word(Participation),
        first_day=first_day,
        last_day=last_day,
        cover=_cover(fields["cover"], parameters, first_day),
        contributions=tuple(_contribution(row, parameters) for row in fields["contributions"].rows()),
        rounding=fields["rounding"].word(Rounding),
        rounding_step=_optional_since(fields, "rounding_step", parameters, first_day),
        waiting=tuple(_waiting(row, branches, parameters, first_day) for row in optional_rows(fields, "waiting")),
        conditions=tuple(_condition(row, parameters, first_day) for row in optional_rows(fields, "conditions")),
        returns_prepaid=_optional_count(fields, "returns_prepaid", parameters, first_day),
        grounds=fields["grounds"].text(),
    )


def _cover(entry: Entry, parameters: Mapping[str, Parameter], first_day: dt.date) -> CoverRule:
    every_key = tuple(key for keys in _COVER_KEYS.values() for key in keys)
    basis = entry.fields(("basis",), every_key)["basis"].word(CoverBasis)
    fields = entry.fields(("basis", *_COVER_KEYS[basis]))
    return CoverRule(
        basis=basis,
        tolerance_months=_optional_count(fields, "tolerance_months", parameters, first_day),
        before_months=_optional_count(fields, "before_months", parameters, first_day),
        after_months=_optional_count(fields, "after_months", parameters, first_day),
    )


def _contribution(entry: Entry, parameters: Mapping[str, Parameter]) -> ContributionRule:
    every_key = ("base_kind", "base", "floor", "ceiling", "bracket_width", "component", "routes")
    loose = entry.fields(("payer", "formula", "amount"), every_key)
    formula = loose["formula"].word(Formula)
    base_kind = loose["base_kind"].word(BaseKind) if "base_kind" in loose else None
    needed, possible = _contribution_keys(formula, base_kind)
    fields = entry.fields(("payer", "formula", "amount", *needed), possible)
    amount = _parameter(fields["amount"], parameters).name
    if formula is Formula.FLAT or base_kind is BaseKind.INCOME_BASE:
        amount = _number(fields["amount"], parameters)
    return ContributionRule(
        payer=fields["payer"].one_of(PAYERS),
        formula=formula,
        amount=amount,
        base_kind=base_kind,
        base=_base(fields, base_kind, parameters),
        floor=_optional_number(fields, "floor", parameters),
        ceiling=_optional_number(fields, "ceiling", parameters),
        bracket_width=_optional_number(fields, "bracket_width", parameters),
        component=fields["component"].text() if "component" in fields else "",
        routes=tuple(row.one_of(ROUTES) for row in optional_rows(fields, "routes")),
    )


def _contribution_keys(formula: Formula, base_kind: BaseKind | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The keys that a formula needs and those that it may have, beside payer, formula and amount."""
    if formula is Formula.TERM_PACK:
        return ("component",), ("base", "routes")
    if formula is Formula.FLAT:
        return (), ("routes",)
    if base_kind is BaseKind.INCOME_BASE:
        return ("base_kind", "base"), ("routes",)
    return ("base_kind",), ("floor", "ceiling", "bracket_width", "routes")


def _base(fields: Mapping[str, Entry], base_kind: BaseKind | None, parameters: Mapping[str, Parameter]) -> str | None:
    """An income base is a table; the price of a month beyond a pack is a number."""
    if base_kind is not BaseKind.INCOME_BASE:
        return _optional_number(fields, "base", parameters)
    found = _parameter(fields["base"], parameters)
    if any(value.number is not None for value in found.values):
        raise fields["base"].refused(f"{found.name} is not a table", "Name a parameter with brackets")
    return found.name


def _waiting(
    entry: Entry, branches: tuple[Branch, ...], parameters: Mapping[str, Parameter], first_day: dt.date
) -> WaitingRule:
    fields = entry.fields(("branch", "months", "extent", "remark"))
    branch = fields["branch"].word(Branch)
    if branch not in branches:
        raise fields["branch"].refused(f"the scheme does not cover {branch.value}", "Name a branch of this scheme")
    return WaitingRule(
        branch=branch,
        months=_count(fields["months"], parameters, first_day),
        extent=fields["extent"].word(Extent),
        remark=fields["remark"].text(),
    )


def _condition(entry: Entry, parameters: Mapping[str, Parameter], first_day: dt.date) -> Condition:
    loose = entry.fields(("kind",), ("parameter", "sectors"))
    kind = loose["kind"].one_of(tuple(_CONDITION_KEYS))
    fields = entry.fields(("kind", *_CONDITION_KEYS[kind]))
    return Condition(
        kind=kind,
        parameter=_optional_count(fields, "parameter", parameters, first_day),
        sectors=tuple(row.word(Sector) for row in optional_rows(fields, "sectors")),
    )


def _parameter(entry: Entry, parameters: Mapping[str, Parameter]) -> Parameter:
    name = entry.text()
    if name not in parameters:
        raise entry.refused(f"the parameter {name} is not in this file", "Add it under parameters or correct the name")
    return parameters[name]


def _number(entry: Entry, parameters: Mapping[str, Parameter]) -> str:
    """The name of a parameter whose values are numbers and never a table."""
    found = _parameter(entry, parameters)
    if any(value.brackets for value in found.values):
        raise entry.refused(f"{found.name} is a table", "Name a parameter whose values are numbers")
    return found.name


def _since(entry: Entry, parameters: Mapping[str, Parameter], first_day: dt.date) -> str:
    """The name of a number that is known on the segment's first day, for cover is computed from that day."""
    found = parameters[_number(entry, parameters)]
    if found.values[0].first_day > first_day:
        raise entry.refused(
            f"{found.name} is known from {found.values[0].first_day}, the segment begins on {first_day}",
            "Add the earlier value or let the segment begin later",
        )
    return found.name


def _count(entry: Entry, parameters: Mapping[str, Parameter], first_day: dt.date) -> str:
    """The name of a whole number of months, years or times."""
    name = _since(entry, parameters, first_day)
    for value in parameters[name].values:
        if value.number is not None and value.number != value.number.to_integral_value():
            raise entry.refused(f"{name} is {value.number} on {value.first_day}", "Give whole numbers only")
    return name


def _optional_number(fields: Mapping[str, Entry], key: str, parameters: Mapping[str, Parameter]) -> str | None:
    return _number(fields[key], parameters) if key in fields else None


def _optional_since(
    fields: Mapping[str, Entry], key: str, parameters: Mapping[str, Parameter], first_day: dt.date
) -> str | None:
    return _since(fields[key], parameters, first_day) if key in fields else None


def _optional_count(
    fields: Mapping[str, Entry], key: str, parameters: Mapping[str, Parameter], first_day: dt.date
) -> str | None:
    return _count(fields[key], parameters, first_day) if key in fields else None
