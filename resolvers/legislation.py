"""Questions about the law: what a month or a pack costs, who may be insured, what changes, and on which rules."""

from __future__ import annotations

import datetime as dt

from domain.benefits import BenefitAnswer, benefits_on
from domain.changes import RuleChange, rules_changing
from domain.circumstances import Contingency
from domain.comparison import ComparisonFacts, StateComparison, compare_schemes
from domain.contributions import ContributionFacts, Quote, monthly_quote
from domain.countries import MemberState
from domain.due_dates import DueDate, due_on, next_due
from domain.eligibility import Eligibility, PersonFacts, eligibility
from domain.errors import RuleUnknown
from domain.packs import term_quote
from domain.periods import Month
from domain.qualifying import QualifyingState, qualifying_states
from domain.quantities import BenefitFacts
from resolvers.context import Context, permit


async def contribution_quote(
    context: Context, scheme_id: str, segment_id: str, month: Month, facts: ContributionFacts
) -> Quote:
    """What one month costs in a segment, by payer, with reasons; see domain.contributions.monthly_quote."""
    permit(context, "contributionQuote")
    return monthly_quote(context.rulebook.of_scheme(scheme_id), scheme_id, segment_id, month, facts)


async def pack_quote(
    context: Context, scheme_id: str, segment_id: str, on: dt.date, contract_months: int, route: str
) -> Quote:
    """What a pack for a contract term costs on a day; see domain.contributions.term_quote."""
    permit(context, "packQuote")
    law = context.rulebook.of_scheme(scheme_id)
    return term_quote(law, scheme_id, segment_id, on, contract_months=contract_months, route=route)


async def eligible(context: Context, scheme_id: str, segment_id: str, on: dt.date, person: PersonFacts) -> Eligibility:
    """Whether a person may or must be in a segment on a day, and why; see domain.eligibility.eligibility."""
    permit(context, "eligibility")
    law = context.rulebook.of_scheme(scheme_id)
    segment = law.segment(scheme_id, segment_id, on)
    return eligibility(law, law.schemes[scheme_id], segment, person, on)


async def changes(
    context: Context, first_day: dt.date, last_day: dt.date, state: MemberState | None
) -> tuple[RuleChange, ...]:
    """What of the law changes in a period, as far as the rule files know; see domain.changes.rules_changing."""
    permit(context, "rulesChanging")
    return rules_changing(context.rulebook, first_day, last_day, state)


async def benefits(
    context: Context, scheme_id: str, segment_id: str, contingency: Contingency, on: dt.date, facts: BenefitFacts
) -> BenefitAnswer:
    """What a scheme owes when something happens on a day; see domain.benefits.benefits_on."""
    permit(context, "benefitEstimate")
    return benefits_on(context.rulebook.of_scheme(scheme_id), scheme_id, segment_id, contingency, on, facts)


async def qualifying(
    context: Context, scheme_id: str, segment_id: str, on: dt.date, person: PersonFacts
) -> tuple[QualifyingState, ...]:
    """How far a person has come towards each rule that counts months; see domain.qualifying.qualifying_states."""
    permit(context, "qualifyingStates")
    law = context.rulebook.of_scheme(scheme_id)
    return qualifying_states(law, law.schemes[scheme_id], law.segment(scheme_id, segment_id, on), person, on)


async def due_date(context: Context, scheme_id: str, segment_id: str, month: Month) -> DueDate:
    """By when the contribution of a month is due; see domain.due_dates.due_on."""
    permit(context, "dueDate")
    law = context.rulebook.of_scheme(scheme_id)
    segment = law.segment(scheme_id, segment_id, month.first_day)
    return due_on(law, law.schemes[scheme_id], segment, month)


async def next_due_date(context: Context, scheme_id: str, segment_id: str, on: dt.date) -> DueDate:
    """Which due date comes next on or after a day; see domain.due_dates.next_due."""
    permit(context, "nextDueDate")
    law = context.rulebook.of_scheme(scheme_id)
    scheme = law.schemes[scheme_id]
    if segment_id not in scheme.segments:
        raise RuleUnknown(kind="segment", name=f"{scheme_id}.{segment_id}")
    return next_due(law, scheme, scheme.segments[segment_id], on)


async def comparison(
    context: Context, states: tuple[MemberState, ...] | None, on: dt.date, facts: ComparisonFacts
) -> tuple[StateComparison, ...]:
    """The same person side by side in several states, of all where none is named; see domain.comparison."""
    permit(context, "compareSchemes")
    named = tuple(context.rulebook.states) if states is None else states
    return compare_schemes(context.rulebook, named, on, facts)
