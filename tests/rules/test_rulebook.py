"""The rule files load into one frozen rulebook whose every value can be cited."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterator
from decimal import Decimal
from types import MappingProxyType

import pytest

from adapters.rulebook import RULES_FOLDER, load_rulebook
from domain.countries import MemberState
from domain.legislation import DatedValue, Legislation, Rulebook, Standing
from domain.money import Rounding
from domain.plain import to_plain
from domain.schemes import ContributionRule, Extent, Participation, PersonGroup, Segment

RULEBOOK = load_rulebook()
STATES = list(RULEBOOK.states.values())


def dated_values() -> Iterator[tuple[Legislation, str, DatedValue]]:
    for law in STATES:
        for parameter in law.parameters.values():
            for value in parameter.values:
                yield law, f"{parameter.name} on {value.first_day}", value


def segments() -> Iterator[tuple[Legislation, str, Segment]]:
    for law in STATES:
        for scheme in law.schemes.values():
            for segment in scheme.segments.values():
                yield law, f"{scheme.id}.{segment.id}", segment


def source_ids_in(plain: object) -> Iterator[str]:
    """Every source that a value, a condition, a benefit or a relief of a law names, however deep."""
    if isinstance(plain, dict):
        yield from plain.get("source_ids", ())
    for part in plain.values() if isinstance(plain, dict) else plain if isinstance(plain, list) else ():
        yield from source_ids_in(part)


def parameters_named_by(segment: Segment) -> Iterator[str]:
    cover = segment.cover
    named: list[str | None] = [segment.rounding_step, segment.returns_prepaid]
    named += [cover.tolerance_months, cover.before_months, cover.after_months]
    named += [rule.months for rule in segment.waiting]
    named += [condition.parameter for condition in segment.conditions]
    for rule in segment.contributions:
        named += [rule.amount, rule.base, rule.floor, rule.ceiling, rule.bracket_width]
    yield from (name for name in named if name is not None)


def test_the_law_of_indonesia_and_malaysia_is_loaded() -> None:
    assert {MemberState.ID, MemberState.MY} <= set(RULEBOOK.states)


@pytest.mark.parametrize("law", STATES, ids=lambda law: law.member_state.slug)
def test_the_hash_of_a_law_is_that_of_the_bytes_of_its_file(law: Legislation) -> None:
    content = (RULES_FOLDER / f"{law.member_state.slug}.yaml").read_bytes()

    assert law.content_hash == hashlib.sha256(content).hexdigest()


def test_no_float_reaches_the_rulebook() -> None:
    def floats(thing: object) -> Iterator[object]:
        if isinstance(thing, float):
            yield thing
        elif isinstance(thing, (MappingProxyType, dict)):
            for value in thing.values():
                yield from floats(value)
        elif isinstance(thing, tuple):
            for value in thing:
                yield from floats(value)
        elif dataclasses.is_dataclass(thing):
            for field in dataclasses.fields(thing):
                yield from floats(getattr(thing, field.name))

    assert list(floats(RULEBOOK)) == []


def test_the_rulebook_cannot_be_changed() -> None:
    law = RULEBOOK.legislation(MemberState.ID)

    with pytest.raises(dataclasses.FrozenInstanceError):
        law.content_hash = "other"  # type: ignore[misc]
    for mapping in (RULEBOOK.states, law.schemes, law.parameters, law.sources, law.institutions):
        assert isinstance(mapping, MappingProxyType)
    assert all(isinstance(scheme.segments, MappingProxyType) for scheme in law.schemes.values())


def test_every_value_names_sources_of_its_own_file() -> None:
    without = [
        place
        for law, place, value in dated_values()
        for source_ids in (value.source_ids, *(row.source_ids for row in value.brackets))
        if not source_ids or not set(source_ids) <= set(law.sources)
    ]

    assert without == []


def test_a_value_of_background_knowledge_alone_is_assumed() -> None:
    only_known = [
        place
        for _, place, value in dated_values()
        if set(value.source_ids) <= {"BK", "DER"} and value.standing is not Standing.ASSUMED
    ]

    assert only_known == []


def test_every_assumed_value_says_what_is_not_verified() -> None:
    silent = [place for _, place, value in dated_values() if value.standing is Standing.ASSUMED and not value.note]

    assert silent == []


def test_every_source_of_a_file_is_used_by_it() -> None:
    unused = {law.member_state: set(law.sources) - set(source_ids_in(to_plain(law))) for law in STATES}
    unused_by_agreements = set(RULEBOOK.agreement_sources) - {
        s for agreement in RULEBOOK.agreements for s in agreement.source_ids
    }

    assert not any(unused.values())
    assert not unused_by_agreements


def test_every_parameter_that_a_segment_names_exists() -> None:
    missing = [
        (place, name)
        for law, place, segment in segments()
        for name in parameters_named_by(segment)
        if name not in law.parameters
    ]

    assert missing == []


def test_what_cover_depends_on_is_known_from_the_first_day_of_the_segment() -> None:
    unknown = []
    for law, place, segment in segments():
        price = {
            name
            for rule in segment.contributions
            for name in (rule.amount, rule.base, rule.floor, rule.ceiling, rule.bracket_width)
        }
        for name in set(parameters_named_by(segment)) - price:
            if law.parameters[name].values[0].first_day > segment.first_day:
                unknown.append((place, name))

    assert unknown == []


def test_the_migrant_pack_charges_the_phase_before_work_by_the_agency_route_only() -> None:
    segment = RULEBOOK.scheme("ID.PMI").segments["pmi"]

    routes = {rule.component: rule.routes for rule in segment.contributions}

    assert routes == {"before": ("agency",), "during_and_after": ("agency", "individual")}


def test_the_migrant_pack_of_twenty_four_months_protects_thirty_one() -> None:
    law = RULEBOOK.legislation(MemberState.ID)
    cover = RULEBOOK.scheme("ID.PMI").segments["pmi"].cover
    on = dt.date(2026, 7, 1)

    phases = [law.parameter(str(name)).on(on).number for name in (cover.before_months, cover.after_months)]

    assert phases == [Decimal(5), Decimal(2)]
    assert sum(int(number or 0) for number in phases) + 24 == 31


def test_a_death_in_the_first_months_of_membership_is_protected_in_part_only() -> None:
    (rule,) = RULEBOOK.scheme("ID.JKM").segments["bpu"].waiting

    assert (rule.months, rule.extent) == ("jkm.waiting_months", Extent.LIMITED)


def test_foreign_workers_leave_the_second_category_on_the_day_before_the_first_takes_them_in() -> None:
    old = RULEBOOK.scheme("MY.SOCSO.CAT2").segments["inbound_until_2024_06"]
    new = RULEBOOK.scheme("MY.SOCSO.CAT1").segments["inbound"]

    assert old.last_day is not None
    assert old.last_day + dt.timedelta(days=1) == new.first_day
    assert new.participation is Participation.COMPULSORY


def test_domestic_workers_are_outside_the_provident_fund_for_those_who_are_not_citizens() -> None:
    conditions = RULEBOOK.scheme("MY.EPF.FOR").segments["inbound"].conditions

    excluded = {sector.value for condition in conditions for sector in condition.sectors}

    assert excluded == {"domestic_work"}


def test_the_non_employment_injury_scheme_is_open_to_nationals_only() -> None:
    persons = {s.persons for s in RULEBOOK.scheme("MY.SOCSO.L24").segments.values()}

    assert persons == {PersonGroup.EMPLOYED}
    assert RULEBOOK.scheme("MY.SOCSO.L24").segments["employed"].conditions[0].kind == "nationals_only"


def published_share(law: Legislation, rule: ContributionRule, on: dt.date) -> Decimal:
    """The share at the ceiling by the rule file alone: rate of the middle of the highest wage bracket."""
    rate, ceiling, width = (
        law.parameter(str(name)).on(on).number or Decimal(0) for name in (rule.amount, rule.ceiling, rule.bracket_width)
    )
    return rate * (ceiling - width / 2) / 100


@pytest.mark.parametrize(
    ("scheme_id", "segment_id", "on", "published"),
    [
        ("MY.SOCSO.CAT1", "inbound", dt.date(2024, 7, 1), ["86.65", "24.75"]),
        ("MY.SOCSO.CAT1", "inbound", dt.date(2024, 10, 1), ["104.15", "29.75"]),
        ("MY.SOCSO.CAT2", "inbound_until_2024_06", dt.date(2024, 6, 30), ["61.90"]),
    ],
)
def test_the_published_largest_amounts_come_out_of_bracket_and_rounding_step(
    scheme_id: str, segment_id: str, on: dt.date, published: list[str]
) -> None:
    law = RULEBOOK.of_scheme(scheme_id)
    segment = law.segment(scheme_id, segment_id, on)
    step = law.parameter(str(segment.rounding_step)).on(on).number or Decimal(0)

    shares = [
        (published_share(law, rule, on) / step).quantize(Decimal(1), rounding="ROUND_HALF_UP") * step
        for rule in segment.contributions
    ]

    assert segment.rounding is Rounding.HALF_UP
    assert shares == [Decimal(text) for text in published]


def test_the_transport_relief_ends_later_and_no_budget_of_the_state_has_either() -> None:
    reliefs = {relief.id: relief for relief in RULEBOOK.legislation(MemberState.ID).reliefs}
    transport, other = reliefs["ID.PP50-2025.transport"], reliefs["ID.PP50-2025.other"]

    assert (transport.first_day, transport.last_day) == (dt.date(2026, 1, 1), dt.date(2027, 3, 31))
    assert (other.first_day, other.last_day) == (dt.date(2026, 4, 1), dt.date(2026, 12, 31))
    assert transport.excluded_funders == other.excluded_funders == ("state_budget", "regional_budget")
    assert not set(transport.sectors) & set(other.sectors)


def test_the_relief_of_2020_left_one_hundredth_to_pay_in_all_segments() -> None:
    reliefs = {relief.id: relief for relief in RULEBOOK.legislation(MemberState.ID).reliefs}
    relief = reliefs["ID.PP49-2020"]

    assert relief.factor == Decimal("0.01")
    assert (relief.segment_ids, relief.sectors, relief.excluded_funders) == ((), (), ())
    assert (relief.first_day, relief.last_day) == (dt.date(2020, 8, 1), dt.date(2021, 1, 31))


def test_no_agreement_adds_periods_between_two_member_states() -> None:
    days = [dt.date(2019, 3, 4), dt.date(2026, 11, 22)]

    found = [
        RULEBOOK.agreement_between(one, other, day)
        for one in MemberState
        for other in MemberState
        for day in days
        if one is not other
    ]

    assert set(found) == {None}


def test_the_memorandum_between_malaysia_and_indonesia_is_known_and_adds_no_periods() -> None:
    (memorandum,) = (a for a in RULEBOOK.agreements if set(a.parties) == {"MY", "ID"})

    assert memorandum.first_day == dt.date(2019, 3, 4)
    assert memorandum.totalization is False


def test_loading_twice_gives_equal_law() -> None:
    again: Rulebook = load_rulebook()

    assert again.states == RULEBOOK.states
    assert again.agreements == RULEBOOK.agreements
