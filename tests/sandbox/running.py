"""A simulated institution as a process of its own, on a free port of this machine, and an exchange that talks to it."""

from __future__ import annotations

import contextlib
import datetime as dt
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2

from adapters.countries import ADAPTERS
from adapters.countries.exchange import HttpExchange, InstitutionEndpoint
from adapters.countries.signatures import create_development_keys
from adapters.countries.transport import open_client

ROOT = Path(__file__).parents[2]
INSTITUTIONS = {"ID": "ID.BPJSTK", "MY": "MY.SOCSO"}


class RealClock:
    """The time of this machine."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)


class RunningInstitution:
    """Starts, kills and restarts one simulated institution; its records stay in its folder."""

    def __init__(self, state: str, folder: Path) -> None:
        self.institution_id = INSTITUTIONS[state]
        self._state = state
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.keyring = create_development_keys(folder / "keys", ["lingkar", self.institution_id])

    def start(self) -> None:
        command = [sys.executable, "-m", "sandbox", "--state", self._state, "--port", str(self.port)]
        command += ["--data", str(self._folder / "data"), "--keys", str(self._folder / "keys")]
        # It ends by itself even if the test run is killed before it can.
        command += ["--stop-after-seconds", "120"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        self._wait_until_it_listens()

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=10)
            self._process = None

    def order(self, behaviour: str, **other: object) -> None:
        reply = httpx2.post(f"{self.base_url}/control", json={"behaviour": behaviour} | other, trust_env=False)
        assert reply.status_code == 200, reply.text

    def records(self) -> dict[str, int]:
        counts: dict[str, int] = self.state()["records"]
        return counts

    def state(self) -> dict[str, Any]:
        shown: dict[str, Any] = httpx2.get(f"{self.base_url}/state", trust_env=False).json()
        return shown

    @contextlib.asynccontextmanager
    async def exchange(self, *, total_seconds: float = 20.0) -> AsyncIterator[HttpExchange]:
        """An exchange that knows this institution."""
        async with open_client(total_seconds) as client:
            yield HttpExchange(
                client=client,
                clock=RealClock(),
                signer=self.keyring.signer("lingkar"),
                endpoints={
                    self.institution_id: InstitutionEndpoint(
                        base_url=self.base_url,
                        public_key=self.keyring.public_key(self.institution_id),
                        sender_id=self.institution_id,
                    )
                },
                adapters=ADAPTERS,
                total_seconds=total_seconds,
            )

    def _wait_until_it_listens(self) -> None:
        for _ in range(400):
            assert self._process is not None
            assert self._process.poll() is None, "the institution ended instead of listening"
            with contextlib.suppress(httpx2.TransportError):
                if httpx2.get(f"{self.base_url}/livez", trust_env=False).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError("the institution did not listen within 20 seconds")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
