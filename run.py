#!/usr/bin/env python3
"""Prepare what Lingkar needs in .venv and start one of its commands.

    python3 run.py run            the platform with its database and the sandbox institutions
    python3 run.py journey        one worker's move from Indonesia to Malaysia, from donation to proof
    python3 run.py test [...]     the tests; what follows is passed on to pytest
    python3 run.py soak [...]     the tests that run for minutes, and no others
    python3 run.py check          formatting, lint, types, import contracts, documents and what is generated
    python3 run.py bench NAME     one measurement of bench/
    python3 run.py sbom [FILE]    the packages that a platform runs with, as CycloneDX JSON
    python3 run.py audit-dependencies  what is known against them
    python3 run.py format         format the code and sort its imports
    python3 run.py lock           pin the requirements anew, with hashes (needs uv)
    python3 run.py setup          prepare .venv for tests and checks, and nothing else
    python3 run.py clean          remove .venv and what tools left behind; the database in var/ stays
    python3 run.py OTHER [...]    any other command of `python -m lingkar`

Needs Python 3.11 or newer and nothing else: this file uses only the standard library.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

try:
    import fcntl
except ImportError:
    raise SystemExit("lingkar: This runs on Linux and macOS. On Windows use its Subsystem for Linux.") from None


def refuse_old_python(version: "tuple[int, ...]") -> None:
    """End with a sentence when Python is too old; called before anything that an old Python cannot read."""
    if tuple(version[:2]) < (3, 11):
        raise SystemExit(
            f"lingkar: Python {version[0]}.{version[1]} is too old; Python 3.11 or newer is needed. "
            "Install one and name it, for example: python3.11 run.py run"
        )


refuse_old_python(sys.version_info[:3])

ROOT = Path(__file__).resolve().parent
LINGKAR = ("-m", "lingkar")
CHECKS = (
    ("format", ("-m", "ruff", "format", "--check", "--quiet", ".")),
    ("lint", ("-m", "ruff", "check", "--quiet", ".")),
    ("types", ("-m", "mypy")),
    ("import contracts", ("-c", "from importlinter.cli import lint_imports_command as check; check()")),
    ("documents", (*LINGKAR, "check-docs")),
    ("schema", (*LINGKAR, "schema", "--check")),
    ("rule schema", (*LINGKAR, "rule-schema", "--check")),
    ("country pages", (*LINGKAR, "country-pages", "--check")),
    ("access policy", (*LINGKAR, "who-may-what", "--check")),
)
FORMATTERS = (("-m", "ruff", "check", "--fix", "--quiet", "."), ("-m", "ruff", "format", "--quiet", "."))
LOCKING = ("uv", "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes")
LOCK_FORM = ("--no-header", "--no-annotate", "--quiet")
NPM_INSTALL = ("install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
LEFT_BEHIND = (".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis")
FOR_TESTS = ("test", "soak", "check", "bench", "format", "setup", "sbom", "audit-dependencies")


class CannotPrepare(Exception):
    """A command could not be prepared; the message says why and what to do next."""


def main(arguments: Sequence[str]) -> int:
    """Carry out one command and return its exit code; most commands replace this process instead."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__)
        return 0
    os.chdir(ROOT)
    try:
        return carry_out(arguments[0], arguments[1:])
    except CannotPrepare as refusal:
        print(f"lingkar: {refusal}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def carry_out(command: str, rest: Sequence[str]) -> int:
    """Prepare what the command needs and run it."""
    if command == "clean":
        return clean()
    if command == "lock":
        return lock()
    python = Environment(ROOT).prepare("test.txt" if command in FOR_TESTS else "run.txt")
    if command == "setup":
        return 0
    if command == "check":
        return check(python)
    if command == "format":
        return max([subprocess.call([python, *formatter]) for formatter in FORMATTERS])
    if command == "test":
        prepare_javascript()
        become(python, "-m", "pytest", "-q", "-n", "2", *rest)
    if command == "soak":
        become(python, "-m", "pytest", "-q", "-n", "2", "-m", "soak", *rest)
    if command == "bench":
        become(python, "-m", bench_module(rest), *rest[1:])
    if command in ("sbom", "audit-dependencies"):
        become(python, "-m", "adapters.packages", command, *rest)
    become(python, *LINGKAR, command, *rest)


def prepare_javascript() -> None:
    """Install the JavaScript library that one test compares with, where npm is there and reaches a registry.

    Without it that test is skipped and says so; no other test needs it.
    """
    npm, folder = shutil.which("npm"), ROOT / "tests" / "certificates" / "js"
    if npm is None or shutil.which("node") is None or (folder / "node_modules").is_dir():
        return
    try:
        subprocess.run([npm, *NPM_INSTALL], cwd=folder, timeout=60, check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError):
        shutil.rmtree(folder / "node_modules", ignore_errors=True)
        _say("npm could not install the JavaScript library; the test that compares with it is skipped.")


def become(python: str, *arguments: str) -> NoReturn:
    """Replace this process by the environment's Python, so that signals reach the command itself."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(python, [python, *arguments])


def check(python: str) -> int:
    """Run every check, also after one failed, and name those that failed."""
    failed = [name for name, arguments in CHECKS if not _passes(python, name, arguments)]
    if failed:
        print(f"check: failed: {', '.join(failed)}", file=sys.stderr)
        return 1
    print("check: all passed")
    return 0


def bench_module(rest: Sequence[str]) -> str:
    """Return the module of the measurement named first; raises CannotPrepare when there is no such file."""
    known = sorted(path.stem for path in (ROOT / "bench").glob("*.py") if not path.stem.startswith("_"))
    name = rest[0].replace("-", "_") if rest else ""
    if name not in known:
        raise CannotPrepare(f"bench/ has no {name or 'unnamed'} measurement. It has: {', '.join(known) or 'none'}.")
    return f"bench.{name}"


def clean() -> int:
    """Remove the environment and the tools' caches; the database in var/ is nobody's leftover."""
    with only_one(ROOT / ".venv.lock"):
        for name in LEFT_BEHIND:
            shutil.rmtree(ROOT / name, ignore_errors=True)
    return 0


def lock() -> int:
    """Pin requirements/*.in to exact versions with hashes, without naming any package index."""
    if shutil.which("uv") is None:
        raise CannotPrepare("Pinning needs uv on the PATH. Install it, for example with: pipx install uv")
    for name, extra in (("run", ()), ("test", ("-c", "run.txt"))):
        command = [*LOCKING, *LOCK_FORM, *extra, f"{name}.in", "-o", f"{name}.txt"]
        if subprocess.call(command, cwd=ROOT / "requirements") != 0:
            raise CannotPrepare(f"uv could not pin requirements/{name}.in; it says why above.")
    return 0


class Environment:
    """The virtual environment in .venv: made once, made again when it cannot be trusted.

    Its stamp says where it was made and which requirement files it holds, by their hash. It is written
    after everything else, so an environment without a stamp was left unfinished.
    """

    def __init__(self, root: Path) -> None:
        self.folder = root / ".venv"
        self.python = str(self.folder / "bin" / "python")
        self._requirements = root / "requirements"
        self._stamp_file = self.folder / "lingkar-stamp.json"
        self._lock_file = root / ".venv.lock"

    def prepare(self, requirements: str) -> str:
        """Make sure that a requirement file ("run.txt" or "test.txt") is installed; return Python's path.

        Raises CannotPrepare when the environment cannot be made or filled.
        """
        if self.holds(requirements):
            return self.python
        with only_one(self._lock_file):
            # Another process may have done the work while we waited.
            if not self.holds(requirements):
                self._build(requirements)
        return self.python

    def holds(self, requirements: str) -> bool:
        """Return whether the environment works and holds exactly this version of the requirement file."""
        return self._is_ours() and self._stamp().get(requirements) == self._hash_of(requirements)

    def _build(self, requirements: str) -> None:
        stamp = self._stamp() if self._is_ours() else {}
        if not stamp:
            _say(f"Making {self.folder.name} for Python {sys.version_info[0]}.{sys.version_info[1]} ...")
            make_environment(self.folder)
        self._stamp_file.unlink(missing_ok=True)
        _say(f"Installing requirements/{requirements} (the first time takes about a minute) ...")
        install(self.python, self._requirements / requirements)
        # What was pinned before for other files may just have been replaced: they no longer count as held,
        # except that the tests' file includes what is needed to run.
        held = {requirements: self._hash_of(requirements)}
        if requirements == "test.txt":
            held["run.txt"] = self._hash_of("run.txt")
        elif stamp.get("run.txt") == held["run.txt"] and "test.txt" in stamp:
            held["test.txt"] = stamp["test.txt"]
        fresh = self._stamp_file.with_suffix(".new")
        fresh.write_text(json.dumps({"folder": str(self.folder), "python": self._version(), **held}))
        fresh.replace(self._stamp_file)

    def _is_ours(self) -> bool:
        """Return whether this is a finished environment, at the place it was made, whose Python still runs.

        After a copy or a move its programs would still start the Python of the old place.
        """
        stamp = self._stamp()
        return stamp.get("folder") == str(self.folder) and stamp.get("python") == self._version()

    def _version(self) -> str:
        """Return the version of the environment's own Python, empty when it does not run."""
        ask = "import sys; print(sys.version.split()[0], sys.prefix)"
        try:
            answer = subprocess.run([self.python, "-I", "-c", ask], stdout=subprocess.PIPE, check=False, text=True)
        except OSError:
            return ""
        return answer.stdout.strip() if answer.returncode == 0 else ""

    def _stamp(self) -> dict[str, str]:
        try:
            stamp = json.loads(self._stamp_file.read_text())
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def _hash_of(self, requirements: str) -> str:
        return hashlib.sha256((self._requirements / requirements).read_bytes()).hexdigest()


def make_environment(folder: Path) -> None:
    """Make an empty virtual environment, with uv when it is on the PATH, else with the standard library.

    Raises CannotPrepare when neither can.
    """
    real = os.path.realpath(sys.executable)
    try:
        shutil.rmtree(folder, ignore_errors=False)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise CannotPrepare(f"{folder} cannot be removed: {error}. Remove it yourself and try again.") from error
    # Started from inside the environment just removed, this Python's own path is gone; its origin is not.
    python = real if sys.executable.startswith(f"{folder}{os.sep}") else sys.executable
    if shutil.which("uv"):
        made = subprocess.call(["uv", "venv", "--quiet", "--python", python, str(folder)])
        if made == 0:
            return
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise CannotPrepare(
            f"This Python comes without ensurepip, which makes virtual environments. On Debian and Ubuntu: "
            f"apt install python{version}-venv. Elsewhere install your system's venv package, or uv."
        )
    if subprocess.call([python, "-m", "venv", "--clear", str(folder)]) != 0:
        raise CannotPrepare(f"Python could not make {folder}; it says why above. Free the cause and try again.")


def install(python: str, requirements: Path) -> None:
    """Install a requirement file with its hashes, with uv when it is there and succeeds, else with pip.

    uv does not read pip's settings, so where packages come from a mirror only pip may find them.
    Raises CannotPrepare when neither can.
    """
    hashed = ["--require-hashes", "-r", str(requirements)]
    if shutil.which("uv") and subprocess.call(["uv", "pip", "install", "--quiet", "--python", python, *hashed]) == 0:
        return
    if subprocess.call([python, "-I", "-c", "import pip"], stderr=subprocess.DEVNULL) != 0:
        subprocess.call([python, "-I", "-m", "ensurepip"], stdout=subprocess.DEVNULL)
    pip = [python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    if subprocess.call([*pip, *hashed]) != 0:
        raise CannotPrepare(
            f"The packages of requirements/{requirements.name} could not be installed; pip says why above. "
            "Check the connection to your package index and try again."
        )


@contextmanager
def only_one(lock_file: Path) -> Iterator[None]:
    """Let one process at a time in; the operating system frees the lock however its holder ends."""
    try:
        handle = lock_file.open("a")
    except OSError as error:
        raise CannotPrepare(
            f"The folder {lock_file.parent} cannot be written to: {error.strerror}. "
            "Copy it to a folder of yours, or run this as its owner."
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another process is preparing the environment; waiting for it ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _passes(python: str, name: str, arguments: Sequence[str]) -> bool:
    print(f"check: {name}", flush=True)
    return subprocess.call([python, *arguments], stdin=subprocess.DEVNULL) == 0


def _say(what: str) -> None:
    print(f"lingkar: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
