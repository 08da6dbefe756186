"""What the tests of the platform share: waiting for a condition, and folders that end with the test."""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest


def _is_gone(pid: int) -> bool:
    """Return whether no such process runs; one that is dead but not yet reaped counts as gone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    return not Path(f"/proc/{pid}").exists() and Path("/proc/self").exists()


def _until(condition: Callable[[], bool], *, limit_seconds: float = 30.0) -> None:
    until = time.monotonic() + limit_seconds
    while not condition():
        if time.monotonic() > until:
            pytest.fail("what was waited for did not happen")
        time.sleep(0.02)


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait until a condition holds; fail when it does not within the limit."""
    return _until


@pytest.fixture
def is_gone() -> Callable[[int], bool]:
    """Tell whether a process has ended."""
    return _is_gone
