"""A small schema behind the real door, and a caller that speaks ASGI so that every byte is ours."""

from __future__ import annotations

import asyncio
import datetime as dt
import enum
import json
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import strawberry
from graphql import GraphQLError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from adapters.http.edge import Edge
from adapters.http.graphql_door import DoorLimits, Shortcut, graphql_door
from adapters.http.health import health_routes
from adapters.http.quiet_schema import QuietSchema
from adapters.http.refusals import Unauthenticated
from domain.errors import Refusal
from schema.limits import DocumentLimits, document_limits, variables_limits

SECRET = "password=hunter2"
"""What the inside says and nobody outside may ever read."""


@dataclass(eq=False, kw_only=True)
class FundEmpty(Refusal):
    """A fund has nothing available."""

    code: ClassVar[str] = "FUND_EMPTY"
    holder: str
    asked_on: dt.date

    @property
    def message(self) -> str:
        return f"{self.holder} has nothing available on {self.asked_on}. Wait for another donation."


@dataclass(eq=False, kw_only=True)
class PassportInvalid(Refusal):
    """The number of a passport does not have its shape."""

    code: ClassVar[str] = "PASSPORT_INVALID"
    rule: str

    @property
    def message(self) -> str:
        return f"The passport number does not have the right shape: {self.rule}. Check it."


class Amount(str):
    """An amount as decimal text."""


class Passport(str):
    """The number of a passport."""


class Fragile(str):
    """A text whose parser fails on everything."""


def _amount(value: object) -> Amount:
    if not isinstance(value, str):
        raise GraphQLError("The amount is not decimal text. Send text.", extensions={"code": "AMOUNT_INVALID"})
    return Amount(value)


def _passport(_value: object) -> Passport:
    raise PassportInvalid(rule="a letter and seven digits")


def _fragile(_value: object) -> Fragile:
    raise ValueError(SECRET)


@strawberry.enum
class Branch(enum.Enum):
    OLD_AGE = "old_age"


@strawberry.input
class DonationInput:
    minor_units: int
    note: str | None = None
    amount: Amount | None = None


@strawberry.type
class Fund:
    name: str = "general"

    @strawberry.field
    def children(self, first: int | None = None) -> list[Fund]:
        return [Fund() for _ in range(min(first or 1, 3))]

    @strawberry.field
    def nodes(self, ids: list[str]) -> list[Fund]:
        return [Fund() for _ in ids]


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "hello"

    @strawberry.field
    def echo(
        self,
        number: int = 1,
        text: str | None = None,
        amount: Amount | None = None,
        passport: Passport | None = None,
        fragile: Fragile | None = None,
        donation: DonationInput | None = None,
        branch: Branch | None = None,
    ) -> str:
        return text if text is not None else str(number)

    @strawberry.field
    def fund(self) -> Fund:
        return Fund()

    @strawberry.field
    def boom(self) -> str | None:
        raise RuntimeError(SECRET)

    @strawberry.field
    def coded(self) -> str | None:
        raise GraphQLError("The page is too long. Ask for less.", extensions={"code": "PAGE_TOO_LONG"})

    @strawberry.field
    def uncoded(self) -> str | None:
        raise GraphQLError(SECRET)

    @strawberry.field
    def poor(self) -> str | None:
        raise FundEmpty(holder="Fund f_71", asked_on=dt.date(2026, 5, 3))

    @strawberry.field
    def wrong_type(self) -> int | None:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    async def slow(self, info: strawberry.Info) -> str:
        info.context.began = True
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            info.context.cancelled = True
            raise
        return "never"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def donate(self, info: strawberry.Info, donation: DonationInput) -> int:
        info.context.donated += 1
        return donation.minor_units


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncGenerator[int, None]:
        yield 1


def small_schema() -> QuietSchema:
    """Build the schema of these tests."""
    scalars: dict[object, ScalarDefinition] = {
        Amount: strawberry.scalar(name="Amount", serialize=str, parse_value=_amount),
        Passport: strawberry.scalar(name="Passport", serialize=str, parse_value=_passport),
        Fragile: strawberry.scalar(name="Fragile", serialize=str, parse_value=_fragile),
    }
    return QuietSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=scalars),
    )


@dataclass
class Seen:
    """The context of the resolvers: what they saw happen."""

    began: bool = False
    cancelled: bool = False
    donated: int = 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer as it went over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    bytes_read: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.json["errors"]]

    @property
    def error(self) -> Any:
        return self.json["errors"][0]


@dataclass(kw_only=True)
class SmallDoor:
    """The application under test and a caller for it."""

    app: ASGIApp
    seen: Seen = field(default_factory=Seen)

    async def call(
        self,
        method: str = "POST",
        path: str = "/graphql",
        *,
        body: bytes | Sequence[bytes] = b"",
        headers: Sequence[tuple[str, str]] = (),
        bare: bool = False,
        ends: bool = True,
        scheme: str = "http",
    ) -> Answer:
        """Send one request. bare: only the given headers. ends: whether the body ever ends."""
        usual = [] if bare else [("host", "lingkar.test"), ("authorization", "Bearer good")]
        chunks = [body] if isinstance(body, bytes) else list(body)
        target, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": scheme,
            "path": target,
            "raw_path": target.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(n.lower().encode(), v.encode("latin-1")) for n, v in (*usual, *headers)],
        }
        return await _spoken(self.app, scope, chunks, ends)

    async def post(
        self, content: object, *, headers: Sequence[tuple[str, str]] = (), bearer: str | None = "good"
    ) -> Answer:
        """Post JSON as a well-behaved client; bytes are sent as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        usual = [("host", "lingkar.test"), ("content-type", "application/json"), *headers]
        if bearer is not None:
            usual.append(("authorization", f"Bearer {bearer}"))
        return await self.call(body=body, headers=usual, bare=True)

    async def query(self, text: str, variables: Mapping[str, Any] | None = None) -> Answer:
        """Post one document."""
        return await self.post({"query": text, "variables": variables})


async def _spoken(app: ASGIApp, scope: dict[str, Any], chunks: list[bytes], ends: bool) -> Answer:
    sent: list[Message] = []
    waiting = list(chunks)
    read = 0

    async def receive() -> Message:
        nonlocal read
        if not waiting:
            await asyncio.sleep(3600)
        chunk = waiting.pop(0)
        read += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": bool(waiting) or not ends}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    head, *rest = sent
    return Answer(
        status=head["status"],
        headers={name.decode(): value.decode() for name, value in head["headers"]},
        body=b"".join(message.get("body", b"") for message in rest),
        bytes_read=read,
    )


def small_door(
    *,
    graphiql: bool = False,
    shortcut: Shortcut | None = None,
    document: DocumentLimits | None = None,
    hosts: Collection[str] | None = None,
    **changes: Any,
) -> SmallDoor:
    """Build the application: edge, door and health, with the given limits changed."""
    seen = Seen()
    reasons = {"expired": "expired", "forged": "signature"}

    async def context(request: Request) -> object:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if bearer == "broken":
            raise RuntimeError(SECRET)
        if bearer != "good":
            raise Unauthenticated(reasons.get(bearer, "missing"))
        return seen

    bounds = document or DocumentLimits()
    settings = {
        "document_rules": (document_limits(bounds),),
        "variables_rule": variables_limits(bounds),
        "introspection": True,
        "tokens": bounds.tokens,
        **changes,
    }
    routes = graphql_door(
        small_schema(), context=context, limits=DoorLimits(**settings), graphiql=graphiql, shortcut=shortcut
    )
    app = Starlette(routes=[*routes, *health_routes({})], middleware=[Middleware(Edge, hosts=hosts)])
    return SmallDoor(app=app, seen=seen)
