"""The pack for workers abroad at the simulated Indonesian institution: handover to it and withdrawal."""

from __future__ import annotations

import datetime as dt
import sqlite3
from typing import Any

from sandbox.indonesia_words import DAY, PROGRAMMES, month_of, nik_of
from sandbox.rules import (
    Decision,
    Letter,
    WordsRefused,
    amount_of,
    day_of,
    exactly,
    next_number,
    text_of,
)

# Invented mirror of the published tariff of packs for workers abroad, in rupiah, in force since 2023:
# a pack by months of contract, single months on top, and the part before departure on the agency route.
_PACK_PRICES = {6: 108_000, 12: 189_000, 24: 332_500}
_SINGLE_MONTH = 13_500
_BEFORE_DEPARTURE = {"PELAKSANA_PENEMPATAN": 37_500, "PERSEORANGAN": 0}
_CONTRACT_MONTHS_MAX = 60

_HANDOVER = frozenset(
    {
        "nik",
        "nama",
        "tglLahir",
        "kodeNegara",
        "programDiakhiri",
        "tglBerakhir",
        "kodeProgram",
        "jalur",
        "masaKontrak",
        "jumlahBayar",
        "tglEfektif",
        "tglExpired",
        "pengembalian",
    }
)
_RETURN = frozenset({"kodeProgram", "blth", "jumlah"})
_WITHDRAWAL = frozenset({"noPesanAwal", "nik", "tglBerangkat"})


def hand_over(connection: sqlite3.Connection, letter: Letter) -> Decision:
    """End the cover of own-account workers, open the pack, give back the months that were paid ahead."""
    fields = exactly(letter.words, _HANDOVER, "FORMAT_TIDAK_DIKENAL")
    nik = nik_of(fields)
    name = text_of(fields, "nama", 100, "NAMA_TIDAK_SAH")
    birth_date = day_of(fields, "tglLahir", DAY, "TGL_LAHIR_TIDAK_SAH")
    text_of(fields, "kodeNegara", 2, "NEGARA_TIDAK_SAH")
    ends_on = day_of(fields, "tglBerakhir", DAY, "TGL_BERAKHIR_TIDAK_SAH")
    first_day = day_of(fields, "tglEfektif", DAY, "TGL_EFEKTIF_TIDAK_SAH")
    last_day = day_of(fields, "tglExpired", DAY, "TGL_EXPIRED_TIDAK_SAH")
    if first_day > ends_on + dt.timedelta(days=1) or last_day < first_day:
        raise WordsRefused("TGL_EFEKTIF_TIDAK_SAH", "The pack leaves a gap or ends before it begins.")
    ended = _programmes_ended(fields["programDiakhiri"])
    price = _checked_price(fields)
    if connection.execute("SELECT 1 FROM withdrawn WHERE message_id = ?", (letter.message_id,)).fetchone():
        raise WordsRefused("SUDAH_DIBATALKAN", "This handover was withdrawn before it arrived.")
    _refuse_second_pack(connection, nik, first_day, last_day)
    _end_membership(connection, nik=nik, name=name, birth_date=birth_date, ends_on=ends_on if ended else None)
    returned = _give_back(connection, letter.message_id, nik, ends_on, fields["pengembalian"])
    number = f"PMI{next_number(connection, 'pmi'):010d}"
    connection.execute(
        "INSERT INTO packs VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, NULL)",
        (
            letter.message_id,
            nik,
            number,
            price,
            _BEFORE_DEPARTURE[fields["jalur"]],
            str(ends_on + dt.timedelta(days=1)),
            str(first_day),
            str(last_day),
        ),
    )
    return Decision(
        accepted=True,
        words={
            "noKepesertaan": number,
            "tglEfektif": fields["tglEfektif"],
            "tglExpired": fields["tglExpired"],
            "totalPengembalian": str(returned),
        },
    )


def pack_price(contract_months: int, route: str) -> int:
    """What the pack costs in rupiah: the cheaper of the next larger one and a smaller one with months added."""
    whole = [price for months, price in _PACK_PRICES.items() if months >= contract_months]
    extended = [
        price + (contract_months - months) * _SINGLE_MONTH
        for months, price in _PACK_PRICES.items()
        if months < contract_months
    ]
    return min(whole + extended) + _BEFORE_DEPARTURE[route]


def _programmes_ended(value: object) -> list[str]:
    if not isinstance(value, str) or len(value) > 40:
        raise WordsRefused("PROGRAM_TIDAK_DIKENAL", "The programmes to end are not named.")
    ended = value.split(",") if value else []
    if len(set(ended)) != len(ended) or not set(ended) <= set(PROGRAMMES):
        raise WordsRefused("PROGRAM_TIDAK_DIKENAL", "A programme to end is not known.")
    return ended


def _checked_price(fields: dict[str, Any]) -> int:
    if fields["kodeProgram"] != "PMI":
        raise WordsRefused("PROGRAM_TIDAK_DIKENAL", "No such pack is known.")
    if fields["jalur"] not in tuple(_BEFORE_DEPARTURE):
        raise WordsRefused("JALUR_TIDAK_DIKENAL", "No such route of placement is known.")
    contract_months = amount_of(fields, "masaKontrak", "MASA_KONTRAK_TIDAK_SAH")
    if not 1 <= contract_months <= _CONTRACT_MONTHS_MAX:
        raise WordsRefused("MASA_KONTRAK_TIDAK_SAH", f"A contract has 1 to {_CONTRACT_MONTHS_MAX} months.")
    price = amount_of(fields, "jumlahBayar", "JUMLAH_BAYAR_TIDAK_SAH")
    if price != pack_price(contract_months, fields["jalur"]):
        raise WordsRefused("JUMLAH_BAYAR_TIDAK_SAH", "The pack does not cost what is paid.")
    return price


def _refuse_second_pack(connection: sqlite3.Connection, nik: str, first_day: dt.date, last_day: dt.date) -> None:
    row = connection.execute(
        "SELECT 1 FROM packs WHERE nik = ? AND cancelled_by IS NULL AND first_day <= ? AND last_day >= ?",
        (nik, str(last_day), str(first_day)),
    ).fetchone()
    if row is not None:
        raise WordsRefused("PAKET_SUDAH_ADA", "This worker has a pack for these days already.")


def _end_membership(
    connection: sqlite3.Connection, *, nik: str, name: str, birth_date: dt.date, ends_on: dt.date | None
) -> None:
    """End the membership on a day, if it is to end; one who is not a member yet is put on record."""
    row = connection.execute("SELECT birth_date FROM members WHERE nik = ?", (nik,)).fetchone()
    if row is not None and row[0] != str(birth_date):
        raise WordsRefused("IDENTITAS_TIDAK_COCOK", "The birth date differs from that of the member.")
    connection.execute("INSERT OR IGNORE INTO members VALUES (?, ?, ?, NULL)", (nik, name, str(birth_date)))
    if ends_on is not None:
        connection.execute("UPDATE members SET ends_on = ? WHERE nik = ?", (str(ends_on), nik))


def _give_back(connection: sqlite3.Connection, message_id: str, nik: str, ends_on: dt.date, asked: object) -> int:
    """Give back the months asked for that lie after the end and really are paid; returns their sum."""
    if not isinstance(asked, list):
        raise WordsRefused("PENGEMBALIAN_TIDAK_SAH", "What is asked back is not a list.")
    total = 0
    for row in asked:
        fields = exactly(row, _RETURN, "PENGEMBALIAN_TIDAK_SAH")
        programme = text_of(fields, "kodeProgram", 3, "PENGEMBALIAN_TIDAK_SAH")
        month = month_of(fields, "blth")
        amount_of(fields, "jumlah", "PENGEMBALIAN_TIDAK_SAH")
        if month <= str(ends_on)[:7]:
            continue
        paid = connection.execute(
            "DELETE FROM paid WHERE nik = ? AND month = ? AND programme = ? RETURNING amount, message_id",
            (nik, month, programme),
        ).fetchone()
        if paid is not None:
            connection.execute(
                "INSERT INTO returned VALUES (?, ?, ?, ?, ?, ?)",
                (nik, month, programme, paid[0], paid[1], message_id),
            )
            total += int(paid[0])
    return total


def withdraw(connection: sqlite3.Connection, letter: Letter) -> Decision:
    """Cancel a pack before departure, give its price back and let the membership go on.

    Invented policy: once the pack has begun, its part before departure is used up and kept. A handover that
    has not arrived yet is remembered, and refused when it does.
    """
    fields = exactly(letter.words, _WITHDRAWAL, "FORMAT_TIDAK_DIKENAL")
    nik = nik_of(fields)
    day_of(fields, "tglBerangkat", DAY, "TGL_BERANGKAT_TIDAK_SAH")
    announced = text_of(fields, "noPesanAwal", 36, "PESAN_TIDAK_DIKENAL")
    pack = connection.execute(
        "SELECT nik, price, price_before, departs_on, first_day FROM packs"
        " WHERE message_id = ? AND cancelled_by IS NULL",
        (announced,),
    ).fetchone()
    returned = 0
    if pack is not None:
        owner, price, price_before, departs_on, first_day = pack
        if owner != nik:
            raise WordsRefused("PESAN_TIDAK_DIKENAL", "No such handover of this worker is known.")
        if departs_on <= str(letter.written_on):
            raise WordsRefused("PAKET_SUDAH_BERJALAN", "The worker has left; the pack is not taken back.")
        returned = price - (price_before if first_day <= str(letter.written_on) else 0)
        connection.execute(
            "UPDATE packs SET cancelled_by = ?, given_back = ? WHERE message_id = ?",
            (letter.message_id, returned, announced),
        )
        connection.execute("UPDATE members SET ends_on = NULL WHERE nik = ?", (nik,))
    connection.execute("INSERT OR IGNORE INTO withdrawn VALUES (?, ?)", (announced, letter.message_id))
    return Decision(
        accepted=True,
        words={
            "noPembatalan": f"BTL{next_number(connection, 'batal'):09d}",
            "totalPengembalian": str(returned),
        },
    )
