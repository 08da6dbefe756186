"""The invented law with one thing made wrong is refused at its exact line and key, as wrong-benefits.yaml says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from adapters.rulebook import RuleFileRefused, load_rulebook
from domain.formulas import Payment

HERE = Path(__file__).parent
INVENTED = HERE / "invented"
STATE_FILE = "indonesia.yaml"
RIGHT = (INVENTED / STATE_FILE).read_text(encoding="utf-8")
REFUSALS = yaml.safe_load((HERE / "wrong-benefits.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A rules folder with the invented law."""
    shutil.copytree(INVENTED, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_the_invented_law_is_accepted_and_has_a_benefit_of_each_payment(folder: Path) -> None:
    benefits = load_rulebook(folder).scheme("ID.ALL").benefits.values()

    assert {benefit.payment for benefit in benefits} == set(Payment)


def test_a_scheme_without_benefits_has_none(folder: Path) -> None:
    begin, end = RIGHT.index("    benefits:\n"), RIGHT.index("parameters:\n")
    (folder / STATE_FILE).write_text(RIGHT[:begin] + RIGHT[end:], encoding="utf-8")

    assert load_rulebook(folder).scheme("ID.ALL").benefits == {}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_wrong_benefit_is_refused_at_its_line_and_key(folder: Path, name: str) -> None:
    row = REFUSALS[name]
    assert RIGHT.count(row["right"]) == 1, "the table names one place"
    (folder / STATE_FILE).write_text(RIGHT.replace(row["right"], row["wrong"]), encoding="utf-8")

    with pytest.raises(RuleFileRefused) as refused:
        load_rulebook(folder)

    given = refused.value
    assert {
        "line": given.line,
        "key": given.key,
        "what": given.what,
        "what_to_do": given.what_to_do,
    } == {key: row[key] for key in ("line", "key", "what", "what_to_do")}
