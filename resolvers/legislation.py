"""Questions about the law: what a month or a pack costs, who may be insured, what changes, and on which rules."""

from __future__ import annotations

import datetime as dt

from domain.changes import RuleChange, rules_changing
from domain.contributions import ContributionFacts, Quote, monthly_quote, term_quote
from domain.countries import MemberState
from domain.eligibility import Eligibility, PersonFacts, eligibility
from domain.periods import Month
from resolvers.context import EVERYONE, Context, permit


async def contribution_quote(
    context: Context, scheme_id: str, segment_id: str, month: Month, facts: ContributionFacts
) -> Quote:
    """What one month costs in a segment, by payer, with reasons; see domain.contributions.monthly_quote."""
    permit(context, "contributionQuote", *EVERYONE)
    return monthly_quote(context.rulebook.of_scheme(scheme_id), scheme_id, segment_id, month, facts)


async def pack_quote(
    context: Context, scheme_id: str, segment_id: str, on: dt.date, contract_months: int, route: str
) -> Quote:
    """What a pack for a contract term costs on a day; see domain.contributions.term_quote."""
    permit(context, "packQuote", *EVERYONE)
    law = context.rulebook.of_scheme(scheme_id)
    return term_quote(law, scheme_id, segment_id, on, contract_months=contract_months, route=route)


async def eligible(context: Context, scheme_id: str, segment_id: str, on: dt.date, person: PersonFacts) -> Eligibility:
    """Whether a person may or must be in a segment on a day, and why; see domain.eligibility.eligibility."""
    permit(context, "eligibility", *EVERYONE)
    law = context.rulebook.of_scheme(scheme_id)
    segment = law.segment(scheme_id, segment_id, on)
    return eligibility(law, law.schemes[scheme_id], segment, person, on)


async def changes(
    context: Context, first_day: dt.date, last_day: dt.date, state: MemberState | None
) -> tuple[RuleChange, ...]:
    """What of the law changes in a period, as far as the rule files know; see domain.changes.rules_changing."""
    permit(context, "rulesChanging", *EVERYONE)
    return rules_changing(context.rulebook, first_day, last_day, state)
