"""Tables in Markdown: rows of cells that hold words of the rule files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from adapters.rulebook_keys import PARAMETER_NAME
from domain.schemes import Text

_NAME = re.compile(rf"\b{PARAMETER_NAME}\b")
# In a text that somebody wrote, two words with a point may be an address; names of parameters have an underscore.
_NAME_IN_TEXT = re.compile(r"(\b[a-z][a-z0-9_]*\.[a-z0-9]+(?:_[a-z0-9]+)+\b)")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """The lines of a table; a row is as wide as the head."""
    return [_row(head), _row(("---",) * len(head)), *(_row(row) for row in rows)]


def described(head: tuple[str, str], rows: Iterable[tuple[str, str | list[str]]]) -> list[str]:
    """A table of two columns, without the rows of which nothing is said; a list goes on lines of one cell."""
    lines = [(label, text if isinstance(text, str) else "<br>".join(text)) for label, text in rows]
    return table(head, [row for row in lines if row[1]])


def code(word: str) -> str:
    """A word of the rule file, as it is written there."""
    return f"`{word}`"


def codes(words: Iterable[str]) -> str:
    """Several words of the rule file."""
    return ", ".join(code(word) for word in words)


def coded(text: str) -> str:
    """A text in which the names of parameters stand out."""
    return _NAME.sub(lambda found: code(found[0]), text)


def titled(name: Text) -> str:
    """A name in English, and in the state's own language if that is another one."""
    return name.en if not name.own or name.own == name.en else f"{name.en} (*{name.own}*)"


def plain(text: str) -> str:
    """A text of the rule file: names of parameters stand out, and no character means anything to Markdown."""
    parts = _NAME_IN_TEXT.split(" ".join(text.split()))
    return "".join(code(part) if place % 2 else _escaped(part) for place, part in enumerate(parts))


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_<>\[\]])", r"\\\1", text)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
