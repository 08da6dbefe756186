"""One simulated institution as a web application; what it decides is in `desk` and in its rules."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.countries.envelope import seal
from adapters.countries.signatures import Signer
from sandbox.behaviour import BEFORE_ANY_EFFECT, Behaviour, Order, OrderRefused, read_order
from sandbox.desk import NOTICE, Desk, Outcome, take, tell
from sandbox.store import give_order, standing_order

BODY_BYTES_MAX = 10_000_000
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Institution:
    """The web application around a desk; give it to a server."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._routes = Starlette(
            routes=[
                Route("/exchange/messages", self._take, methods=["POST"]),
                Route("/exchange/messages/{message_id:str}/answer", self._tell, methods=["GET"]),
                Route("/control", self._control, methods=["POST"]),
                Route("/", self._welcome, methods=["GET"]),
                Route("/livez", self._live, methods=["GET"]),
                Route("/state", self._state, methods=["GET"]),
            ],
            exception_handlers={500: _fault, Exception: _fault},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Only the server's own send knows the connection, so it is kept where an endpoint can find it.
        scope["sandbox.connection"] = getattr(getattr(send, "__self__", None), "transport", None)
        await self._routes(scope, receive, send)

    async def _take(self, request: Request) -> Response:
        raw = await _body(request, BODY_BYTES_MAX)
        if raw is None:
            return _plain(413, "The body has more than 10,000,000 bytes. Send fewer lines in one message.")
        outcome = await run_in_threadpool(take, self._desk, raw, _now())
        order = outcome.order
        if order is not None and order.behaviour in BEFORE_ANY_EFFECT:
            return _misbehaved(order)
        if order is not None and order.behaviour is Behaviour.SLOW:
            await asyncio.sleep(order.seconds)
        if order is not None and order.behaviour is Behaviour.DROP_AFTER_EFFECT:
            return await _dropped(request)
        forged = order is not None and order.behaviour is Behaviour.WRONG_SIGNATURE
        return self._signed(outcome, forged=forged)

    async def _tell(self, request: Request) -> Response:
        message_id, signature = request.path_params["message_id"], request.headers.get("x-signature", "")
        return self._signed(await run_in_threadpool(tell, self._desk, message_id, signature, _now()))

    async def _control(self, request: Request) -> Response:
        """Development only: order a behaviour for the messages that come."""
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _plain(415, "An order is sent as application/json.")
        raw = await _body(request, 10_000)
        if raw is None:
            return _plain(413, "An order has at most 10,000 bytes.")
        try:
            order = read_order(raw, self._desk.rules.kinds)
        except OrderRefused as refused:
            return _plain(400, str(refused))
        await run_in_threadpool(_give_order, self._desk, order)
        return JSONResponse(_order_shown(order) | {"simulated": True})

    async def _welcome(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "institution": self._desk.rules.institution_id,
                "name": self._desk.rules.name,
                "simulated": True,
                "notice": NOTICE,
                "messages": sorted(self._desk.rules.kinds),
            }
        )

    async def _live(self, _request: Request) -> Response:
        return JSONResponse({"live": True, "simulated": True})

    async def _state(self, _request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(_counts, self._desk))

    def _signed(self, outcome: Outcome, *, forged: bool = False) -> Response:
        assert outcome.content is not None, "only what is said can be signed"
        signer = self._desk.signer
        if forged:
            signer = Signer(owner=signer.owner, private_key=Ed25519PrivateKey.generate())
        return Response(
            seal(outcome.content, signer, _now()), status_code=outcome.status, media_type="application/json"
        )


def _counts(desk: Desk) -> dict[str, object]:
    with desk.store.transaction() as connection:
        messages = int(connection.execute("SELECT count(*) FROM messages").fetchone()[0])
        return {
            "institution": desk.rules.institution_id,
            "simulated": True,
            "messages": messages,
            "behaviour": _order_shown(standing_order(connection)),
            "records": desk.rules.counts(connection),
        }


def _give_order(desk: Desk, order: Order) -> None:
    with desk.store.transaction() as connection:
        give_order(connection, order)


def _order_shown(order: Order) -> dict[str, object]:
    return {
        "behaviour": order.behaviour.value,
        "seconds": order.seconds,
        "times": order.times,
        "kind": order.kind,
    }


def _misbehaved(order: Order) -> Response:
    match order.behaviour:
        case Behaviour.TOO_MANY:
            wait = str(max(1, round(order.seconds)))
            return _plain(429, "Too many messages. Wait as Retry-After says.", {"retry-after": wait})
        case Behaviour.UNREACHABLE_500:
            return _plain(500, "The simulated institution was told to fail.")
        case _:
            return Response(b'{"signature": "x", "header": {"vers', media_type="application/json")


async def _dropped(request: Request) -> Response:
    """Close the connection without a word; the effect has been kept."""
    connection = request.scope.get("sandbox.connection")
    if connection is not None:
        connection.abort()
        await asyncio.sleep(0.05)
    return _plain(500, "The line is dropped.")


async def _body(request: Request, most: int) -> bytes | None:
    """The body, read while counting; None if it is larger."""
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > most:
                return None
            pieces.append(piece)
    except ClientDisconnect:
        return b""
    return b"".join(pieces)


def _plain(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"text": text, "simulated": True}, status_code=status, headers=headers)


async def _fault(_request: Request, _error: Exception) -> Response:
    return _plain(500, "The simulated institution has a fault. Its log names it; send again later.")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
