"""A client in a process of its own: some connections, each asking again as soon as it is answered.

`python -m bench.readers.load PORT CONNECTIONS SECONDS` reads requests from standard input, one line of JSON each
(`body`, `headers`), and writes one line of JSON: answers, seconds, median milliseconds, failures.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from itertools import cycle
from typing import Any

import uvloop


class _Connection(asyncio.Protocol):
    """Sends a request when the one before is answered; reads no more of an answer than its length."""

    def __init__(self, requests: Any, until: float) -> None:
        self._requests = requests
        self._until = until
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.times: list[float] = []
        self.failures = 0
        self._read = bytearray()
        self._length = -1
        self._ok = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._read += data
        if self._length < 0:
            end = self._read.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._read[:end]).lower()
            self._ok = head.startswith(b"http/1.1 200")
            self._length = end + 4 + int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(self._read) >= self._length:
            self.times.append(time.perf_counter() - self._began)
            self.failures += not self._ok or b'"errors"' in self._read[:400]
            self._ask()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.failures += 1
            self.done.set_result(None)

    def _ask(self) -> None:
        self._read.clear()
        self._length = -1
        self._began = time.perf_counter()
        if self._began > self._until:
            self.done.set_result(None)
            self._transport.close()
            return
        self._transport.write(next(self._requests))


async def _load(port: int, connections: int, seconds: float, requests: list[bytes]) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    asked = cycle(requests)
    opened = [
        (await loop.create_connection(lambda: _Connection(asked, began + seconds), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for connection in opened))
    times = [one for connection in opened for one in connection.times]
    return {
        "answers": len(times),
        "seconds": time.perf_counter() - began,
        "median_ms": statistics.median(times) * 1000 if times else 0.0,
        "failures": sum(connection.failures for connection in opened),
    }


def _written(line: str) -> bytes:
    asked: dict[str, Any] = json.loads(line)
    body: bytes = asked["body"].encode()
    head = {"host": "127.0.0.1", "content-type": "application/json", "accept": "application/json", **asked["headers"]}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"POST /graphql HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body


if __name__ == "__main__":
    _port, _connections, _seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    _requests = [_written(line) for line in sys.stdin]
    print(json.dumps(uvloop.run(_load(_port, _connections, _seconds, _requests))))
