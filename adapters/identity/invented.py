"""Invented persons for demonstrations: well-formed rows that belong to no one.

The place code of every NIK ends in a sub-district number that the city does not have, so the number is
well-formed and was given to nobody. The same seed gives the same file, wherever and whenever it is made.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from domain.nominations import COLUMNS, RowCode
from domain.schemes import Sector

AGES_ON = dt.date(2025, 7, 1)
# The codes of the refused rows, which follow one another in this order and begin anew.
REFUSED_ORDER = (
    RowCode.DUPLICATE_ITEM,
    RowCode.DATE_INVALID,
    RowCode.DATE_OUT_OF_RANGE,
    RowCode.IDENTITY_MISMATCH,
    RowCode.NAME_INVALID,
    RowCode.CSV_INVALID,
)


def invented_nominations(
    count: int,
    *,
    seed: int,
    refused: int = 0,
    sectors: tuple[Sector, ...] = (Sector.AGRICULTURE, Sector.FISHING, Sector.TRADE),
) -> Iterator[str]:
    """Yield the lines of a nomination file: the header, `count` usable rows and `refused` others among them.

    The usable persons are 20 to 60 completed years old on 2025-07-01. The refused rows are spread evenly
    and have the codes of REFUSED_ORDER in turn, if ages up to 80 at most are accepted.
    sectors: from which each person's is drawn.
    """
    assert count > 0 or refused == 0, "a duplicate needs a row before it"
    maker = _RowMaker(random.Random(seed), sectors)
    spoiled = 0
    yield _line(COLUMNS)
    for made in range(1, count + 1):
        row = maker.usable()
        yield _line(row)
        while spoiled < refused and (spoiled + 1) * count <= made * refused:
            yield _line(maker.refused(REFUSED_ORDER[spoiled % len(REFUSED_ORDER)], row))
            spoiled += 1


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_YOUNGEST = dt.date(AGES_ON.year - 20, AGES_ON.month, AGES_ON.day)
_OLDEST = dt.date(AGES_ON.year - 61, AGES_ON.month, AGES_ON.day) + dt.timedelta(days=1)
_TOO_OLD = (dt.date(1930, 1, 1), dt.date(1943, 12, 31))
_PLACES = tuple(f"3374{district}" for district in range(90, 100))
_WOMEN = _words(
    "Siti Sri Dewi Rini Wati Ani Lestari Ningsih Endah Yuni Tuti Ratna Kartini Murni Sulastri Nur'aini "
    "Wahyuni Parti Suminah Rukmini Tri Dwi Eka Mei Indah Puji Sari Ida Lilis Sumarni"
)
_MEN = _words(
    "Budi Agus Slamet Joko Bambang Eko Dwi Tri Sutrisno Suparman Wahyu Hadi Supri Karno Darmo Ma'ruf "
    "Sugeng Paijo Tukiman Yanto Rahmat Gunawan Heru Andi Sarno Mulyono Imam Kasno Ridwan Suroto"
)
_LAST_WORDS = _words(
    "Santoso Wijayanti Susanto Purnomo Setiawan Handayani Rahayu Hidayat Prasetyo Saputra Utami Nugroho "
    "Kurniawan Astuti Suryani Wibowo Hartono Maryati Widodo Safitri Cahyono Permana Lestari Sulistyo"
)


@dataclass(slots=True)
class _RowMaker:
    """Draws rows from one source of chance; no NIK is drawn twice."""

    chance: random.Random
    sectors: tuple[Sector, ...]
    niks: set[str] = field(default_factory=set)

    def usable(self) -> tuple[str, ...]:
        return self._row(_OLDEST, _YOUNGEST)

    def refused(self, code: RowCode, earlier: tuple[str, ...]) -> tuple[str, ...]:
        """A row that is refused with this code and would be usable but for that."""
        nik, name, birth, sector = self._row(_OLDEST, _YOUNGEST)
        rows = {
            RowCode.DUPLICATE_ITEM: earlier,
            RowCode.DATE_INVALID: (nik, name, f"{birth[:4]}-02-30", sector),
            RowCode.DATE_OUT_OF_RANGE: self._row(*_TOO_OLD),
            RowCode.IDENTITY_MISMATCH: (nik, name, _next_day(birth), sector),
            RowCode.NAME_INVALID: (nik, "", birth, sector),
            RowCode.CSV_INVALID: (nik, name, birth),
        }
        return rows[code]

    def _row(self, first: dt.date, last: dt.date) -> tuple[str, ...]:
        birth = first + dt.timedelta(days=self.chance.randrange((last - first).days + 1))
        female = self.chance.randrange(2) == 1
        sector = self.sectors[self.chance.randrange(len(self.sectors))]
        return (self._nik(birth, female), self._name(female), birth.isoformat(), sector.value)

    def _nik(self, birth: dt.date, female: bool) -> str:
        day = birth.day + (40 if female else 0)
        while True:
            place = _PLACES[self.chance.randrange(len(_PLACES))]
            nik = f"{place}{day:02d}{birth:%m%y}{self.chance.randrange(1, 10_000):04d}"
            if nik not in self.niks:
                self.niks.add(nik)
                return nik

    def _name(self, female: bool) -> str:
        first_words = _WOMEN if female else _MEN
        first = first_words[self.chance.randrange(len(first_words))]
        if self.chance.randrange(5) == 0:
            return first
        return f"{first} {_LAST_WORDS[self.chance.randrange(len(_LAST_WORDS))]}"


def _next_day(birth: str) -> str:
    return (dt.date.fromisoformat(birth) + dt.timedelta(days=1)).isoformat()


def _line(row: tuple[str, ...]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(row)
    return written.getvalue()
