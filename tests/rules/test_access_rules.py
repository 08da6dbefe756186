"""What is declared of asking about persons is taken as it is written; a wrong file is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.access_rules import ACCESS_FOLDER, RuleFileRefused, load_access_rules
from domain.records import Purpose


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the declarations in which everything is right."""
    for path in ACCESS_FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def refusal(folder: Path, file: str, written: str, instead: str) -> str:
    """What is said of a file in which something else is written."""
    path = folder / file
    text = path.read_text()
    assert written in text
    path.write_text(text.replace(written, instead, 1))
    with pytest.raises(RuleFileRefused) as refused:
        load_access_rules(folder)
    return str(refused.value)


def test_every_purpose_says_what_it_opens() -> None:
    assert set(load_access_rules().purposes) == set(Purpose)


def test_every_version_of_the_consent_text_is_in_every_language() -> None:
    texts = load_access_rules().consent_texts
    languages = {text.language for text in texts}

    assert {(text.version, text.language) for text in texts} == {
        (text.version, language) for text in texts for language in languages
    }


def test_a_purpose_that_is_missing_is_refused(folder: Path) -> None:
    said = refusal(folder, "purposes.yaml", "- purpose: claim", "- purpose: pension")

    assert "purposes.yaml" in said
    assert "pension comes twice" in said


def test_a_field_that_nobody_knows_is_refused(folder: Path) -> None:
    assert "worker.name is not a word" in refusal(folder, "purposes.yaml", "worker.enrolments", "worker.name")


def test_what_needs_no_relation_must_end(folder: Path) -> None:
    assert "no relation" in refusal(folder, "purposes.yaml", '    open_hours: "24"\n', "")


def test_a_consent_text_that_comes_twice_is_refused(folder: Path) -> None:
    assert "already" in refusal(folder, "consent_texts.yaml", "language: id", "language: en")
