"""The data map names every column that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import LargeBinary

from adapters.postgres.tables import metadata
from tests.postgres.walls import BELONGS
from tests.support.scene import Scene

MAP = Path(__file__).parents[2] / "docs" / "reference" / "data-map.md"
MEANINGS = {"sealed", "personal", "money", "plain"}
_ROW = re.compile(r"^\| (`.+`) \| (\w+) \| ?(.*?) ?\|$", flags=re.MULTILINE)


def mapped() -> dict[str, dict[str, tuple[str, str]]]:
    """For each table of the map what each column is, and what it holds."""
    found = {}
    for section in MAP.read_text().split("\n## ")[1:]:
        table, text = section.split("\n", 1)
        found[table] = {
            column: (meaning, what)
            for columns, meaning, what in _ROW.findall(text)
            for column in re.findall(r"`(\w+)`", columns)
        }
    return found


def test_every_column_of_the_tables_has_a_line_in_the_map_and_no_line_is_left_over() -> None:
    known = {table: set(mapped()[table]) for table in mapped() if table != "alembic_version"}

    assert known == {name: {column.name for column in table.columns} for name, table in metadata.tables.items()}


async def test_every_column_of_the_database_has_a_line_in_the_map(scene: Scene) -> None:
    rows = await scene.rows(
        """SELECT c.table_name, c.column_name FROM information_schema.columns c
           JOIN pg_tables t ON t.tablename = c.table_name AND t.schemaname = c.table_schema
           WHERE c.table_schema = 'public'"""
    )

    assert {(row.table_name, row.column_name) for row in rows} == {
        (table, column) for table, columns in mapped().items() for column in columns
    }


def test_every_line_says_what_it_is_and_whatever_is_not_plain_says_what_it_holds() -> None:
    told = [cell for columns in mapped().values() for cell in columns.values()]

    assert {meaning for meaning, _ in told} == MEANINGS
    assert [cell for cell in told if cell[0] != "plain" and not cell[1]] == []


def test_every_table_of_the_map_says_why_how_long_and_who() -> None:
    for section in MAP.read_text().split("\n## ")[1:]:
        assert re.search(r"\*Why:\* .+ \*How long:\* .+ \*Who:\* \[row `\w+`\]", section), section[:40]
    assert set(mapped()) == set(BELONGS)


def test_what_is_called_sealed_is_stored_as_bytes_and_every_sealed_column_is_called_so() -> None:
    sealed = {(t, c) for t, columns in mapped().items() for c, (meaning, _) in columns.items() if meaning == "sealed"}

    assert all(isinstance(metadata.tables[table].c[column].type, LargeBinary) for table, column in sealed)
    assert sealed == {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if column.name.startswith("sealed_") or column.name == "blind_index"
    }
