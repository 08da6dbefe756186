"""A simulated Social Security Organisation of Malaysia: it registers foreign workers and cancels it.

Its words are those of `adapters/countries/malaysia.py`, written down here a second time on purpose: an
institution does not share code with those who write to it.
"""

from __future__ import annotations

import datetime as dt
import re
import sqlite3

from sandbox.rules import (
    Decision,
    Letter,
    WordsRefused,
    amount_of,
    count,
    day_of,
    exactly,
    next_number,
    same_person,
    text_of,
)

_TABLES = """
CREATE TABLE IF NOT EXISTS workers (
    passport TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    birth_date TEXT NOT NULL,
    social_security_number TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS registrations (
    message_id TEXT PRIMARY KEY,
    passport TEXT NOT NULL REFERENCES workers,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    schemes TEXT NOT NULL,
    salary INTEGER,
    cancelled_by TEXT
) STRICT;
"""

_REGISTRATION = frozenset(
    {
        "passport_number",
        "employee_name",
        "birth_date",
        "nationality",
        "home_state",
        "employment_date",
        "employment_end_date",
        "scheme_list",
        "monthly_salary",
    }
)
_CANCELLATION = frozenset({"registration_message", "passport_number", "employment_date"})
_SCHEMES = frozenset({"ACT4_FIRST_CATEGORY", "ACT4_SECOND_CATEGORY"})
_DAY = re.compile(r"(?P<d>[0-9]{2})(?P<m>[0-9]{2})(?P<y>[0-9]{4})")
_PASSPORT = re.compile(r"(?=(?:[A-Z]*[0-9]){5})[A-Z0-9]{6,9}")
_NATIONALITY = re.compile(r"[A-Z]{2,3}")


class MalaysiaRules:
    """The rules of the simulated institution MY.SOCSO."""

    institution_id = "MY.SOCSO"
    name = "Social Security Organisation (PERKESO), Malaysia"
    kinds = frozenset({"move_announcement", "move_withdrawal"})
    tables = _TABLES

    def decide(self, connection: sqlite3.Connection, letter: Letter) -> Decision:
        """Register or cancel; raises WordsRefused."""
        if letter.total_count != 1:
            raise WordsRefused("COUNT_MISMATCH", "A registration is sent alone.")
        if letter.action == "move_announcement":
            return _register(connection, letter)
        return _cancel(connection, letter)

    def refusal(self, code: str, text: str) -> dict[str, object]:
        """A refusal in the institution's words."""
        return {"code": code, "text": text}

    def counts(self, connection: sqlite3.Connection) -> dict[str, int]:
        """How many records it keeps."""
        return {
            "workers": count(connection, "SELECT count(*) FROM workers"),
            "registrations": count(connection, "SELECT count(*) FROM registrations WHERE cancelled_by IS NULL"),
            "registrations_cancelled": count(
                connection, "SELECT count(*) FROM registrations WHERE cancelled_by IS NOT NULL"
            ),
        }


def _register(connection: sqlite3.Connection, letter: Letter) -> Decision:
    fields = exactly(letter.words, _REGISTRATION, "LAYOUT_UNKNOWN")
    passport = _passport(fields["passport_number"])
    name = text_of(fields, "employee_name", 150, "NAME_INVALID")
    birth_date = day_of(fields, "birth_date", _DAY, "BIRTH_DATE_INVALID")
    first_day = day_of(fields, "employment_date", _DAY, "EMPLOYMENT_DATE_INVALID")
    last_day = day_of(fields, "employment_end_date", _DAY, "EMPLOYMENT_DATE_INVALID")
    if not birth_date < first_day <= last_day:
        raise WordsRefused("EMPLOYMENT_DATE_INVALID", "Birth, start and end of work are not in this order.")
    nationality = text_of(fields, "nationality", 3, "NATIONALITY_INVALID")
    if not _NATIONALITY.fullmatch(nationality) or nationality in ("MY", "MYS"):
        raise WordsRefused("NATIONALITY_INVALID", "Only citizens of other states are foreign workers.")
    schemes = _schemes(fields["scheme_list"])
    salary = _salary(fields)
    if connection.execute("SELECT 1 FROM withdrawn WHERE message_id = ?", (letter.message_id,)).fetchone():
        raise WordsRefused("WITHDRAWN", "This registration was withdrawn before it arrived.")
    number = _worker(connection, passport, name, birth_date)
    _refuse_overlap(connection, passport, first_day, last_day)
    connection.execute(
        "INSERT INTO registrations VALUES (?, ?, ?, ?, ?, ?, NULL)",
        (letter.message_id, passport, str(first_day), str(last_day), ",".join(schemes), salary),
    )
    return Decision(
        accepted=True,
        words={
            "social_security_number": number,
            "employment_date": fields["employment_date"],
            "scheme_list": list(schemes),
        },
    )


def _worker(connection: sqlite3.Connection, passport: str, name: str, birth_date: dt.date) -> str:
    """The number of this worker, who keeps it for life; the passport of another person is refused."""
    row = connection.execute(
        "SELECT name, birth_date, social_security_number FROM workers WHERE passport = ?", (passport,)
    ).fetchone()
    if row is None:
        number = f"SSFW{next_number(connection, 'ssfw'):08d}"
        connection.execute("INSERT INTO workers VALUES (?, ?, ?, ?)", (passport, name, str(birth_date), number))
        return number
    if not same_person(row[0], name) or row[1] != str(birth_date):
        raise WordsRefused("PASSPORT_OF_ANOTHER", "This passport is registered for another person.")
    return str(row[2])


def _refuse_overlap(connection: sqlite3.Connection, passport: str, first_day: dt.date, last_day: dt.date) -> None:
    row = connection.execute(
        "SELECT 1 FROM registrations WHERE passport = ? AND cancelled_by IS NULL AND first_day <= ? AND last_day >= ?",
        (passport, str(last_day), str(first_day)),
    ).fetchone()
    if row is not None:
        raise WordsRefused("ALREADY_REGISTERED", "This worker is registered for these days already.")


def _cancel(connection: sqlite3.Connection, letter: Letter) -> Decision:
    """Cancel a registration. One that has not arrived yet is remembered, and refused when it does."""
    fields = exactly(letter.words, _CANCELLATION, "LAYOUT_UNKNOWN")
    passport = _passport(fields["passport_number"])
    day_of(fields, "employment_date", _DAY, "EMPLOYMENT_DATE_INVALID")
    announced = text_of(fields, "registration_message", 36, "REGISTRATION_UNKNOWN")
    row = connection.execute("SELECT passport FROM registrations WHERE message_id = ?", (announced,)).fetchone()
    if row is not None and row[0] != passport:
        raise WordsRefused("REGISTRATION_UNKNOWN", "No such registration of this worker is known.")
    connection.execute(
        "UPDATE registrations SET cancelled_by = ? WHERE message_id = ? AND cancelled_by IS NULL",
        (letter.message_id, announced),
    )
    connection.execute("INSERT OR IGNORE INTO withdrawn VALUES (?, ?)", (announced, letter.message_id))
    return Decision(accepted=True, words={"cancellation_number": f"CAN{next_number(connection, 'cancellation'):09d}"})


def _passport(value: object) -> str:
    if not isinstance(value, str) or not _PASSPORT.fullmatch(value):
        raise WordsRefused("PASSPORT_INVALID", "A passport has 6 to 9 capital letters and digits.")
    return value


def _schemes(value: object) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(scheme, str) for scheme in value):
        raise WordsRefused("SCHEME_INVALID", "No scheme is named.")
    if len(set(value)) != len(value) or not set(value) <= _SCHEMES:
        raise WordsRefused("SCHEME_INVALID", "A scheme is named twice or is not open to foreign workers.")
    return [str(scheme) for scheme in value]


def _salary(fields: dict[str, object]) -> int | None:
    if fields["monthly_salary"] is None:
        return None
    salary = amount_of(fields, "monthly_salary", "SALARY_INVALID")
    if salary == 0:
        raise WordsRefused("SALARY_INVALID", "A salary of nothing insures nothing.")
    return salary


RULES = MalaysiaRules
