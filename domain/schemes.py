"""Schemes, their segments and branches, as the law of a member state describes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from domain.countries import MemberState
from domain.money import Rounding


class Branch(Enum):
    """The nine branches of ILO Convention 102."""

    MEDICAL_CARE = "medical_care"
    SICKNESS = "sickness"
    UNEMPLOYMENT = "unemployment"
    OLD_AGE = "old_age"
    EMPLOYMENT_INJURY = "employment_injury"
    FAMILY = "family"
    MATERNITY = "maternity"
    INVALIDITY = "invalidity"
    SURVIVORS = "survivors"


class PortableObject(Enum):
    """What of a scheme can follow a worker: it decides by which rules."""

    EVENT = "event"
    PERIOD = "period"
    BALANCE = "balance"
    RESIDENCE = "residence"


class SchemeKind(Enum):
    """How a scheme is built."""

    SOCIAL_INSURANCE = "social_insurance"
    SOCIAL_INSURANCE_DB = "social_insurance_db"
    PROVIDENT_FUND = "provident_fund"
    MIXED_ACCOUNT_AND_POOL = "mixed_account_and_pool"
    EMPLOYER_LIABILITY_INSURED = "employer_liability_insured"
    EMPLOYER_MANDATED_INSURANCE = "employer_mandated_insurance"
    UNIVERSAL = "universal"
    SOCIAL_ASSISTANCE = "social_assistance"


class PersonGroup(Enum):
    """Whom a segment of a scheme is for."""

    EMPLOYED = "employed"
    SELF_EMPLOYED = "self_employed"
    OUTBOUND = "outbound"
    INBOUND = "inbound"


class Participation(Enum):
    """Whether a person of the group must, may or cannot be in the segment."""

    COMPULSORY = "compulsory"
    VOLUNTARY = "voluntary"
    EXCLUDED = "excluded"


class FunderKind(Enum):
    """Who pays a contribution. Price, relief and reporting depend on it."""

    SELF = "self"
    EMPLOYER = "employer"
    CORPORATE = "corporate"
    PERSONAL = "personal"
    STATE_BUDGET = "state_budget"
    REGIONAL_BUDGET = "regional_budget"


class Sector(Enum):
    """The sector of a worker's activity, as far as prices or exclusions depend on it."""

    AGRICULTURE = "agriculture"
    FISHING = "fishing"
    TRADE = "trade"
    TRANSPORT = "transport"
    CONSTRUCTION = "construction"
    MANUFACTURING = "manufacturing"
    SERVICES = "services"
    DOMESTIC_WORK = "domestic_work"


class CoverBasis(Enum):
    """From what the cover of a segment follows."""

    CONTRIBUTION_MONTH = "contribution_month"
    TERM = "term"
    ENROLMENT = "enrolment"


class Formula(Enum):
    """The undated ways in which a contribution is computed; their values are law and live in rule files."""

    PERCENT = "percent"
    FLAT = "flat"
    TERM_PACK = "term_pack"


class BaseKind(Enum):
    """The amount a percentage is taken of."""

    WAGE = "wage"
    INCOME_BASE = "income_base"


class Extent(Enum):
    """How far a covered person is protected on a day.

    FULL: the whole benefit. LIMITED: a waiting period leaves only part of it. ACCRUING: insured, and
    periods count, but the qualifying period of the benefit is not completed yet.
    """

    FULL = "full"
    LIMITED = "limited"
    ACCRUING = "accruing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A name in English and in the state's own language."""

    en: str
    own: str
    own_language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """A body that applies legislation or owes benefits; `id` begins with its member state."""

    id: str
    member_state: MemberState
    name: Text
    short_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributionRule:
    """One share of a contribution: who pays, by which formula, with which parameters.

    payer: the FunderKind values `self` or `employer`, or `funder` where anyone may pay.
    amount, base, floor, ceiling, step, bracket_width: names of parameters of the same state.
    component: how a pack names the part, for example `before` and `during_and_after`; empty otherwise.
    """

    payer: str
    formula: Formula
    amount: str
    base_kind: BaseKind | None
    base: str | None
    floor: str | None
    ceiling: str | None
    bracket_width: str | None
    component: str
    routes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRule:
    """In the first months of membership a branch is protected only to an extent.

    months: name of the parameter that counts them. remark: what is paid meanwhile.
    """

    branch: Branch
    months: str
    extent: Extent
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverRule:
    """How cover follows from facts; the parameter names that apply to the basis, others None.

    tolerance_months: unpaid months that still protect. before_months, after_months: a term's phases
    around the contract, the first at most.
    """

    basis: CoverBasis
    tolerance_months: str | None
    before_months: str | None
    after_months: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a person must fulfil to be in a segment; `parameter` holds the bound, if there is one."""

    kind: str
    parameter: str | None
    sectors: tuple[Sector, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The part of a scheme that is for one group of persons, with its own price and cover rule."""

    id: str
    persons: PersonGroup
    participation: Participation
    first_day: dt.date
    last_day: dt.date | None
    cover: CoverRule
    contributions: tuple[ContributionRule, ...]
    rounding: Rounding
    rounding_step: str | None
    waiting: tuple[WaitingRule, ...]
    conditions: tuple[Condition, ...]
    returns_prepaid: str | None
    grounds: str

    def open_on(self, day: dt.date) -> bool:
        """Whether the law of this segment is in force on a day."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A statutory arrangement of one institution that covers branches."""

    id: str
    member_state: MemberState
    institution_id: str
    name: Text
    kind: SchemeKind
    portable_object: PortableObject
    branches: tuple[Branch, ...]
    segments: Mapping[str, Segment]
    grounds: str
