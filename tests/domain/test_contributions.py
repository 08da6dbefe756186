"""What is due for a month or a term; the worked cases of each state are in tests/cases."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contributions import ContributionFacts, Quote, bracket_of, monthly_quote
from domain.countries import MemberState
from domain.errors import CurrencyMismatch, PeriodInvalid, RuleNotInForce, RuleUnknown, ValueMissing
from domain.legislation import Legislation, Parameter, Reason, Standing
from domain.money import Currency, Money
from domain.packs import phases_of, term_quote
from domain.periods import Month
from domain.schemes import ContributionRule, FunderKind, Sector
from tests.domain.moving import RULEBOOK, rupiah

ID = RULEBOOK.legislation(MemberState.ID)
MY = RULEBOOK.legislation(MemberState.MY)
ON = dt.date(2025, 11, 1)
NOVEMBER = Month(2025, 11)


def ringgit(text: str) -> Money:
    return Money.parse(text, Currency.MYR)


def employer(wage: str | None) -> ContributionFacts:
    return ContributionFacts(
        funder_kind=FunderKind.EMPLOYER, sector=Sector.TRADE, wage=None if wage is None else ringgit(wage)
    )


def paying(funder: FunderKind, sector: Sector | None = Sector.TRADE, income: int = 1_000_000) -> ContributionFacts:
    return ContributionFacts(funder_kind=funder, sector=sector, income=rupiah(income))


def with_rules(law: Legislation, scheme_id: str, segment_id: str, *rules: ContributionRule) -> Legislation:
    """The law with other contribution rules in one segment."""
    scheme = law.schemes[scheme_id]
    segment = replace(scheme.segments[segment_id], contributions=rules)
    changed = replace(scheme, segments=MappingProxyType({**scheme.segments, segment_id: segment}))
    return replace(law, schemes=MappingProxyType({**law.schemes, scheme_id: changed}))


def rules_of(law: Legislation, scheme_id: str, segment_id: str) -> tuple[ContributionRule, ...]:
    return law.schemes[scheme_id].segments[segment_id].contributions


def cited(quote: Quote, rule: str) -> list[Reason]:
    return [reason for reason in quote.reasons if reason.rule == rule]


def pack(months: int, route: str = "individual", law: Legislation = ID) -> Quote:
    return term_quote(law, "ID.PMI", "pmi", ON, contract_months=months, route=route)


# A rate that depends on the wage


def test_a_rate_by_wage_is_cited_by_its_row_with_its_unit_and_standing() -> None:
    quote = monthly_quote(MY, "MY.EPF.CIT", "employed", NOVEMBER, employer("5000.01"))

    (row,) = cited(quote, "epf.rate_employer_citizen_by_wage")
    assert row.text == "Contribution rate; Row of the table from 5,000.01"
    assert row.value == "12.00 percent of the wage, by wage"
    assert row.standing is Standing.REPORTED


def test_a_rate_by_wage_looks_at_the_wage_before_the_ceiling() -> None:
    first, second = rules_of(MY, "MY.EPF.CIT", "employed")
    law = with_rules(MY, "MY.EPF.CIT", "employed", replace(first, ceiling="eis.wage_ceiling"), second)
    limit = MY.parameter("eis.wage_ceiling")
    lower = replace(limit, values=tuple(replace(value, number=Decimal(4000)) for value in limit.values))
    law = replace(law, parameters=MappingProxyType({**law.parameters, limit.name: lower}))

    quote = monthly_quote(law, "MY.EPF.CIT", "employed", NOVEMBER, employer("9000"))

    assert quote.shares[0].amount == ringgit("480")


def test_an_amount_below_the_first_row_of_a_table_is_refused() -> None:
    table = ID.parameter("pmi.price_during_and_after_by_contract_months").on(ON)

    with pytest.raises(ValueMissing):
        bracket_of(table, Decimal(5), "pmi")


# Rounding, floors and shares


def test_the_payable_step_is_cited_once_so_that_its_standing_counts() -> None:
    quote = monthly_quote(MY, "MY.EPF.FOR", "inbound", NOVEMBER, employer("1700"))

    (step,) = cited(quote, "epf.rounding_step")
    assert (step.standing, quote.standing) == (Standing.ASSUMED, Standing.ASSUMED)
    assert step.value == "1.00 MYR"


def test_a_contribution_in_minor_units_cites_no_step() -> None:
    quote = monthly_quote(ID, "ID.JKM", "bpu", NOVEMBER, paying(FunderKind.CORPORATE))

    assert [reason.rule for reason in quote.reasons] == ["jkm.contribution_bpu"]
    assert quote.standing is Standing.CONFIRMED


def test_a_floor_lifts_a_low_wage_and_is_cited() -> None:
    first, _ = rules_of(MY, "MY.EPF.FOR", "inbound")
    law = with_rules(MY, "MY.EPF.FOR", "inbound", replace(first, floor="socso.wage_ceiling"))

    quote = monthly_quote(law, "MY.EPF.FOR", "inbound", NOVEMBER, employer("100"))

    assert quote.base == ringgit("6000")
    assert [reason.text for reason in cited(quote, "socso.wage_ceiling")] == ["Wage floor"]


def test_a_share_that_anyone_may_pay_is_named_after_who_pays() -> None:
    quote = monthly_quote(ID, "ID.JKK", "bpu", NOVEMBER, paying(FunderKind.PERSONAL))

    assert [share.payer for share in quote.shares] == ["personal"]


def test_what_the_state_adds_is_a_share_of_its_own() -> None:
    quote = monthly_quote(ID, "ID.JKN", "pbpu_class_3", NOVEMBER, paying(FunderKind.CORPORATE))

    assert [(share.payer, share.amount) for share in quote.shares] == [
        ("corporate", rupiah(35_000)),
        ("state", rupiah(7_000)),
    ]


@given(st.integers(0, 3_000_000).map(lambda cents: Money(cents, Currency.MYR)))
def test_the_total_is_the_sum_of_the_shares_and_each_share_is_payable(wage: Money) -> None:
    facts = replace(employer(None), wage=wage)

    quote = monthly_quote(MY, "MY.SOCSO.CAT1", "inbound", NOVEMBER, facts)

    assert quote.total.minor_units == sum(share.amount.minor_units for share in quote.shares)
    assert all(share.amount.minor_units % 5 == 0 for share in quote.shares)
    assert quote.total <= ringgit("133.90")


@given(st.integers(0, 50_000_000), st.sampled_from(FunderKind), st.sampled_from(Sector), st.integers(0, 140))
def test_a_relief_never_raises_a_price_and_budgets_pay_half_never(
    income: int, funder: FunderKind, sector: Sector, months_on: int
) -> None:
    month = Month(2016, 1).plus(months_on)
    facts = paying(funder, sector, income)
    without = replace(ID, reliefs=())

    due, full = (monthly_quote(law, "ID.JKK", "bpu", month, facts).total for law in (ID, without))

    assert due <= full
    if funder in (FunderKind.STATE_BUDGET, FunderKind.REGIONAL_BUDGET) and month.year >= 2022:
        assert due == full


def test_a_relief_is_cited_with_its_last_day() -> None:
    quote = monthly_quote(ID, "ID.JKM", "bpu", Month(2026, 2), paying(FunderKind.CORPORATE, Sector.TRANSPORT))

    (relief,) = cited(quote, "ID.PP50-2025.transport")
    assert (relief.value, "2027-03-31" in relief.text) == ("0.50", True)


def test_of_two_reliefs_the_larger_one_counts_and_they_are_not_multiplied() -> None:
    (transport,) = (relief for relief in ID.reliefs if relief.id == "ID.PP50-2025.transport")
    second = replace(transport, id="ID.TEST", factor=Decimal("0.25"))
    law = replace(ID, reliefs=(second, *ID.reliefs))

    quote = monthly_quote(law, "ID.JKM", "bpu", Month(2026, 2), paying(FunderKind.SELF, Sector.TRANSPORT))

    assert quote.total == rupiah(1_700)


@pytest.mark.parametrize("scheme_id", ["MY.EPF.FOR", "MY.SOCSO.CAT1"])
def test_a_wage_in_another_currency_is_refused(scheme_id: str) -> None:
    facts = replace(employer(None), wage=rupiah(5_000_000))

    with pytest.raises(CurrencyMismatch):
        monthly_quote(MY, scheme_id, "inbound", NOVEMBER, facts)


@pytest.mark.parametrize(("scheme_id", "segment_id"), [("ID.JKK", "nobody"), ("ID.NONE", "bpu")])
def test_a_scheme_or_segment_that_the_file_does_not_have_is_refused(scheme_id: str, segment_id: str) -> None:
    with pytest.raises(RuleUnknown):
        monthly_quote(ID, scheme_id, segment_id, NOVEMBER, paying(FunderKind.SELF))


def test_a_quote_names_the_version_of_the_rules() -> None:
    assert monthly_quote(ID, "ID.JKM", "bpu", NOVEMBER, paying(FunderKind.SELF)).rules_hash == ID.content_hash


# Packs


@given(st.integers(1, 120))
def test_a_longer_contract_never_costs_less_and_never_more_than_one_month_extra(months: int) -> None:
    shorter, longer = pack(months).total, pack(months + 1).total

    assert shorter <= longer <= shorter + rupiah(13_500)


@pytest.mark.parametrize("months", [6, 12, 24, 25, 40])
def test_a_term_that_the_law_prices_itself_is_cited_without_a_doubt(months: int) -> None:
    assert not any("not verified" in reason.text for reason in pack(months).reasons)


@pytest.mark.parametrize("months", [1, 5, 7, 11, 13, 23])
def test_a_term_between_packs_says_that_its_price_is_not_verified(months: int) -> None:
    (doubt,) = (reason for reason in pack(months).reasons if "not verified" in reason.text)

    assert (doubt.standing, doubt.value) == (Standing.ASSUMED, f"{months} months")


def test_a_term_of_no_months_is_refused() -> None:
    with pytest.raises(PeriodInvalid):
        pack(0)


def test_a_part_that_names_no_route_is_paid_on_every_route() -> None:
    before, during = rules_of(ID, "ID.PMI", "pmi")
    law = with_rules(ID, "ID.PMI", "pmi", replace(before, routes=()), during)

    assert pack(24, "individual", law).total == rupiah(370_000)
    assert phases_of(law, law.schemes["ID.PMI"].segments["pmi"], ON, "individual")[:2] == (5, 2)


def test_a_segment_without_packs_has_no_term_price() -> None:
    with pytest.raises(RuleUnknown):
        term_quote(ID, "ID.JKK", "bpu", ON, contract_months=12, route="agency")


def test_a_pack_price_that_ended_is_refused_and_not_free() -> None:
    name = "pmi.price_month_beyond_pack"
    found = ID.parameter(name)
    ended = Parameter(
        name=name,
        unit=found.unit,
        values=(*found.values, replace(found.values[-1], first_day=dt.date(2025, 6, 1), number=None)),
    )
    law = replace(ID, parameters=MappingProxyType({**ID.parameters, name: ended}))

    with pytest.raises(RuleNotInForce, match=r"pmi\.price_month_beyond_pack is known on 2025-11-01"):
        pack(27, law=law)
