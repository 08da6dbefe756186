"""Invented persons: well-formed, given to nobody, and refused exactly where they should be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import pairwise

import pytest
from stdnum.id import nik as published_nik

from adapters.identity.identifiers import checked_identifier
from adapters.identity.invented import AGES_ON, REFUSED_ORDER, invented_nominations
from adapters.identity.numbers import id_nik
from adapters.identity.thai_calendar import buddhist_birth_date
from adapters.rulebook import load_rulebook
from domain.birth_dates import read_birth_date
from domain.countries import MemberState
from domain.nominations import NominatedPerson, RefusedRow, read_nominations
from domain.people import BirthDate, Calendar
from domain.periods import whole_years
from domain.schemes import Sector

NIK = load_rulebook().legislation(MemberState.ID).identifiers["nik"]


def check_nik(text: str) -> str:
    return checked_identifier(NIK, text)


def read_birth(text: str, calendar: Calendar) -> BirthDate:
    return read_birth_date(text, calendar, AGES_ON, buddhist_birth_date)


def read(lines: Iterable[str], age_max_years: int = 64) -> list[NominatedPerson | RefusedRow]:
    return list(
        read_nominations(
            iter(lines),
            on=AGES_ON,
            age_min_years=18,
            age_max_years=age_max_years,
            check_nik=check_nik,
            nik_agrees=id_nik.agrees,
            read_birth=read_birth,
        )
    )


def persons(lines: Iterable[str]) -> list[NominatedPerson]:
    return [row for row in read(lines) if isinstance(row, NominatedPerson)]


@pytest.mark.parametrize(("count", "refused"), [(7_000, 60), (1, 0), (1, 7), (3, 20), (100, 100), (20, 1), (0, 0)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_exactly_the_asked_rows_are_usable_and_the_others_refused_in_turn(count: int, refused: int, seed: int) -> None:
    rows = read(invented_nominations(count, seed=seed, refused=refused))

    codes = [row.code for row in rows if isinstance(row, RefusedRow)]
    assert codes == [REFUSED_ORDER[number % len(REFUSED_ORDER)] for number in range(refused)]
    assert len(rows) - len(codes) == count


def test_an_age_limit_of_eighty_changes_nothing() -> None:
    lines = list(invented_nominations(500, seed=1, refused=30))

    codes = [getattr(row, "code", None) for row in read(lines, age_max_years=80)]

    assert codes == [getattr(row, "code", None) for row in read(lines, age_max_years=64)]


def test_the_refused_rows_are_spread_through_the_file() -> None:
    rows = read(invented_nominations(700, seed=1, refused=7))

    lines = [row.line for row in rows if isinstance(row, RefusedRow)]
    assert [later - earlier for earlier, later in pairwise(lines)] == [101] * 6


def test_the_same_seed_gives_the_same_file_and_another_seed_another() -> None:
    first = list(invented_nominations(50, seed=1, refused=5))

    assert first == list(invented_nominations(50, seed=1, refused=5))
    assert first != list(invented_nominations(50, seed=2, refused=5))


def test_a_file_made_today_is_made_the_same_next_year() -> None:
    assert list(invented_nominations(3, seed=2025)) == FILE_OF_SEED_2025


def test_everyone_is_20_to_60_years_old_with_men_and_women_and_one_word_names() -> None:
    everyone = persons(invented_nominations(2_000, seed=1))

    assert {whole_years(person.birth.first_day, AGES_ON) for person in everyone} == set(range(20, 61))
    assert {person.nik[6] >= "4" for person in everyone} == {True, False}
    assert {" " in person.name for person in everyone} == {True, False}


def test_every_nik_is_well_formed_by_the_published_rule_and_of_a_sub_district_that_does_not_exist() -> None:
    for person in persons(invented_nominations(500, seed=1)):
        assert published_nik.is_valid(person.nik)
        assert person.nik.startswith("33749")


def test_nobody_works_in_transport_unless_asked() -> None:
    usual = persons(invented_nominations(500, seed=1))
    asked = persons(invented_nominations(500, seed=1, sectors=(Sector.TRANSPORT,)))

    assert {person.sector for person in usual} == {Sector.AGRICULTURE, Sector.FISHING, Sector.TRADE}
    assert {person.sector for person in asked} == {Sector.TRANSPORT}


def test_the_oldest_and_the_youngest_stay_inside_on_the_day_that_counts() -> None:
    births = [person.birth.first_day for person in persons(invented_nominations(20_000, seed=4))]

    assert min(births) >= dt.date(1964, 7, 2)
    assert max(births) <= dt.date(2005, 7, 1)


FILE_OF_SEED_2025 = [
    "nik,name,birth_date,sector\n",
    "3374970907892840,Sugeng,1989-07-09,trade\n",
    "3374936502811078,Kartini Purnomo,1981-02-25,trade\n",
    "3374961206661628,Karno,1966-06-12,agriculture\n",
]
