"""Nomination files: usable rows go in once, refused ones are reported by line, a refused file leaves nothing."""

from __future__ import annotations

import csv
import datetime as dt
from itertools import count

import pytest

from adapters.identity.invented import REFUSED_ORDER
from domain.circumstances import BirthPrecision
from resolvers import nominations
from tests.support.scene import OPERATOR, Scene, nik_of, niks_in, refusal_code

_ENDINGS = count(9000)


async def refusals(scene: Scene, report_id: object) -> dict[int, str]:
    rows = await nominations.nomination_refusals(scene.context(OPERATOR), report_id, after_line=0, limit=100)  # type: ignore[arg-type]
    return {row.line: row.code for row in rows}


async def test_each_refused_row_is_reported_with_its_line_and_code(scene: Scene) -> None:
    lines = scene.lines(12, refused=6)
    report = await scene.nominate(await scene.fund(), lines)

    found = await refusals(scene, report.id)

    assert (report.rows_accepted, report.rows_refused) == (12, 6)
    assert [found[line] for line in sorted(found)] == [code.value for code in REFUSED_ORDER]
    for line, code in found.items():
        if code == "CSV_INVALID":
            assert len(next(csv.reader([lines[line - 1]]))) == 3
        if code == "DATE_INVALID":
            assert "-02-30" in lines[line - 1]


async def test_no_reason_of_a_refusal_names_the_person(scene: Scene) -> None:
    lines = scene.lines(12, refused=6)
    report = await scene.nominate(await scene.fund(), lines)

    rows = await nominations.nomination_refusals(scene.context(), report.id, after_line=0, limit=100)

    for row in rows:
        fields = next(csv.reader([lines[row.line - 1]]))
        assert fields[0] not in row.reason
        assert not fields[1] or fields[1] not in row.reason


async def test_a_known_person_is_recognised_and_not_added_again(scene: Scene) -> None:
    fund, lines = await scene.fund(), scene.lines(5)
    await scene.nominate(fund, lines[:4])
    before = await scene.counts()

    report = await scene.nominate(fund, lines)

    after = await scene.counts()
    assert report.rows_accepted == 5
    assert after["workers"] == before["workers"] + 2
    assert after["nomination_workers"] == before["nomination_workers"] + 5


async def test_a_person_keeps_one_worker_when_the_number_is_written_with_spaces(scene: Scene) -> None:
    fund, lines = await scene.fund(), scene.lines(1)
    await scene.nominate(fund, lines)
    nik = niks_in(lines)[0]
    spaced = [lines[0], lines[1].replace(nik, f" {nik} ")]
    before = await scene.counts()

    report = await scene.nominate(fund, spaced)

    assert (report.rows_accepted, report.rows_refused) == (1, 0)
    assert (await scene.counts())["workers"] == before["workers"]


async def test_months_of_a_person_in_two_lists_are_paid_from_one_of_them_only(scene: Scene) -> None:
    donation = await scene.donation(10**9)
    lines = scene.lines(3)
    first = await scene.nominate(donation.fund_id, lines)
    second = await scene.nominate(donation.fund_id, lines)
    await scene.allocate(donation, first.id)

    assert await refusal_code(scene.allocate(donation, second.id)) == "MONTH_ALREADY_FUNDED"
    assert await refusal_code(scene.allocate(donation, second.id, "2026-01", "2026-03")) == ""


@pytest.mark.parametrize(
    "lines",
    [[], ["nik,name,birth_date\n", "1,2,3\n"], ["\x00\n"], ["nik;name;birth_date;sector\n"]],
    ids=["empty", "column missing", "NUL", "semicolons"],
)
async def test_a_file_that_is_refused_as_a_whole_leaves_nothing(scene: Scene, lines: list[str]) -> None:
    fund = await scene.fund()
    before = await scene.counts()

    code = await refusal_code(scene.nominate(fund, lines))

    assert code == "CSV_INVALID"
    assert await scene.counts() == before | {"idempotency_keys": before["idempotency_keys"] + 1}


async def test_a_file_refused_after_many_good_rows_leaves_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.nominations.ROWS_LIMIT", 4)
    fund = await scene.fund()
    before = await scene.counts()

    assert await refusal_code(scene.nominate(fund, scene.lines(5))) == "LIMIT_EXCEEDED"

    assert await scene.counts() == before | {"idempotency_keys": before["idempotency_keys"] + 1}


async def test_a_file_for_a_segment_that_is_not_known_is_refused_and_leaves_nothing(scene: Scene) -> None:
    fund, lines = await scene.fund(), scene.lines(2)
    before = await scene.counts()
    command = nominations.NominationSubmit(
        fund_id=fund, scheme_id="ID.JKK", segment_id="nobody", on=scene.clock.now().date(), file_digest="x"
    )

    code = await refusal_code(nominations.nomination_submit(scene.context(), scene.key(), command, lines))

    assert code == "RULE_UNKNOWN"
    assert await scene.counts() == before | {"idempotency_keys": before["idempotency_keys"] + 1}


async def test_a_file_for_a_fund_that_is_not_there_is_refused(scene: Scene) -> None:
    assert await refusal_code(scene.nominate(await scene.donor(), scene.lines(1))) == "NOT_FOUND"


async def test_no_column_of_a_nominated_person_can_be_read_without_the_key(scene: Scene) -> None:
    lines = scene.lines(3)
    await scene.nominate(await scene.fund(), lines)

    rows = await scene.rows(
        "SELECT sealed_person, sealed_value, blind_index FROM workers w JOIN identifiers i ON i.worker_id = w.id"
    )
    stored = b"".join(bytes(value) for row in rows for value in row)

    for row in csv.reader(lines[1:]):
        for personal in (row[0], row[1], row[2]):
            assert personal.encode() not in stored


async def test_the_person_that_was_nominated_is_the_person_that_is_sent(scene: Scene) -> None:
    lines = scene.lines(1)
    await scene.nominate(await scene.fund(), lines)
    nik, name, birth, _ = next(csv.reader(lines[1:]))

    async with scene.context().reading() as work:
        worker = await work.workers.worker_of(nik_of(nik))
        assert worker is not None
        person = await work.workers.person(worker.id, scene.clock.now())

    assert (person.name, person.birth_date.isoformat(), person.identifiers) == (name, birth, (("nik", nik),))


@pytest.mark.parametrize(
    ("text", "first_day", "precision"),
    [
        ("1985-07-12", dt.date(1985, 7, 12), BirthPrecision.DAY),
        ("1985-07", dt.date(1985, 7, 1), BirthPrecision.MONTH),
        ("1985", dt.date(1985, 1, 1), BirthPrecision.YEAR),
        ("BE 2528-07-12", dt.date(1985, 7, 12), BirthPrecision.DAY),
    ],
)
async def test_a_birth_date_is_kept_as_far_as_it_was_told(
    scene: Scene, text: str, first_day: dt.date, precision: BirthPrecision
) -> None:
    nik = f"337499120785{next(_ENDINGS):04d}"
    report = await scene.nominate(await scene.fund(), ["nik,name,birth_date,sector\n", f"{nik},Siti,{text},trade\n"])
    assert report.rows_accepted == 1

    async with scene.context().reading() as work:
        person = await work.workers.person(await scene.worker_of(nik), scene.clock.now())

    assert (person.birth_date, person.birth_precision) == (first_day, precision)
