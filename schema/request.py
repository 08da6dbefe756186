"""What one GraphQL request carries: the use cases' context, and loaders that read for many rows at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from domain.records import Asked, Purpose
from resolvers import allocations, certificates, consents, coverage, funding, workers
from resolvers.context import Context
from schema.selection import selected

V = TypeVar("V")


class Request:
    """One request. Loaders live as long as it does, so nothing of one actor is kept for another."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._purposes: dict[Purpose, Request] = {}
        self._coverage: dict[tuple[dt.date, dt.datetime | None], DataLoader[UUID, Any]] = {}
        self._accesses: dict[tuple[int | None, int], DataLoader[UUID, Any]] = {}

    def asked_for(self, purpose: Purpose | None) -> Request:
        """The same request with loaders that ask for one purpose; what one purpose opens is not kept for another."""
        if purpose is None or purpose is self.context.asked.purpose:
            return self
        if purpose not in self._purposes:
            self._purposes[purpose] = Request(replace(self.context, asked=Asked(purpose=purpose)))
        return self._purposes[purpose]

    def coverage(self, on: dt.date, known_at: dt.datetime | None) -> DataLoader[UUID, Any]:
        """The loader of determinations for one day, as known at one instant."""

        async def load(ids: list[UUID]) -> list[Any]:
            found = await coverage.coverage_of(self.context, ids, on, known_at)
            return [found[worker_id] for worker_id in ids]

        return self._coverage.setdefault((on, known_at), DataLoader(load_fn=load))

    def accesses(self, before: int | None, limit: int) -> DataLoader[UUID, Any]:
        """The loader of access records, latest first, from one place of the list on."""

        async def load(ids: list[UUID]) -> list[Any]:
            found = await workers.access_records_of(self.context, ids, before=before, limit=limit)
            return [found.get(worker_id, ()) for worker_id in ids]

        return self._accesses.setdefault((before, limit), DataLoader(load_fn=load))

    def __getattr__(self, name: str) -> DataLoader[UUID, Any]:
        """A loader by the name of the field that reads through it, made when it is first needed."""
        if name not in _LOADERS:
            raise AttributeError(name)
        made = self._loader(*_LOADERS[name])
        setattr(self, name, made)
        return made

    def _loader(
        self, read: Callable[[Context, Sequence[UUID]], Awaitable[Mapping[UUID, V]]], nothing: Any
    ) -> DataLoader[UUID, Any]:
        async def load(ids: list[UUID]) -> list[Any]:
            found = await read(self.context, ids)
            return [found.get(one, nothing) for one in ids]

        return DataLoader(load_fn=load)


_LOADERS: Mapping[str, tuple[Callable[[Context, Sequence[UUID]], Awaitable[Mapping[UUID, Any]]], Any]] = {
    "enrolments": (workers.enrolments_of, ()),
    "contributions": (workers.contributions_of, ()),
    "moves": (workers.moves_of, ()),
    "certificates": (certificates.certificates_of, ()),
    "statements": (funding.statements, None),
    "figures": (funding.months_of_figures, ()),
    "remittances": (allocations.remittances_of, ()),
    "consents": (consents.consents_of, ()),
}
"""What is read for many rows at once, and what stands for a row of which nothing is found."""

Info = strawberry.Info[Request, None]


def asking(info: Info, purpose: Purpose | None = None) -> Context:
    """The surroundings of a question about persons: for what, and for which fields of theirs."""
    return replace(info.context.context, asked=Asked(purpose=purpose, fields=selected(info._raw_info)))
