"""Preparing the environment: only when it is needed, completely, once at a time, and with a clear refusal."""

import ast
import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import run

ROOT = Path(run.__file__).parent
# A stand-in for packages: what is installed is written down beside the environment.
RECORDED = "installed.txt"


class Installations:
    """Counts what a set-up would have made and installed, in place of the package index."""

    def __init__(self, root: Path) -> None:
        self.made = 0
        self.installed: list[str] = []
        self.fails = False
        self._root = root

    def make_environment(self, folder: Path) -> None:
        self.made += 1
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "bin").mkdir(parents=True)
        (folder / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\n")
        (folder / "bin" / "python").symlink_to(Path(sys.executable).resolve())

    def install(self, python: str, requirements: Path) -> None:
        if self.fails:
            raise run.CannotPrepare("the index does not answer")
        self.installed.append(requirements.name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "run.txt").write_text("one==1\n")
    (tmp_path / "requirements" / "test.txt").write_text("one==1\ntwo==2\n")
    return tmp_path


@pytest.fixture
def installations(root: Path, monkeypatch: pytest.MonkeyPatch) -> Installations:
    recorded = Installations(root)
    monkeypatch.setattr(run, "make_environment", recorded.make_environment)
    monkeypatch.setattr(run, "install", recorded.install)
    return recorded


def test_an_old_python_is_refused_with_what_to_do() -> None:
    with pytest.raises(SystemExit, match=r"Python 3\.10 is too old; Python 3\.11 or newer is needed\. Install"):
        run.refuse_old_python((3, 10, 12))


def test_an_old_python_can_read_the_file_far_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    ast.parse((ROOT / "run.py").read_text(), feature_version=(3, 7))
    monkeypatch.setattr(sys, "version_info", (3, 7, 9, "final", 0))

    with pytest.raises(SystemExit, match=r"Python 3\.7 is too old"):
        runpy.run_path(str(ROOT / "run.py"))


def test_the_file_needs_only_the_standard_library() -> None:
    answer = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "run.py"), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "python3 run.py journey" in answer.stdout


def test_a_second_preparation_does_nothing_and_says_nothing(
    root: Path, installations: Installations, capfd: pytest.CaptureFixture[str]
) -> None:
    run.Environment(root).prepare("run.txt")
    capfd.readouterr()

    python = run.Environment(root).prepare("run.txt")

    assert python == str(root / ".venv" / "bin" / "python")
    assert (installations.made, installations.installed) == (1, ["run.txt"])
    assert capfd.readouterr() == ("", "")


def test_a_changed_requirement_file_is_installed_into_the_same_environment(
    root: Path, installations: Installations
) -> None:
    run.Environment(root).prepare("run.txt")

    (root / "requirements" / "run.txt").write_text("one==2\n")
    run.Environment(root).prepare("run.txt")

    assert (installations.made, installations.installed) == (1, ["run.txt", "run.txt"])


def test_what_the_tests_need_includes_what_a_run_needs(root: Path, installations: Installations) -> None:
    run.Environment(root).prepare("test.txt")

    run.Environment(root).prepare("run.txt")

    assert installations.installed == ["test.txt"]


def test_after_another_version_of_the_run_requirements_the_tests_are_installed_again(
    root: Path, installations: Installations
) -> None:
    run.Environment(root).prepare("test.txt")
    (root / "requirements" / "run.txt").write_text("one==2\n")
    run.Environment(root).prepare("run.txt")

    run.Environment(root).prepare("test.txt")

    assert installations.installed == ["test.txt", "run.txt", "test.txt"]


def test_an_environment_left_unfinished_is_made_anew(root: Path, installations: Installations) -> None:
    installations.fails = True
    with pytest.raises(run.CannotPrepare):
        run.Environment(root).prepare("run.txt")

    installations.fails = False
    run.Environment(root).prepare("run.txt")

    assert installations.made == 2
    assert run.Environment(root).holds("run.txt")


def test_an_environment_whose_renewal_failed_is_made_anew_even_for_the_old_requirements(
    root: Path, installations: Installations
) -> None:
    run.Environment(root).prepare("run.txt")
    before = (root / "requirements" / "run.txt").read_text()
    installations.fails = True
    (root / "requirements" / "run.txt").write_text("one==2\n")
    with pytest.raises(run.CannotPrepare):
        run.Environment(root).prepare("run.txt")

    installations.fails = False
    (root / "requirements" / "run.txt").write_text(before)
    run.Environment(root).prepare("run.txt")

    assert installations.made == 2


def test_an_environment_that_was_moved_is_made_anew(root: Path, installations: Installations) -> None:
    run.Environment(root).prepare("run.txt")
    moved = root / "elsewhere"
    moved.mkdir()
    shutil.move(root / ".venv", moved / ".venv")
    shutil.copytree(root / "requirements", moved / "requirements")

    run.Environment(moved).prepare("run.txt")

    assert installations.made == 2


def test_an_environment_whose_python_is_gone_is_made_anew(root: Path, installations: Installations) -> None:
    run.Environment(root).prepare("run.txt")
    python = root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(root / "no-such-python")

    run.Environment(root).prepare("run.txt")

    assert installations.made == 2


def test_an_environment_of_another_python_version_is_made_anew(root: Path, installations: Installations) -> None:
    run.Environment(root).prepare("run.txt")
    stamp = root / ".venv" / "lingkar-stamp.json"
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "python": "3.11.0 elsewhere"}))

    run.Environment(root).prepare("run.txt")

    assert installations.made == 2


def test_a_stamp_that_cannot_be_read_counts_as_none(root: Path, installations: Installations) -> None:
    run.Environment(root).prepare("run.txt")
    (root / ".venv" / "lingkar-stamp.json").write_text('{"run.txt": ')

    run.Environment(root).prepare("run.txt")

    assert installations.made == 2


def test_preparations_at_once_wait_for_one_another_and_one_does_the_work(root: Path) -> None:
    script = f"""
import sys, time
from pathlib import Path
sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]
import run, test_run
recorded = test_run.Installations(Path(sys.argv[1]))
def install(python, requirements):
    time.sleep(0.5)
    with open(Path(sys.argv[1]) / {RECORDED!r}, "a") as log: log.write(requirements.name + "\\n")
run.make_environment, run.install = recorded.make_environment, install
run.Environment(Path(sys.argv[1])).prepare("run.txt")
"""
    running = [subprocess.Popen([sys.executable, "-c", script, str(root)]) for _ in range(3)]

    codes = [each.wait(60) for each in running]

    assert codes == [0, 0, 0]
    assert (root / RECORDED).read_text() == "run.txt\n"


def test_a_lock_is_free_again_when_its_holder_was_killed(root: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, sys, time; handle = open(sys.argv[1], 'a'); fcntl.flock(handle, fcntl.LOCK_EX); "
            "print('held', flush=True); time.sleep(600)",
            str(root / ".venv.lock"),
        ],
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()

    holder.kill()
    holder.communicate()

    with run.only_one(root / ".venv.lock"):
        assert (root / ".venv.lock").exists()


def test_a_python_without_ensurepip_is_refused_with_the_package_to_add(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(run.CannotPrepare, match=r"apt install python3\.\d+-venv"):
        run.make_environment(tmp_path / ".venv")


def test_a_folder_that_cannot_be_written_to_is_refused_with_what_to_do(tmp_path: Path) -> None:
    lock_file = tmp_path / "no" / "lock"

    with pytest.raises(run.CannotPrepare, match="Copy it to a folder of yours"), run.only_one(lock_file):
        pass


def test_every_failed_check_is_named_and_none_is_skipped(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    checks = (("first", ("-c", "raise SystemExit(1)")), ("second", ("-c", "")), ("third", ("-c", "1/0")))
    monkeypatch.setattr(run, "CHECKS", checks)

    code = run.check(sys.executable)

    assert code == 1
    assert "check: failed: first, third" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "became"),
    [
        (["run", "--port", "1"], ["-m", "lingkar", "run", "--port", "1"]),
        (["journey"], ["-m", "lingkar", "journey"]),
        (["migrate", "--check"], ["-m", "lingkar", "migrate", "--check"]),
        (["test", "tests/domain", "-x"], ["-m", "pytest", "-q", "-n", "2", "tests/domain", "-x"]),
        (["soak"], ["-m", "pytest", "-q", "-n", "2", "-m", "soak"]),
    ],
)
def test_a_command_passes_its_further_arguments_on(
    monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str], became: Sequence[str]
) -> None:
    started: list[Sequence[str]] = []
    monkeypatch.setattr(run.Environment, "prepare", lambda self, requirements: "the-python")

    def remember(path: str, argv: Sequence[str]) -> None:
        started.append(argv)
        raise SystemExit(0)

    monkeypatch.setattr(os, "execv", remember)
    monkeypatch.setattr(run, "prepare_javascript", lambda: None)
    monkeypatch.chdir(ROOT)

    with pytest.raises(SystemExit):
        run.main(arguments)

    assert started == [["the-python", *became]]


@pytest.mark.parametrize(("code", "kept"), [("0", True), ("1", False)], ids=["installed", "no registry"])
def test_the_javascript_library_is_installed_once_and_a_failure_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], code: str, kept: bool
) -> None:
    folder = tmp_path / "tests" / "certificates" / "js"
    folder.mkdir(parents=True)
    for name in ("npm", "node"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\nmkdir node_modules\necho once >> calls\nexit {code}\n")
        program.chmod(0o755)
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    run.prepare_javascript()
    said = capfd.readouterr().err
    if kept:
        run.prepare_javascript()

    assert (folder / "node_modules").is_dir() is kept
    assert ("is skipped" in said) is not kept
    assert (folder / "calls").read_text() == "once\n"


def test_a_measurement_that_does_not_exist_is_refused_with_those_that_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bench").mkdir()
    for name in ("__init__", "reads", "whole_month"):
        (tmp_path / "bench" / f"{name}.py").touch()
    monkeypatch.setattr(run, "ROOT", tmp_path)

    assert run.bench_module(["whole-month"]) == "bench.whole_month"
    with pytest.raises(run.CannotPrepare, match=r"no writes measurement\. It has: reads, whole_month\."):
        run.bench_module(["writes"])


@pytest.mark.parametrize("name", ["run.txt", "test.txt"])
def test_the_locks_pin_every_package_by_hash_and_name_no_address(name: str) -> None:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    packages = [line for line in lines if not line.startswith("    --hash=sha256:")]

    assert all("==" in line and line.endswith("\\") for line in packages)
    assert not any("://" in line or line.startswith("-") for line in lines)


def test_the_locks_of_run_and_tests_agree() -> None:
    def pinned(name: str) -> set[str]:
        lines = (ROOT / "requirements" / name).read_text().splitlines()
        return {line.split(" ")[0] for line in lines if not line.startswith(" ")}

    assert pinned("run.txt") <= pinned("test.txt")


@pytest.mark.soak
def test_a_copy_of_the_project_prepares_itself_in_a_folder_only_its_owner_can_read(tmp_path: Path) -> None:
    copy = tmp_path / "private" / "copy"
    copy.parent.mkdir(mode=0o700)
    shutil.copytree(ROOT / "requirements", copy / "requirements")
    shutil.copy(ROOT / "run.py", copy)

    first = subprocess.run([sys.executable, str(copy / "run.py"), "setup"], stdin=subprocess.DEVNULL, check=False)
    second = subprocess.run(
        [sys.executable, str(copy / "run.py"), "setup"],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )

    assert (first.returncode, second.returncode) == (0, 0)
    assert second.stdout + second.stderr == b""
