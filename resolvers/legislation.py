"""Questions about the law: what a month or a pack costs, and what it rests on."""

from __future__ import annotations

import datetime as dt

from domain.contributions import ContributionFacts, Quote, monthly_quote, term_quote
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
