"""The database and the hands that work on it."""

from tests.support.fixtures import (
    api,
    clock,
    counted,
    database,
    database_url,
    delivery,
    exchange,
    scene,
    settings,
    superuser,
    var_folder,
)

__all__ = [
    "api",
    "clock",
    "counted",
    "database",
    "database_url",
    "delivery",
    "exchange",
    "scene",
    "settings",
    "superuser",
    "var_folder",
]
