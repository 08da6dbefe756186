"""What the simulated Indonesian institution credits, ends, opens and gives back."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from domain.exchange import PersonOnWire
from domain.periods import Month
from sandbox.indonesia import IndonesiaRules
from sandbox.indonesia_packs import pack_price
from sandbox.indonesia_words import is_nik
from tests.sandbox.desks import Spoken, decision, refusal
from tests.wire.letters import MOVE_ON, WRITTEN_AT, handover, person, prepaid, remittance, withdrawal


@pytest.fixture
def bpjstk(tmp_path: Path) -> Spoken:
    return Spoken(IndonesiaRules(), tmp_path)


def refused_lines(said: dict[str, Any]) -> dict[str, list[int]]:
    return {group["kode"]: group["baris"] for group in decision(said)["barisTidakValid"]}


def test_a_remittance_is_credited_and_its_lines_and_total_are_counted_by_the_institution(
    bpjstk: Spoken,
) -> None:
    words = decision(bpjstk.send(remittance(3)))

    assert words == {
        "kodeIuran": "000000000001",
        "blth": "03-2026",
        "jumlahValid": "3",
        "jumlahTidakValid": "0",
        "totalIuran": "50400",
        "barisTidakValid": [],
    }
    assert bpjstk.records()["members"] == 3
    assert bpjstk.records()["months_paid"] == 3


def test_a_month_that_is_paid_is_refused_in_another_message_line_by_line(bpjstk: Spoken) -> None:
    bpjstk.send(remittance(2))

    said = bpjstk.send(remittance(3))

    assert refused_lines(said) == {"BLTH_SUDAH_DIBAYAR": [1, 2]}
    assert decision(said)["totalIuran"] == "16800"
    assert bpjstk.records()["paid_total"] == 3 * 16_800


def test_another_month_of_the_same_workers_is_credited(bpjstk: Spoken) -> None:
    bpjstk.send(remittance(2))

    assert refused_lines(bpjstk.send(remittance(2, month=Month(2026, 4)))) == {}


def test_a_line_with_a_number_that_is_no_nik_is_refused_and_the_others_are_credited(bpjstk: Spoken) -> None:
    message = remittance(2)
    broken = dataclasses.replace(message.lines[0].person, identifiers=(("nik", "3273019901000001"),))
    lines = (dataclasses.replace(message.lines[0], person=broken), message.lines[1])

    said = bpjstk.send(dataclasses.replace(message, lines=lines))

    assert refused_lines(said) == {"NIK_TIDAK_SAH": [1]}
    assert decision(said)["totalIuran"] == "16800"


def test_a_worker_who_is_in_a_message_twice_is_credited_once(bpjstk: Spoken) -> None:
    message = remittance(2)
    lines = (message.lines[0], dataclasses.replace(message.lines[1], person=message.lines[0].person))

    said = bpjstk.send(dataclasses.replace(message, lines=lines))

    assert refused_lines(said) == {"NIK_GANDA": [2]}
    assert bpjstk.records()["paid_total"] == 16_800


def test_a_line_with_another_birth_date_than_the_members_is_refused(bpjstk: Spoken) -> None:
    bpjstk.send(remittance(1))
    message = remittance(1, month=Month(2026, 4))
    other = dataclasses.replace(message.lines[0].person, birth_date=dt.date(1991, 1, 1))

    said = bpjstk.send(dataclasses.replace(message, lines=(dataclasses.replace(message.lines[0], person=other),)))

    assert refused_lines(said) == {"IDENTITAS_TIDAK_COCOK": [1]}


def test_a_line_that_pays_nothing_is_refused(bpjstk: Spoken) -> None:
    message = remittance(1)
    line = dataclasses.replace(message.lines[0], amounts=())
    nothing = dataclasses.replace(message.total, minor_units=0)

    said = bpjstk.send(dataclasses.replace(message, lines=(line,), total=nothing))

    assert refused_lines(said) == {"IURAN_KOSONG": [1]}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"TOTAL_IURAN": "33601"}, "TOTAL_TIDAK_COCOK"),
        ({"JUMLAH_PESERTA": "3"}, "JUMLAH_TIDAK_COCOK"),
        ({"data_upah": []}, "JUMLAH_TIDAK_COCOK"),
        ({"data_upah": [7, 8]}, "FORMAT_TIDAK_DIKENAL"),
        ({"BLTH": "04-2026"}, "BLTH_TIDAK_COCOK"),
        ({"BLTH": "2026-04"}, "BLTH_TIDAK_SAH"),
        ({"TOTAL_IURAN": 33600}, "TOTAL_TIDAK_COCOK"),
        ({"CATATAN": "x"}, "FORMAT_TIDAK_DIKENAL"),
        ({"NPP": None}, "NPP_TIDAK_SAH"),
    ],
)
def test_a_remittance_that_contradicts_itself_is_refused_whole_and_credits_nothing(
    bpjstk: Spoken, changed: dict[str, object], code: str
) -> None:
    assert refusal(bpjstk.send(remittance(2), **changed)) == code
    assert bpjstk.records()["members"] == 0
    assert bpjstk.records()["paid_total"] == 0


def test_a_header_that_counts_other_lines_refuses_the_message(bpjstk: Spoken) -> None:
    words = {"NPP": "LK000001", "SEGMEN": "BPU", "BLTH": "03-2026", "JUMLAH_PESERTA": "1"}
    line = {
        "NIK": "3273010101000001",
        "NAMA_LENGKAP": "Contoh",
        "TGL_LAHIR": "01-01-1990",
        "UPAH": "1000000",
        "RAPEL": "0",
        "BLTH": "03-2026",
        "IURAN_JKK": "10000",
        "IURAN_JKM": "6800",
        "IURAN_JHT": "0",
    }

    said = bpjstk.say("contribution_remittance", words | {"TOTAL_IURAN": "16800", "data_upah": [line]}, total_count=2)

    assert refusal(said) == "JUMLAH_TIDAK_COCOK"


def test_a_handover_ends_the_cover_opens_the_pack_and_returns_the_months_paid_ahead(bpjstk: Spoken) -> None:
    for month in (Month(2026, 8), Month(2026, 9), Month(2026, 10)):
        bpjstk.send(remittance(1, month=month))
    asked = tuple(
        prepaid(month, scheme_id=scheme_id, amount=amount)
        for month in (Month(2026, 9), Month(2026, 10))
        for scheme_id, amount in (("ID.JKK", 10_000), ("ID.JKM", 6_800))
    )

    words = decision(bpjstk.send(handover(returns=asked)))

    assert words["noKepesertaan"] == "PMI0000000001"
    assert words["totalPengembalian"] == str(2 * 16_800)
    assert bpjstk.records() == {
        "members": 1,
        "members_ended": 1,
        "months_paid": 1,
        "paid_total": 16_800,
        "returned_total": 2 * 16_800,
        "packs": 1,
        "packs_cancelled": 0,
        "packs_total": 370_000,
    }


def test_only_months_that_were_paid_and_lie_after_the_end_come_back(bpjstk: Spoken) -> None:
    bpjstk.send(remittance(1, month=Month(2026, 8)))
    asked = (prepaid(Month(2026, 8)), prepaid(Month(2026, 11)))

    assert decision(bpjstk.send(handover(returns=asked)))["totalPengembalian"] == "0"


def test_what_comes_back_is_what_was_paid_and_not_what_is_claimed(bpjstk: Spoken) -> None:
    bpjstk.send(remittance(1, month=Month(2026, 9)))

    words = decision(bpjstk.send(handover(returns=(prepaid(Month(2026, 9), amount=999_999),))))

    assert words["totalPengembalian"] == "10000"


def test_a_month_asked_back_twice_in_one_message_comes_back_once(bpjstk: Spoken) -> None:
    bpjstk.send(remittance(1, month=Month(2026, 9)))

    words = decision(bpjstk.send(handover(returns=(prepaid(Month(2026, 9)), prepaid(Month(2026, 9))))))

    assert words["totalPengembalian"] == "10000"


def test_months_after_the_end_of_the_cover_are_no_longer_credited(bpjstk: Spoken) -> None:
    bpjstk.send(handover())

    assert refused_lines(bpjstk.send(remittance(1, month=Month(2026, 9)))) == {"KEPESERTAAN_BERAKHIR": [1]}
    assert refused_lines(bpjstk.send(remittance(1, month=Month(2026, 8)))) == {}


@pytest.mark.parametrize(
    ("months", "route", "price"),
    [
        (1, "PERSEORANGAN", 108_000),
        (6, "PERSEORANGAN", 108_000),
        (12, "PERSEORANGAN", 189_000),
        (18, "PERSEORANGAN", 270_000),
        (23, "PERSEORANGAN", 332_500),
        (24, "PERSEORANGAN", 332_500),
        (24, "PELAKSANA_PENEMPATAN", 370_000),
        (36, "PERSEORANGAN", 494_500),
    ],
)
def test_a_pack_costs_what_the_mirrored_tariff_says(months: int, route: str, price: int) -> None:
    assert pack_price(months, route) == price


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"jumlahBayar": "369999"}, "JUMLAH_BAYAR_TIDAK_SAH"),
        ({"jumlahBayar": "403200"}, "JUMLAH_BAYAR_TIDAK_SAH"),
        ({"masaKontrak": "12"}, "JUMLAH_BAYAR_TIDAK_SAH"),
        ({"masaKontrak": "0"}, "MASA_KONTRAK_TIDAK_SAH"),
        ({"jalur": "LAUT"}, "JALUR_TIDAK_DIKENAL"),
        ({"jalur": ["LAUT"]}, "JALUR_TIDAK_DIKENAL"),
        ({"kodeProgram": "JHT"}, "PROGRAM_TIDAK_DIKENAL"),
        ({"programDiakhiri": "JKK,JKK"}, "PROGRAM_TIDAK_DIKENAL"),
        ({"tglEfektif": "02-09-2026"}, "TGL_EFEKTIF_TIDAK_SAH"),
        ({"tglExpired": "31-03-2026"}, "TGL_EFEKTIF_TIDAK_SAH"),
        ({"tglBerakhir": "31-02-2026"}, "TGL_BERAKHIR_TIDAK_SAH"),
        ({"nik": "1234"}, "NIK_TIDAK_SAH"),
        ({"pengembalian": "all"}, "PENGEMBALIAN_TIDAK_SAH"),
        ({"pengembalian": [{"blth": "09-2026"}]}, "PENGEMBALIAN_TIDAK_SAH"),
    ],
)
def test_a_handover_with_a_wrong_word_is_refused_and_the_old_cover_goes_on(
    bpjstk: Spoken, changed: dict[str, object], code: str
) -> None:
    bpjstk.send(remittance(1, month=Month(2026, 9)))
    before = bpjstk.records()

    assert refusal(bpjstk.send(handover(returns=(prepaid(Month(2026, 9)),)), **changed)) == code
    assert bpjstk.records() == before


def test_a_second_pack_for_the_same_days_is_refused(bpjstk: Spoken) -> None:
    bpjstk.send(handover())

    assert refusal(bpjstk.send(handover())) == "PAKET_SUDAH_ADA"
    assert bpjstk.records()["packs_total"] == 370_000


def test_a_withdrawn_handover_returns_the_whole_price_before_the_pack_begins(bpjstk: Spoken) -> None:
    message = handover()
    bpjstk.send(message)

    words = decision(bpjstk.send(withdrawal(message.message_id, "ID.BPJSTK")))

    assert words["totalPengembalian"] == "370000"
    assert bpjstk.records()["packs_cancelled"] == 1
    assert bpjstk.records()["packs_total"] == 0
    assert refused_lines(bpjstk.send(remittance(1, month=Month(2026, 9)))) == {}


def test_a_withdrawn_handover_keeps_the_part_before_departure_once_the_pack_has_begun(
    bpjstk: Spoken,
) -> None:
    message = handover()
    bpjstk.send(message)
    begun = WRITTEN_AT.replace(month=5)

    words = decision(bpjstk.send(withdrawal(message.message_id, "ID.BPJSTK", written_at=begun)))

    assert words["totalPengembalian"] == "332500"
    assert bpjstk.records()["packs_total"] == 37_500


def test_a_handover_is_not_taken_back_from_the_day_of_departure_on(bpjstk: Spoken) -> None:
    message = handover()
    bpjstk.send(message)
    left = dt.datetime.combine(MOVE_ON, dt.time(0), tzinfo=dt.UTC)

    said = bpjstk.send(withdrawal(message.message_id, "ID.BPJSTK", written_at=left))

    assert refusal(said) == "PAKET_SUDAH_BERJALAN"
    assert bpjstk.records()["packs"] == 1


def test_a_handover_is_withdrawn_once(bpjstk: Spoken) -> None:
    message = handover()
    bpjstk.send(message)
    bpjstk.send(withdrawal(message.message_id, "ID.BPJSTK"))

    words = decision(bpjstk.send(withdrawal(message.message_id, "ID.BPJSTK")))

    assert words["totalPengembalian"] == "0"


def test_a_handover_that_arrives_after_its_withdrawal_is_refused(bpjstk: Spoken) -> None:
    message = handover()
    bpjstk.send(withdrawal(message.message_id, "ID.BPJSTK"))

    assert refusal(bpjstk.send(message)) == "SUDAH_DIBATALKAN"
    assert bpjstk.records()["packs"] == 0


def test_the_handover_of_another_worker_cannot_be_withdrawn(bpjstk: Spoken) -> None:
    message = handover()
    bpjstk.send(message)

    said = bpjstk.send(withdrawal(message.message_id, "ID.BPJSTK", worker=person(2)))

    assert refusal(said) == "PESAN_TIDAK_DIKENAL"
    assert bpjstk.records()["packs"] == 1


def test_two_workers_do_not_share_a_pack(bpjstk: Spoken) -> None:
    first = decision(bpjstk.send(handover()))
    second = decision(bpjstk.send(handover(worker=person(2))))

    assert first["noKepesertaan"] != second["noKepesertaan"]


@pytest.mark.parametrize(
    ("nik", "right"),
    [
        ("3273010101900001", True),
        ("3273017112900001", True),
        ("3273013112900001", True),
        ("3273013212900001", False),
        ("3273014012900001", False),
        ("3273017212900001", False),
        ("3273010001900001", False),
        ("3273010113900001", False),
        ("3273010101900000", False),
        ("0273010101900001", False),
        ("327301010190001", False),
        ("32730101019000011", False),
        ("3273010101900\u0660\u06601", False),
    ],
)
def test_the_shape_of_a_nik(nik: str, right: bool) -> None:
    assert is_nik(nik) is right


def test_a_name_written_otherwise_is_the_same_member(bpjstk: Spoken) -> None:
    bpjstk.send(remittance(1))
    renamed: PersonOnWire = person(1, name="CONTOH R. SATU")

    assert decision(bpjstk.send(handover(worker=renamed)))["noKepesertaan"] == "PMI0000000001"
