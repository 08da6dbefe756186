"""Simulated institutions: as processes of their own, and as desks inside the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.running import RunningInstitution


@pytest.fixture
def indonesia(tmp_path: Path) -> Iterator[RunningInstitution]:
    running = RunningInstitution("ID", tmp_path)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def malaysia(tmp_path: Path) -> Iterator[RunningInstitution]:
    running = RunningInstitution("MY", tmp_path)
    running.start()
    yield running
    running.kill()
