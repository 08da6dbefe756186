"""One PostgreSQL for the whole run, one migrated template, and a fresh copy of it for each test module.

The process that was called starts the cluster; workers of pytest-xdist get its address. With
LINGKAR_TEST_DATABASE_URL the databases are made there instead. Tests that ask for no database start nothing,
and nothing here needs more than pytest, so that the domain's tests run without what the platform is built of.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

_USING_A_DATABASE = ("postgres", "resolvers", "schema", "races", "faults", "commands", "live")
_SERVER: pytest.StashKey[Any] = pytest.StashKey()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """In the controller of pytest-xdist, before a worker starts: give it the address, if it will need one."""
    if _may_use_a_database(node.config):
        node.workerinput["lingkar_databases"] = _databases(node.config).address


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started, also after Ctrl-C."""
    server = config.stash.get(_SERVER, None)
    if server is not None:
        server.stop()


@pytest.fixture(scope="session")
def databases(pytestconfig: pytest.Config) -> Any:
    """Where databases are made: at the address that the controller gave, or here."""
    given = getattr(pytestconfig, "workerinput", {}).get("lingkar_databases")
    if given is None:
        return _databases(pytestconfig)
    return importlib.import_module("tests.support.databases").Databases.at(given)


def _may_use_a_database(config: pytest.Config) -> bool:
    """Whether a path that was asked for is one of the folders that need a database, or holds one."""
    root = config.rootpath / "tests"
    asked = [Path(str(arg).split("::")[0]) for arg in config.args]
    asked = [path if path.is_absolute() else config.invocation_params.dir / path for path in asked]
    needing = [root / name for name in _USING_A_DATABASE]
    return any(folder.is_relative_to(path) or path.is_relative_to(folder) for path in asked for folder in needing)


def _databases(config: pytest.Config) -> Any:
    if config.stash.get(_SERVER, None) is None:
        # By name, so that it is read only when a database is needed.
        config.stash[_SERVER] = importlib.import_module("tests.support.server").TestServer()
    return config.stash[_SERVER].databases
