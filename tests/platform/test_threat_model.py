"""Each attempt in the threat model names a test that proves what stops it, and a test that is gone is found."""

from __future__ import annotations

from pathlib import Path

from adapters.docs import check_docs

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "docs" / "explain" / "threat-model.md"


def test_every_attempt_names_a_test() -> None:
    attempts = [line for line in MODEL.read_text().splitlines() if line.startswith("| ") and " | kind | " not in line]
    rows = [line for line in attempts if not line.startswith("| ---")]

    assert len(rows) > 20
    assert [row for row in rows if ".py#test_" not in row.rsplit(" | ", 1)[1]] == []


def test_every_test_that_a_document_names_is_there() -> None:
    assert [fault for fault in check_docs(ROOT) if "no such test" in fault] == []


def test_a_test_that_is_not_there_any_more_is_found(tmp_path: Path) -> None:
    (tmp_path / "test_doors.py").write_text("async def test_a_door_is_shut() -> None: ...\n")
    (tmp_path / "model.md").write_text("[shut](test_doors.py#test_a_door_is_shut) [open](test_doors.py#test_a_door)")

    faults = [fault for fault in check_docs(tmp_path) if "no such test" in fault]

    assert faults == ["model.md names test_a_door in test_doors.py, where there is no such test."]
