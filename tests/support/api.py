"""Asks the application in this process, as any actor."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
from sqlalchemy import Engine

from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.settings import Settings
from domain.actors import Actor
from tests.support.clock import SettableClock
from tests.support.statements import StatementCounter

PROBLEM = "__typename ... on Problem { code message }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The application, and an issuer that it believes."""

    client: httpx2.AsyncClient
    issuer: DevelopmentIssuer
    settings: Settings
    clock: SettableClock
    engine: Engine = field(repr=False)

    def token(self, actor: Actor, *, lifetime_seconds: int = 3600) -> str:
        return self.issuer.issue(
            actor,
            now=self.clock.now(),
            lifetime_seconds=lifetime_seconds,
            audience=self.settings.token_audience,
            issuer=self.settings.development_issuer,
        )

    async def post(self, actor: Actor, operation: str, variables: dict[str, Any] | None = None) -> httpx2.Response:
        return await self.client.post(
            "/graphql",
            json={"query": operation, "variables": variables or {}},
            headers={"authorization": f"Bearer {self.token(actor)}", "accept": "application/json"},
        )

    async def ask(self, actor: Actor, operation: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The whole answer, errors included, but for what is left of a budget, which differs each time."""
        answer: dict[str, Any] = (await self.post(actor, operation, variables)).json()
        answer.pop("extensions", None)
        return answer

    async def data(self, actor: Actor, operation: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The data of an operation that must succeed."""
        answer = await self.ask(actor, operation, variables)
        assert "errors" not in answer, answer["errors"]
        found: dict[str, Any] = answer["data"]
        return found

    def counted(self) -> StatementCounter:
        return StatementCounter(self.engine)


def codes(answer: dict[str, Any]) -> set[str]:
    """Every code in an answer: of errors, and of problems among the root fields."""
    found = {error["extensions"]["code"] for error in answer.get("errors", [])}
    for value in (answer.get("data") or {}).values():
        if isinstance(value, dict) and "code" in value:
            found.add(value["code"])
    return found


def uuid_text(value: UUID) -> str:
    return str(value)


_LEFT = re.compile(rb'"left":\d+,"resets":"[^"]*"')


def without_what_is_left(answer: httpx2.Response) -> bytes:
    """An answer without what is left of the budget, which falls with each question whatever was asked about."""
    return _LEFT.sub(b"", answer.content)
