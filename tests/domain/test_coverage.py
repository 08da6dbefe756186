"""Coverage spells from paid months, terms and enrolments, and the answer for one day."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.countries import MemberState
from domain.coverage import CoverageSpell, CoverState, Insurance, PaidMonth, coverage_spells
from domain.determination import Outcome, determine
from domain.errors import RuleNotInForce, RuleUnknown
from domain.legislation import Rulebook, Standing
from domain.periods import ONE_DAY, Month, Period
from domain.schemes import Branch, Extent, FunderKind
from tests.domain.moving import FUND_ID, RULEBOOK, insured, months

OPEN = dt.date(2031, 1, 1)


def survivors(*insurances: Insurance, rulebook: Rulebook = RULEBOOK) -> list[CoverageSpell]:
    return [spell for spell in coverage_spells(insurances, rulebook) if spell.branch is Branch.SURVIVORS]


def with_restart(numbers: dict[dt.date, int], waiting: int = 3) -> Rulebook:
    """The law with another rule for a restart after a lapse, by first day, and other months of waiting."""
    law = RULEBOOK.legislation(MemberState.ID)
    restart, months_waiting = law.parameters["bpu.restart_anew"], law.parameters["jkm.waiting_months"]
    parameters = {
        **law.parameters,
        "bpu.restart_anew": replace(
            restart,
            values=tuple(
                replace(restart.values[-1], first_day=day, number=Decimal(number)) for day, number in numbers.items()
            ),
        ),
        "jkm.waiting_months": replace(
            months_waiting, values=(replace(months_waiting.values[0], number=Decimal(waiting)),)
        ),
    }
    return replace(RULEBOOK, states={**RULEBOOK.states, MemberState.ID: replace(law, parameters=parameters)})


def shown(spells: list[CoverageSpell]) -> list[tuple[str, str, str, str]]:
    return [(str(s.first_day), str(s.last_day), s.state.value, s.extent.value) for s in spells]


def enrolled(scheme_id: str, segment_id: str, first_day: dt.date, last_day: dt.date | None = None) -> Insurance:
    return Insurance(
        scheme_id=scheme_id,
        segment_id=segment_id,
        first_day=first_day,
        last_day=last_day,
        funder_kind=FunderKind.EMPLOYER,
        fund_id=None,
        months=(),
    )


def test_three_paid_months_give_three_limited_months_and_two_of_tolerance() -> None:
    assert shown(survivors(insured("ID.JKM", "2025-03", 3))) == [
        ("2025-03-01", "2025-05-31", "paid", "limited"),
        ("2025-06-01", "2025-07-31", "tolerance", "full"),
    ]


def test_from_the_fourth_month_of_membership_the_whole_benefit_is_due() -> None:
    assert shown(survivors(insured("ID.JKM", "2025-03", 5)))[:2] == [
        ("2025-03-01", "2025-05-31", "paid", "limited"),
        ("2025-06-01", "2025-07-31", "paid", "full"),
    ]


def test_before_2025_no_month_of_membership_is_limited() -> None:
    assert {spell.extent for spell in survivors(insured("ID.JKM", "2024-03", 5))} == {Extent.FULL}


def test_a_membership_of_december_2024_is_limited_from_january_by_the_rule_of_the_month() -> None:
    assert shown(survivors(insured("ID.JKM", "2024-12", 4)))[:3] == [
        ("2024-12-01", "2024-12-31", "paid", "full"),
        ("2025-01-01", "2025-02-28", "paid", "limited"),
        ("2025-03-01", "2025-03-31", "paid", "full"),
    ]


def test_an_enrolment_of_december_2024_is_judged_by_the_rule_of_the_day_as_a_month_is() -> None:
    assert shown(survivors(enrolled("ID.JKM", "pu", dt.date(2024, 12, 16)))) == [
        ("2024-12-16", "2024-12-31", "enrolment", "full"),
        ("2025-01-01", "2025-03-15", "enrolment", "limited"),
        ("2025-03-16", "None", "enrolment", "full"),
    ]


def test_two_unpaid_months_between_paid_ones_are_tolerance_months_and_membership_goes_on() -> None:
    broken = replace(insured("ID.JKM", "2025-01", 1), months=(*months("2025-01", 1), *months("2025-04", 1)))

    assert shown(survivors(broken))[:3] == [
        ("2025-01-01", "2025-01-31", "paid", "limited"),
        ("2025-02-01", "2025-03-31", "tolerance", "limited"),
        ("2025-04-01", "2025-04-30", "paid", "full"),
    ]


def test_the_third_unpaid_month_ends_cover_and_re_entry_begins_membership_anew() -> None:
    broken = replace(insured("ID.JKM", "2025-01", 1), months=(*months("2025-01", 4), *months("2025-08", 1)))

    assert shown(survivors(broken))[1:] == [
        ("2025-04-01", "2025-04-30", "paid", "full"),
        ("2025-05-01", "2025-06-30", "tolerance", "full"),
        ("2025-08-01", "2025-08-31", "paid", "limited"),
        ("2025-09-01", "2025-10-31", "tolerance", "limited"),
    ]


def test_where_membership_goes_on_the_months_before_a_lapse_count_and_those_of_the_lapse_do_not() -> None:
    paid = (*months("2025-01", 1), *months("2025-06", 1))
    broken = replace(insured("ID.JKM", "2025-01", 1), months=paid)

    spells = survivors(broken, rulebook=with_restart({dt.date(2015, 7, 1): 0}, waiting=5))

    assert shown(spells) == [
        ("2025-01-01", "2025-01-31", "paid", "limited"),
        ("2025-02-01", "2025-03-31", "tolerance", "limited"),
        ("2025-06-01", "2025-06-30", "paid", "limited"),
        ("2025-07-01", "2025-07-31", "tolerance", "limited"),
        ("2025-08-01", "2025-08-31", "tolerance", "full"),
    ]


def test_where_membership_goes_on_a_waiting_time_that_was_over_does_not_come_back() -> None:
    broken = replace(insured("ID.JKM", "2025-01", 1), months=(*months("2025-01", 4), *months("2027-08", 1)))

    spells = survivors(broken, rulebook=with_restart({dt.date(2015, 7, 1): 0}))

    assert {spell.extent for spell in spells if spell.first_day >= dt.date(2027, 8, 1)} == {Extent.FULL}


def test_a_payment_in_the_last_tolerance_month_is_no_restart_whatever_the_rule() -> None:
    unbroken = replace(insured("ID.JKM", "2025-01", 1), months=(*months("2025-01", 1), *months("2025-03", 2)))

    anew = survivors(unbroken, rulebook=with_restart({dt.date(2015, 7, 1): 1}))
    goes_on = survivors(unbroken, rulebook=with_restart({dt.date(2015, 7, 1): 0}))

    assert shown(anew) == shown(goes_on)
    assert "bpu.restart_anew" not in {reason.rule for spell in anew for reason in spell.reasons}


def test_the_rule_of_the_month_of_the_new_payment_decides_and_not_that_of_the_lapse() -> None:
    changed = with_restart({dt.date(2015, 7, 1): 1, dt.date(2025, 9, 1): 0})
    before = replace(insured("ID.JKM", "2025-01", 1), months=(*months("2025-01", 4), *months("2025-08", 1)))
    after = replace(insured("ID.JKM", "2025-01", 1), months=(*months("2025-01", 4), *months("2025-09", 1)))

    last_paid = [
        [spell for spell in survivors(insurance, rulebook=changed) if spell.state is CoverState.PAID][-1]
        for insurance in (before, after)
    ]

    assert [spell.extent for spell in last_paid] == [Extent.LIMITED, Extent.FULL]


def test_a_second_lapse_takes_along_only_what_the_first_one_left() -> None:
    changed = with_restart({dt.date(2015, 7, 1): 1, dt.date(2025, 9, 1): 0}, waiting=5)
    paid = (*months("2025-01", 4), *months("2025-08", 1), *months("2025-12", 1))

    spells = survivors(replace(insured("ID.JKM", "2025-01", 1), months=paid), rulebook=changed)

    assert [
        (str(s.first_day), s.state.value, s.extent.value) for s in spells if s.first_day >= dt.date(2025, 8, 1)
    ] == [
        ("2025-08-01", "paid", "limited"),
        ("2025-09-01", "tolerance", "limited"),
        ("2025-12-01", "paid", "limited"),
        ("2026-01-01", "tolerance", "limited"),
        ("2026-02-01", "tolerance", "full"),
    ]


@pytest.mark.parametrize(("anew", "extent"), [(1, Extent.LIMITED), (0, Extent.FULL)])
def test_the_restart_rule_is_cited_where_the_months_since_it_do_not_suffice(anew: int, extent: Extent) -> None:
    broken = replace(insured("ID.JKM", "2025-01", 1), months=(*months("2025-01", 4), *months("2025-08", 4)))

    spells = survivors(broken, rulebook=with_restart({dt.date(2015, 7, 1): anew}))

    cited = [s for s in spells if any(reason.rule == "bpu.restart_anew" for reason in s.reasons)]
    assert [(str(s.first_day), str(s.last_day), s.extent) for s in cited] == [("2025-08-01", "2025-10-31", extent)]


def test_a_branch_without_waiting_does_not_cite_the_restart_rule() -> None:
    broken = replace(insured("ID.JKK", "2025-01", 1), months=(*months("2025-01", 1), *months("2025-08", 1)))

    spells = coverage_spells((broken,), RULEBOOK)

    assert "bpu.restart_anew" not in {reason.rule for spell in spells for reason in spell.reasons}


def test_an_ended_enrolment_gives_no_day_after_its_last() -> None:
    ended = insured("ID.JKK", "2025-01", 3, last_day=dt.date(2025, 3, 9))

    assert max(spell.last_day or OPEN for spell in survivors(ended)) == dt.date(2025, 3, 9)


def test_an_enrolment_that_ends_in_a_tolerance_month_gives_its_days_up_to_the_end() -> None:
    ended = insured("ID.JKK", "2025-01", 1, last_day=dt.date(2025, 2, 14))

    assert shown(survivors(ended)) == [
        ("2025-01-01", "2025-01-31", "paid", "full"),
        ("2025-02-01", "2025-02-14", "tolerance", "full"),
    ]


def test_months_of_an_ended_enrolment_do_not_count_for_a_later_one() -> None:
    paid = (*months("2025-01", 4), *months("2025-06", 2))
    first = replace(insured("ID.JKM", "2025-01", 1, last_day=dt.date(2025, 4, 30)), months=paid)
    second = replace(insured("ID.JKM", "2025-06", 1), months=paid)

    assert shown(survivors(first, second)) == [
        ("2025-01-01", "2025-03-31", "paid", "limited"),
        ("2025-04-01", "2025-04-30", "paid", "full"),
        ("2025-06-01", "2025-07-31", "paid", "limited"),
        ("2025-08-01", "2025-08-31", "tolerance", "limited"),
        ("2025-09-01", "2025-09-30", "tolerance", "full"),
    ]


def test_another_funder_begins_another_spell_and_the_tolerance_months_follow_the_last_one() -> None:
    mixed = replace(
        insured("ID.JKK", "2025-01", 1), months=(*months("2025-01", 2), *months("2025-03", 1, FunderKind.SELF))
    )

    funders = [(str(spell.first_day), spell.funder_kind) for spell in survivors(mixed)]
    assert funders == [
        ("2025-01-01", FunderKind.CORPORATE),
        ("2025-03-01", FunderKind.SELF),
        ("2025-04-01", FunderKind.SELF),
    ]


def test_the_order_in_which_months_come_does_not_matter() -> None:
    paid = (*months("2025-01", 2), *months("2025-05", 2))
    plain = replace(insured("ID.JKM", "2025-01", 1), months=paid)

    results = {coverage_spells((replace(plain, months=order),), RULEBOOK) for order in permutations(paid)}

    assert len(results) == 1


def test_of_a_month_that_comes_twice_the_first_payer_counts() -> None:
    twice = replace(
        insured("ID.JKK", "2025-01", 1), months=(*months("2025-01", 1), *months("2025-01", 1, FunderKind.SELF))
    )

    assert coverage_spells((twice,), RULEBOOK) == coverage_spells((insured("ID.JKK", "2025-01", 1),), RULEBOOK)


def test_no_paid_month_gives_no_cover_however_long_the_enrolment() -> None:
    assert coverage_spells((insured("ID.JKK", "2025-01", 0),), RULEBOOK) == ()


def test_a_pack_protects_from_the_first_day_to_the_last_of_its_term() -> None:
    pack = enrolled("ID.PMI", "pmi", dt.date(2026, 2, 20), dt.date(2028, 5, 9))

    assert shown(survivors(pack)) == [("2026-02-20", "2028-05-09", "term", "full")]


def test_an_enrolment_shorter_than_the_waiting_time_accrues_to_its_end() -> None:
    short = enrolled("MY.SOCSO.CAT1", "inbound", dt.date(2025, 1, 10), dt.date(2025, 6, 30))
    spells = [spell for spell in coverage_spells((short,), RULEBOOK) if spell.branch is Branch.INVALIDITY]

    assert shown(spells) == [("2025-01-10", "2025-06-30", "enrolment", "accruing")]


def test_a_waiting_time_that_begins_on_the_last_day_of_a_month_loses_no_day() -> None:
    waiting, full = survivors(enrolled("ID.JKM", "pu", dt.date(2025, 11, 30)))

    assert (str(waiting.last_day), str(full.first_day)) == ("2026-02-28", "2026-03-01")


def test_each_branch_of_a_scheme_is_protected() -> None:
    spells = coverage_spells((insured("ID.JKK", "2025-01", 1),), RULEBOOK)

    assert {spell.branch for spell in spells} == set(RULEBOOK.scheme("ID.JKK").branches)


def test_two_segments_of_a_scheme_on_the_same_days_leave_the_better_cover_and_no_overlap() -> None:
    self_employed = insured("ID.JKM", "2025-01", 4)
    employed = enrolled("ID.JKM", "pu", dt.date(2025, 4, 15))

    both = [
        ("2025-01-01", "2025-03-31", "paid", "limited"),
        ("2025-04-01", "2025-04-30", "paid", "full"),
        ("2025-05-01", "2025-07-14", "enrolment", "limited"),
        ("2025-07-15", "None", "enrolment", "full"),
    ]
    assert shown(survivors(self_employed, employed)) == both
    assert shown(survivors(employed, self_employed)) == both


def test_a_spell_says_which_months_which_rules_and_which_file() -> None:
    paid, tolerated = coverage_spells((insured("ID.JKM", "2025-06", 12),), RULEBOOK)[-2:]

    assert paid.reasons[0].value == "2025-09 to 2026-05"
    assert [reason.rule for reason in tolerated.reasons] == ["ID.JKM.cover", "bpu.tolerance_months"]
    assert tolerated.rules_hash == RULEBOOK.of_scheme("ID.JKM").content_hash


def test_a_month_before_the_rules_are_known_is_refused() -> None:
    with pytest.raises(RuleNotInForce):
        coverage_spells((insured("ID.JKM", "2015-06", 1),), RULEBOOK)


def test_an_enrolment_before_its_waiting_rule_is_known_is_refused() -> None:
    with pytest.raises(RuleNotInForce):
        coverage_spells((enrolled("MY.SOCSO.CAT1", "inbound", dt.date(2024, 6, 30)),), RULEBOOK)


@pytest.mark.parametrize(("scheme_id", "segment_id"), [("ID.JKX", "bpu"), ("ID.JKK", "bpx")])
def test_an_unknown_scheme_or_segment_is_refused(scheme_id: str, segment_id: str) -> None:
    with pytest.raises(RuleUnknown):
        coverage_spells((enrolled(scheme_id, segment_id, dt.date(2025, 1, 1)),), RULEBOOK)


paid_months = st.lists(
    st.builds(
        PaidMonth,
        month=st.integers(0, 30).map(Month(2024, 6).plus),
        funder_kind=st.sampled_from(FunderKind),
        fund_id=st.sampled_from([None, FUND_ID]),
    ),
    max_size=20,
).map(tuple)


@given(paid=paid_months, first=st.dates(dt.date(2024, 6, 1), dt.date(2025, 6, 30)), length=st.integers(0, 900))
def test_each_day_of_a_paid_month_within_the_enrolment_is_covered_and_none_outside(
    paid: tuple[PaidMonth, ...], first: dt.date, length: int
) -> None:
    limit = Period(first, first + dt.timedelta(days=length))
    insurance = replace(insured("ID.JKM", "2024-06", 0), first_day=first, last_day=limit.last_day, months=paid)

    spells = survivors(insurance)

    for month in {payment.month for payment in paid}:
        inside = Period(month.first_day, month.last_day).within(limit)
        covered = sum(inside.overlap_days(s.period) for s in spells if s.state is CoverState.PAID) if inside else 0
        assert covered == (inside.overlap_days(inside) if inside else 0)
    assert all(spell.period.within(limit) == spell.period for spell in spells)


@given(paid=paid_months)
def test_a_covered_day_lies_at_most_two_months_after_a_paid_month(paid: tuple[PaidMonth, ...]) -> None:
    insurance = replace(insured("ID.JKK", "2024-06", 0), months=paid)
    held = {payment.month for payment in paid}

    for spell in survivors(insurance):
        assert spell.last_day is not None
        months_held = range(Month.of(spell.first_day).until(Month.of(spell.last_day)) + 1)
        for month in (Month.of(spell.first_day).plus(step) for step in months_held):
            nearest = min(past.until(month) for past in held if past <= month)
            assert nearest == 0 if spell.state is CoverState.PAID else 1 <= nearest <= 2


@st.composite
def insurances(draw: st.DrawFn) -> tuple[Insurance, ...]:
    found = []
    for segment_id in draw(st.lists(st.sampled_from(["bpu", "pu"]), max_size=4)):
        first = draw(st.dates(dt.date(2024, 6, 1), dt.date(2026, 6, 30)))
        length = draw(st.none() | st.integers(0, 500))
        last = None if length is None else first + dt.timedelta(days=length)
        paid = draw(paid_months) if segment_id == "bpu" else ()
        found.append(replace(enrolled("ID.JKM", segment_id, first, last), months=paid))
    return tuple(found)


@given(held=insurances())
def test_spells_of_a_scheme_and_branch_are_in_order_and_never_overlap(held: tuple[Insurance, ...]) -> None:
    spells = survivors(*held)

    for earlier, later in pairwise(spells):
        assert earlier.last_day is not None
        assert earlier.last_day < later.first_day


@given(held=insurances(), day=st.dates(dt.date(2024, 6, 1), dt.date(2027, 6, 30)))
def test_cutting_overlaps_loses_no_covered_day(held: tuple[Insurance, ...], day: dt.date) -> None:
    alone = any(spell.period.contains(day) for one in held for spell in survivors(one))

    assert any(spell.period.contains(day) for spell in survivors(*held)) == alone


# The answer for one day


def test_a_day_with_cover_says_by_whom_and_until_when_without_a_break() -> None:
    answer = determine(coverage_spells((insured("ID.JKM", "2025-03", 3),), RULEBOOK), dt.date(2025, 4, 30))

    (cover,) = answer.covers
    assert answer.outcome is Outcome.COVERED
    assert cover.spell.institution_id == "ID.BPJSTK"
    assert cover.covered_until == dt.date(2025, 7, 31)
    assert answer.standing is Standing.REPORTED


def handed_over(pack_first: dt.date) -> tuple[CoverageSpell, ...]:
    old = insured("ID.JKK", "2025-10", 6, last_day=dt.date(2026, 3, 9))
    pack = enrolled("ID.PMI", "pmi", pack_first, dt.date(2028, 5, 9))
    return tuple(survivors(old, pack))


def test_cover_that_another_scheme_takes_over_the_next_day_is_unbroken() -> None:
    (cover,) = determine(handed_over(dt.date(2026, 3, 10)), dt.date(2025, 12, 1)).covers

    assert cover.covered_until == dt.date(2028, 5, 9)


def test_one_day_between_two_schemes_is_a_break() -> None:
    (cover,) = determine(handed_over(dt.date(2026, 3, 11)), dt.date(2025, 12, 1)).covers

    assert cover.covered_until == dt.date(2026, 3, 9)


def test_a_scheme_that_began_earlier_and_lasts_longer_keeps_the_branch_unbroken() -> None:
    covers = determine(handed_over(dt.date(2025, 9, 1)), dt.date(2026, 1, 1)).covers

    assert [cover.covered_until for cover in covers] == [dt.date(2028, 5, 9)] * 2


def test_cover_without_a_known_end_has_no_last_day() -> None:
    old = insured("ID.JKK", "2025-10", 6, last_day=dt.date(2026, 3, 9))
    host = enrolled("MY.SOCSO.CAT1", "inbound", dt.date(2026, 3, 10))

    (cover,) = determine(tuple(survivors(old, host)), dt.date(2025, 12, 1)).covers

    assert cover.covered_until is None


def test_another_branch_does_not_prolong_a_branch() -> None:
    spells = handed_over(dt.date(2026, 3, 10))
    other = tuple(replace(s, branch=Branch.MATERNITY) if s.scheme_id == "ID.PMI" else s for s in spells)

    (cover,) = determine(other, dt.date(2025, 12, 1)).covers

    assert cover.covered_until == dt.date(2026, 3, 9)


@pytest.mark.parametrize(
    ("on", "value"),
    [
        (dt.date(2025, 2, 28), "cover begins on 2025-03-01"),
        (dt.date(2025, 8, 1), "the last cover ended on 2025-07-31"),
    ],
)
def test_a_day_without_cover_says_what_is_nearest(on: dt.date, value: str) -> None:
    answer = determine(coverage_spells((insured("ID.JKM", "2025-03", 3),), RULEBOOK), on)

    assert answer.outcome is Outcome.NOT_COVERED
    assert [reason.value for reason in answer.reasons] == [value]


def test_a_day_in_a_gap_names_both_sides() -> None:
    gap = (*handed_over(dt.date(2026, 4, 1)),)

    answer = determine(gap, dt.date(2026, 3, 20))

    assert answer.reasons[0].value == "the last cover ended on 2026-03-09; cover begins on 2026-04-01"


def test_a_person_of_whom_nothing_is_known_is_not_covered_and_the_reason_says_so() -> None:
    answer = determine((), dt.date(2025, 1, 1))

    assert (answer.outcome, answer.covers) == (Outcome.NOT_COVERED, ())
    assert answer.reasons[0].text == "No cover is known of this person"


@given(held=insurances(), day=st.dates(dt.date(2024, 6, 1), dt.date(2027, 6, 30)))
def test_covered_until_is_the_day_before_the_first_day_without_cover(held: tuple[Insurance, ...], day: dt.date) -> None:
    spells = tuple(survivors(*held))

    for cover in determine(spells, day).covers:
        if cover.covered_until is not None:
            assert determine(spells, cover.covered_until).outcome is Outcome.COVERED
            assert determine(spells, cover.covered_until + ONE_DAY).outcome is Outcome.NOT_COVERED
