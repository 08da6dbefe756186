"""PostgreSQL itself is killed; what it had acknowledged is there afterwards, and everything goes on by itself."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from adapters.postgres.embedded import Cluster, start
from adapters.postgres.migrate import migrate
from adapters.postgres.roles import OWNER, url_as
from tests.faults.promises import broken_promises
from tests.faults.running import Platform, until
from tests.faults.story import Story
from tests.faults.test_api_killed import Sender

DEATHS = 3


@pytest.fixture(scope="module")
def durable_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A server of this module's own, which flushes to disk and may be killed."""
    with start(tmp_path_factory.mktemp("durable") / "postgres") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def database_url(durable_cluster: Cluster) -> str:
    durable_cluster.ensure_database("lingkar")
    url = durable_cluster.url("lingkar")
    migrate(url_as(OWNER, url))
    return url


def kill_postgres(platform: Platform) -> None:
    """Kill the server at once; its keeper starts it again."""
    folder = Path(platform.rows("SHOW data_directory")[0]["data_directory"])
    before = int((folder / "postmaster.pid").read_text().split()[0])
    os.kill(before, signal.SIGKILL)

    def back() -> bool:
        with contextlib.suppress(psycopg.OperationalError, OSError, ValueError, IndexError):
            now = int((folder / "postmaster.pid").read_text().split()[0])
            return now != before and bool(platform.rows("SELECT 1"))
        return False

    until(back, seconds=60, what="PostgreSQL to come back")


def test_moves_months_and_gifts_survive_a_database_that_is_killed(platform: Platform, story: Story) -> None:
    chance = random.Random(15)
    other = Story(platform, 61).donate().nominate()
    moves = [story.move(story.mover()) for _ in range(3)]
    other.remit()
    for state in ("ID", "MY"):
        platform.order(state, "slow", seconds=0.2)
    sender, enough = Sender(platform, other), threading.Event()
    acknowledged: list[str] = []

    def give() -> None:
        while not enough.is_set():
            acknowledged.append(sender.send(len(acknowledged)))

    with ThreadPoolExecutor(1) as pool:
        giving = pool.submit(give)
        try:
            for _ in range(DEATHS):
                time.sleep(chance.uniform(0.1, 0.5))
                kill_postgres(platform)
                # A claim that died with the server's last second is not lost, only leased: let that pass.
                platform.do("UPDATE messages SET leased_until = NULL WHERE leased_until IS NOT NULL")
        finally:
            enough.set()
        giving.result(timeout=90)
    platform.finished(seconds=60)

    assert {story.step(move_id) for move_id in moves} == {"COMPLETED"}
    assert {batch["state"] for batch in other.batches()} == {"accepted"}
    kept = platform.rows(
        "SELECT amount FROM donations WHERE fund_id = %s AND amount >= 1000 AND amount < 100000 ORDER BY amount",
        [other.fund_uuid],
    )
    assert [row["amount"] for row in kept] == [1_000 + number for number in range(len(acknowledged))]
    assert len(acknowledged) > DEATHS
    assert broken_promises(platform) == []


def test_the_api_says_that_it_is_not_ready_while_the_database_is_away_and_is_ready_again_by_itself(
    platform: Platform,
) -> None:
    folder = Path(platform.rows("SHOW data_directory")[0]["data_directory"])
    postmaster = int((folder / "postmaster.pid").read_text().split()[0])
    children = [int(pid) for pid in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()]
    for pid in (postmaster, *children):
        os.kill(pid, signal.SIGSTOP)
    try:
        until(
            lambda: platform.http.get(f"{platform.address}/readyz").status_code == 503,
            seconds=20,
            what="the API to say that it is not ready",
        )
        assert platform.http.get(f"{platform.address}/livez").status_code == 200
    finally:
        for pid in (*children, postmaster):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    until(
        lambda: platform.http.get(f"{platform.address}/readyz").status_code == 200,
        seconds=20,
        what="the API to be ready again",
    )
