"""Work that ends when its client goes away."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final

from starlette.types import Receive

__all__ = ["ClientGone", "while_connected"]

_AFTER_SECONDS: Final = 0.05
"""Most answers are finished by then, and looking costs more than they do."""


class ClientGone(Exception):
    """The client closed the connection; its work was cancelled, and the transaction of it undone."""


class while_connected:
    """Cancels what runs inside when the client disconnects, and raises ClientGone.

    receive: of the request, whose body has been read to its end: what comes then is only that the client has gone.
    A statement that is running in the database is cancelled there too, by the driver.
    """

    def __init__(self, receive: Receive, *, after_seconds: float = _AFTER_SECONDS) -> None:
        self._receive = receive
        self._after_seconds = after_seconds
        self._watching: asyncio.Task[None] | None = None
        self._gone = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "entered by a task"
        self._task = task
        self._timer = asyncio.get_running_loop().call_later(self._after_seconds, self._begin)

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()
        if self._gone and kind is asyncio.CancelledError and self._task.uncancel() == 0:
            raise ClientGone from None

    def _begin(self) -> None:
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._task.cancel()
