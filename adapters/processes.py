"""Run the parts of Lingkar as processes of their own, and leave none behind."""

import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn

from adapters.keeper import Order

KEEPER = Path(__file__).with_name("keeper.py")
# Given to a keeper on top of its own limits, before the keeper itself is killed.
KEEPER_EXTRA_SECONDS = 10.0
LOOK_EVERY_SECONDS = 0.2


def start_keeper(
    order: Order, *, env: Mapping[str, str] | None = None, cwd: Path | None = None, quiet: bool = False
) -> subprocess.Popen[bytes]:
    """Start a keeper for the order; closing its standard input stops what it keeps.

    env: the whole environment of the command; None passes on this process's own.
    quiet: the keeper's own sentences go to the command's log instead of to standard error.
    """
    stderr = None
    if quiet and order.log_file is not None:
        stderr = os.open(order.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            keeper_command(order),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=env,
            cwd=cwd,
            # Ctrl-C in a terminal must reach us only: we stop our children in order.
            start_new_session=True,
        )
    finally:
        if stderr is not None:
            os.close(stderr)


def keeper_command(order: Order) -> list[str]:
    """Return the command line that runs the keeper with this order."""
    return [sys.executable, "-I", "-S", str(KEEPER), json.dumps(dataclasses.asdict(order))]


def stop_keeper(keeper: subprocess.Popen[bytes], limit_seconds: float) -> None:
    """Close the keeper's standard input and wait until it, and so what it keeps, has ended."""
    ask_keeper_to_stop(keeper)
    try:
        keeper.wait(limit_seconds)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()


def ask_keeper_to_stop(keeper: subprocess.Popen[bytes]) -> None:
    """Close the keeper's standard input; returns at once."""
    if keeper.stdin is not None:
        with contextlib.suppress(OSError):
            keeper.stdin.close()


@dataclasses.dataclass(slots=True, kw_only=True)
class _Child:
    order: Order
    env: Mapping[str, str] | None
    cwd: Path | None
    keeper: subprocess.Popen[bytes]


class Supervisor:
    """The processes of one run: each restarted when it dies, all of them gone when this one ends.

    Use as a context manager: inside it SIGTERM and SIGHUP end this process as Ctrl-C does, and leaving it
    stops every child. A kill -9 of this process stops them too, because each keeper sees its pipe close.

    log_folder: gets NAME.log (output) and NAME.pid (the process id) for each child.
    say: receives one sentence about what happened to a child; the keepers say restarts on standard error.
    """

    def __init__(self, log_folder: Path, *, say: Callable[[str], None] = print) -> None:
        self._log_folder = log_folder.resolve()
        self._say = say
        self._children: dict[str, _Child] = {}
        self._handlers_before: dict[int, signal.Handlers | int | Callable[[int, FrameType | None], object] | None] = {}

    def spawn(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        restart: bool = True,
        *,
        cwd: Path | None = None,
        stop_seconds: float = 10.0,
    ) -> None:
        """Start a child and keep it running.

        env: set on top of this process's environment.
        restart: whether to start it again when it ends by itself, waiting 0.2 s at first and up to 10 s.
        stop_seconds: from SIGTERM to SIGKILL of the child's whole group.

        Raises ValueError when a child of that name is already there.
        """
        if name in self._children:
            raise ValueError(f"A process named {name} is already running. Stop it first or choose another name.")
        self._log_folder.mkdir(parents=True, exist_ok=True)
        self._pid_file(name).unlink(missing_ok=True)
        order = Order(
            name=name,
            argv=tuple(argv),
            restart=restart,
            stop_signals=((signal.SIGTERM, stop_seconds),),
            log_file=str(self._log_folder / f"{name}.log"),
            pid_file=str(self._pid_file(name)),
        )
        whole_env = {**os.environ, **env} if env is not None else None
        keeper = start_keeper(order, env=whole_env, cwd=cwd)
        self._children[name] = _Child(order=order, env=whole_env, cwd=cwd, keeper=keeper)

    def pid(self, name: str, limit_seconds: float = 10.0) -> int:
        """Return the process id of the child now running under the name; it changes with each restart.

        Raises TimeoutError when the child has not been started within the limit.
        """
        until = time.monotonic() + limit_seconds
        while True:
            with contextlib.suppress(FileNotFoundError):
                return int(self._pid_file(name).read_text())
            if time.monotonic() > until:
                raise TimeoutError(
                    f"{name} did not start within {limit_seconds:.0f} s. Read {self._log_folder}/{name}.log."
                )
            time.sleep(0.02)

    def running(self, name: str) -> bool:
        """Return whether the child is being kept (it may be waiting for its next start)."""
        return self._children[name].keeper.poll() is None

    def join(self, name: str, limit_seconds: float | None = None) -> int:
        """Wait for a child that is not restarted and return its exit code.

        Raises subprocess.TimeoutExpired when it has not ended within the limit.
        """
        return self._children[name].keeper.wait(limit_seconds)

    def stop_child(self, name: str) -> None:
        """Stop one child and forget it."""
        child = self._children.pop(name)
        stop_keeper(child.keeper, _limit(child))

    def wait(self) -> None:
        """Block until a signal asks us to end, or until no child is left to run."""
        while sum(self._look_after(child) for child in self._children.values()):
            time.sleep(LOOK_EVERY_SECONDS)

    def stop(self) -> None:
        """Stop all children at once and wait for them; calling it again does nothing."""
        for child in self._children.values():
            ask_keeper_to_stop(child.keeper)
        for child in self._children.values():
            stop_keeper(child.keeper, _limit(child))
        self._children.clear()

    def __enter__(self) -> "Supervisor":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP):
                self._handlers_before[number] = signal.signal(number, _end)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Stopping has limits of its own; a second Ctrl-C must not leave half of the children behind.
        in_main_thread = threading.current_thread() is threading.main_thread()
        interrupt_before = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main_thread else None
        try:
            self.stop()
        finally:
            if in_main_thread:
                signal.signal(signal.SIGINT, interrupt_before)
                for number, handler in self._handlers_before.items():
                    signal.signal(number, handler)
            self._handlers_before.clear()

    def _look_after(self, child: _Child) -> bool:
        if child.keeper.poll() is None:
            return True
        # A keeper that ended by itself has said why; only one that was killed is started again.
        if not child.order.restart or child.keeper.returncode >= 0:
            return False
        self._say(f"The keeper of {child.order.name} is gone; starting both again.")
        ask_keeper_to_stop(child.keeper)
        child.keeper = start_keeper(child.order, env=child.env, cwd=child.cwd)
        return True

    def _pid_file(self, name: str) -> Path:
        return self._log_folder / f"{name}.pid"


def free_port(preferred: int, *, host: str = "127.0.0.1", say: Callable[[str], None] = print) -> int:
    """Return the preferred port when nobody listens there, else another one, and say which."""
    port = _bound_port(host, preferred)
    if port is None:
        port = _bound_port(host, 0)
        if port is None:
            raise OSError(f"No port is free on {host}. End something that listens there and try again.")
        say(f"Port {preferred} is taken by another process; using {port} instead.")
    return port


def _bound_port(host: str, port: int) -> int | None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still fading away counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return None
        bound: int = probe.getsockname()[1]
        return bound


def _limit(child: _Child) -> float:
    return sum(seconds for _, seconds in child.order.stop_signals) + KEEPER_EXTRA_SECONDS


def _end(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
