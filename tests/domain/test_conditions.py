"""Whether a person fulfils a condition on a day, and what the reason says."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.circumstances import BirthPrecision, ResidenceStatus, Sex, StatedFact
from domain.conditions import fulfilled
from domain.countries import MemberState
from domain.errors import RuleNotInForce, ValueMissing
from domain.inquiries import PersonFacts
from domain.schemes import Condition, Sector
from domain.standing import Standing
from tests.domain.invented import ON, asked, bounded, credited, months_up_to, person

AGE = Condition(kind="age_min_years", parameter="steps.age")
NATIONALS = Condition(kind="nationals_only")
WOMEN = Condition(kind="sex", sex=Sex.FEMALE)


def unmet(who: PersonFacts, *conditions: Condition, on: dt.date = ON) -> str:
    return fulfilled(asked(who, on), conditions).unmet


def test_nothing_is_asked_of_a_person_where_the_law_has_no_condition() -> None:
    finding = fulfilled(asked(), ())

    assert (finding.met, finding.reasons) == (True, ())


def test_a_condition_with_a_bound_cites_the_value_of_the_law() -> None:
    (reason,) = fulfilled(asked(person(birth_date=dt.date(1960, 1, 1))), (AGE,)).reasons

    assert (reason.rule, reason.value, reason.source_ids) == ("steps.age", "55 years", ("S01",))
    assert reason.standing is Standing.CONFIRMED


def test_a_condition_without_a_bound_cites_its_own_sources() -> None:
    sourced = Condition(kind="nationals_only", standing=Standing.CONFIRMED, source_ids=("S01",))

    (reason,) = fulfilled(asked(), (sourced,)).reasons

    assert (reason.rule, reason.standing) == ("ID.ALL.employed.nationals_only", Standing.CONFIRMED)
    assert reason.source_ids == ("S01",)


def test_a_condition_without_bound_and_sources_is_not_claimed_as_sure() -> None:
    (reason,) = fulfilled(asked(), (NATIONALS,)).reasons

    assert (reason.standing, reason.source_ids) == (Standing.ASSUMED, ())


def test_an_age_in_months_is_completed_on_the_day_and_not_the_day_before() -> None:
    months = Condition(kind="age_min_months", parameter="ladder.months")
    born = person(birth_date=dt.date(2016, 8, 20))

    assert unmet(born, months, on=dt.date(2026, 8, 20)) == ""
    assert unmet(born, months, on=dt.date(2026, 8, 19)) == "from the age of 10 years and 0 months"


def test_a_month_of_age_without_its_day_is_completed_on_the_first_of_the_next() -> None:
    law = bounded("ladder.months", ("2000-01-01", "121"))
    months = Condition(kind="age_min_months", parameter="ladder.months")
    born = person(birth_date=dt.date(2016, 1, 31))

    assert not fulfilled(asked(born, dt.date(2026, 2, 28), law=law), (months,)).met
    assert fulfilled(asked(born, dt.date(2026, 3, 1), law=law), (months,)).met


@pytest.mark.parametrize(
    ("precision", "born", "on", "doubtful"),
    [
        (BirthPrecision.MONTH, dt.date(1971, 8, 1), dt.date(2026, 8, 20), True),
        (BirthPrecision.MONTH, dt.date(1971, 8, 1), dt.date(2026, 8, 31), False),
        (BirthPrecision.MONTH, dt.date(1971, 8, 1), dt.date(2026, 7, 31), False),
        (BirthPrecision.YEAR, dt.date(1971, 1, 1), dt.date(2026, 12, 30), True),
        (BirthPrecision.YEAR, dt.date(1971, 1, 1), dt.date(2026, 12, 31), False),
        (BirthPrecision.YEAR, dt.date(1971, 1, 1), dt.date(2025, 12, 31), False),
        (BirthPrecision.DAY, dt.date(1971, 8, 20), dt.date(2026, 8, 20), False),
    ],
)
def test_an_imprecise_birth_date_makes_an_age_assumed_only_where_it_decides(
    precision: BirthPrecision, born: dt.date, on: dt.date, doubtful: bool
) -> None:
    (reason,) = fulfilled(asked(person(birth_date=born, birth_precision=precision), on), (AGE,)).reasons

    assert (reason.standing is Standing.ASSUMED) is doubtful
    assert (f"only the {precision.value} is known" in reason.text) is doubtful


def test_where_only_the_year_of_birth_is_known_its_first_day_decides() -> None:
    born = person(birth_date=dt.date(1971, 1, 1), birth_precision=BirthPrecision.YEAR)

    assert unmet(born, AGE, on=dt.date(2026, 1, 1)) == ""
    assert unmet(born, AGE, on=dt.date(2025, 12, 31)) == "from the age of 55"


def test_the_sex_of_the_register_decides_where_the_law_asks_for_it() -> None:
    assert unmet(person(sex=Sex.FEMALE), WOMEN) == ""
    assert unmet(person(sex=Sex.MALE), WOMEN) == "only for women"


def test_one_of_several_residence_statuses_is_enough() -> None:
    statuses = (ResidenceStatus.CITIZEN, ResidenceStatus.PERMANENT_RESIDENT)
    condition = Condition(kind="residence", statuses=statuses)

    assert unmet(person(residence=ResidenceStatus.PERMANENT_RESIDENT), condition) == ""
    assert unmet(person(residence=ResidenceStatus.TEMPORARY), condition) == (
        "only with the residence status citizen or permanent resident"
    )


def test_a_condition_may_name_the_sectors_it_is_for() -> None:
    fishers = Condition(kind="sectors_included", sectors=(Sector.FISHING,))

    assert unmet(person(sector=Sector.FISHING), fishers) == ""
    assert unmet(person(sector=Sector.TRADE), fishers) == "only for the sectors fishing"


@pytest.mark.parametrize(
    ("kind", "fact", "enough", "too_little"),
    [
        ("contract_months_min", "contract_months", 3, 2),
        ("work_months_min", "work_months", 3, 2),
        ("firm_workers_min", "firm_workers", 3, 2),
        ("firm_workers_below", "firm_workers", 2, 3),
    ],
)
def test_a_number_is_held_against_its_bound(kind: str, fact: str, enough: int, too_little: int) -> None:
    condition = Condition(kind=kind, parameter="sick.months")

    assert unmet(person(**{fact: enough}), condition) == ""
    assert unmet(person(**{fact: too_little}), condition) != ""


def test_what_is_owed_below_a_number_of_months_ends_with_that_number() -> None:
    below = Condition(kind="months_below", parameter="sick.months")
    bound = int(asked().number("sick.months"))

    assert unmet(person(credited=months_up_to(bound - 1)), below) == ""
    assert unmet(person(credited=months_up_to(bound)), below) == (
        f"with fewer than {bound} credited months, {bound} are there"
    )


def test_what_is_owed_below_a_number_of_months_needs_the_months() -> None:
    below = Condition(kind="months_below", parameter="sick.months")

    with pytest.raises(ValueMissing, match="the credited months"):
        unmet(person(credited=None), below)


def test_what_the_asker_states_is_repeated_as_stated() -> None:
    left = Condition(kind="stated", stated=StatedFact.LEFT_FOR_GOOD)

    (reason,) = fulfilled(asked(person(stated=(StatedFact.LEFT_FOR_GOOD,))), (left,)).reasons

    assert reason.text == "only if left for good, as stated"


def test_a_fact_that_is_not_among_those_stated_is_not_so() -> None:
    left = Condition(kind="stated", stated=StatedFact.LEFT_FOR_GOOD)

    assert unmet(person(stated=(StatedFact.RESIGNED,)), left) == "only if left for good, as stated"
    assert unmet(person(stated=()), left) == "only if left for good, as stated"


@pytest.mark.parametrize(
    ("condition", "fact"),
    [
        (WOMEN, "the sex of the person"),
        (Condition(kind="residence", statuses=(ResidenceStatus.CITIZEN,)), "the residence status in the state"),
        (Condition(kind="sectors_included", sectors=(Sector.FISHING,)), "the sector of the worker"),
        (Condition(kind="stated", stated=StatedFact.RESIGNED), 'whether "resigned" is so'),
        (Condition(kind="work_months_min", parameter="sick.months"), "the months worked in the state"),
        (Condition(kind="firm_workers_min", parameter="sick.months"), "how many workers the firm employs"),
        (Condition(kind="contract_months_min", parameter="sick.months"), "the months of the contract"),
        (Condition(kind="months_min", parameter="sick.months"), "the credited months"),
        (
            Condition(kind="membership_months_min", parameter="sick.months"),
            "the day membership began, or the credited months",
        ),
    ],
)
def test_a_fact_that_is_not_given_is_named(condition: Condition, fact: str) -> None:
    with pytest.raises(ValueMissing) as refused:
        fulfilled(asked(), (condition,))

    assert refused.value.fact == fact
    assert refused.value.rule in (condition.parameter, f"ID.ALL.employed.{condition.kind}")


def test_a_missing_fact_is_not_needed_where_another_condition_already_says_no() -> None:
    foreigner = person(nationality=MemberState.PH)

    assert unmet(foreigner, WOMEN, NATIONALS) == "only nationals of the state"


def test_one_list_that_is_met_whole_is_enough() -> None:
    either = Condition(kind="any", any_of=((NATIONALS, WOMEN), (AGE,)))

    assert unmet(person(sex=Sex.FEMALE), either) == ""
    assert unmet(person(sex=Sex.MALE, birth_date=dt.date(1960, 1, 1)), either) == ""
    assert unmet(person(sex=Sex.MALE, birth_date=dt.date(2000, 1, 1)), either) == (
        "only for women, or from the age of 55"
    )


def test_a_missing_fact_is_not_needed_where_another_list_is_met() -> None:
    either = Condition(kind="any", any_of=((WOMEN,), (NATIONALS,)))

    assert unmet(person(), either) == ""


def test_a_missing_fact_is_needed_where_no_other_list_is_met() -> None:
    either = Condition(kind="any", any_of=((NATIONALS,), (WOMEN,)))

    with pytest.raises(ValueMissing, match="the sex of the person"):
        unmet(person(nationality=MemberState.PH), either)


def test_a_condition_that_counts_months_says_how_many_there_are() -> None:
    months = Condition(kind="months_min", parameter="sick.months")

    assert unmet(person(credited=credited("2026-01/2026-02")), months) == (
        "Credited months; 3 months are needed, 2 are there"
    )


def test_a_bound_that_is_not_known_on_the_day_is_refused() -> None:
    law = bounded("steps.age", ("2027-01-01", "55"))

    with pytest.raises(RuleNotInForce):
        fulfilled(asked(law=law), (AGE,))
