"""Each deliberately wrong rule file is refused at its exact line and key, as wrong/refusals.yaml says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from adapters.rulebook import AGREEMENTS_FILE, RuleFileRefused, load_rulebook

WRONG = Path(__file__).parent / "wrong"
STATE_FILE = "indonesia.yaml"
REFUSALS = yaml.safe_load((WRONG / "refusals.yaml").read_text(encoding="utf-8"))
NOT_WRONG = {"refusals", "right", "right_agreements"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A rules folder in which everything is right."""
    shutil.copy(WRONG / "right.yaml", tmp_path / STATE_FILE)
    shutil.copy(WRONG / "right_agreements.yaml", tmp_path / AGREEMENTS_FILE)
    return tmp_path


def test_the_file_that_the_wrong_ones_are_made_from_is_accepted(folder: Path) -> None:
    rulebook = load_rulebook(folder)

    assert [state.slug for state in rulebook.states] == ["indonesia"]


def test_each_wrong_file_has_its_refusal_in_the_table() -> None:
    assert {path.stem for path in WRONG.glob("*.yaml")} - NOT_WRONG == set(REFUSALS)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_wrong_rule_file_is_refused_at_its_line_and_key(folder: Path, name: str) -> None:
    target = AGREEMENTS_FILE if name.startswith("agreements_") else STATE_FILE
    shutil.copy(WRONG / f"{name}.yaml", folder / target)

    with pytest.raises(RuleFileRefused) as refused:
        load_rulebook(folder)

    given = refused.value
    assert given.file == target
    assert {
        "line": given.line,
        "key": given.key,
        "what": given.what,
        "what_to_do": given.what_to_do,
    } == REFUSALS[name]


def test_the_message_names_file_line_and_key(folder: Path) -> None:
    shutil.copy(WRONG / "standing_unknown.yaml", folder / STATE_FILE)

    with pytest.raises(RuleFileRefused) as refused:
        load_rulebook(folder)

    assert str(refused.value) == (
        "indonesia.yaml, line 41, parameters.injury.rate.values.2024-01-01.standing: certain is not a word "
        "for this. Choose one of: confirmed, reported, assumed."
    )


def test_a_file_named_after_no_member_state_is_refused(folder: Path) -> None:
    shutil.copy(WRONG / "right.yaml", folder / "atlantis.yaml")

    with pytest.raises(RuleFileRefused, match="its name is that of no member state"):
        load_rulebook(folder)


def test_a_file_that_is_not_utf8_is_refused(folder: Path) -> None:
    (folder / STATE_FILE).write_bytes(b"state: \xff\xfe")

    with pytest.raises(RuleFileRefused, match="it is not UTF-8"):
        load_rulebook(folder)


def test_a_file_with_a_control_character_is_refused_on_its_line(folder: Path) -> None:
    (folder / STATE_FILE).write_bytes(b"state: ID\ncurrency: I\x01DR\n")

    with pytest.raises(RuleFileRefused, match=r"line 2, the file: it is not YAML: control characters"):
        load_rulebook(folder)


def test_a_number_with_a_written_tag_is_refused_as_one_without_quotes(folder: Path) -> None:
    right = (WRONG / "right.yaml").read_text(encoding="utf-8")
    tagged = right.replace("grounds: Article 1", "grounds: !!float '1'")
    (folder / STATE_FILE).write_text(tagged, encoding="utf-8")

    with pytest.raises(RuleFileRefused, match=r"own_account\.grounds: the number 1 is not in quotes"):
        load_rulebook(folder)


def test_a_folder_without_rule_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleFileRefused, match="it holds no rule file of a member state"):
        load_rulebook(tmp_path)


def test_a_folder_without_agreements_is_refused(folder: Path) -> None:
    (folder / AGREEMENTS_FILE).unlink()

    with pytest.raises(RuleFileRefused, match=r"it holds no agreements\.yaml"):
        load_rulebook(folder)


def test_a_value_that_the_law_ended_is_not_in_force_afterwards(folder: Path) -> None:
    right = (WRONG / "right.yaml").read_text(encoding="utf-8")
    (folder / STATE_FILE).write_text(right.replace('value: "1.50"', "value: null"), encoding="utf-8")

    rulebook = load_rulebook(folder)

    (law,) = rulebook.states.values()
    ended = law.parameter("injury.rate").values[-1]
    assert (ended.number, ended.brackets) == (None, ())
