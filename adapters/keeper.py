"""Keep one command running for as long as the one who asked lives, and not a moment longer.

Run as a program of its own (`python -I -S keeper.py ORDER`); the application imports only `Order`.
It needs nothing but the standard library and has one thread, and so may fork safely.

Its standard input is a pipe whose other end only the asker holds. The operating system closes that end
however the asker ends, also on kill -9, and then the command and everything it started are stopped.
This does not depend on threads or on Linux, which a parent-death signal alone would.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NOBODY = 65534
LOG_LIMIT_BYTES = 10_000_000
BACK_OFF_FIRST_SECONDS = 0.2
BACK_OFF_LONGEST_SECONDS = 10.0
# A command that lived this long was well; its next end starts counting anew.
WELL_AFTER_SECONDS = 5.0
NOT_STARTED = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to keep running, and how to stop it.

    identity: "same"; "user_namespace" (root looks like an ordinary user to the command, files stay root's);
        "nobody" (root gives up its rights before the command starts).
    once: become the command instead of keeping it (for short commands that need the identity).
    stop_signals: sent in turn to the command's group, each with the seconds to wait for its end.
    give_up_seconds: end when the command has kept failing for so long; None tries for ever.
    """

    name: str
    argv: tuple[str, ...]
    identity: str = "same"
    once: bool = False
    restart: bool = True
    stop_signals: tuple[tuple[int, float], ...] = ((signal.SIGTERM, 10.0),)
    give_up_seconds: float | None = None
    log_file: str | None = None
    pid_file: str | None = None


def main() -> int:
    order = Order(**json.loads(sys.argv[1]))
    if order.once:
        take_identity(order.identity)
        os.execv(order.argv[0], order.argv)
    with opened_log(order.log_file) as log:
        try:
            return Keeper(order, log).keep()
        finally:
            if order.pid_file is not None:
                Path(order.pid_file).unlink(missing_ok=True)


def take_identity(identity: str) -> None:
    """Become who the command must be run as; everything else about this process stays."""
    if identity == "user_namespace":
        uid, gid = os.geteuid(), os.getegid()
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), "unshare of the user namespace is not allowed here")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")
    elif identity == "nobody":
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    elif identity != "same":
        raise ValueError(f"{identity} is no identity a command can run as")


@contextmanager
def opened_log(log_file: str | None) -> Iterator[IO[bytes] | None]:
    """Open the log for appending; a log grown past its limit is set aside as `.1` first."""
    if log_file is None:
        yield None
        return
    path = Path(log_file)
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    with path.open("ab") as log:
        yield log


class Keeper:
    """Start the command, start it again when it ends by itself, stop it when the asker is gone."""

    def __init__(self, order: Order, log: IO[bytes] | None) -> None:
        self._order = order
        self._log = log
        self._stop_asked = False
        self._failing_since: float | None = None
        self._failures = 0
        self._wake_read, wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(wake_write, False)
        # A signal writes to this pipe, so that one select waits for the child, the asker and signals.
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_stop)

    def keep(self) -> int:
        started_before = False
        while True:
            started_at = time.monotonic()
            child = self._start()
            # A program that never started will not start later; one that did may lack memory for a moment.
            if child is None and not started_before:
                return NOT_STARTED
            started_before = True
            returncode = NOT_STARTED if child is None else self._until_ended(child)
            if self._stop_asked:
                return 0
            if not self._order.restart:
                return returncode if returncode >= 0 else 128 - returncode
            if not self._may_start_again(returncode, time.monotonic() - started_at):
                return 1

    def _until_ended(self, child: subprocess.Popen[bytes]) -> int:
        """Wait until the command has ended by itself or was stopped because the asker is gone."""
        try:
            while child.poll() is None and not self._stop_asked:
                self._wait(None)
        finally:
            self._stop(child)
        return child.returncode

    def _start(self) -> subprocess.Popen[bytes] | None:
        try:
            child = self._popen()
        except (OSError, subprocess.SubprocessError) as error:
            self._say(f"could not be started: {error}. Check that {self._order.argv[0]} exists and may run.")
            return None
        # A full disk must not end what is kept.
        with suppress(OSError):
            self._record_pid(child.pid)
        return child

    def _popen(self) -> subprocess.Popen[bytes]:
        keeper_pid = os.getpid()
        libc = ctypes.CDLL(None, use_errno=True)
        stop_signal = self._order.stop_signals[0][0]

        def prepare() -> None:
            take_identity(self._order.identity)
            # For the case that this keeper is killed. Taking an identity would clear it, so it comes after.
            if sys.platform == "linux":
                libc.prctl(PR_SET_PDEATHSIG, stop_signal)
                if os.getppid() != keeper_pid:
                    os._exit(1)

        return subprocess.Popen(
            self._order.argv,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            process_group=0,
            preexec_fn=prepare,
        )

    def _may_start_again(self, returncode: int, lived_seconds: float) -> bool:
        """Say that the command ended, wait a little longer each time, and answer whether to go on."""
        now = time.monotonic()
        if lived_seconds >= WELL_AFTER_SECONDS:
            self._failing_since, self._failures = None, 0
        if self._failing_since is None:
            self._failing_since = now
        limit = self._order.give_up_seconds
        if limit is not None and now - self._failing_since > limit:
            self._say(f"{ended(returncode)} and kept failing for {limit:.0f} s; not started again.")
            return False
        delay = min(BACK_OFF_LONGEST_SECONDS, BACK_OFF_FIRST_SECONDS * 2**self._failures)
        if limit is not None:
            delay = min(delay, 1.0)
        self._failures = min(self._failures + 1, 16)
        self._say(f"{ended(returncode)}; starting it again in {delay:.1f} s.")
        until = now + delay
        while not self._stop_asked and (left := until - time.monotonic()) > 0:
            self._wait(left)
        return not self._stop_asked

    def _stop(self, child: subprocess.Popen[bytes]) -> None:
        """End the command if it still runs, and whatever it has started."""
        for number, limit_seconds in (*self._order.stop_signals, (signal.SIGKILL, 5.0)):
            if child.poll() is not None:
                break
            signal_group(child.pid, number)
            until = time.monotonic() + limit_seconds
            while child.poll() is None and (left := until - time.monotonic()) > 0:
                self._wait(left, for_stop=False)
        # What the command started and left behind would hold its port and its locks.
        signal_group(child.pid, signal.SIGKILL)

    def _wait(self, limit_seconds: float | None, *, for_stop: bool = True) -> None:
        sources = [self._wake_read, sys.stdin.fileno()] if for_stop else [self._wake_read]
        ready, _, _ = select.select(sources, [], [], limit_seconds)
        if self._wake_read in ready:
            os.read(self._wake_read, 4096)
        if for_stop and sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096):
            self._stop_asked = True

    def _ask_stop(self, *_: object) -> None:
        self._stop_asked = True

    def _record_pid(self, pid: int) -> None:
        if self._order.pid_file is not None:
            path = Path(self._order.pid_file)
            fresh = path.with_name(path.name + ".new")
            fresh.write_text(f"{pid}\n")
            fresh.replace(path)

    def _say(self, what: str) -> None:
        where = f" Its log: {self._order.log_file}" if self._order.log_file else ""
        # The one who listened may be gone already; what is kept must be stopped all the same.
        with suppress(OSError):
            print(f"{self._order.name} {what}{where}", file=sys.stderr, flush=True)


def ended(returncode: int) -> str:
    if returncode < 0:
        return f"was ended by signal {-returncode}"
    return f"ended with code {returncode}"


def signal_group(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main())
