"""The README's commands as a reader starts them: a process, what it says, and which processes belong to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A running command of the platform, what it says going to a file."""

    process: subprocess.Popen[bytes]
    output: Path
    var: Path

    @property
    def said(self) -> str:
        return self.output.read_text()

    def says(self, text: str, *, seconds: float) -> None:
        """Wait until it has said something; fails when it ends before, or does not say it in time."""
        end = time.monotonic() + seconds
        while text not in self.said:
            assert self.process.poll() is None, f"it ended without saying {text!r}:\n{self.said}"
            assert time.monotonic() < end, f"it did not say {text!r} within {seconds:.0f} seconds:\n{self.said}"
            time.sleep(0.05)

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)

    def ended(self, *, seconds: float) -> int:
        """Its exit code, once it has ended."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end within {seconds:.0f} seconds:\n{self.said}") from None

    def left_behind(self, *, seconds: float = 10) -> list[str]:
        """The processes that still belong to it a moment after its end, as command lines; none if all is well."""
        end = time.monotonic() + seconds
        while (found := processes_of(self.var)) and time.monotonic() < end:
            time.sleep(0.05)
        return found


@contextmanager
def started(arguments: Sequence[str], var: Path, **environment: str) -> Iterator[Command]:
    """Run `python -m lingkar` with a var folder of its own; whatever happens, it has ended afterwards."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("LINGKAR_")}
    output = var.with_name(f"{var.name}-{time.monotonic_ns()}.txt")
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "lingkar", *arguments],
            cwd=ROOT,
            env=inherited | {"LINGKAR_VAR_FOLDER": str(var)} | environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Command(process=process, output=output, var=var)
    finally:
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(40)
        if process.poll() is None:
            process.kill()
            process.wait()


def processes_of(var: Path) -> list[str]:
    """The command lines of all living processes that name the var folder in their arguments or their settings."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            with suppress(OSError):
                words = (folder / "cmdline").read_bytes()
                if os.fsencode(str(var)) in words + (folder / "environ").read_bytes() and words:
                    found.append(words.replace(b"\0", b" ").decode(errors="replace").strip())
    return found
