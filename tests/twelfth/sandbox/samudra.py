"""A simulated Workers' Bureau of Samudra, an invented state: it gives a number to everybody who is announced."""

from __future__ import annotations

import re
import sqlite3

from sandbox.rules import Decision, Letter, WordsRefused, count, day_of, exactly, next_number, text_of

_TABLES = """
CREATE TABLE IF NOT EXISTS arrivals (
    passport TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE
) STRICT;
"""
_ARRIVAL = frozenset({"passport", "name", "arrives_on"})
_DAY = re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})")


class SamudraRules:
    """The rules of the simulated institution XS.BUREAU."""

    institution_id = "XS.BUREAU"
    name = "Workers' Bureau, Samudra"
    kinds = frozenset({"move_announcement"})
    tables = _TABLES

    def decide(self, connection: sqlite3.Connection, letter: Letter) -> Decision:
        """Register who comes; raises WordsRefused."""
        fields = exactly(letter.words, _ARRIVAL, "LAYOUT_UNKNOWN")
        passport = text_of(fields, "passport", 12, "PASSPORT_INVALID")
        text_of(fields, "name", 100, "NAME_INVALID")
        day_of(fields, "arrives_on", _DAY, "DAY_INVALID")
        if connection.execute("SELECT 1 FROM arrivals WHERE passport = ?", (passport,)).fetchone():
            raise WordsRefused("ALREADY_HERE", "This passport is registered already.")
        number = f"XS{next_number(connection, 'bureau'):06d}"
        connection.execute("INSERT INTO arrivals VALUES (?, ?)", (passport, number))
        return Decision(accepted=True, words={"bureau_number": number})

    def refusal(self, code: str, text: str) -> dict[str, object]:
        """A refusal in the institution's words."""
        return {"code": code, "text": text}

    def counts(self, connection: sqlite3.Connection) -> dict[str, int]:
        """How many records it keeps."""
        return {"arrivals": count(connection, "SELECT count(*) FROM arrivals")}


RULES = SamudraRules
