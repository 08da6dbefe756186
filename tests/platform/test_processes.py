"""The processes of a run: restarted when they die, and none left when the run ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.processes import Supervisor, free_port

Until = Callable[..., None]
IsGone = Callable[[int], bool]
StartRun = Callable[[list[str]], tuple[subprocess.Popen[str], list[int]]]

SLEEP = [sys.executable, "-c", "import time; print('began', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('began', flush=True); time.sleep(600)",
]
SLOW_TO_END = [
    sys.executable,
    "-c",
    "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1), sys.exit(0))); time.sleep(600)",
]
# Starts a process of its own, says both numbers, and does nothing about the other when it is ended.
PARENT = [
    sys.executable,
    "-c",
    "import os, subprocess, sys, time; child = subprocess.Popen(['sleep', '600']); "
    "print(os.getpid(), child.pid, flush=True); time.sleep(600)",
]
RUN = """
import json, sys
from pathlib import Path
from adapters.processes import Supervisor
with Supervisor(Path(sys.argv[1])) as supervisor:
    supervisor.spawn("one", json.loads(sys.argv[2]))
    supervisor.spawn("two", json.loads(sys.argv[2]))
    print(supervisor.pid("one"), supervisor.pid("two"), flush=True)
    supervisor.wait()
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path / "log") as opened:
        yield opened


def written(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@pytest.fixture
def started_run(tmp_path: Path) -> Iterator[StartRun]:
    """Start a run with two children in a process of its own; what a failed test leaves is killed."""
    runs: list[subprocess.Popen[str]] = []

    def start(argv: list[str]) -> tuple[subprocess.Popen[str], list[int]]:
        command = [sys.executable, "-c", RUN, str(tmp_path), json.dumps(argv)]
        runs.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert runs[-1].stdout is not None
        return runs[-1], [int(pid) for pid in runs[-1].stdout.readline().split()]

    yield start
    for run in runs:
        run.kill()
        run.communicate()


def test_a_child_that_is_killed_is_started_again_and_that_is_said(
    supervisor: Supervisor, until: Until, capfd: pytest.CaptureFixture[str]
) -> None:
    supervisor.spawn("worker", SLEEP)
    killed = supervisor.pid("worker")

    os.kill(killed, signal.SIGKILL)
    until(lambda: supervisor.pid("worker") != killed)

    assert supervisor.running("worker")
    assert "worker was ended by signal 9; starting it again" in capfd.readouterr().err


def test_a_child_is_started_again_even_when_its_log_folder_was_removed(
    supervisor: Supervisor, tmp_path: Path, until: Until
) -> None:
    starts = tmp_path / "starts"
    note = f"import os, time; open({str(starts)!r}, 'a').write('started\\n'); time.sleep(600)"
    supervisor.spawn("worker", [sys.executable, "-c", note])
    until(lambda: written(starts) == "started\n")
    pid = supervisor.pid("worker")

    shutil.rmtree(tmp_path / "log")
    os.kill(pid, signal.SIGKILL)

    until(lambda: written(starts) == "started\nstarted\n")


def test_what_a_dead_child_had_started_is_ended_before_the_restart(
    supervisor: Supervisor, tmp_path: Path, until: Until, is_gone: IsGone
) -> None:
    supervisor.spawn("worker", PARENT)
    log = tmp_path / "log" / "worker.log"
    until(lambda: written(log).endswith("\n"))
    child, grandchild = (int(pid) for pid in log.read_text().split())

    os.kill(child, signal.SIGKILL)

    until(lambda: is_gone(grandchild))


def test_a_child_that_must_not_be_restarted_ends_once_with_its_code(supervisor: Supervisor) -> None:
    supervisor.spawn("once", [sys.executable, "-c", "raise SystemExit(3)"], restart=False)

    assert supervisor.join("once", 30) == 3
    assert not supervisor.running("once")


def test_waiting_ends_when_no_child_is_left(supervisor: Supervisor) -> None:
    supervisor.spawn("once", [sys.executable, "-c", ""], restart=False)

    supervisor.wait()

    assert not supervisor.running("once")


def test_a_command_that_does_not_exist_is_said_and_not_tried_for_ever(
    supervisor: Supervisor, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    supervisor.spawn("missing", [str(tmp_path / "no-such-program")])

    supervisor.wait()

    assert "missing could not be started" in capfd.readouterr().err


def test_a_child_gets_the_given_environment_on_top_of_ours_and_its_output_goes_to_its_log(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    show = "import os; print(os.environ['LINGKAR_SHOWN'], 'PATH' in os.environ)"
    supervisor.spawn("shown", [sys.executable, "-c", show], {"LINGKAR_SHOWN": "yes"}, restart=False)

    supervisor.join("shown", 30)

    assert written(tmp_path / "log" / "shown.log") == "yes True\n"


def test_two_children_of_one_name_are_refused(supervisor: Supervisor) -> None:
    supervisor.spawn("worker", SLEEP)

    with pytest.raises(ValueError, match="already running"):
        supervisor.spawn("worker", SLEEP)


def test_stopping_one_child_leaves_the_others(supervisor: Supervisor, is_gone: IsGone) -> None:
    supervisor.spawn("worker", SLEEP)
    supervisor.spawn("other", SLEEP)
    stopped, other = supervisor.pid("worker"), supervisor.pid("other")

    supervisor.stop_child("worker")

    assert is_gone(stopped)
    assert not is_gone(other)


def test_leaving_the_supervisor_ends_every_child_and_what_they_started(
    tmp_path: Path, until: Until, is_gone: IsGone
) -> None:
    log = tmp_path / "worker.log"
    with Supervisor(tmp_path) as supervisor:
        supervisor.spawn("worker", PARENT)
        until(lambda: written(log).endswith("\n"))

    assert all(is_gone(int(pid)) for pid in log.read_text().split())


def test_a_child_that_ignores_the_request_to_end_is_killed(tmp_path: Path, until: Until, is_gone: IsGone) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.spawn("stubborn", STUBBORN, stop_seconds=0.2)
        until(lambda: written(tmp_path / "stubborn.log") == "began\n")
        pid = supervisor.pid("stubborn")

    assert is_gone(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_child_is_left_however_the_run_is_ended(
    started_run: StartRun, until: Until, is_gone: IsGone, number: signal.Signals
) -> None:
    run, children = started_run(SLEEP)

    run.send_signal(number)
    run.communicate(timeout=60)

    until(lambda: all(is_gone(pid) for pid in children))
    assert len(children) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_asked_to_end_does_so_after_its_children(
    started_run: StartRun, is_gone: IsGone, number: signal.Signals
) -> None:
    run, children = started_run(SLOW_TO_END)

    run.send_signal(number)
    run.communicate(timeout=60)

    assert [is_gone(pid) for pid in children] == [True, True]


def test_a_killed_keeper_takes_its_child_along_and_both_are_started_again(
    started_run: StartRun, tmp_path: Path, until: Until, is_gone: IsGone
) -> None:
    run, children = started_run(SLEEP)
    keeper = int(Path(f"/proc/{children[0]}/stat").read_text().rsplit(")", 1)[1].split()[1])

    os.kill(keeper, signal.SIGKILL)

    until(lambda: is_gone(children[0]))
    until(lambda: int(written(tmp_path / "one.pid") or children[0]) != children[0])
    run.terminate()
    run.communicate(timeout=60)


def test_a_free_port_is_the_preferred_one_when_nobody_listens_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    assert free_port(port) == port
    assert capsys.readouterr().out == ""


def test_a_taken_port_is_replaced_by_another_and_that_is_said() -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        other = free_port(port, say=said.append)

    assert other != port
    assert said == [f"Port {port} is taken by another process; using {other} instead."]
