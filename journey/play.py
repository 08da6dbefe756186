"""Plays the journey in a terminal, step by step, and says of each promise whether it was kept."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from journey import operations as op
from journey.client import Answer, Client, Unexpected, made, until

WORKERS = 7_000
REFUSED_ROWS = 24
MONTHS = [f"2025-{number:02d}" for number in range(7, 13)]
GIFT = "705600000"
MOVE_ON = "2025-10-16"
DECIDED_ON = "2025-10-06"
SCHEMES = ["ID.JKK", "ID.JKM"]

_KINDS = {
    "HOST_COMPULSORY": "host",
    "HOST_VOLUNTARY": "choice",
    "HOME_FOR_WORKERS_ABROAD": "home",
    "NOWHERE": "nowhere",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the journey is played: the API, who issues tokens, who invents persons.

    issue_token: kind, member state, subject id -> token. nominate: usable rows, rows to be refused, seed -> file.
    """

    address: str
    institutions: dict[str, str]
    issue_token: Callable[[str, str, str], str]
    nominate: Callable[[int, int, int], list[str]]
    seed: int


@dataclass(slots=True)
class _Teller:
    """Says what happens and remembers whether every promise was kept."""

    console: Console
    begun: float = field(default_factory=time.monotonic)
    kept: bool = True

    def chapter(self, text: str) -> None:
        self.console.print(f"\n[bold]{text}[/bold]  [dim]{time.monotonic() - self.begun:6.1f} s[/dim]")

    def tell(self, text: str) -> None:
        self.console.print(f"    {text}")

    def promise(self, kept: bool, text: str) -> None:
        self.console.print(f"  {'[green]✓[/green]' if kept else '[red]✗[/red]'} {text}")
        self.kept = self.kept and kept


def play(stage: Stage) -> bool:
    """Play the whole journey; returns whether every promise was kept."""
    teller = _Teller(Console(highlight=False, soft_wrap=True))
    teller.console.print("[bold]Lingkar: donated cover follows a worker from Indonesia to Malaysia[/bold]")
    teller.console.print("Persons are invented. Both institutions are simulated and say so in every answer.")
    with httpx2.Client(timeout=120) as http:
        try:
            _play(stage, teller, http)
        except (Unexpected, httpx2.HTTPError) as failure:
            teller.promise(False, f"{failure}")
    teller.console.print(
        f"\n[bold]{'Every promise was kept' if teller.kept else 'A promise was not kept'}[/bold] "
        f"in {time.monotonic() - teller.begun:.1f} s."
    )
    return teller.kept


def _play(stage: Stage, teller: _Teller, http: httpx2.Client) -> None:
    def client(kind: str, state: str = "", subject: str = "") -> Client:
        return Client(stage.address, stage.issue_token(kind, state, subject), http)

    until(lambda: _ready(stage, http), seconds=60, what="the start of all processes")
    operator = client("operator")
    key = f"journey-{stage.seed}"
    bank, person = _donate(teller, operator, key)
    nik = _cover_workers(stage, teller, operator, bank, key)
    officers = {state: client("officer", state) for state in ("ID", "MY", "TH")}
    shown = {"identifier": {"kind": "nik", "issuingState": "ID", "value": nik}}
    known = operator.ask(op.WORKER_BY_IDENTIFIER, shown)["workerByIdentifier"]["id"]
    # Whoever searches for somebody whom they do not see may do so a few times only; a known one may be waited for.
    until(lambda: officers["ID"].ask(op.WORKER, {"id": known})["worker"], seconds=60, what="the worker's enrolment")
    worker_id = _move(stage, teller, officers, person["fund"], nik, key)
    donor = client("donor", subject=bank["donor"])
    worker = client("worker", subject=worker_id)
    _ask(teller, officers, worker, _passport(stage))
    _statement(teller, donor, worker_id)
    _statement(teller, client("donor", subject=person["donor"]), worker_id)
    _tokens(teller, officers, donor, worker, operator)


def _ready(stage: Stage, http: httpx2.Client) -> bool:
    try:
        api = http.get(f"{stage.address}/readyz").status_code == 200
        return api and all(http.get(f"{url}/livez").status_code == 200 for url in stage.institutions.values())
    except httpx2.HTTPError:
        return False


def _donate(teller: _Teller, operator: Client, key: str) -> tuple[Answer, Answer]:
    teller.chapter("1. A donor gives, and a fund receives")
    fund = made(
        operator.ask(
            op.FUND_OPEN,
            {
                "key": f"{key}-fund",
                "input": {
                    "name": "GN Lingkaran Jawa Tengah",
                    "purpose": "Work injury and death cover of vulnerable workers, also when they move",
                    "currency": "IDR",
                },
            },
        ),
        "fundOpen",
    )["fund"]
    bank = _gift(operator, key, "bank", "Bank Jateng", "CORPORATE", fund["id"], GIFT)
    teller.tell("Bank Jateng pledges and gives IDR 705,600,000 for 7,000 workers and 6 months.")
    person = _gift(operator, key, "person", "A private person", "PERSONAL", fund["id"], "1000000")
    teller.tell("A private person gives IDR 1,000,000 to the same fund, for workers who move.")
    again = _gift(operator, key, "bank", "Bank Jateng", "CORPORATE", fund["id"], GIFT)
    teller.promise(again["donation"] == bank["donation"], "The same key sent twice is one donation.")
    other = operator.ask(
        op.DONATION_RECORD, {"key": f"{key}-bank-gift", "input": _received(bank["donor"], fund["id"], "1")}
    )["donationRecord"]
    teller.promise(other.get("code") == "IDEMPOTENCY_CONFLICT", "The same key with another amount is refused.")
    return bank, person


def _gift(operator: Client, key: str, who: str, name: str, kind: str, fund_id: str, amount: str) -> Answer:
    donor = made(
        operator.ask(op.DONOR_REGISTER, {"key": f"{key}-{who}", "input": {"name": name, "funderKind": kind}}),
        "donorRegister",
    )["donor"]
    promised = {"donorId": donor["id"], "fundId": fund_id, "amount": _rupiah(amount), "pledgedOn": "2025-06-20"}
    made(operator.ask(op.PLEDGE_RECORD, {"key": f"{key}-{who}-pledge", "input": promised}), "pledgeRecord")
    given = {"key": f"{key}-{who}-gift", "input": _received(donor["id"], fund_id, amount)}
    donation = made(operator.ask(op.DONATION_RECORD, given), "donationRecord")["donation"]
    return {"donor": donor["id"], "donation": donation["id"], "fund": fund_id}


def _received(donor_id: str, fund_id: str, amount: str) -> Answer:
    return {"donorId": donor_id, "fundId": fund_id, "amount": _rupiah(amount), "receivedOn": "2025-06-30"}


def _rupiah(amount: str) -> Answer:
    return {"amount": amount, "currency": "IDR"}


def _cover_workers(stage: Stage, teller: _Teller, operator: Client, bank: Answer, key: str) -> str:
    teller.chapter("2. Seven thousand workers are nominated, and their months are paid")
    begun = time.monotonic()
    lines = stage.nominate(WORKERS - REFUSED_ROWS, REFUSED_ROWS, stage.seed)
    first = operator.upload(_file_query(bank), f"{key}-file-1", lines)
    report = first["nomination"]
    teller.tell(f"A file of {WORKERS:,} rows: {report['rowsAccepted']:,} go in, {report['rowsRefused']} are refused.")
    for refusal in first["refusals"][:4]:
        teller.tell(f"  [dim]line {refusal['line']}: {refusal['code']}: {refusal['reason']}[/dim]")
    teller.promise(report["rowsRefused"] == REFUSED_ROWS, "Each refused row is reported with its line and reason.")
    corrected = stage.nominate(REFUSED_ROWS, 0, stage.seed + 1)
    second = operator.upload(_file_query(bank), f"{key}-file-2", corrected)["nomination"]
    teller.tell(f"A second file replaces them: {second['rowsAccepted']} rows go in.")
    allocated = [
        _allocate(operator, bank, file["id"], f"{key}-allocate-{number}")
        for number, file in enumerate((report, second), start=1)
    ]
    person_months = sum(a["personMonths"] for a in allocated)
    amount = sum(int(a["amount"]["amount"]) for a in allocated)
    teller.tell(f"Reserved: {person_months:,} person-months, IDR {amount:,}.")
    teller.promise(person_months == WORKERS * len(MONTHS), "7,000 workers and 6 months are 42,000 person-months.")
    teller.promise(amount == int(GIFT), "At 10,000 + 6,800 a month they cost exactly what was given.")
    _remit(teller, operator, [a["id"] for a in allocated], key)
    teller.tell(f"Files, allocation, remittance and cover together took {time.monotonic() - begun:.1f} s.")
    return _mover(lines, {refusal["line"] for refusal in first["refusals"]})


def _file_query(bank: Answer) -> dict[str, str]:
    return {"fund": bank["fund"], "scheme": "ID.JKK", "segment": "bpu", "on": "2025-07-01"}


def _allocate(operator: Client, bank: Answer, nomination_id: str, key: str) -> Answer:
    wanted = {
        "donationId": bank["donation"],
        "nominationId": nomination_id,
        "schemeIds": SCHEMES,
        "segmentId": "bpu",
        "firstMonth": MONTHS[0],
        "lastMonth": MONTHS[-1],
        "income": _rupiah("1000000"),
    }
    result = operator.ask(op.DONATION_ALLOCATE, {"key": key, "input": wanted})
    allocation: Answer = made(result, "donationAllocate")["allocation"]
    return allocation


def _remit(teller: _Teller, operator: Client, allocation_ids: list[str], key: str) -> None:
    for number, allocation_id in enumerate(allocation_ids, start=1):
        sent = operator.ask(op.ALLOCATION_REMIT, {"key": f"{key}-remit-{number}", "id": allocation_id})
        made(sent, "allocationRemit")
    bar = (
        TextColumn("    Months acknowledged by the institution"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
    )
    with Progress(*bar, TimeElapsedColumn(), console=teller.console, transient=True) as progress:
        task = progress.add_task("", total=len(allocation_ids) * len(MONTHS))

        def answered() -> list[Answer] | None:
            batches = [
                batch
                for one in allocation_ids
                for batch in operator.ask(op.ALLOCATION, {"id": one})["allocation"]["remittances"]
            ]
            done = [batch for batch in batches if batch["state"] in ("accepted", "refused", "parked")]
            progress.update(task, completed=len(done))
            return batches if len(done) == len(batches) else None

        batches = until(answered, seconds=120, what="the acknowledgement of all remittances")
    accepted = all(batch["state"] == "accepted" for batch in batches)
    teller.promise(accepted, f"{len(batches)} monthly batches went to ID.BPJSTK over HTTP and were acknowledged.")


def _mover(lines: list[str], refused: set[int]) -> str:
    """The NIK of a usable row of a person who was born late enough for every host scheme."""
    rows = list(csv.reader(lines))
    usable = (row for number, row in enumerate(rows[1:], start=2) if number not in refused)
    return next(row[0] for row in usable if len(row) == 4 and row[2] > "1985")


def _passport(stage: Stage) -> Answer:
    return {"kind": "passport", "issuingState": "ID", "value": f"C{stage.seed % 10_000_000:07d}"}


def _move(stage: Stage, teller: _Teller, officers: dict[str, Client], fund_id: str, nik: str, key: str) -> str:
    teller.chapter("3. One worker takes a contract of 24 months in Malaysia")
    shown = {"identifier": {"kind": "nik", "issuingState": "ID", "value": nik}}
    worker = officers["ID"].ask(op.WORKER_BY_IDENTIFIER, shown)["workerByIdentifier"]
    passport = {"key": f"{key}-passport", "worker": worker["id"], "identifier": _passport(stage)}
    made(officers["ID"].ask(op.IDENTIFIER_RECORD, passport), "identifierRecord")
    before = _coverage(officers["MY"], _passport(stage), MOVE_ON)
    teller.promise(
        before.get("code") == "PERSON_NOT_VISIBLE", "Before the move is announced, Malaysia has no reason to ask."
    )
    wanted = {
        "workerId": worker["id"],
        "toState": "MY",
        "moveOn": MOVE_ON,
        "contractMonths": 24,
        "route": "agency",
        "sector": "MANUFACTURING",
        "decidedOn": DECIDED_ON,
        "wage": {"amount": "1700.00", "currency": "MYR"},
        "fundId": fund_id,
    }
    plan = made(officers["ID"].ask(op.MOVE_PLAN, {"input": wanted}), "movePlan")
    _show_plan(teller, plan)
    move = made(officers["ID"].ask(op.WORKER_MOVE, {"key": f"{key}-move", "input": wanted}), "workerMove")["move"]
    ended = until(
        lambda: _ended(officers["ID"].ask(op.MOVE, {"id": move["id"]})["move"]), seconds=60, what="the end of the move"
    )
    teller.tell("Timeline of the move:")
    for step in ended["steps"]:
        note = " [dim](simulated institution)[/dim]" if step["simulated"] else ""
        teller.tell(f"  {step['takenAt'][11:19]}  {step['step']:<22} {step['evidence']}{note}")
    teller.promise(ended["step"] == "COMPLETED", "Both institutions were told and answered; the move is complete.")
    return str(worker["id"])


def _ended(move: Answer) -> Answer | None:
    return move if move["step"] not in ("ANNOUNCED", "DESTINATION_ACCEPTED") else None


def _show_plan(teller: _Teller, plan: Answer) -> None:
    table = Table(title="Where each branch can land", title_justify="left", show_edge=False, pad_edge=False, box=None)
    for column in ("branch", "scheme", "where", "from", "to", "extent"):
        table.add_column(column, no_wrap=True)
    for landing in plan["landings"]:
        if landing["chosen"]:
            period = landing["period"] or {"firstDay": "", "lastDay": ""}
            table.add_row(
                landing["branch"].lower(),
                landing["schemeId"] or "-",
                _KINDS[landing["kind"]],
                period["firstDay"],
                period["lastDay"],
                (landing["extent"] or "-").lower(),
            )
    teller.console.print(table)
    pack = plan["pack"]
    parts = " + ".join(f"{int(share['amount']['amount']):,}" for share in pack["quote"]["shares"])
    months = pack["quote"]["coverMonths"]
    teller.tell(f"The pack for workers abroad costs {parts} = IDR {_number(plan['costToFund'])} for {months} months.")
    for entry in plan["hostEntries"]:
        shares = ", ".join(
            f"{s['payer']} {s['amount']['currency']} {s['amount']['amount']}" for s in entry["quote"]["shares"]
        )
        teller.tell(f"{entry['schemeId']} costs each month: {shares}.")
    for anew in plan["startsAnew"]:
        teller.tell(f"[dim]Starts anew: {anew['text']} ({anew['value']}, {anew['standing'].lower()})[/dim]")
    returned = ", ".join(sorted({month["month"] for month in plan["returns"]}))
    teller.tell(f"Prepaid and not used: {returned}, IDR {_number(plan['returnedToFund'])}, go back to the fund.")
    gaps = sum(branch["gapDays"] for branch in plan["branches"])
    teller.promise(gaps == 0, "No branch has a day without cover.")
    teller.promise(_number(plan["costToFund"]) == "370,000" and months == 31, "37,500 + 332,500 for 31 months.")


def _number(money: Answer) -> str:
    return f"{int(money['amount']):,}"


def _coverage(officer: Client, identifier: Answer, on: str) -> Answer:
    answer: Answer = officer.ask(op.COVERAGE, {"identifier": identifier, "on": on})["coverageOn"]
    return answer


def _ask(teller: _Teller, officers: dict[str, Client], worker: Client, passport: Answer) -> None:
    teller.chapter("4. An officer in Malaysia asks, by passport number")
    expected = {"2025-10-15": {"ID.JKK", "ID.JKM"}, MOVE_ON: {"MY.SOCSO.CAT1"}, "2026-12-01": {"MY.SOCSO.CAT1"}}
    for on, schemes in expected.items():
        answer = _coverage(officers["MY"], passport, on)
        covered = {cover["schemeId"] for cover in answer["covers"]}
        teller.promise(
            answer["outcome"] == "COVERED" and schemes <= covered,
            f"On {on}: {answer['outcome'].lower()} by {', '.join(sorted(covered))}.",
        )
        for cover in answer["covers"]:
            paid = cover["funderKind"].lower()
            teller.tell(
                f"[dim]{cover['branch']:<18} {cover['schemeId']:<14} {cover['extent'].lower():<9} "
                f"paid by {paid}, until {cover['coveredUntil']}[/dim]"
            )
    after = _coverage(officers["MY"], passport, MOVE_ON)
    teller.promise(
        not {"ID.JKK", "ID.JKM"} & {cover["schemeId"] for cover in after["covers"]},
        "From the day of the move the old cover has ended; no day is lost and none is counted twice.",
    )
    refused = _coverage(officers["TH"], passport, MOVE_ON)
    teller.promise(refused.get("code") == "PERSON_NOT_VISIBLE", "An officer in Thailand has no reason and is refused.")
    mine = worker.ask(op.ME, {"on": MOVE_ON})["me"]
    asked = [edge["node"]["institutionId"] for edge in mine["accessRecords"]["edges"]]
    teller.promise(
        {"MY.SOCSO", "TH.SSO", "ID.BPJSTK"} <= set(asked), f"The worker sees who asked: {len(asked)} questions."
    )
    numbers = [certificate["number"] for certificate in mine["certificates"]]
    teller.promise(len(numbers) == 1, f"The worker holds the certificate of coverage {', '.join(numbers)}.")


def _statement(teller: _Teller, donor: Client, worker_id: str) -> None:
    teller.chapter("5. A donor asks what the money did")
    answer = donor.ask(op.STATEMENT)
    donation = answer["donations"]["edges"][0]["node"]
    told = donation["statement"]
    parts = {name: int(told[name]["amount"]) for name in ("available", "reserved", "sent", "refunded")}
    received = int(told["received"]["amount"])
    for name, amount in parts.items():
        teller.tell(f"{name:<10} IDR {amount:>13,}")
    teller.tell(f"{'received':<10} IDR {received:>13,}")
    covered, term = told["personMonthsCovered"], told["personMonthsTerm"]
    teller.tell(f"{covered:,} person-months covered by months, {term} by packs.")
    teller.promise(sum(parts.values()) == received and told["addsUp"], "The parts add up to the rupiah.")
    refused = donor.answer("query($id: ID!) { worker(id: $id) { id } }", {"id": worker_id})
    codes = [error["extensions"]["code"] for error in refused.get("errors", [])]
    teller.promise(codes == ["FORBIDDEN"], "The donor cannot ask for a worker, and no answer names one.")


def _tokens(teller: _Teller, officers: dict[str, Client], donor: Client, worker: Client, operator: Client) -> None:
    teller.chapter("Development tokens, good for a day")
    named: dict[str, Any] = {f"officer {state}": one for state, one in officers.items()}
    named |= {"donor": donor, "worker": worker, "operator": operator}
    for name, one in named.items():
        teller.console.print(f"  [bold]{name}[/bold]\n{one.token}", soft_wrap=True)
