"""The planned path: a tree of wanted values becomes one statement, which gives the finished JSON.

A plan is compiled once for a tree and a kind of actor and run many times. If the contract would have an error where
the statement finds nothing, the statement refuses itself, so that nothing of it is kept, and the ordinary path answers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import psycopg

from adapters.identity.sealing import Sealer
from adapters.postgres.planner.export import page_of_lines
from adapters.postgres.planner.pieces import joined
from adapters.postgres.planner.roots import ROOT
from adapters.postgres.planner.statement import Parameter, Statement, plain_object
from adapters.postgres.planner.trust import actor_settings, actor_values
from adapters.postgres.planner.wire import StatementFailed, Wires
from adapters.postgres.workers import blind_index_of
from domain.actors import ActorKind
from domain.errors import PersonNotVisible
from domain.people import Identifier
from domain.reads import Member, NotPlannable, Part, Question

__all__ = ["PostgresPlan", "PostgresReads"]

_REFUSES_ITSELF = "(1 / (pg_backend_pid() - pg_backend_pid()))::text"
_DIVISION_BY_ZERO = "22012"
_INSTITUTIONS_MAX = 256
_SLOW_CONNECTIONS = 2


class PostgresReads:
    """Compiles trees to plans over PostgreSQL. options: settings of each connection, as psycopg takes them."""

    def __init__(self, url: str, sealer: Sealer, *, pool_size: int, options: str) -> None:
        self._wires = Wires(url, size=pool_size, options=options)
        self._slow_wires = Wires(url, size=_SLOW_CONNECTIONS, options=options)
        self._sealer = sealer

    def plan(self, members: tuple[Member, ...], kind: ActorKind) -> PostgresPlan:
        """The plan of a tree; raises NotPlannable for what has no source."""
        statement = Statement(kind)
        body = joined(statement.object(ROOT, members, ""))
        tables = ", ".join(f"{name} {query}" for name, query in statement.ctes)
        before = f"WITH {tables} " if tables else ""
        # What nothing reads is not run: each trace stands beside the answer, with its one row.
        beside = f" FROM {', '.join(statement.traces)}" if statement.traces else ""
        query = f"""{before}SELECT coalesce('{{"data":' || {body} || '}}', {_REFUSES_ITSELF}){beside}"""
        return PostgresPlan(self._wires, self._sealer, query, tuple(statement.parameters))

    def page_of_lines(self, part: Part, kind: ActorKind) -> PostgresPlan:
        """The plan of one page of an export; it takes connections of its own, so that no other question waits."""
        statement = Statement(kind)
        query = page_of_lines(statement, part, _REFUSES_ITSELF)
        return PostgresPlan(self._slow_wires, self._sealer, query, tuple(statement.parameters))

    async def close(self) -> None:
        await self._wires.close()
        await self._slow_wires.close()


class PostgresPlan:
    """One statement and where its parameters come from."""

    def __init__(self, wires: Wires, sealer: Sealer, query: str, parameters: tuple[Parameter, ...]) -> None:
        self._wires = wires
        self._sealer = sealer
        self.query = query
        self.parameters = parameters
        self._hidden: dict[tuple[int | None, str | None], bytes] = {}

    async def answer(self, question: Question) -> bytes:
        """The whole answer as JSON; raises NotPlannable where only the ordinary path has an answer."""
        values = self.values(question)
        try:
            async with self._wires.one() as wire:
                found = await wire.value(self.query, values, actor_settings(question))
        except StatementFailed as failed:
            reason = "null where the contract has none" if failed.state == _DIVISION_BY_ZERO else "statement failed"
            raise NotPlannable(reason) from None
        except psycopg.OperationalError:
            raise NotPlannable("no connection") from None
        assert found is not None, "a statement without an answer refuses itself"
        return found

    @property
    def searches(self) -> bool:
        """Whether an institution may be told that there is nobody."""
        return any(parameter.part is not None for parameter in self.parameters)

    def misses(self, question: Question, answer: bytes) -> int:
        """How often the answer says that there is nobody; it says so in the same bytes each time."""
        institution = question.actor.institution_id
        told = {self._about_nobody(one, one.part, institution) for one in self.parameters if one.part is not None}
        return sum(answer.count(nobody) for nobody in told)

    def values(self, question: Question) -> list[bytes | None]:
        """The parameters of one run, as PostgreSQL reads them from text."""
        own: Mapping[str, Any] = {
            **actor_values(question.actor),
            "step": question.rounding,
        }
        return [self._value(parameter, question, own) for parameter in self.parameters]

    def _value(self, parameter: Parameter, question: Question, own: Mapping[str, Any]) -> bytes | None:
        if parameter.part is not None:
            return self._about_nobody(parameter, parameter.part, question.actor.institution_id)
        given = own if parameter.slot is None else question.arguments[parameter.slot]
        return self._encoded(given[parameter.name])

    def _encoded(self, value: object) -> bytes | None:
        if value is None:
            return None
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, UUID | int):
            return str(value).encode()
        if isinstance(value, dt.date):
            return value.isoformat().encode()
        if isinstance(value, tuple):
            return b"{" + b",".join(self._element(one) for one in value) + b"}"
        assert isinstance(value, Identifier), f"{type(value).__name__} is no kind of parameter"
        return b"\\x" + blind_index_of(self._sealer, value).hex().encode()

    def _element(self, value: object) -> bytes:
        """An element of an array: an id, a blind index or null; a backslash counts only doubled there."""
        encoded = self._encoded(value)
        return b"NULL" if encoded is None else b'"' + encoded.replace(b"\\", b"\\\\") + b'"'

    def _about_nobody(self, parameter: Parameter, part: Part, institution: str | None) -> bytes:
        """What an institution is told of a person whom it may not see, or who is not there."""
        known = self._hidden.get((parameter.slot, institution))
        if known is None:
            refusal = PersonNotVisible(institution=institution or "")
            known = "".join(plain_object(part.otherwise, refusal)).encode()
            if len(self._hidden) >= _INSTITUTIONS_MAX:
                self._hidden.clear()
            self._hidden[parameter.slot, institution] = known
        return known
