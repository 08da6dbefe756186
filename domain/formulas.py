"""How the amount of a benefit is written: a tree of leaves, each of one parameter of the law.

Records only; `domain/amounts.py` computes them. The forms are undated, each number is a parameter.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from domain.standing import Standing


class Payment(Enum):
    """How a benefit is paid; a monthly and a daily amount hold for each month or day."""

    LUMP_SUM = "lump_sum"
    MONTHLY = "monthly"
    DAILY = "daily"
    EACH_TIME = "each_time"
    IN_KIND = "in_kind"


class AmountIs(Enum):
    """What the computed amount says about the amount that is paid."""

    EXACT = "exact"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"


class Measure(Enum):
    """What a leaf's parameter is: an amount, or a part or multiple of a base; all of a base needs none."""

    AMOUNT = "amount"
    PERCENT = "percent"
    MULTIPLE = "multiple"
    ALL_OF = "all_of"


class AmountBase(Enum):
    """The amount of which a part is taken.

    CONTRIBUTION_BASE is what the segment's contribution is computed from. AVERAGE_WAGE is the average that the
    scheme prescribes, and PENSION the pension that the benefit is a part of, such as that of the deceased; the
    asker gives both.
    """

    WAGE = "wage"
    CONTRIBUTION_BASE = "contribution_base"
    AVERAGE_WAGE = "average_wage"
    BALANCE = "balance"
    PENSION = "pension"


class Quantity(Enum):
    """What is counted of a person. DEGREE is the degree of incapacity as a fraction of one."""

    MONTHS_CREDITED = "months_credited"
    YEARS_CREDITED = "years_credited"
    FULL_YEARS_CREDITED = "full_years_credited"
    CHILDREN = "children"
    DAYS = "days"
    DEGREE = "degree"
    AGE_YEARS = "age_years"


class Combination(Enum):
    """What a node does with the amounts of its parts."""

    SUM = "sum"
    HIGHEST = "highest"
    LOWEST = "lowest"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountLeaf:
    """One amount of a formula; `parameter`, `above`, `at_most`, `floor`, `ceiling` name parameters.

    by: the quantity by which the parameter, then a table, is looked up. for_each: the quantity by which the
    amount is multiplied, after `above` is subtracted and up to `at_most`. credited_from, credited_before: only
    months that begin in that time are counted. floor, ceiling: limits of the base. standing, source_ids: of a leaf
    without a parameter, if the file gives them.
    """

    measure: Measure
    parameter: str | None = None
    base: AmountBase | None = None
    by: Quantity | None = None
    for_each: Quantity | None = None
    above: str | None = None
    at_most: str | None = None
    credited_from: dt.date | None = None
    credited_before: dt.date | None = None
    floor: str | None = None
    ceiling: str | None = None
    standing: Standing | None = None
    source_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountNode:
    """Two or more amounts made one."""

    combination: Combination
    parts: tuple[AmountFormula, ...]


AmountFormula: TypeAlias = AmountLeaf | AmountNode
