"""What happens on the platform, made through the API alone: gifts, covered workers and moves."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from adapters.identity.invented import invented_nominations
from domain.actors import Actor, ActorKind
from domain.countries import MemberState
from journey import operations as op
from journey.client import Answer, Client, made
from schema.ids import opaque_id, parts_of
from tests.faults.running import INSTITUTIONS, Platform, until

MONTHS = ("2025-09", "2025-10", "2025-11", "2025-12")
SCHEMES = ("ID.JKK", "ID.JKM")
WORKERS = 20
MOVE_ON = "2025-10-16"
GIFT = 20_000_000
MONTHS_PRICE = WORKERS * len(MONTHS) * 16_800
PACK_PRICE = 370_000
GIVEN_BACK = 2 * 16_800
UNDER_WAY = ("ANNOUNCED", "DESTINATION_ACCEPTED")
_MESSAGE_RETRY = f"""mutation($key: IdempotencyKey!, $id: ID!) {{
  messageRetry(idempotencyKey: $key, messageId: $id) {{ ... on MessageRetryPayload {{ messageId }} {op.PROBLEM} }}
}}"""
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A covered worker with a passport."""

    worker_id: str
    nik: str


@dataclass(slots=True)
class Story:
    """One fund with one donor. Every key begins with the story's number, so that stories do not meet."""

    platform: Platform
    seed: int
    number: int = field(default_factory=lambda: next(_numbers))
    fund_id: str = ""
    donor_id: str = ""
    donation_id: str = ""
    allocations: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    _movers: int = 0

    @property
    def operator(self) -> Client:
        return client(self.platform, Actor(id="operator-one", kind=ActorKind.OPERATOR))

    @property
    def officer(self) -> Client:
        return officer(self.platform, MemberState.ID)

    @property
    def fund_uuid(self) -> UUID:
        return parts_of(self.fund_id)[1]

    def key(self, name: str) -> str:
        return f"story-{self.seed}-{self.number}-{name}"

    def donate(self, amount: int = GIFT) -> Story:
        """Open a fund and record one donation in it, in rupiah."""
        opened = {"name": f"Fund {self.number}", "purpose": "Cover that follows the worker", "currency": "IDR"}
        answer = self.operator.ask(op.FUND_OPEN, {"key": self.key("fund"), "input": opened})
        self.fund_id = made(answer, "fundOpen")["fund"]["id"]
        donor = {"name": f"Donor {self.number}", "funderKind": "CORPORATE"}
        answer = self.operator.ask(op.DONOR_REGISTER, {"key": self.key("donor"), "input": donor})
        self.donor_id = made(answer, "donorRegister")["donor"]["id"]
        answer = self.operator.ask(op.DONATION_RECORD, {"key": self.key("gift"), "input": self.gift(amount)})
        self.donation_id = made(answer, "donationRecord")["donation"]["id"]
        return self

    def gift(self, amount: int) -> Answer:
        money = {"amount": str(amount), "currency": "IDR"}
        return {"donorId": self.donor_id, "fundId": self.fund_id, "amount": money, "receivedOn": "2025-06-30"}

    def nominate(self, workers: int = WORKERS) -> Story:
        """Nominate workers and reserve their months."""
        self.lines = list(invented_nominations(workers, seed=self.seed * 1_000 + self.number))
        query = {"fund": self.fund_id, "scheme": "ID.JKK", "segment": "bpu", "on": "2025-07-01"}
        report = self.operator.upload(query, self.key("file"), self.lines)["nomination"]
        assert report["rowsAccepted"] == workers
        wanted = {
            "donationId": self.donation_id,
            "nominationId": report["id"],
            "schemeIds": list(SCHEMES),
            "segmentId": "bpu",
            "firstMonth": MONTHS[0],
            "lastMonth": MONTHS[-1],
            "income": {"amount": "1000000", "currency": "IDR"},
        }
        answer = self.operator.ask(op.DONATION_ALLOCATE, {"key": self.key("allocate"), "input": wanted})
        self.allocations.append(made(answer, "donationAllocate")["allocation"]["id"])
        return self

    def remit(self) -> Story:
        """Put the months into the outbox."""
        for allocation_id in self.allocations:
            sent = {"key": self.key(f"remit-{allocation_id}"), "id": allocation_id}
            made(self.operator.ask(op.ALLOCATION_REMIT, sent), "allocationRemit")
        return self

    def covered(self, workers: int = WORKERS) -> Story:
        """A story so far that workers are covered; the delivery worker must be running."""
        self.donate().nominate(workers).remit()
        self.platform.finished(seconds=60)
        states = [batch["state"] for batch in self.batches()]
        assert states == ["accepted"] * len(MONTHS), states
        return self

    def batches(self) -> list[Answer]:
        return [
            batch
            for one in self.allocations
            for batch in self.operator.ask(op.ALLOCATION, {"id": one})["allocation"]["remittances"]
        ]

    def mover(self) -> Mover:
        """The next covered worker who may move, with a passport of their own."""
        usable = [row[0] for row in list(csv.reader(self.lines))[1:] if row[2] > "1970"]
        nik = usable[self._movers]
        self._movers += 1
        shown = {"identifier": {"kind": "nik", "issuingState": "ID", "value": nik}}
        worker = self.officer.ask(op.WORKER_BY_IDENTIFIER, shown)["workerByIdentifier"]
        value = f"C{self.number:03d}{self._movers:04d}"
        passport = {"kind": "passport", "issuingState": "ID", "value": value}
        recorded = {"key": self.key(f"passport-{value}"), "worker": worker["id"], "identifier": passport}
        made(self.officer.ask(op.IDENTIFIER_RECORD, recorded), "identifierRecord")
        return Mover(worker_id=worker["id"], nik=nik)

    def move(self, mover: Mover) -> str:
        """Announce a move to Malaysia; returns the move's id."""
        wanted = {
            "workerId": mover.worker_id,
            "toState": "MY",
            "moveOn": MOVE_ON,
            "contractMonths": 24,
            "route": "agency",
            "sector": "MANUFACTURING",
            "decidedOn": "2025-10-06",
            "wage": {"amount": "1700.00", "currency": "MYR"},
            "fundId": self.fund_id,
        }
        sent = {"key": self.key(f"move-{mover.nik}"), "input": wanted}
        moved: str = made(self.officer.ask(op.WORKER_MOVE, sent), "workerMove")["move"]["id"]
        return moved

    def step(self, move_id: str) -> str:
        step: str = self.officer.ask(op.MOVE, {"id": move_id})["move"]["step"]
        return step

    def steps(self, move_id: str) -> list[Answer]:
        steps: list[Answer] = self.officer.ask(op.MOVE, {"id": move_id})["move"]["steps"]
        return steps

    def ended(self, move_id: str, *, seconds: float = 40) -> str:
        """The last step of a move, once it has one."""

        def last() -> str | None:
            self.platform.let_pauses_end()
            step = self.step(move_id)
            return None if step in UNDER_WAY else step

        step: str = until(last, seconds=seconds, what=f"the end of the move; it stands at {self.step(move_id)}")
        self.platform.finished(seconds=seconds)
        return step

    def retry(self, message_id: UUID) -> None:
        """Have an operator take a parked message up again."""
        wanted = {"key": self.key(f"retry-{message_id}"), "id": opaque_id("Message", message_id)}
        made(self.operator.ask(_MESSAGE_RETRY, wanted), "messageRetry")

    def statement(self) -> dict[str, int]:
        """What the donor sees of the donation, in rupiah."""
        donor = client(
            self.platform,
            Actor(id=f"donor-{self.number}", kind=ActorKind.DONOR, subject_id=parts_of(self.donor_id)[1]),
        )
        told = donor.ask(op.STATEMENT)["donations"]["edges"][0]["node"]["statement"]
        assert told["addsUp"], told
        return {name: int(told[name]["amount"]) for name in ("received", "available", "reserved", "sent", "refunded")}

    def coverage(self, mover: Mover, on: str) -> set[str]:
        """The schemes that cover a worker on a day, as the home institution's officer is told."""
        asked = {"identifier": {"kind": "nik", "issuingState": "ID", "value": mover.nik}, "on": on}
        told = made(self.officer.ask(op.COVERAGE, asked), "coverageOn")
        return {cover["schemeId"] for cover in told["covers"]}


def officer(platform: Platform, state: MemberState) -> Client:
    institution = INSTITUTIONS[state.value]
    actor = Actor(id=f"officer-{institution}", kind=ActorKind.OFFICER, member_state=state, institution_id=institution)
    return client(platform, actor)


def client(platform: Platform, actor: Actor) -> Client:
    """A client of the API with a token of the development issuer."""
    token = platform.issuer.issue(
        actor,
        now=dt.datetime.now(dt.UTC),
        lifetime_seconds=3_600,
        audience="lingkar",
        issuer="http://127.0.0.1:8090",
    )
    return Client(platform.address, token, platform.http)
