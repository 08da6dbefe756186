"""The records of one simulated institution in one SQLite file, which survive the death of its process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.behaviour import NORMAL, Behaviour, Order

_TABLES = """
CREATE TABLE IF NOT EXISTS messages (
    message_id TEXT PRIMARY KEY,
    action TEXT NOT NULL,
    digest TEXT NOT NULL,
    answer BLOB NOT NULL,
    second_answer BLOB,
    answered_from REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS behaviour (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL,
    seconds REAL NOT NULL,
    times INTEGER,
    kind TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS withdrawn (
    message_id TEXT PRIMARY KEY,
    withdrawn_by TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message that was taken in. answer: canonical bytes; answered_from: when it may be told, Unix time."""

    message_id: str
    action: str
    digest: str
    answer: bytes
    second_answer: bytes | None
    answered_from: float


class Store:
    """Opens the file for one piece of work at a time; each piece is one durable transaction."""

    def __init__(self, file: Path, tables: str) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_TABLES + tables)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction that is on the disk when it ends, or never was."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, timeout=30, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        return connection


def kept_message(connection: sqlite3.Connection, message_id: str) -> KeptMessage | None:
    """The message of this id, if it was taken in."""
    row = connection.execute(
        "SELECT message_id, action, digest, answer, second_answer, answered_from FROM messages WHERE message_id = ?",
        (message_id,),
    ).fetchone()
    if row is None:
        return None
    return KeptMessage(
        message_id=row[0],
        action=row[1],
        digest=row[2],
        answer=row[3],
        second_answer=row[4],
        answered_from=row[5],
    )


def keep_message(connection: sqlite3.Connection, message: KeptMessage) -> None:
    """Take a message in with its answer."""
    connection.execute(
        "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)",
        (
            message.message_id,
            message.action,
            message.digest,
            message.answer,
            message.second_answer,
            message.answered_from,
        ),
    )


def give_order(connection: sqlite3.Connection, order: Order) -> None:
    """Behave like this from the next message on."""
    connection.execute(
        "INSERT OR REPLACE INTO behaviour VALUES (1, ?, ?, ?, ?)",
        (order.behaviour.value, order.seconds, order.times, order.kind),
    )


def standing_order(connection: sqlite3.Connection) -> Order:
    """The behaviour that is ordered now."""
    row = connection.execute("SELECT name, seconds, times, kind FROM behaviour").fetchone()
    if row is None:
        return NORMAL
    return Order(behaviour=Behaviour(row[0]), seconds=row[1], times=row[2], kind=row[3])


def follow_order(connection: sqlite3.Connection, action: str) -> Order:
    """The order that this message falls under; one that is limited counts down and ends by itself."""
    order = standing_order(connection)
    if not order.concerns(action):
        return NORMAL
    if order.times is not None:
        connection.execute("UPDATE behaviour SET times = times - 1")
        connection.execute("DELETE FROM behaviour WHERE times < 1")
    return order
