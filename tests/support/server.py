"""The PostgreSQL of a test run: an embedded cluster in a folder of its own, or one that was named."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import psycopg

from adapters.postgres.embedded import Cluster, start
from tests.support.databases import Databases


class TestServer:
    """Starts at once; `databases` has the migrated template."""

    __test__ = False

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._cluster: Cluster | None = None
        given = os.environ.get("LINGKAR_TEST_DATABASE_URL", "")
        try:
            self.databases = Databases.prepared(given or self._started(), name=f"lingkar_test_{os.getpid()}")
        except BaseException:
            self._stop_cluster()
            raise

    def stop(self) -> None:
        """Remove what the run made."""
        with suppress(psycopg.Error):
            self.databases.drop_all()
        self._stop_cluster()

    def _started(self) -> str:
        self._folder = Path(tempfile.mkdtemp(prefix="lingkar-tests-"))
        self._cluster = start(self._folder, fast=True)
        return self._cluster.url("postgres")

    def _stop_cluster(self) -> None:
        if self._cluster is not None:
            self._cluster.stop()
            # Where root may use no user namespace, the files of the cluster live there.
            shutil.rmtree(Path("/var/tmp") / self._cluster.socket_folder.name, ignore_errors=True)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
