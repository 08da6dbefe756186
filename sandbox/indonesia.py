"""A simulated BPJS Ketenagakerjaan of Indonesia: it credits remittances line by line.

Its words are those of `adapters/countries/indonesia.py`, written down here a second time on purpose: an
institution does not share code with those who write to it. It recounts every line and every total, but it
does not price contributions: which amount is due is the law's matter, not this sandbox's.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from sandbox.indonesia_packs import hand_over, withdraw
from sandbox.indonesia_words import DAY, NIK_TEXT, PROGRAMMES, is_nik, month_of
from sandbox.rules import (
    Decision,
    Letter,
    WordsRefused,
    amount_of,
    count,
    day_of,
    exactly,
    next_number,
    text_of,
)

_TABLES = """
CREATE TABLE IF NOT EXISTS members (
    nik TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    birth_date TEXT NOT NULL,
    ends_on TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS paid (
    nik TEXT NOT NULL,
    month TEXT NOT NULL,
    programme TEXT NOT NULL,
    amount INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (nik, month, programme)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS returned (
    nik TEXT NOT NULL,
    month TEXT NOT NULL,
    programme TEXT NOT NULL,
    amount INTEGER NOT NULL,
    paid_by TEXT NOT NULL,
    returned_by TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS packs (
    message_id TEXT PRIMARY KEY,
    nik TEXT NOT NULL,
    number TEXT NOT NULL,
    price INTEGER NOT NULL,
    price_before INTEGER NOT NULL,
    departs_on TEXT NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    given_back INTEGER NOT NULL DEFAULT 0,
    cancelled_by TEXT
) STRICT;
"""

_REMITTANCE = frozenset({"NPP", "SEGMEN", "BLTH", "JUMLAH_PESERTA", "TOTAL_IURAN", "data_upah"})
_LINE = frozenset({"NIK", "NAMA_LENGKAP", "TGL_LAHIR", "UPAH", "RAPEL", "BLTH", "IURAN_JKK", "IURAN_JKM", "IURAN_JHT"})
_LINES_MAX = 10_000

_LINE_TEXTS = {
    "NIK_TIDAK_SAH": NIK_TEXT,
    "NIK_GANDA": "The NIK is in this message before.",
    "IDENTITAS_TIDAK_COCOK": "The birth date differs from that of the member with this NIK.",
    "KEPESERTAAN_BERAKHIR": "The membership ended before this month.",
    "BLTH_SUDAH_DIBAYAR": "A programme of this month is paid already.",
    "IURAN_KOSONG": "The line pays nothing.",
}


class IndonesiaRules:
    """The rules of the simulated institution ID.BPJSTK."""

    institution_id = "ID.BPJSTK"
    name = "BPJS Ketenagakerjaan, Indonesia"
    kinds = frozenset({"contribution_remittance", "cover_handover", "move_withdrawal"})
    tables = _TABLES

    def decide(self, connection: sqlite3.Connection, letter: Letter) -> Decision:
        """Credit, hand over or withdraw; raises WordsRefused."""
        if letter.action == "contribution_remittance":
            return _remit(connection, letter)
        if letter.total_count != 1:
            raise WordsRefused("JUMLAH_TIDAK_COCOK", "This message is sent alone.")
        if letter.action == "cover_handover":
            return hand_over(connection, letter)
        return withdraw(connection, letter)

    def refusal(self, code: str, text: str) -> dict[str, object]:
        """A refusal in the institution's words."""
        return {"kode": code, "keterangan": text}

    def counts(self, connection: sqlite3.Connection) -> dict[str, int]:
        """How many records it keeps."""
        return {
            "members": count(connection, "SELECT count(*) FROM members"),
            "members_ended": count(connection, "SELECT count(*) FROM members WHERE ends_on IS NOT NULL"),
            "months_paid": count(connection, "SELECT count(*) FROM (SELECT DISTINCT nik, month FROM paid)"),
            "paid_total": count(connection, "SELECT coalesce(sum(amount), 0) FROM paid"),
            "returned_total": count(connection, "SELECT coalesce(sum(amount), 0) FROM returned"),
            "packs": count(connection, "SELECT count(*) FROM packs WHERE cancelled_by IS NULL"),
            "packs_cancelled": count(connection, "SELECT count(*) FROM packs WHERE cancelled_by IS NOT NULL"),
            "packs_total": count(connection, "SELECT coalesce(sum(price - given_back), 0) FROM packs"),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of a remittance, read."""

    number: int
    nik: str
    name: str
    birth_date: dt.date
    month: str
    amounts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(amount for _, amount in self.amounts)


@dataclass(slots=True)
class _Tally:
    """What came of the lines of one remittance."""

    accepted: int = 0
    total: int = 0
    niks: set[str] = field(default_factory=set)
    refused: dict[str, list[int]] = field(default_factory=dict)


def _remit(connection: sqlite3.Connection, letter: Letter) -> Decision:
    fields = exactly(letter.words, _REMITTANCE, "FORMAT_TIDAK_DIKENAL")
    text_of(fields, "NPP", 12, "NPP_TIDAK_SAH")
    text_of(fields, "SEGMEN", 40, "SEGMEN_TIDAK_SAH")
    month = month_of(fields, "BLTH")
    rows = fields["data_upah"]
    if not isinstance(rows, list) or not 1 <= len(rows) <= _LINES_MAX:
        raise WordsRefused("JUMLAH_TIDAK_COCOK", f"A message has 1 to {_LINES_MAX} lines.")
    lines = [_line(number, row) for number, row in enumerate(rows, 1)]
    if not len(lines) == letter.total_count == amount_of(fields, "JUMLAH_PESERTA", "JUMLAH_TIDAK_COCOK"):
        raise WordsRefused("JUMLAH_TIDAK_COCOK", "The number of lines is not the number that is stated.")
    if sum(line.total for line in lines) != amount_of(fields, "TOTAL_IURAN", "TOTAL_TIDAK_COCOK"):
        raise WordsRefused("TOTAL_TIDAK_COCOK", "The total is not the sum of the lines.")
    if any(line.month != month for line in lines):
        raise WordsRefused("BLTH_TIDAK_COCOK", "A line is for another month than the message.")
    tally = _Tally()
    for line in lines:
        code = _trouble(connection, line, tally)
        if code is not None:
            tally.refused.setdefault(code, []).append(line.number)
            continue
        _credit(connection, line, letter.message_id)
        tally.niks.add(line.nik)
        tally.accepted += 1
        tally.total += line.total
    return Decision(accepted=True, words=_remitted(connection, fields, tally))


def _remitted(connection: sqlite3.Connection, fields: dict[str, Any], tally: _Tally) -> dict[str, object]:
    return {
        "kodeIuran": f"{next_number(connection, 'iuran'):012d}",
        "blth": fields["BLTH"],
        "jumlahValid": str(tally.accepted),
        "jumlahTidakValid": str(sum(len(numbers) for numbers in tally.refused.values())),
        "totalIuran": str(tally.total),
        "barisTidakValid": [
            {"kode": code, "keterangan": _LINE_TEXTS[code], "baris": numbers} for code, numbers in tally.refused.items()
        ],
    }


def _line(number: int, row: object) -> _Line:
    fields = exactly(row, _LINE, "FORMAT_TIDAK_DIKENAL")
    amount_of(fields, "UPAH", "UPAH_TIDAK_SAH")
    if fields["RAPEL"] != "0":
        raise WordsRefused("RAPEL_TIDAK_SAH", "Arrears are not taken in this message.")
    return _Line(
        number=number,
        nik=text_of(fields, "NIK", 16, "NIK_TIDAK_SAH"),
        name=text_of(fields, "NAMA_LENGKAP", 100, "NAMA_TIDAK_SAH"),
        birth_date=day_of(fields, "TGL_LAHIR", DAY, "TGL_LAHIR_TIDAK_SAH"),
        month=month_of(fields, "BLTH"),
        amounts=tuple(
            (programme, amount)
            for programme in PROGRAMMES
            if (amount := amount_of(fields, f"IURAN_{programme}", "IURAN_TIDAK_SAH"))
        ),
    )


def _trouble(connection: sqlite3.Connection, line: _Line, tally: _Tally) -> str | None:
    """The code for which a line is not taken, or None."""
    if not is_nik(line.nik):
        return "NIK_TIDAK_SAH"
    if line.nik in tally.niks:
        return "NIK_GANDA"
    if not line.amounts:
        return "IURAN_KOSONG"
    member = connection.execute("SELECT birth_date, ends_on FROM members WHERE nik = ?", (line.nik,)).fetchone()
    if member is not None and member[0] != str(line.birth_date):
        return "IDENTITAS_TIDAK_COCOK"
    if member is not None and member[1] is not None and line.month > member[1][:7]:
        return "KEPESERTAAN_BERAKHIR"
    paid = connection.execute(
        "SELECT programme FROM paid WHERE nik = ? AND month = ?", (line.nik, line.month)
    ).fetchall()
    if {row[0] for row in paid} & {programme for programme, _ in line.amounts}:
        return "BLTH_SUDAH_DIBAYAR"
    return None


def _credit(connection: sqlite3.Connection, line: _Line, message_id: str) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO members VALUES (?, ?, ?, NULL)", (line.nik, line.name, str(line.birth_date))
    )
    connection.executemany(
        "INSERT INTO paid VALUES (?, ?, ?, ?, ?)",
        [(line.nik, line.month, programme, amount, message_id) for programme, amount in line.amounts],
    )


RULES = IndonesiaRules
