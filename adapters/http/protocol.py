"""The HTTP/1.1 protocol of the server with limits that uvicorn does not have: headers and time for a head."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["ABANDON_KEY", "LEAVING_SECONDS", "PEER_KEY", "GuardedProtocol"]

PEER_KEY: Final = "lingkar.peer"
"""The key of the ASGI scope under which the address of whoever is connected stands, proxy or not."""

ABANDON_KEY: Final = "lingkar.abandon"
"""Under this key stands a function that ends the connection at once if its client does not read what was written."""

LEAVING_SECONDS: Final = 5.0
"""How long a connection may take to read what was written to it, once the process stops."""

_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class _HeadersTooLarge(Exception):
    """Ends the parsing of a head that is too large; the parser turns it into its own error."""


class GuardedProtocol(HttpToolsProtocol):
    """Counts headers while they arrive and closes connections whose head does not."""

    headers_max: ClassVar[int] = 64
    """Header lines of one request."""
    header_bytes_max: ClassVar[int] = 16_384
    """Bytes of the target, the names and the values of one request."""
    head_seconds: ClassVar[float] = 5.0
    """How long a connection may take from its first moment to the end of its first head."""

    _head_timer: asyncio.TimerHandle | None = None
    _header_count: int = 0
    _header_bytes: int = 0
    _head_length: int = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(self.head_seconds, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_timer is None or self.transport.is_closing():
            return
        # The parser shows a header only when its line has ended; a line without an end is counted here.
        self._head_length += len(data)
        if self._head_length > self.header_bytes_max:
            self._refuse()

    def on_message_begin(self) -> None:
        self._header_count = self._header_bytes = self._head_length = 0
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self.transport.close)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_count += 1
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._stop_head_timer()
        # A middleware of the server puts what a proxy says in the place of `client`; this stays who is connected.
        self.scope[PEER_KEY] = self.client[0] if self.client else ""  # type: ignore[typeddict-unknown-key]
        self.scope[ABANDON_KEY] = self._abandon  # type: ignore[typeddict-unknown-key]
        super().on_headers_complete()

    def shutdown(self) -> None:
        """End the connection; an answer that is under way ends by itself, unless its client does not read it."""
        super().shutdown()
        self.loop.call_later(2 * LEAVING_SECONDS, self._abandon)

    def _abandon(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed; a head that is too large gets the status of its own."""
        if self._over():
            self._refuse()
            return
        super().send_400_response(msg)

    def _count(self, length: int) -> None:
        self._header_bytes += length
        if self._over():
            raise _HeadersTooLarge

    def _refuse(self) -> None:
        self.transport.write(_TOO_LARGE)
        self.transport.close()

    def _over(self) -> bool:
        return self._header_count > self.headers_max or self._header_bytes > self.header_bytes_max

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
