"""One platform of real processes for each module of fault tests, on a database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.running import Platform
from tests.faults.story import Story
from tests.support.databases import Databases

SEED = 20_251_016


@pytest.fixture(scope="module")
def database_url(databases: Databases) -> Iterator[str]:
    """A fresh database with the newest schema."""
    with databases.copy() as url:
        yield url


@pytest.fixture(scope="module")
def running_platform(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    made = Platform(tmp_path_factory.mktemp("platform"), database_url)
    try:
        made.start("ID", "MY", "api")
        yield made
    finally:
        made.close()


@pytest.fixture
def platform(running_platform: Platform, running_story: Story) -> Platform:
    """The module's platform with everything running and every institution in order."""
    running_platform.thaw("ID", "MY", "worker", "api")
    missing = [name for name in ("ID", "MY", "api") if not running_platform.runs(name)]
    running_platform.start(*missing)
    for state in ("ID", "MY"):
        running_platform.order(state, "normal")
    running_platform.stop("worker-2")
    if not running_platform.runs("worker"):
        running_platform.let_leases_run_out()
        running_platform.start("worker")
    # What a test before this one left on the desk is put back, so that one failure does not become many.
    running_platform.do("UPDATE messages SET state = 'due', attempts = 0 WHERE state = 'parked'")
    running_platform.finished()
    return running_platform


@pytest.fixture(scope="module")
def running_story(running_platform: Platform) -> Story:
    running_platform.start("worker")
    return Story(running_platform, SEED).covered(60)


@pytest.fixture
def story(platform: Platform, running_story: Story) -> Story:
    """The module's fund: sixty covered workers, and money for their moves."""
    assert running_story.platform is platform
    return running_story
