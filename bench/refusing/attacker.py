"""A client in a process of its own that asks again as soon as it is refused.

`python -m bench.refusing.attacker PORT SECONDS` reads requests from standard input, one in base64 on each line, and
sends them one after the other on one connection, which it opens again when it is closed. It writes one line of JSON:
how many answers came, and how many of them were no refusal.
"""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import sys
import time
from itertools import cycle

__all__ = ["Caller", "main"]


class Caller:
    """One connection to the server. Answers are read to their end; of them the status is kept."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send one whole request; the status and the body of its answer. Status 0: closed without an answer."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):
            # The server may close before it has read everything; its answer may be there all the same.
            self._socket.sendall(request)
        try:
            return self._answer(self._socket)
        except OSError:
            self.close()
            return 0, b""

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _answer(self, connection: socket.socket) -> tuple[int, bytes]:
        read = b""
        while b"\r\n\r\n" not in read:
            part = connection.recv(65_536)
            if not part:
                raise ConnectionResetError
            read += part
        head, _, body = read.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        while len(body) < length:
            part = connection.recv(65_536)
            if not part:
                raise ConnectionResetError
            body += part
        if b"connection: close" in lines:
            self.close()
        return int(head[9:12]), body


def main() -> None:
    """Attack until the time is over."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    requests = cycle([base64.b64decode(line) for line in sys.stdin.read().split()])
    caller, answers, through = Caller(port), 0, 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        status, _ = caller.ask(next(requests))
        answers += 1
        through += status < 400
    caller.close()
    print(json.dumps({"answers": answers, "through": through}))


if __name__ == "__main__":
    main()
