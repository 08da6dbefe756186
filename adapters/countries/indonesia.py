"""Indonesia: BPJS Ketenagakerjaan (ID.BPJSTK), employment social security.

No interface of the institution is public. Remittance lines use the column names of its bulk workbook
(sheet `data_upah`); pack and payment fields use the names its payment resellers publish. The envelope is
ours. Nothing real stands behind this adapter, and it says so.

What it covers: contributions of many workers for a month, the handover from the scheme for own-account
workers to the pack for workers abroad, the withdrawal of such a handover. What it does not: enrolment of
foreigners, claims.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

from adapters.countries.layouts import (
    Layout,
    StatedAnswer,
    answer,
    coded,
    fitting,
    garbage,
    identifier,
    layout_on,
    not_writable,
    only,
    refused_answer,
    stated_answer,
    whole_amount,
)
from domain.countries import MemberState
from domain.exchange import (
    KIND_OF,
    AdapterStanding,
    Answer,
    AnswerOutcome,
    ContributionRemittance,
    CoverHandover,
    DeliveryFailed,
    DeliveryTrouble,
    Message,
    MessageKind,
    MoveWithdrawal,
    RefusedLine,
    RemittanceLine,
)
from domain.money import Currency
from domain.periods import Month

INSTITUTION_ID = "ID.BPJSTK"

_RESELLERS = "field names of payment resellers; no layout of the institution is public"
REMITTANCE_LAYOUTS = (
    Layout(
        id="id.bpjstk.iuran",
        first_day=dt.date(2024, 1, 1),
        keys=("NPP", "SEGMEN", "BLTH", "JUMLAH_PESERTA", "TOTAL_IURAN", "data_upah"),
        lines_max=10_000,
        source="bulk workbook of the institution, at most 10,000 rows; user guide of 2024",
    ),
)
LINE_LAYOUTS = (
    Layout(
        id="id.bpjstk.data_upah",
        first_day=dt.date(2024, 1, 1),
        keys=(
            "NIK",
            "NAMA_LENGKAP",
            "TGL_LAHIR",
            "UPAH",
            "RAPEL",
            "BLTH",
            "IURAN_JKK",
            "IURAN_JKM",
            "IURAN_JHT",
        ),
        lines_max=1,
        source="bulk workbook of the institution, sheet data_upah; the amounts per programme are ours",
    ),
)
HANDOVER_LAYOUTS = (
    Layout(
        id="id.bpjstk.pmi",
        first_day=dt.date(2023, 2, 22),
        keys=(
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
        ),
        lines_max=120,
        source=_RESELLERS,
    ),
)
WITHDRAWAL_LAYOUTS = (
    Layout(
        id="id.bpjstk.batal",
        first_day=dt.date(2023, 2, 22),
        keys=("noPesanAwal", "nik", "tglBerangkat"),
        lines_max=1,
        source=_RESELLERS,
    ),
)

_PROGRAMMES = {"ID.JKK": "JKK", "ID.JKM": "JKM", "ID.JHT": "JHT"}
_PACKS = {"ID.PMI": "PMI"}
_ROUTES = {"agency": "PELAKSANA_PENEMPATAN", "individual": "PERSEORANGAN"}
_BLTH = re.compile(r"(0[1-9]|1[0-2])-[0-9]{4}")

_REMITTED = ("kodeIuran", "blth", "jumlahValid", "jumlahTidakValid", "totalIuran", "barisTidakValid")
_HANDED_OVER = ("noKepesertaan", "tglEfektif", "tglExpired", "totalPengembalian")
_WITHDRAWN = ("noPembatalan", "totalPengembalian")


class Indonesia:
    """The adapter of Indonesia; `payer_number` is the number (NPP) under which the institution knows Lingkar.

    Until the institution issues one, the number is invented.
    """

    member_state = MemberState.ID
    standing = AdapterStanding.SIMULATED

    def __init__(self, payer_number: str = "LK000001") -> None:
        self.payer_number = payer_number

    def supports(self, institution_id: str, kind: MessageKind) -> bool:
        """Whether this institution takes this kind of message at all."""
        return institution_id == INSTITUTION_ID and kind in (
            MessageKind.CONTRIBUTION_REMITTANCE,
            MessageKind.COVER_HANDOVER,
            MessageKind.MOVE_WITHDRAWAL,
        )

    def write(self, message: Message) -> dict[str, object]:
        """The message in the institution's words; raises DeliveryFailed for what it cannot carry."""
        if not self.supports(message.institution_id, KIND_OF[type(message)]):
            raise not_writable(message.institution_id, f"it takes no {KIND_OF[type(message)].value} in Indonesia")
        match message:
            case ContributionRemittance():
                return _remittance(message, self.payer_number)
            case CoverHandover():
                return _handover(message)
            case MoveWithdrawal():
                return _withdrawal(message)
            case _:
                raise AssertionError("every supported kind is written")

    def read(self, message_id: str, institution_id: str, body: dict[str, object]) -> Answer:
        """The answer that a body states; raises DeliveryFailed(GARBAGE) if it states none."""
        stated = stated_answer(message_id, institution_id, body, self.standing)
        if stated.outcome is AnswerOutcome.REFUSED:
            return refused_answer(stated, code_key="kode", text_key="keterangan")
        match stated.action:
            case "on_contribution_remittance":
                return _remittance_answer(stated)
            case "on_cover_handover":
                return _returning_answer(stated, _HANDED_OVER, "noKepesertaan")
            case "on_move_withdrawal":
                return _returning_answer(stated, _WITHDRAWN, "noPembatalan")
            case _:
                raise garbage(institution_id, "the answer is to a kind of message it never gets")


def _remittance(message: ContributionRemittance, payer_number: str) -> dict[str, object]:
    on, institution_id = message.written_at.date(), message.institution_id
    layout = layout_on(REMITTANCE_LAYOUTS, on, institution_id)
    if len(message.lines) > layout.lines_max:
        raise DeliveryFailed(
            institution_id=institution_id,
            trouble=DeliveryTrouble.TOO_LARGE,
            peer_down=False,
            retry_after_seconds=None,
            remark=f"{len(message.lines)} lines, the layout takes {layout.lines_max}; write several messages",
        )
    if not message.lines or any(line.number != place for place, line in enumerate(message.lines, 1)):
        raise not_writable(institution_id, "the lines are not numbered from 1 in order")
    stated = sum(amount.minor_units for line in message.lines for _, amount in line.amounts)
    if stated != message.total.minor_units:
        raise not_writable(institution_id, "the total is not the sum of the lines")
    line_layout = layout_on(LINE_LAYOUTS, on, institution_id)
    fields: dict[str, object] = {
        "NPP": payer_number,
        "SEGMEN": fitting(message.segment_id, 40, "segment", institution_id),
        "BLTH": _month_text(message.month),
        "JUMLAH_PESERTA": str(len(message.lines)),
        "TOTAL_IURAN": whole_amount(message.total, Currency.IDR, institution_id),
        "data_upah": [_line(line, message, line_layout) for line in message.lines],
    }
    return only(fields, layout)


def _line(line: RemittanceLine, message: ContributionRemittance, layout: Layout) -> dict[str, object]:
    institution_id = message.institution_id
    amounts = dict.fromkeys(_PROGRAMMES.values(), "0")
    for scheme_id, amount in line.amounts:
        programme = coded(scheme_id, _PROGRAMMES, "scheme", institution_id)
        if amounts[programme] != "0":
            raise not_writable(institution_id, f"line {line.number} names the scheme {scheme_id} twice")
        amounts[programme] = whole_amount(amount, Currency.IDR, institution_id)
    fields: dict[str, object] = {
        "NIK": fitting(identifier(line.person, "nik", institution_id), 16, "nik", institution_id),
        "NAMA_LENGKAP": fitting(line.person.name, 100, "name", institution_id),
        "TGL_LAHIR": _day_text(line.person.birth_date),
        "UPAH": whole_amount(line.base, Currency.IDR, institution_id),
        "RAPEL": "0",
        "BLTH": _month_text(message.month),
        "IURAN_JKK": amounts["JKK"],
        "IURAN_JKM": amounts["JKM"],
        "IURAN_JHT": amounts["JHT"],
    }
    return only(fields, layout)


def _handover(message: CoverHandover) -> dict[str, object]:
    institution_id = message.institution_id
    layout = layout_on(HANDOVER_LAYOUTS, message.written_at.date(), institution_id)
    if len(message.returns) > layout.lines_max:
        raise not_writable(institution_id, f"{len(message.returns)} months are asked back in one message")
    ends = [coded(scheme_id, _PROGRAMMES, "scheme", institution_id) for scheme_id in message.ends]
    fields: dict[str, object] = {
        "nik": fitting(identifier(message.person, "nik", institution_id), 16, "nik", institution_id),
        "nama": fitting(message.person.name, 100, "name", institution_id),
        "tglLahir": _day_text(message.person.birth_date),
        "kodeNegara": fitting(message.to_state, 2, "state", institution_id),
        "programDiakhiri": ",".join(ends),
        "tglBerakhir": _day_text(message.ends_on),
        "kodeProgram": coded(message.pack_scheme_id, _PACKS, "pack", institution_id),
        "jalur": coded(message.route, _ROUTES, "route", institution_id),
        "masaKontrak": str(message.contract_months),
        "jumlahBayar": whole_amount(message.price, Currency.IDR, institution_id),
        "tglEfektif": _day_text(message.cover_first_day),
        "tglExpired": _day_text(message.cover_last_day),
        "pengembalian": [
            {
                "kodeProgram": coded(asked.scheme_id, _PROGRAMMES, "scheme", institution_id),
                "blth": _month_text(asked.month),
                "jumlah": whole_amount(asked.amount, Currency.IDR, institution_id),
            }
            for asked in message.returns
        ],
    }
    return only(fields, layout)


def _withdrawal(message: MoveWithdrawal) -> dict[str, object]:
    institution_id = message.institution_id
    fields: dict[str, object] = {
        "noPesanAwal": str(message.announced_id),
        "nik": fitting(identifier(message.person, "nik", institution_id), 16, "nik", institution_id),
        "tglBerangkat": _day_text(message.move_on),
    }
    return only(fields, layout_on(WITHDRAWAL_LAYOUTS, message.written_at.date(), institution_id))


def _remittance_answer(stated: StatedAnswer) -> Answer:
    fields = stated.fields(_REMITTED)
    if not _BLTH.fullmatch(stated.text("blth")):
        raise garbage(stated.institution_id, "blth is not a month")
    refused = _refused_lines(stated, fields["barisTidakValid"])
    if len(refused) != stated.count("jumlahTidakValid"):
        raise garbage(stated.institution_id, "jumlahTidakValid is not the number of lines that are listed")
    return dataclasses.replace(
        answer(stated, reference=stated.reference("kodeIuran")),
        accepted_lines=stated.count("jumlahValid"),
        accepted_total=stated.amount("totalIuran", Currency.IDR),
        refused_lines=refused,
    )


def _refused_lines(stated: StatedAnswer, groups: object) -> tuple[RefusedLine, ...]:
    """Refused lines come grouped by reason, so that an answer about ten thousand lines stays small."""
    lines: dict[int, RefusedLine] = {}
    for group in groups if isinstance(groups, list) else [groups]:
        if not isinstance(group, dict) or group.keys() != {"kode", "keterangan", "baris"}:
            raise garbage(stated.institution_id, "barisTidakValid is not a list of reasons with their lines")
        reason = dataclasses.replace(stated, decision=group)
        code, text, numbers = reason.code("kode"), reason.text("keterangan"), group["baris"]
        if not isinstance(numbers, list) or not numbers or not all(type(n) is int and n > 0 for n in numbers):
            raise garbage(stated.institution_id, "baris is not a list of line numbers")
        if len(set(numbers)) != len(numbers) or lines.keys() & set(numbers):
            raise garbage(stated.institution_id, "a line is refused twice")
        lines.update({n: RefusedLine(number=n, code=code, text=text) for n in numbers})
    return tuple(lines[number] for number in sorted(lines))


def _returning_answer(stated: StatedAnswer, keys: tuple[str, ...], reference_key: str) -> Answer:
    stated.fields(keys)
    return dataclasses.replace(
        answer(stated, reference=stated.reference(reference_key)),
        returned_total=stated.amount("totalPengembalian", Currency.IDR),
    )


def _day_text(day: dt.date) -> str:
    return f"{day.day:02d}-{day.month:02d}-{day.year:04d}"


def _month_text(month: Month) -> str:
    return f"{month.number:02d}-{month.year:04d}"


ADAPTER = Indonesia()
