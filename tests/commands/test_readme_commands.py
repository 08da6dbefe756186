"""`journey` and `run` as the README shows them: they keep their promises and leave no process behind."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg
import pytest

from tests.commands.started import ROOT, processes_of, started
from tests.support.databases import Databases

PREFERRED_PORTS = (8000, 8101, 8102)
JOURNEY_SECONDS = 240


@pytest.fixture
def preferred_ports_are_taken() -> Iterator[None]:
    """Somebody listens where the platform would like to; whoever was there before does as well."""
    with ExitStack() as stack:
        for port in PREFERRED_PORTS:
            taken = stack.enter_context(socket.socket())
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                taken.bind(("127.0.0.1", port))
                taken.listen(1)
        yield


@pytest.mark.usefixtures("preferred_ports_are_taken")
def test_the_journey_and_then_run_in_the_same_folder_keep_every_promise_and_leave_no_process(tmp_path: Path) -> None:
    var = tmp_path / "var"
    with started(["journey"], var) as journey:
        code = journey.ended(seconds=JOURNEY_SECONDS)

        assert code == 0, journey.said
        assert "Every promise was kept" in journey.said
        assert "✗" not in journey.said
        for port in PREFERRED_PORTS:
            assert f"Port {port} is taken" in journey.said
        assert journey.left_behind() == []
    assert (var / "postgres").is_dir(), "the journey leaves its database for the next start"

    with started(["run"], var) as run:
        run.says("Serving on", seconds=JOURNEY_SECONDS)

        assert "Every promise was kept" in run.said, run.said
        serving = processes_of(var)
        for what in ("lingkar serve", "lingkar work", "sandbox --state ID", "sandbox --state MY", "bin/postgres"):
            assert any(what in line for line in serving), f"{what} does not run: {serving}"

        run.interrupt()

        assert run.ended(seconds=60) == 0, run.said
        assert "Stopped." in run.said
        assert run.left_behind() == []


def test_what_the_readme_tells_to_type_works_as_written(databases: Databases, tmp_path: Path) -> None:
    var = tmp_path / "var"
    with databases.copy() as url, started(["run"], var, LINGKAR_DATABASE_URL=url) as run:
        run.says("Serving on", seconds=JOURNEY_SECONDS)
        address = re.search(r"Serving on (\S+)/graphql", run.said)
        assert address is not None
        blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
        typed = (
            "\n".join(blocks).replace("http://127.0.0.1:8000", address[1]).replace(".venv/bin/python", sys.executable)
        )
        environment = os.environ | {"LINGKAR_VAR_FOLDER": str(var), "LINGKAR_DATABASE_URL": url}

        said = subprocess.run(
            ["bash", "-eu", "-c", typed], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
        )

        assert said.returncode == 0, said.stderr
        assert '"rowsAccepted":2,"rowsRefused":1' in said.stdout
        assert '"personMonths":6,"amount":{"amount":"100800"' in said.stdout
        assert said.stdout.count('"state":"accepted"') == 3, said.stdout
        assert '"outcome":"COVERED"' in said.stdout
        assert '"state":"TOLERANCE"' in said.stdout
        assert '"addsUp":true' in said.stdout
        run.interrupt()
        run.ended(seconds=60)


def test_ctrl_c_in_the_middle_of_the_journey_ends_everything(databases: Databases, tmp_path: Path) -> None:
    with databases.copy() as url, started(["run"], tmp_path / "var", LINGKAR_DATABASE_URL=url) as run:
        run.says("2. Seven thousand workers", seconds=JOURNEY_SECONDS)

        run.interrupt()

        assert run.ended(seconds=60) == 0, run.said
        assert run.left_behind() == []


def test_a_database_of_ones_own_is_used_instead_of_the_embedded_one(databases: Databases, tmp_path: Path) -> None:
    var = tmp_path / "var"
    with databases.copy() as url, started(["run"], var, LINGKAR_DATABASE_URL=url) as run:
        run.says("2. Seven thousand workers", seconds=JOURNEY_SECONDS)

        plain = url.replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(plain) as connection:
            row = connection.execute("SELECT count(*), sum(amount) FROM donations").fetchone()
        assert row == (2, 706_600_000)
        assert "embedded" not in run.said
        assert not (var / "postgres").exists()
        assert not any("bin/postgres" in line for line in processes_of(var))
        run.interrupt()
        run.ended(seconds=60)
        assert run.left_behind() == []
