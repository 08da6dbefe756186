"""Every figure that was read is held by the rule file of its state, or is left out for a reason that is written down.

`tests/rules/inventory/` has one list for each member state, and one for agreements and coordination. `entries` are
the figures of the table of schemes: each row with a confidence of its own counts once. `prose` are figures that
only the text beside the table names. An entry says:

figure      where it stood: scheme or institution, group, name, and the first day if one was given
value       what it said, in short
confidence  how sure it was: high, medium or low
is          what holds it: a parameter on its first day (`jkm.contribution_bpu@2015-07-01`), a row of a table by its
            lowest amount (`bpu.income_base@2015-07-01[0]`), or institution:, segment:, benefit:, identifier:,
            relief: or agreement: with its id
left_out    why no rule file holds it, instead of `is`
not_held    what part of it is not held, and why, beside `is`
note        where the rule file says more than the figure or differs from it
todo        true as long as somebody has to decide; no inventory is finished with it
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.legislation import Legislation
from tests.rules.figures import value_from

Entry = dict[str, Any]

RULEBOOK = load_rulebook()
AGREEMENTS = "agreements"
STATES = {state.slug: state for state in MemberState}
INVENTORIES: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "inventory").glob("*.yaml"))
}
FIGURES_READ = 412

REASONS = ("left_out", "not_held", "note")
KEYS = {"figure", "value", "confidence", "is", "todo", *REASONS}
PARAMETER = re.compile(r"(?P<name>[^@]+)@(?P<first_day>\d{4}-\d\d-\d\d)(\[(?P<from_amount>[^]]+)])?")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")


def every_entry() -> list[Any]:
    return [
        pytest.param(slug, entry, id=str(entry["figure"]))
        for slug, inventory in INVENTORIES.items()
        for entry in (*inventory["entries"], *inventory.get("prose", ()))
    ]


def entries_with(*keys: str) -> list[Any]:
    return [case for case in every_entry() if any(key in case.values[1] for key in keys)]


def numbers_in(*texts: str) -> set[Decimal]:
    """Every number that the texts name; the days in them are no numbers."""
    return {Decimal(found.replace(",", "")) for text in texts for found in NUMBER.findall(DAY.sub("", text))}


def numbers_held(slug: str, entry: Entry) -> Iterator[Decimal]:
    """The numbers of all that an entry names; fails if the rulebook does not know one of them."""
    for named in entry.get("is", ()):
        kind, _, known_as = named.partition(":")
        if kind == "agreement":
            assert known_as in {agreement.id for agreement in RULEBOOK.agreements}
        elif found := PARAMETER.fullmatch(named):
            yield number_of_parameter(RULEBOOK.legislation(STATES[slug]), found)
        elif kind == "relief":
            (relief,) = (relief for relief in RULEBOOK.legislation(STATES[slug]).reliefs if relief.id == known_as)
            yield relief.factor
        else:
            assert is_known(RULEBOOK.legislation(STATES[slug]), kind, known_as), f"{named} is not in the rule file"


def number_of_parameter(law: Legislation, found: re.Match[str]) -> Decimal:
    value = value_from(law, found["name"], dt.date.fromisoformat(found["first_day"]))
    if found["from_amount"] is None:
        assert value.number is not None, f"{found[0]} is a table or an end; name a row or another day"
        return value.number
    (row,) = (row for row in value.brackets if row.from_amount == Decimal(found["from_amount"]))
    return row.value


def is_known(law: Legislation, kind: str, known_as: str) -> bool:
    scheme_id, _, part = known_as.rpartition(".")
    if kind == "institution":
        return known_as in law.institutions
    if kind == "identifier":
        return known_as in law.identifiers
    if kind == "segment":
        return scheme_id in law.schemes and part in law.schemes[scheme_id].segments
    return kind == "benefit" and scheme_id in law.schemes and part in law.schemes[scheme_id].benefits


def test_each_member_state_and_the_agreements_have_an_inventory() -> None:
    assert set(INVENTORIES) == {*STATES, AGREEMENTS}


@pytest.mark.parametrize("slug", INVENTORIES)
def test_an_inventory_has_as_many_figures_as_it_says_and_none_twice(slug: str) -> None:
    inventory = INVENTORIES[slug]
    times = Counter(entry["figure"] for entry in (*inventory["entries"], *inventory.get("prose", ())))

    assert len(inventory["entries"]) == inventory["figures"]
    assert [figure for figure, count in times.items() if count > 1] == []


def test_the_inventories_have_all_figures_that_were_read() -> None:
    assert sum(inventory["figures"] for inventory in INVENTORIES.values()) == FIGURES_READ


@pytest.mark.parametrize("slug", INVENTORIES)
def test_nothing_of_an_inventory_is_left_to_decide(slug: str) -> None:
    inventory = INVENTORIES[slug]
    entries = (*inventory["entries"], *inventory.get("prose", ()))

    undecided = [entry["figure"] for entry in entries if "todo" in entry]

    assert not undecided, "\n".join(undecided)


@pytest.mark.parametrize(("slug", "entry"), every_entry())
def test_a_figure_is_held_or_left_out_and_never_both(slug: str, entry: Entry) -> None:
    assert set(entry) <= KEYS
    assert entry["value"]
    assert entry["confidence"] in {"high", "medium", "low"}
    assert bool(entry.get("is")) != bool(entry.get("left_out")) or entry.get("todo") is True
    assert not ("left_out" in entry and ("is" in entry or "not_held" in entry))


@pytest.mark.parametrize(("slug", "entry"), entries_with(*REASONS))
def test_a_reason_is_at_least_a_sentence(slug: str, entry: Entry) -> None:
    for reason in (entry[key] for key in REASONS if key in entry):
        assert reason[0].isupper() or reason[0].isdigit()
        assert reason.endswith(".")
        assert len(reason.split()) >= 4


@pytest.mark.parametrize(("slug", "entry"), entries_with("is"))
def test_what_holds_a_figure_is_in_the_rulebook_with_the_number_that_was_read(slug: str, entry: Entry) -> None:
    held = set(numbers_held(slug, entry))

    assert held <= numbers_in(entry["value"], entry.get("note", ""))
