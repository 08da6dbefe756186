"""The law in words: conditions, shares, cover and formulas as a reader of a page sees them."""

from __future__ import annotations

import pytest

from domain.circumstances import ResidenceStatus, Sex, StatedFact
from domain.formulas import AmountBase, AmountLeaf, AmountNode, Combination, Measure, Quantity
from domain.schemes import (
    BaseKind,
    Condition,
    ContributionRule,
    CoverBasis,
    CoverRule,
    DueRule,
    Formula,
    PersonGroup,
    PortableObject,
    SchemeKind,
    Sector,
)
from domain.standing import Standing
from domain.wording import (
    FOLLOWS,
    KINDS,
    PERSONS,
    condition_in_words,
    contribution_in_words,
    cover_in_words,
    due_in_words,
    formula_in_words,
)

AGE = Condition(kind="age_min_years", parameter="pension.age")
FIXED = AmountLeaf(measure=Measure.AMOUNT, parameter="pension.fixed")
SHARE = AmountLeaf(
    measure=Measure.PERCENT,
    parameter="pension.share_year",
    base=AmountBase.AVERAGE_WAGE,
    for_each=Quantity.FULL_YEARS_CREDITED,
    above="pension.years_above",
)


def share(formula: Formula, base_kind: BaseKind | None = None, **more: object) -> ContributionRule:
    nothing = dict.fromkeys(("base", "floor", "ceiling", "bracket_width"))
    fields = {"payer": "employer", "amount": "x.rate", "component": "", "routes": (), **nothing, **more}
    return ContributionRule(formula=formula, base_kind=base_kind, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (AGE, "at least pension.age years old"),
        (
            Condition(kind="months_in_window_min", parameter="x.months", window="x.window", before_semester=True),
            "at least x.months credited months within the last x.window before the semester of the contingency",
        ),
        (
            Condition(kind="sectors_excluded", sectors=(Sector.DOMESTIC_WORK, Sector.FISHING)),
            "not in domestic work or fishing (assumed)",
        ),
        (
            Condition(kind="residence", statuses=(ResidenceStatus.CITIZEN, ResidenceStatus.PERMANENT_RESIDENT)),
            "citizen or permanent resident (assumed)",
        ),
        (
            Condition(kind="sex", sex=Sex.FEMALE, standing=Standing.CONFIRMED, source_ids=("S01", "S02")),
            "female (confirmed: S01, S02)",
        ),
        (Condition(kind="stated", stated=StatedFact.LEFT_FOR_GOOD), "stated: left for good (assumed)"),
        (
            Condition(kind="any", any_of=((AGE, Condition(kind="valid_pass")), (AGE,))),
            "(at least pension.age years old, a valid passport and pass (assumed)) or (at least pension.age years old)",
        ),
    ],
)
def test_a_condition_says_what_must_be_fulfilled_and_how_sure_that_is(condition: Condition, words: str) -> None:
    assert condition_in_words(condition) == words


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (share(Formula.FLAT), "employer: x.rate a month"),
        (
            share(Formula.PERCENT, BaseKind.WAGE, floor="x.floor", ceiling="x.ceiling"),
            "employer: x.rate percent of the wage, at least x.floor, at most x.ceiling",
        ),
        (
            share(Formula.PERCENT, BaseKind.INCOME_BASE, payer="funder", base="x.table"),
            "whoever pays: x.rate percent of the income base x.table",
        ),
        (
            share(Formula.TERM_PACK, payer="self", component="before", base="x.beyond", routes=("agency",)),
            "worker: x.rate for the term (before), and x.beyond for each month beyond; if placed by agency",
        ),
    ],
)
def test_a_share_says_who_pays_and_of_what(rule: ContributionRule, words: str) -> None:
    assert contribution_in_words(rule) == words


def test_a_formula_names_its_parameters_bases_and_quantities() -> None:
    whole = AmountNode(combination=Combination.SUM, parts=(FIXED, SHARE))
    highest = AmountNode(combination=Combination.HIGHEST, parts=(whole, FIXED))

    assert formula_in_words(highest) == (
        "the highest of ((pension.fixed + pension.share_year percent of the average wage "
        "for each of full years credited, above pension.years_above); pension.fixed)"
    )


def test_a_benefit_in_kind_has_no_formula_to_say() -> None:
    assert formula_in_words(None) == ""


def test_cover_by_paid_months_says_tolerance_and_what_a_lapse_does() -> None:
    nothing = {"before_months": None, "after_months": None}
    cover = CoverRule(
        basis=CoverBasis.CONTRIBUTION_MONTH, tolerance_months="x.tolerance", restart_anew="x.anew", **nothing
    )

    assert "x.tolerance unpaid months" in cover_in_words(cover)
    assert "begins anew if x.anew is 1" in cover_in_words(cover)


def test_a_due_date_says_the_day_and_the_month() -> None:
    due = DueRule(months_after="x.after", day="x.day")

    assert due_in_words(due) == "on day x.day of the month, x.after months after the contribution month"


def test_every_group_portable_object_and_kind_of_scheme_has_words() -> None:
    assert set(PERSONS) == set(PersonGroup)
    assert set(FOLLOWS) == set(PortableObject)
    assert set(KINDS) == set(SchemeKind)
