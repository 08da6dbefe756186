"""The schema of conditions, benefits and formulas, which refer to each other by name."""

from __future__ import annotations

from adapters import rulebook_keys as keys
from adapters.rule_schema_parts import (
    BOTH_OR_NONE,
    DAY,
    PARAMETER,
    SOURCES,
    STANDING,
    TEXT,
    TRUTH,
    Part,
    block,
    filled,
    having,
    refer,
    when,
    without,
    words,
)
from adapters.rulebook_keys import Keys
from domain.circumstances import Contingency, ResidenceStatus, Sex, StatedFact
from domain.formulas import AmountBase, AmountIs, Combination, Measure, Payment, Quantity
from domain.money import Rounding
from domain.schemes import Branch, Sector


def condition() -> Part:
    """A condition; kinds with the same keys are one form, so that an editor offers few."""
    forms: dict[Keys, list[str]] = {}
    for kind, of in keys.CONDITIONS.items():
        forms.setdefault(of, []).append(kind)
    lists = {"type": "array", "items": filled(refer("condition")), "minItems": 2}
    single = [_single_condition(of, kinds) for of, kinds in forms.items()]
    return {"oneOf": [*single, block(keys.ALTERNATIVES, {"any": lists})]}


def _single_condition(of: Keys, kinds: list[str]) -> Part:
    parts = {
        "kind": words(kinds),
        "parameter": PARAMETER,
        "window": PARAMETER,
        "before_semester": TRUTH,
        "sectors": filled(words(Sector)),
        "statuses": filled(words(ResidenceStatus)),
        "sex": words(Sex),
        "fact": words(StatedFact),
        "standing": STANDING,
        "sources": SOURCES,
    }
    return block(of, parts, **BOTH_OR_NONE)


def benefit() -> Part:
    """A benefit: one in money needs a formula, one in kind has none."""
    name = block(
        keys.BENEFIT_NAME,
        dict.fromkeys(("en", "own", "own_language"), TEXT),
        dependentRequired={"own": ["own_language"], "own_language": ["own"]},
    )
    parts = {
        "name": name,
        "contingency": words(Contingency),
        "branch": words(Branch),
        "payment": words(Payment),
        "amount_is": words(AmountIs),
        "first_day": DAY,
        "last_day": DAY,
        "segments": filled(TEXT),
        "conditions": filled(refer("condition")),
        "after_months": PARAMETER,
        "lasts_months": PARAMETER,
        "amount": refer("formula"),
        "rounding": words(Rounding),
        "rounding_step": PARAMETER,
        "standing": STANDING,
        "sources": SOURCES,
        "grounds": TEXT,
    }
    in_kind = having("payment", Payment.IN_KIND.value)
    in_money = {"required": list(keys.BENEFIT_AMOUNT_NEEDED)}
    return block(keys.BENEFIT, parts, **BOTH_OR_NONE, allOf=[when(in_kind, without(*keys.BENEFIT_AMOUNT), in_money)])


def formula() -> Part:
    """A formula: a leaf, or a node of two or more formulas."""
    two = {"type": "array", "items": refer("formula"), "minItems": 2}
    nodes = [block(Keys((combination.value,)), {combination.value: two}) for combination in Combination]
    return {"oneOf": [*(_leaf(measure) for measure in Measure), *nodes]}


def _leaf(measure: Measure) -> Part:
    counted = {"enum": [quantity.value for quantity in keys.OF_MONTHS]}
    of_months = {"anyOf": [{"required": [key], "properties": {key: counted}} for key in ("by", "for_each")]}
    parts = dict.fromkeys(keys.LEAF_KEYS, PARAMETER) | {
        "of": words(AmountBase),
        "by": words(Quantity),
        "for_each": words(Quantity),
        **dict.fromkeys(keys.TIME_KEYS, DAY),
        "standing": STANDING,
        "sources": SOURCES,
    }
    if measure is Measure.ALL_OF:
        parts[measure.value] = words(AmountBase)
    needed = BOTH_OR_NONE["dependentRequired"] | {key: ["for_each"] for key in keys.EACH_KEYS}
    limited = {"dependentSchemas": dict.fromkeys(keys.TIME_KEYS, of_months)}
    return block(keys.LEAVES[measure], parts, dependentRequired=needed, **limited)
