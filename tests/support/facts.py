"""Writes facts of workers as chance will have them, straight into the tables: more kinds than a story ever makes."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.range import Range

from adapters.identity.sealing import Sealer
from adapters.postgres.rows import new_id
from adapters.postgres.workers import blind_index_of
from domain.countries import MemberState
from domain.coverage import CoverState
from domain.legislation import Standing
from domain.people import Identifier
from domain.schemes import Branch, Extent, FunderKind, Sector

ODD = (
    "",
    "REF-1",
    'quo"te',
    "back\\slash",
    "line\nbreak\ttab",
    "\u0001\u001f\u007f",
    "ไทย ខ្មែរ é",
    "\U0001f600",
    "100%",
)
INSTITUTIONS = ("ID.BPJSTK", "MY.SOCSO", "TH.SSO")
SCHEMES = ("ID.JKK", "ID.JKM", "MY.SOCSO.CAT1", "TH.SSO.33")
_numbers = count(1)
_DAY = dt.date(2025, 1, 1)
_KNOWN = dt.datetime(2025, 7, 1, tzinfo=dt.UTC)


@dataclass(slots=True)
class RandomFacts:
    """A hand that inserts. funds: of which some pay."""

    random: Random
    connection: psycopg.Connection[Any]
    sealer: Sealer
    funds: tuple[UUID, ...]
    lists: list[bytes] = field(default_factory=list)

    def worker(self) -> tuple[UUID, Identifier]:
        """A worker with a passport, enrolments, spells of cover as known at several instants, and questions asked."""
        chance, worker_id = self.random, new_id()
        self._insert(
            "workers",
            id=worker_id,
            home_state=chance.choice(list(MemberState)).value,
            nationality=chance.choice(list(MemberState)).value,
            sector=chance.choice(list(Sector)).value,
            sealed_person=b"sealed",
            birth_precision="day",
            recorded_at=self._instant(),
        )
        shown = Identifier(
            kind="passport",
            state=MemberState.ID,
            value=f"B{next(_numbers):07d}",
        )
        identifier_id = new_id()
        self._insert(
            "identifiers",
            id=identifier_id,
            worker_id=worker_id,
            kind=shown.kind,
            issuing_state=shown.state.value,
            blind_index=blind_index_of(self.sealer, shown),
            sealed_value=b"sealed",
            recorded_at=self._instant(),
        )
        for scheme in chance.sample(SCHEMES, chance.randrange(4)):
            self._enrolment(worker_id, scheme)
        for scheme in chance.sample(SCHEMES, chance.randrange(4)):
            for branch in chance.sample(list(Branch), chance.randrange(1, 4)):
                self._spells(worker_id, scheme, branch)
        for _ in range(chance.randrange(4)):
            self._access(worker_id)
        if chance.random() < 0.4:
            self._consent(worker_id)
        return worker_id, shown

    def _enrolment(self, worker_id: UUID, scheme: str) -> None:
        first = self._some_day()
        self._insert(
            "enrolments",
            worker_id=worker_id,
            scheme_id=scheme,
            segment_id=self.random.choice(("bpu", "inbound")),
            institution_id=self.random.choice(INSTITUTIONS),
            first_day=first,
            last_day=self.random.choice((None, first, first + dt.timedelta(days=40))),
            funder_kind=self.random.choice(list(FunderKind)).value,
            fund_id=self._fund(),
            reference=self.random.choice(ODD),
            simulated=self.random.random() < 0.5,
            recorded_at=self._instant(),
        )

    def _spells(self, worker_id: UUID, scheme: str, branch: Branch) -> None:
        """Spells one after another, with gaps or without; some are known only later, some were closed again."""
        first = self._some_day()
        for _ in range(self.random.randrange(1, 5)):
            after = first + dt.timedelta(days=self.random.randrange(1, 60))
            endless = self.random.random() < 0.1
            recorded = self._instant()
            self._insert(
                "coverage_spells",
                worker_id=worker_id,
                scheme_id=scheme,
                institution_id=self.random.choice(INSTITUTIONS),
                branch=branch.value,
                days=Range(first, None if endless else after),
                extent=self.random.choice(list(Extent)).value,
                state=self.random.choice(list(CoverState)).value,
                funder_kind=self.random.choice(list(FunderKind)).value,
                fund_id=self._fund(),
                reasons_id=self._reasons(),
                rules_hash="0",
                recorded_at=recorded,
                superseded_at=recorded + dt.timedelta(hours=9) if self.random.random() < 0.2 else None,
            )
            if endless:
                return
            first = after + dt.timedelta(days=self.random.choice((0, 0, 1, 15)))

    def _reasons(self) -> bytes:
        """The id of a list of reasons; mostly one that is there already."""
        if self.lists and self.random.random() < 0.7:
            return self.random.choice(self.lists)
        body = [self._reason() for _ in range(self.random.randrange(4))]
        if body and self.random.random() < 0.3:
            body.append(body[0])
        name = self.random.randbytes(32)
        self._insert("reasons", id=name, body=json.dumps(body), recorded_at=_KNOWN)
        self.lists.append(name)
        return name

    def _reason(self) -> dict[str, object]:
        return {
            "rule": self.random.choice(("ID.JKK.cover", "ID.rate")),
            "text": self.random.choice(ODD),
            "value": self.random.choice(ODD),
            "since": self.random.choice((None, "2015-07-01")),
            "source_ids": self.random.sample(ODD, self.random.randrange(3)),
            "standing": self.random.choice(list(Standing)).value,
        }

    def _access(self, worker_id: UUID) -> None:
        self._insert(
            "access_records",
            worker_id=worker_id,
            institution_id=self.random.choice(INSTITUTIONS),
            actor_kind="officer",
            actor_id="officer-ID",
            purpose=self.random.choice(("", "claim", "emergency")),
            asked_about=self.random.choice((None, _DAY)),
            outcome="read",
            fields=self.random.sample(ODD, self.random.randrange(3)),
            recorded_at=self._instant(),
        )

    def _consent(self, worker_id: UUID) -> None:
        """One that holds, that is over, or that was taken back."""
        consent_id, first = new_id(), self.random.choice((_DAY, _DAY + dt.timedelta(days=150)))
        self._insert(
            "consents",
            id=consent_id,
            worker_id=worker_id,
            institution_id=self.random.choice(INSTITUTIONS),
            purpose=self.random.choice(("claim", "pension", "eligibility_check")),
            first_day=first,
            last_day=first + dt.timedelta(days=self.random.choice((100, 400))),
            text_version="1",
            text_language="en",
            recorded_at=self._instant(),
        )
        if self.random.random() < 0.3:
            self._insert("consent_withdrawals", consent_id=consent_id, recorded_at=self._instant())

    def _fund(self) -> UUID | None:
        return self.random.choice((None, *self.funds))

    def _some_day(self) -> dt.date:
        return _DAY + dt.timedelta(days=self.random.randrange(365))

    def _instant(self) -> dt.datetime:
        return _KNOWN + dt.timedelta(
            hours=self.random.randrange(48), microseconds=self.random.choice((0, 1, 120, 123456, 500000))
        )

    def _insert(self, table: str, **values: object) -> None:
        columns, places = ", ".join(values), ", ".join(f"%({name})s" for name in values)
        self.connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", values)  # type: ignore[arg-type]
