"""What a simulated institution decides, apart from how it is asked: the words shared by all of them."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

_AMOUNT = re.compile(r"0|[1-9][0-9]{0,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message as it arrived: proven to be from its sender, its words not yet looked at.

    written_on: the day on which the sender wrote it, UTC. total_count: what the header says.
    """

    message_id: str
    action: str
    written_on: dt.date
    total_count: int
    words: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the institution answers, in its own words; a refusal leaves no effect."""

    accepted: bool
    words: dict[str, object]


class WordsRefused(Exception):
    """The message as a whole cannot be taken: a code and a text of the institution."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


class Rules(Protocol):
    """The rules of one institution."""

    institution_id: str
    name: str
    kinds: frozenset[str]
    tables: str

    def decide(self, connection: sqlite3.Connection, letter: Letter) -> Decision:
        """Decide and write the effects; raises WordsRefused, after which nothing of it stays."""
        ...

    def refusal(self, code: str, text: str) -> dict[str, object]:
        """A refusal in the institution's words."""
        ...

    def counts(self, connection: sqlite3.Connection) -> dict[str, int]:
        """How many records it keeps, by kind; no record itself."""
        ...


def exactly(fields: object, keys: Collection[str], code: str) -> dict[str, Any]:
    """The fields if they have exactly these keys; raises WordsRefused."""
    if not isinstance(fields, dict) or fields.keys() != set(keys):
        raise WordsRefused(code, "The message does not have the keys of its layout.")
    return fields


def text_of(fields: dict[str, Any], key: str, most: int, code: str) -> str:
    """The text under a key, 1 to so many characters; raises WordsRefused."""
    value = fields.get(key)
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise WordsRefused(code, f"{key} is not a text of 1 to {most} characters.")
    return value


def amount_of(fields: dict[str, Any], key: str, code: str) -> int:
    """The minor units or the count under a key, written in digits; raises WordsRefused."""
    value = text_of(fields, key, 15, code)
    if not _AMOUNT.fullmatch(value):
        raise WordsRefused(code, f"{key} is not written in digits.")
    return int(value)


def day_of(fields: dict[str, Any], key: str, shape: re.Pattern[str], code: str) -> dt.date:
    """The day under a key, whose shape has the groups d, m and y; raises WordsRefused."""
    match = shape.fullmatch(text_of(fields, key, 10, code))
    try:
        if match:
            return dt.date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        pass
    raise WordsRefused(code, f"{key} is not a day.")


def same_person(one: str, other: str) -> bool:
    """Whether two names are written alike, apart from capitals and spaces."""
    return one.casefold().split() == other.casefold().split()


def next_number(connection: sqlite3.Connection, counter: str) -> int:
    """The next number of a running series, from 1; given once, even over restarts."""
    row = connection.execute(
        "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
        (counter,),
    ).fetchone()
    return int(row[0])


def count(connection: sqlite3.Connection, question: str) -> int:
    """The one number that a question to the records gives."""
    return int(connection.execute(question).fetchone()[0])
