"""The platform as real processes: API, delivery workers and two simulated institutions, each of which can be killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from adapters.countries.exchange import OUR_SENDER_ID
from adapters.countries.signatures import create_development_keys as create_exchange_keys
from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.identity.sealing import create_development_keys as create_sealing_keys
from adapters.keeper import Order
from adapters.postgres.roles import APP, DELIVERY, url_as
from adapters.processes import start_keeper, stop_keeper

ROOT = Path(__file__).parents[2]
INSTITUTIONS = {"ID": "ID.BPJSTK", "MY": "MY.SOCSO"}
EXCHANGE_SECONDS = 3.0
START_SECONDS = 40.0

Connection = psycopg.Connection[DictRow]


def until(condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """The first true value of a condition; fails when there is none within so many seconds."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"{what}: waited {seconds:.0f} seconds in vain"
        time.sleep(0.03)


class RunningProcess:
    """One process under a keeper, so that it ends with the test run however that ends."""

    def __init__(self, name: str, argv: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
        self._pid_file = folder / f"{name}.pid"
        self._environment = environment
        self._order = Order(
            name=name,
            argv=tuple(argv),
            restart=False,
            stop_signals=((signal.SIGTERM, 10.0),),
            log_file=str(folder / f"{name}.log"),
            pid_file=str(self._pid_file),
        )
        self._keeper: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._keeper is not None and self._keeper.poll() is None

    @property
    def pid(self) -> int:
        def read() -> int:
            with contextlib.suppress(FileNotFoundError):
                return int(self._pid_file.read_text())
            return 0

        found: int = until(read, seconds=START_SECONDS, what=f"the start of {self._order.name}")
        return found

    def start(self) -> None:
        assert not self.running, f"{self._order.name} runs already"
        self._pid_file.unlink(missing_ok=True)
        self._keeper = start_keeper(self._order, env=self._environment, cwd=ROOT, quiet=True)

    def kill(self) -> None:
        """End it as a power cut would, and wait until it is gone."""
        assert self._keeper is not None
        os.kill(self.pid, signal.SIGKILL)
        self._keeper.wait(timeout=15)
        self._forget()

    def stop(self) -> None:
        """End it in order; nothing happens if it does not run."""
        if self._keeper is not None:
            stop_keeper(self._keeper, 20.0)
            self._forget()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _forget(self) -> None:
        assert self._keeper is not None
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        self._keeper = None


class Platform:
    """The processes around one database: "api", "worker", "worker-2", "ID" and "MY"; none runs at first."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.urls = {state: f"http://127.0.0.1:{_free_port()}" for state in INSTITUTIONS}
        self._api_port = _free_port()
        self.address = f"http://127.0.0.1:{self._api_port}"
        keys = folder / "keys"
        create_sealing_keys(keys)
        self.issuer = DevelopmentIssuer(keys, environment="development")
        create_exchange_keys(keys / "exchange", [OUR_SENDER_ID, *INSTITUTIONS.values()])
        self.http = httpx2.Client(timeout=15, trust_env=False)
        self._processes = {
            "api": self._lingkar("api", "serve"),
            "worker": self._lingkar("worker", "work"),
            "worker-2": self._lingkar("worker-2", "work"),
            "ID": self._sandbox("ID"),
            "MY": self._sandbox("MY"),
        }

    def start(self, *names: str) -> None:
        """Start processes and wait until those that listen are ready."""
        for name in names:
            self._processes[name].start()
        for name in names:
            if not name.startswith("worker"):
                until(partial(self._ready, name), seconds=START_SECONDS, what=f"{name} to be ready")

    def start_again(self, name: str) -> None:
        """Start one process without waiting for it."""
        self._processes[name].start()

    def kill(self, *names: str) -> None:
        for name in names:
            self._processes[name].kill()

    def stop(self, *names: str) -> None:
        for name in names:
            self._processes[name].stop()

    def freeze(self, name: str) -> None:
        self._processes[name].freeze()

    def thaw(self, *names: str) -> None:
        """Let frozen processes go on; nothing happens to others."""
        for name in names:
            if self.runs(name):
                self._processes[name].thaw()

    def runs(self, name: str) -> bool:
        return self._processes[name].running

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def close(self) -> None:
        self.http.close()
        self.thaw(*self._processes)
        for process in self._processes.values():
            process.stop()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command of the platform, on the same database and keys."""
        return subprocess.run(
            [sys.executable, "-m", "lingkar", *arguments],
            cwd=ROOT,
            env=self._environment("worker-by-hand" if arguments[0] == "audit" else "command"),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    # --- the institutions ---

    def order(self, state: str, behaviour: str, **other: object) -> None:
        """Tell a simulated institution how to behave from now on."""
        reply = self.http.post(f"{self.urls[state]}/control", json={"behaviour": behaviour} | other)
        assert reply.status_code == 200, reply.text

    def state(self, state: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.http.get(f"{self.urls[state]}/state").json()
        return shown

    def records(self, state: str) -> dict[str, int]:
        counts: dict[str, int] = self.state(state)["records"]
        return counts

    # --- the database ---

    def connect(self) -> Connection:
        plain = self.database_url.replace("postgresql+psycopg://", "postgresql://")
        return psycopg.connect(plain, autocommit=True, row_factory=dict_row, connect_timeout=5)

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[DictRow]:
        with self.connect() as connection:
            return connection.execute(query, parameters).fetchall()

    def do(self, statement: str, parameters: Sequence[object] = ()) -> None:
        with self.connect() as connection:
            connection.execute(statement, parameters)

    @contextlib.contextmanager
    def holding(self, table: str) -> Iterator[None]:
        """Hold a table so that whoever wants to write to it stands still in front of it."""
        with self.connect() as connection, connection.transaction(force_rollback=True):
            connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(sql.Identifier(table)))
            yield

    def waits_for_a_lock(self, name: str) -> bool:
        query = "SELECT 1 FROM pg_stat_activity WHERE application_name = %s AND wait_event_type = 'Lock'"
        return bool(self.rows(query, [name]))

    def works(self, name: str) -> bool:
        """Whether a worker has come as far as the database."""
        return bool(self.rows("SELECT 1 FROM pg_stat_activity WHERE application_name = %s", [name]))

    def let_leases_run_out(self) -> None:
        """What waiting would do after a worker's death: its messages are free again. Only while no worker runs."""
        assert not any(self.runs(name) for name in ("worker", "worker-2")), "a worker still holds its leases"
        self.do("UPDATE messages SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL")

    def let_pauses_end(self) -> None:
        """What waiting would do after failed attempts: messages are due and institutions have rested."""
        self.do("UPDATE messages SET due_at = now() WHERE state IN ('due', 'taken') AND leased_until IS NULL")
        self.do("UPDATE peers SET retry_at = now()")

    def change_the_past(self, statement: str, parameters: Sequence[object] = ()) -> None:
        """Change rows that are never changed, to play what only time or a broken disk does."""
        with self.connect() as connection, connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute(statement, parameters)

    def unfinished(self) -> list[DictRow]:
        """Messages on their way, and answers that have not had their effect."""
        return self.rows(
            "SELECT m.id, m.kind, m.state, m.attempts, m.trouble FROM messages m LEFT JOIN answers a "
            "ON a.message_id = m.id AND a.stands "
            "WHERE m.state IN ('due', 'taken') OR (a.message_id IS NOT NULL AND a.settled_at IS NULL)"
        )

    def finished(self, *, seconds: float = 40, hurry: bool = True) -> None:
        """Wait until nothing is on its way. hurry: end the pauses between attempts at once."""

        def nothing_left() -> bool:
            if hurry:
                self.let_pauses_end()
            return not self.unfinished()

        try:
            until(nothing_left, seconds=seconds, what="every message to be answered and settled")
        except AssertionError as failure:
            raise AssertionError(f"{failure}; left are {self.unfinished()}") from None

    def _ready(self, name: str) -> bool:
        url = f"{self.address}/readyz" if name == "api" else f"{self.urls[name]}/livez"
        assert self.runs(name), f"{name} ended instead of listening; its log is in {self.folder}/{name}.log"
        with contextlib.suppress(httpx2.TransportError):
            return self.http.get(url).status_code == 200
        return False

    def _lingkar(self, name: str, command: str) -> RunningProcess:
        argv = [sys.executable, "-m", "lingkar", command]
        return RunningProcess(name, argv, self.folder, self._environment(name))

    def _sandbox(self, state: str) -> RunningProcess:
        port = self.urls[state].rpartition(":")[2]
        argv = [sys.executable, "-m", "sandbox", "--state", state, "--port", port]
        argv += ["--data", str(self.folder / "sandbox"), "--keys", str(self.folder / "keys" / "exchange")]
        return RunningProcess(state, argv, self.folder, dict(os.environ))

    def _environment(self, name: str) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("LINGKAR_")}
        address = url_as(DELIVERY if name.startswith("worker") else APP, self.database_url)
        joined = "&" if "?" in address else "?"
        return inherited | {
            "LINGKAR_ENVIRONMENT": "development",
            "LINGKAR_DATABASE_URL": f"{address}{joined}application_name={name}",
            "LINGKAR_VAR_FOLDER": str(self.folder),
            "LINGKAR_PORT": str(self._api_port),
            "LINGKAR_EXCHANGE_SECONDS": str(EXCHANGE_SECONDS),
            "LINGKAR_INSTITUTIONS": json.dumps({INSTITUTIONS[state]: url for state, url in self.urls.items()}),
        }


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
