"""The keys and words of rule files, in one place: the loader refuses by them, the published schema is made of them."""

from __future__ import annotations

from typing import NamedTuple

from domain.formulas import Measure, Quantity
from domain.schemes import BaseKind, CoverBasis, Formula


class Keys(NamedTuple):
    """The keys that a block needs and those that it may have."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


DECIMAL = r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
WORD = r"[a-z][a-z0-9_]*"
PARAMETER_NAME = rf"{WORD}\.{WORD}"

PAYERS = ("self", "employer", "funder", "state")
MARKET_PAYERS = ("self", "employer")
REST_PAYERS = ("employer", "state")
ROUTES = ("agency", "individual")
ROUNDS = ("shares", "total")
PRICE_SETTERS = ("market",)

STANDING_KEYS = ("standing", "sources")
"""Both or none, where they may be left out."""

LEGISLATION = Keys(
    (
        *("state", "name", "currency", "sources", "institutions", "schemes", "parameters", "reliefs"),
        *("identifiers", "left_out", "quality"),
    )
)
NAME = Keys(("en", "own", "own_language"))
BENEFIT_NAME = Keys(("en",), ("own", "own_language"))
SOURCE = Keys(("title", "place", "read_on"))
INSTITUTION = Keys(("name", "short_name"))
LEFT_OUT = Keys(("what", "why"))
EXEMPTION = Keys(("state", "reason"))
AGREEMENTS = Keys(("sources", "agreements"))
AGREEMENT = Keys(("id", "parties", "kind", "totalization", "standing", "sources"), ("first_day",))

PARAMETER = Keys(("unit", "values"))
DATED_VALUE = Keys(("standing", "sources"), ("value", "brackets", "note"))
BRACKET = Keys(("from", "value"), STANDING_KEYS)

SCHEME = Keys(("institution", "name", "kind", "portable_object", "branches", "grounds", "segments"), ("benefits",))
SEGMENT = Keys(
    ("persons", "participation", "first_day", "cover", "contributions", "rounding", "grounds"),
    (
        *("last_day", "due", "rounding_step", "waiting", "conditions", "returns_prepaid"),
        *(*STANDING_KEYS, "rounds", "rounding_self", "price"),
    ),
)
DUE = Keys(("months_after", "day"))
PRICE = Keys(("set_by", "payer"))
WAITING = Keys(("branch", "months", "extent", "remark"))
RELIEF = Keys(
    ("id", "schemes", "factor", "first_day", "last_day", *STANDING_KEYS), ("segments", "sectors", "excluded_funders")
)
IDENTIFIER = Keys(("name", "pattern", "rule", "strength", "standing", "sources"), ("check", "test_value", "note"))

COVER = {
    CoverBasis.CONTRIBUTION_MONTH: Keys(("basis", "tolerance_months", "restart_anew")),
    CoverBasis.TERM: Keys(("basis", "before_months", "after_months")),
    CoverBasis.ENROLMENT: Keys(("basis",)),
}

_SHARE = ("payer", "formula", "amount")
CONTRIBUTION: dict[tuple[Formula, BaseKind | None], Keys] = {
    (Formula.PERCENT, BaseKind.INCOME_BASE): Keys((*_SHARE, "base_kind", "base"), ("routes",)),
    (Formula.PERCENT, BaseKind.WAGE): Keys((*_SHARE, "base_kind"), ("floor", "ceiling", "bracket_width", "routes")),
    (Formula.FLAT, None): Keys(_SHARE, ("routes",)),
    (Formula.TERM_PACK, None): Keys((*_SHARE, "component"), ("base", "routes")),
}


def contribution_keys(formula: Formula, base_kind: BaseKind | None) -> Keys:
    """The keys of a share by its formula; a percentage that does not say of what is read as one of the wage."""
    of_base = base_kind if formula is Formula.PERCENT else None
    return CONTRIBUTION.get((formula, of_base), CONTRIBUTION[Formula.PERCENT, BaseKind.WAGE])


_BOUND = Keys(("kind", "parameter"))
_BOUND_BY_SEMESTER = ("before_semester",)
CONDITIONS: dict[str, Keys] = {
    "age_min_years": _BOUND,
    "age_max_years": _BOUND,
    "age_below": _BOUND,
    "age_min_months": _BOUND,
    "first_entry_age_below": _BOUND,
    "first_entry_age_from": _BOUND,
    "contract_months_min": _BOUND,
    "work_months_min": _BOUND,
    "firm_workers_min": _BOUND,
    "firm_workers_below": _BOUND,
    "months_min": Keys(_BOUND.required, _BOUND_BY_SEMESTER),
    "months_below": Keys(_BOUND.required, _BOUND_BY_SEMESTER),
    "months_in_window_min": Keys((*_BOUND.required, "window"), _BOUND_BY_SEMESTER),
    "months_share_min": _BOUND,
    "membership_months_min": _BOUND,
    # What follows rests on no parameter, so it may have a standing of its own.
    "sectors_excluded": Keys(("kind", "sectors"), STANDING_KEYS),
    "sectors_included": Keys(("kind", "sectors"), STANDING_KEYS),
    "residence": Keys(("kind", "statuses"), STANDING_KEYS),
    "sex": Keys(("kind", "sex"), STANDING_KEYS),
    "stated": Keys(("kind", "fact"), STANDING_KEYS),
    "nationals_only": Keys(("kind",), STANDING_KEYS),
    "valid_pass": Keys(("kind",), STANDING_KEYS),
}
ALTERNATIVES = Keys(("any",))

BENEFIT_AMOUNT_NEEDED = ("amount", "rounding")
BENEFIT_AMOUNT = (*BENEFIT_AMOUNT_NEEDED, "rounding_step", "amount_is")
"""What a benefit in money needs, what it may have, and what one in kind does not have."""
BENEFIT = Keys(
    ("name", "contingency", "branch", "payment", "first_day", "grounds"),
    (
        *("last_day", "segments", "conditions", "after_months", "lasts_months"),
        *(*STANDING_KEYS, *BENEFIT_AMOUNT),
    ),
)

EACH_KEYS = ("above", "at_most")
"""They limit what is counted by `for_each`."""
TIME_KEYS = ("credited_from", "credited_before")
"""They limit one of the quantities OF_MONTHS."""
OF_MONTHS = (Quantity.MONTHS_CREDITED, Quantity.YEARS_CREDITED, Quantity.FULL_YEARS_CREDITED)
_COUNTED = ("for_each", *EACH_KEYS, *TIME_KEYS)
_LIMITS = ("floor", "ceiling")
LEAVES: dict[Measure, Keys] = {
    Measure.AMOUNT: Keys(("amount",), ("by", *_COUNTED)),
    Measure.PERCENT: Keys(("percent", "of"), ("by", *_COUNTED, *_LIMITS)),
    Measure.MULTIPLE: Keys(("multiple", "of"), ("by", *_COUNTED, *_LIMITS)),
    Measure.ALL_OF: Keys(("all_of",), (*_COUNTED, *_LIMITS, *STANDING_KEYS)),
}
LEAF_KEYS = (
    *(measure.value for measure in Measure),
    *("of", "by", *_COUNTED, *_LIMITS, *STANDING_KEYS),
)


def every_key(*blocks: Keys) -> tuple[str, ...]:
    """The keys of several forms of a block, each once."""
    return tuple(dict.fromkeys(key for block in blocks for key in (*block.required, *block.optional)))
