"""The published JSON Schema of rule files, made of the keys and words by which the loader refuses.

A schema sees the shape of a file and not what its parts say of each other: it helps while writing, and the loader
decides. Numbers and days are texts to it, as they are to a reader of YAML 1.2.
"""

from __future__ import annotations

import json

from adapters import rulebook_keys as keys
from adapters.identity.checks import CHECKS
from adapters.rule_schema_benefits import benefit, condition, formula
from adapters.rule_schema_parts import (
    BOTH_OR_NONE,
    DAY,
    DAY_PATTERN,
    DECIMAL,
    PARAMETER,
    SOURCES,
    STANDING,
    TEXT,
    TRUTH,
    Part,
    block,
    filled,
    having,
    named,
    refer,
    when,
    without,
    words,
)
from domain.countries import MemberState
from domain.identifiers import PASSPORT, Strength
from domain.money import Currency, Rounding
from domain.quality import QualityRule, QualityState
from domain.schemes import (
    BaseKind,
    Branch,
    CoverBasis,
    Extent,
    Formula,
    FunderKind,
    Participation,
    PersonGroup,
    PortableObject,
    SchemeKind,
    Sector,
)
from domain.standing import Standing

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NOTE_IF_ASSUMED = when(having("standing", Standing.ASSUMED.value), {"required": ["note"]})


def rule_file_schema() -> str:
    """The schema of a member state's rule file, as it is published."""
    return _printed("Rule file of a member state", _legislation(), _shared())


def agreements_schema() -> str:
    """The schema of agreements.yaml, as it is published."""
    agreement = block(
        keys.AGREEMENT,
        {
            "id": TEXT,
            "parties": filled(TEXT),
            "kind": TEXT,
            "first_day": DAY,
            "totalization": TRUTH,
            "standing": STANDING,
            "sources": SOURCES,
        },
    )
    parts = {"sources": _sources(), "agreements": {"type": "array", "items": agreement}}
    return _printed("Agreements between states", block(keys.AGREEMENTS, parts), {})


def _printed(title: str, whole: Part, shared: Part) -> str:
    about = {
        "$schema": _DIALECT,
        "title": title,
        "description": "Written by `python -m lingkar rule-schema`. What each key means: docs/reference/rule-files.md.",
    }
    return json.dumps(about | whole | ({"$defs": shared} if shared else {}), indent=2, ensure_ascii=False) + "\n"


def _legislation() -> Part:
    parts = {
        "state": words(MemberState),
        "name": refer("name"),
        "currency": words(Currency),
        "sources": _sources(),
        "institutions": named(_institution(), ".+"),
        "schemes": named(_scheme(), ".+"),
        "parameters": named(_parameter(), keys.PARAMETER_NAME),
        "reliefs": {"type": "array", "items": _relief()},
        "identifiers": named(_identifier(), keys.WORD) | {"required": [PASSPORT]},
        "left_out": {"type": "array", "items": block(keys.LEFT_OUT, {"what": TEXT, "why": TEXT})},
        "quality": {
            "type": "object",
            "propertyNames": words(QualityRule),
            "additionalProperties": block(keys.EXEMPTION, {"state": words(QualityState), "reason": TEXT}),
        },
    }
    return block(keys.LEGISLATION, parts, allOf=[_own_ids(state) for state in MemberState])


def _own_ids(state: MemberState) -> Part:
    """Institutions and schemes begin with the code of the state."""
    begins = {"propertyNames": {"pattern": rf"^{state.value}\."}}
    return when(having("state", state.value), {"properties": {"institutions": begins, "schemes": begins}})


def _shared() -> Part:
    return {
        "name": block(keys.NAME, dict.fromkeys(keys.NAME.required, TEXT)),
        "condition": condition(),
        "segment": _segment(),
        "benefit": benefit(),
        "formula": formula(),
    }


def _sources() -> Part:
    return named(block(keys.SOURCE, {"title": TEXT, "place": TEXT, "read_on": DAY}), ".+")


def _institution() -> Part:
    return block(keys.INSTITUTION, {"name": refer("name"), "short_name": TEXT})


def _parameter() -> Part:
    bracket = block(keys.BRACKET, {"from": DECIMAL, "value": DECIMAL, "standing": STANDING, "sources": SOURCES})
    value = {"anyOf": [DECIMAL, {"type": "null"}], "description": "A number in quotes; null where the law ended it."}
    parts = {"standing": STANDING, "sources": SOURCES, "value": value, "brackets": filled(bracket), "note": TEXT}
    one_of_two = {"oneOf": [having("value"), having("brackets")]}
    dated = block(keys.DATED_VALUE, parts, allOf=[one_of_two, _NOTE_IF_ASSUMED])
    return block(keys.PARAMETER, {"unit": TEXT, "values": named(dated, DAY_PATTERN.strip("^$"), first=1)})


def _scheme() -> Part:
    parts = {
        "institution": TEXT,
        "name": refer("name"),
        "kind": words(SchemeKind),
        "portable_object": words(PortableObject),
        "branches": filled(words(Branch)),
        "grounds": TEXT,
        "segments": named(refer("segment"), keys.WORD, first=1),
        "benefits": named(refer("benefit"), keys.WORD),
    }
    return block(keys.SCHEME, parts)


def _segment() -> Part:
    waiting = {"branch": words(Branch), "months": PARAMETER, "extent": words(Extent), "remark": TEXT}
    price = {"set_by": words(keys.PRICE_SETTERS), "payer": words(keys.MARKET_PAYERS)}
    parts = {
        "persons": words(PersonGroup),
        "participation": words(Participation),
        "first_day": DAY,
        "last_day": DAY,
        "cover": {"oneOf": [_cover(basis) for basis in CoverBasis]},
        "contributions": {"type": "array", "items": {"oneOf": [_share(form) for form in keys.CONTRIBUTION]}},
        "due": block(keys.DUE, {"months_after": PARAMETER, "day": PARAMETER}),
        "rounding": words(Rounding),
        "rounds": words(keys.ROUNDS),
        "rounding_self": words(Rounding),
        "price": block(keys.PRICE, price),
        "rounding_step": PARAMETER,
        "waiting": filled(block(keys.WAITING, waiting)),
        "conditions": filled(refer("condition")),
        "returns_prepaid": PARAMETER,
        "standing": STANDING,
        "sources": SOURCES,
        "grounds": TEXT,
    }
    return block(keys.SEGMENT, parts, **BOTH_OR_NONE, allOf=_rules_of_price())


def _rules_of_price() -> list[Part]:
    """A total needs two shares and its own rounding, a market price has no shares, a due date needs a month's."""
    monthly = {"contains": having("formula", Formula.PERCENT.value, Formula.FLAT.value)}
    two_shares = {"contains": having("payer", "self"), "minItems": 2, "maxItems": 2}
    rounded = {"required": ["rounding_self"], "properties": {"contributions": two_shares}}
    return [
        when(having("rounds", "total"), rounded, without("rounding_self")),
        when(having("price"), {"properties": {"contributions": {"maxItems": 0}}}),
        when(having("due"), {"properties": {"contributions": monthly}}),
    ]


def _cover(basis: CoverBasis) -> Part:
    parts = dict.fromkeys(keys.every_key(*keys.COVER.values()), PARAMETER)
    return block(keys.COVER[basis], parts | {"basis": {"const": basis.value}})


def _share(form: tuple[Formula, BaseKind | None]) -> Part:
    formula, base_kind = form
    parts = dict.fromkeys(("amount", "base", "floor", "ceiling", "bracket_width"), PARAMETER) | {
        "payer": words(keys.PAYERS),
        "formula": {"const": formula.value},
        "base_kind": {"const": base_kind.value if base_kind is not None else None},
        "component": TEXT,
        "routes": filled(words(keys.ROUTES)),
    }
    return block(keys.CONTRIBUTION[form], parts)


def _relief() -> Part:
    parts = {
        "id": TEXT,
        "schemes": filled(TEXT),
        "segments": filled(TEXT),
        "sectors": filled(words(Sector)),
        "excluded_funders": filled(words(FunderKind)),
        "factor": DECIMAL,
        "first_day": DAY,
        "last_day": DAY,
        "standing": STANDING,
        "sources": SOURCES,
    }
    return block(keys.RELIEF, parts)


def _identifier() -> Part:
    parts = {
        "name": refer("name"),
        "pattern": {"anyOf": [TEXT | {"format": "regex"}, {"type": "null"}]},
        "rule": TEXT,
        "strength": words(Strength),
        "check": words(CHECKS),
        "test_value": TEXT,
        "standing": STANDING,
        "sources": SOURCES,
        "note": TEXT,
    }
    unsure = {"required": ["note"], "properties": {"strength": {"const": Strength.SOFT.value}}}
    return block(keys.IDENTIFIER, parts, allOf=[when(having("standing", Standing.ASSUMED.value), unsure)])
