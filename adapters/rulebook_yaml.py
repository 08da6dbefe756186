"""Reading a rule file strictly: every entry knows its file, its line and its key.

YAML guesses the type of what is written without quotes; a law value must not be guessed. So the file is
only composed into nodes here, and each accessor says which spelling it takes and refuses the others.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

import yaml
from yaml.reader import ReaderError
from yaml.resolver import Resolver

from adapters.rulebook_keys import DAY, DECIMAL

EnumType = TypeVar("EnumType", bound=Enum)

_TAG = "tag:yaml.org,2002:"
_TEXT, _FLOAT = f"{_TAG}str", f"{_TAG}float"
_TAGS_OF_NODES: dict[type[yaml.Node], str] = {
    yaml.ScalarNode: _TEXT,
    yaml.SequenceNode: f"{_TAG}seq",
    yaml.MappingNode: f"{_TAG}map",
}
_DECIMAL = re.compile(DECIMAL)
_DAY = re.compile(DAY)
_SPOKEN = {
    "str": "a text",
    "int": "a number without quotes",
    "float": "a number with decimals without quotes",
    "bool": "yes or no",
    "null": "nothing",
    "timestamp": "a day",
    "map": "a block of keys",
    "seq": "a list",
}


@dataclass(eq=False, kw_only=True)
class RuleFileRefused(Exception):
    """A rule file says something that cannot be taken as law; the server does not start with it."""

    file: str
    line: int
    key: str
    what: str
    what_to_do: str

    @property
    def message(self) -> str:
        """Where it is, what is wrong there and what to do."""
        return f"{self.file}, line {self.line}, {self.key}: {self.what}. {self.what_to_do}."

    def __str__(self) -> str:
        return self.message


class Entry:
    """One value of a rule file with the place where it is written; never changed, made by the thousand."""

    __slots__ = ("_name", "_parent", "file", "node")

    def __init__(self, node: yaml.Node, file: str, name: str, parent: Entry | None = None) -> None:
        """name: the last part of the key, with its point or brackets if it has a parent."""
        self.node = node
        self.file = file
        self._name = name
        self._parent = parent

    @property
    def key(self) -> str:
        """Where the entry is in the file; written out only when something is refused."""
        return self._name if self._parent is None else f"{self._parent.key}{self._name}".removeprefix(".")

    def refused(self, what: str, what_to_do: str) -> RuleFileRefused:
        """The refusal of this very entry, for the caller to raise."""
        line = self.node.start_mark.line + 1 if self.node.start_mark is not None else 1
        return RuleFileRefused(file=self.file, line=line, key=self.key, what=what, what_to_do=what_to_do)

    @property
    def kind(self) -> str:
        """The kind of the entry in YAML's words: str, int, float, bool, null, timestamp, map, seq."""
        return str(self.node.tag).removeprefix(_TAG)

    @property
    def absent(self) -> bool:
        """Whether the file says null here, which ends a value."""
        return self.kind == "null"

    def text(self) -> str:
        """A text that is not empty; what YAML reads as something else is refused."""
        if self.node.tag != _TEXT:
            raise self.refused(f"a text is needed here, {self._spoken} stands here", "Write it in quotes")
        written = str(self.node.value).strip()
        if not written:
            raise self.refused("the text is empty", "Write the text")
        return written

    def decimal(self) -> Decimal:
        """A number of the law, written in quotes so that no digit is ever guessed."""
        if self.kind in ("float", "int"):
            raise self.refused(f"the number {self.node.value} is not in quotes", f'Write it as "{self.node.value}"')
        written = self.text()
        if not _DECIMAL.fullmatch(written) or not written.isascii():
            raise self.refused(
                f'"{written}" is no decimal number', "Write digits and at most one point, without separators"
            )
        return Decimal(written)

    def day(self) -> dt.date:
        """A calendar day, written without quotes as year-month-day."""
        written = str(self.node.value)
        if self.kind != "timestamp" or not _DAY.fullmatch(written):
            raise self.refused(
                f"{written} is no day as the law is written here",
                "Write year, month and day without quotes and without a time, as 2026-01-31",
            )
        try:
            return dt.date.fromisoformat(written)
        except ValueError:
            raise self.refused(f"{written} is no day of the calendar", "Correct the day") from None

    def truth(self) -> bool:
        """True or false, written as exactly these words."""
        if self.kind != "bool" or self.node.value not in ("true", "false"):
            raise self.refused(f"true or false is needed here, {self._spoken} stands here", "Write true or false")
        return bool(self.node.value == "true")

    def word(self, words: type[EnumType]) -> EnumType:
        """One of the words of an enumeration."""
        known = _words(words)
        member = known.get(self.text())
        if member is None:
            self.one_of(tuple(known))
        return cast(EnumType, member)

    def one_of(self, words: tuple[str, ...]) -> str:
        """One of a few words."""
        written = self.text()
        if written not in words:
            raise self.refused(f"{written} is not a word for this", f"Choose one of: {', '.join(words)}")
        return written

    def fields(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Entry]:
        """The entries of a block whose keys are fixed; a key too much or too few is refused."""
        found = self.named()
        for key, entry in found.items():
            if key not in required and key not in optional:
                allowed = ", ".join((*required, *optional))
                raise entry.refused(f"the key {key} is not known here", f"Use only: {allowed}")
        for key in required:
            if key not in found:
                raise self.refused(f"the key {key} is missing", f"Add {key}")
        return found

    def named(self) -> dict[str, Entry]:
        """The entries of a block whose keys are names; a name that comes twice is refused."""
        node = self.node
        if not isinstance(node, yaml.MappingNode):
            raise self.refused(f"a block of keys is needed here, {self._spoken} stands here", "Indent keys below it")
        found: dict[str, Entry] = {}
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode):
                raise self.refused("a key is not a plain word", "Write a word before the colon")
            entry = Entry(value, self.file, f".{name.value}", self)
            if name.value in found:
                raise Entry(name, self.file, entry.key).refused("the key comes twice", "Keep one of the two")
            found[name.value] = entry
        return found

    def by_day(self) -> list[tuple[dt.date, Entry]]:
        """The entries of a block keyed by first days, which must ascend from the oldest to the newest."""
        found: list[tuple[dt.date, Entry]] = []
        for (name, _), entry in zip(self._pairs(), self.named().values(), strict=True):
            day = Entry(name, self.file, entry._name, self).day()
            if found and day <= found[-1][0]:
                raise entry.refused(f"{day} comes after {found[-1][0]}", "Order the days from the oldest to the newest")
            found.append((day, entry))
        if not found:
            raise self.refused("no day is given", "Add at least one first day with its value")
        return found

    def rows(self) -> tuple[Entry, ...]:
        """The entries of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.refused(f"a list is needed here, {self._spoken} stands here", "Write it as a list")
        return tuple([Entry(node, self.file, f"[{place}]", self) for place, node in enumerate(self.node.value, 1)])

    def filled_rows(self) -> tuple[Entry, ...]:
        """The entries of a list that may not be empty."""
        found = self.rows()
        if not found:
            raise self.refused("the list is empty", "Add at least one entry")
        return found

    @property
    def _spoken(self) -> str:
        return _SPOKEN.get(self.kind, "something unknown")

    def _pairs(self) -> list[tuple[yaml.Node, yaml.Node]]:
        return list(self.node.value) if isinstance(self.node, yaml.MappingNode) else []


def optional_rows(fields: Mapping[str, Entry], key: str) -> tuple[Entry, ...]:
    """The entries of a list that may be left out, and that is not empty where it is written."""
    return fields[key].filled_rows() if key in fields else ()


def read_rule_file(path: Path, content: bytes) -> Entry:
    """Return the whole file as one entry; refuses what is no YAML, no UTF-8, or holds nothing.

    path: names the file in refusals. content: its bytes, read once so that the hash is of what was read.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise RuleFileRefused(
            file=path.name, line=1, key="the file", what="it is not UTF-8", what_to_do="Save it as UTF-8"
        ) from None
    try:
        composer = _Composer(text)
        node = composer.get_single_node()
    except ReaderError as broken:
        raise RuleFileRefused(
            file=path.name,
            line=text.count("\n", 0, broken.position) + 1,
            key="the file",
            what=f"it is not YAML: {broken.reason}",
            what_to_do="Take out the character that cannot be seen",
        ) from None
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark
        raise RuleFileRefused(
            file=path.name,
            line=mark.line + 1 if mark is not None else 1,
            key="the file",
            what=f"it is not YAML: {broken.problem}",
            what_to_do="Check indentation, colons and quotes around this line",
        ) from None
    if node is None:
        raise RuleFileRefused(
            file=path.name, line=1, key="the file", what="it is empty", what_to_do="Fill or remove it"
        )
    whole = Entry(node, path.name, "")
    # A tag that is written out decides a kind without asking the composer.
    if composer.has_float or "!" in text:
        _refuse_floats(whole)
    return whole


class _Composer(yaml.CSafeLoader):
    """Composes nodes and nothing else; the kind of each spelling is looked up once for all files."""

    has_float = False

    def descend_resolver(self, current_node: object, current_index: object) -> None:
        """Paths decide no kind here."""

    def ascend_resolver(self) -> None:
        """Paths decide no kind here."""

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        """The tag of a node by YAML's own rules."""
        if kind is not yaml.ScalarNode or not implicit[0]:
            return _TAGS_OF_NODES[kind]
        tag = _tag_of(value)
        self.has_float = self.has_float or tag == _FLOAT
        return tag


@lru_cache(maxsize=2**14)
def _tag_of(spelling: str) -> str:
    return str(Resolver().resolve(yaml.ScalarNode, spelling, (True, False)))  # type: ignore[no-untyped-call]


@lru_cache(maxsize=2**6)
def _words(words: type[Enum]) -> Mapping[str, Enum]:
    return {str(member.value): member for member in words}


def _refuse_floats(entry: Entry) -> None:
    """Refuse a number with decimals without quotes anywhere, also where no number is expected."""
    if entry.kind == "float":
        raise entry.refused(f"the number {entry.node.value} is not in quotes", f'Write it as "{entry.node.value}"')
    if isinstance(entry.node, yaml.MappingNode):
        for name, value in entry.node.value:
            _refuse_floats(Entry(value, entry.file, f".{name.value}", entry))
    elif isinstance(entry.node, yaml.SequenceNode):
        for row in entry.rows():
            _refuse_floats(row)
