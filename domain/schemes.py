"""Schemes, their segments and branches, as the law of a member state describes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from domain.circumstances import Contingency, ResidenceStatus, Sex, StatedFact
from domain.countries import MemberState
from domain.formulas import AmountFormula, AmountIs, Payment
from domain.money import Rounding
from domain.standing import Standing


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
    """A name in English and in the state's own language; of a benefit the latter may not be known."""

    en: str
    own: str | None
    own_language: str | None


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

    tolerance_months: unpaid months that still protect. restart_anew: 1 if membership begins anew with the first
    payment after a lapse, 0 if it goes on. before_months, after_months: a term's phases around the contract, the
    first at most.
    """

    basis: CoverBasis
    tolerance_months: str | None
    restart_anew: str | None
    before_months: str | None
    after_months: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a person must fulfil to be in a segment or to have a benefit.

    parameter: holds the bound, if there is one; window: the months in which months are counted. any_of: lists of
    which one must be met whole. standing, source_ids: of a condition without a parameter, if the file gives them.
    """

    kind: str
    parameter: str | None = None
    window: str | None = None
    before_semester: bool = False
    sectors: tuple[Sector, ...] = ()
    statuses: tuple[ResidenceStatus, ...] = ()
    sex: Sex | None = None
    stated: StatedFact | None = None
    any_of: tuple[tuple[Condition, ...], ...] = ()
    standing: Standing | None = None
    source_ids: tuple[str, ...] = ()

    def single(self) -> Iterator[Condition]:
        """This condition, or each one in its lists."""
        if not self.any_of:
            yield self
        for conditions in self.any_of:
            for condition in conditions:
                yield from condition.single()


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRule:
    """By when the contribution of a month is paid: names of parameters.

    months_after: months after the contribution month. day: day of that month, 31 for its last.
    """

    months_after: str
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The part of a scheme that is for one group of persons, with its own price and cover rule.

    rounding_self: where the law rounds the total, the rounding of the worker's share, and the other payer bears the
    rest; None where each share is rounded alone. market_payer: who pays a price that the law leaves to a market.
    standing, source_ids: of who is in the segment, if the file gives them; each value has its own.
    """

    id: str
    persons: PersonGroup
    participation: Participation
    first_day: dt.date
    last_day: dt.date | None
    cover: CoverRule
    contributions: tuple[ContributionRule, ...]
    due: DueRule | None
    rounding: Rounding
    rounding_step: str | None
    rounding_self: Rounding | None
    market_payer: str | None
    waiting: tuple[WaitingRule, ...]
    conditions: tuple[Condition, ...]
    returns_prepaid: str | None
    standing: Standing | None
    source_ids: tuple[str, ...]
    grounds: str

    def open_on(self, day: dt.date) -> bool:
        """Whether the law of this segment is in force on a day."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """What a scheme owes when something happens on a day from the first to the last of this rule.

    segment_ids: the segments in which it is owed, empty for all. after_months, lasts_months: parameters of the
    phase of a periodical benefit. amount, rounding: None for a benefit in kind. standing, source_ids: of the rule
    itself, if the file gives them; each value of the amount has its own.
    """

    id: str
    name: Text
    contingency: Contingency
    branch: Branch
    payment: Payment
    amount_is: AmountIs
    first_day: dt.date
    last_day: dt.date | None
    segment_ids: tuple[str, ...]
    conditions: tuple[Condition, ...]
    after_months: str | None
    lasts_months: str | None
    amount: AmountFormula | None
    rounding: Rounding | None
    rounding_step: str | None
    standing: Standing | None
    source_ids: tuple[str, ...]
    grounds: str

    def open_on(self, day: dt.date) -> bool:
        """Whether this rule is in force on a day."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)

    def concerns(self, segment_id: str) -> bool:
        """Whether it is owed in a segment."""
        return not self.segment_ids or segment_id in self.segment_ids


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
    benefits: Mapping[str, Benefit]
