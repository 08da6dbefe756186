"""The WebSocket protocol of the server, which lets no client hold a connection by not reading."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from adapters.http.protocol import LEAVING_SECONDS, PEER_KEY

__all__ = ["SocketProtocol"]


class SocketProtocol(WebSocketsSansIOProtocol):
    """Sends the frame that closes also to who does not read, and after a while gives up what was not read."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.close_timeout = 5.0

    async def run_asgi(self) -> None:
        # As for requests: a middleware may put what a proxy says in the place of `client`, this stays who is connected.
        self.scope[PEER_KEY] = self.client[0] if self.client else ""  # type: ignore[typeddict-unknown-key]
        await super().run_asgi()

    async def send(self, message: Any) -> None:
        closes = message["type"] == "websocket.close"
        if closes:
            self.writable.set()
        await super().send(message)
        if closes and self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def shutdown(self) -> None:
        super().shutdown()
        # What is written to who does not read is never read, and would keep the process from its end.
        self.loop.call_later(LEAVING_SECONDS, self.transport.abort)
