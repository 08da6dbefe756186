"""The modules of single numbers: their identity cards are run, and the golden vectors of the sources."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from adapters.identity import numbers, thai_calendar
from adapters.identity.numbers import icao_document_number, mm_nrc, sg_nric_fin, th_pin

MODULES = [
    importlib.import_module(f"{numbers.__name__}.{found.name}") for found in pkgutil.iter_modules(numbers.__path__)
]


@pytest.mark.parametrize("module", [numbers, thai_calendar, *MODULES], ids=lambda module: module.__name__)
def test_the_examples_of_a_number_s_identity_card_hold(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]

    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_module_says_of_nothing_that_it_is_valid(module: object) -> None:
    assert module.is_valid("") is False  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("module", "number"),
    [
        (th_pin, "3100600445635"),
        (sg_nric_fin, "S1234567D"),
        (mm_nrc, "12/MaBaTa(N)123456"),
        (icao_document_number, "L898902C36"),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_a_published_example_is_valid(module: object, number: str) -> None:
    assert module.is_valid(number) is True  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("field", "digit"),
    [("L898902C3", "6"), ("740812", "2"), ("120415", "9"), ("ZE184226B<<<<<", "1"), ("", "0"), ("<<<", "0")],
)
def test_the_check_digits_of_the_icao_specimen(field: str, digit: str) -> None:
    assert icao_document_number.calc_check_digit(field) == digit


@pytest.mark.parametrize("place", range(7))
def test_any_single_wrong_digit_changes_the_check_letter_of_an_nric(place: int) -> None:
    right = "S1234567D"

    for digit in "0123456789":
        wrong = right[: place + 1] + digit + right[place + 2 :]
        assert sg_nric_fin.is_valid(wrong) is (wrong == right)
