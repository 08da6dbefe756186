"""Brings a database to the newest schema, one process at a time."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 7_145_201
"""An arbitrary number that names our migration lock among the database's advisory locks."""


def migrate(url: str) -> None:
    """Apply every migration that is missing; a second process waits and then finds nothing to do.

    url: of the database, as SQLAlchemy writes it, for the role that owns it (adapters/postgres/roles.sql).
    """
    # The owner is held by row security too. A migration that would silently change no row fails instead; it
    # lifts the hold of a table (NO FORCE ROW LEVEL SECURITY) for its own transaction where it must.
    engine = create_engine(url, connect_args={"options": "-c row_security=off"})
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
            try:
                command.upgrade(_config(connection), "head")
                connection.commit()
            finally:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
                connection.commit()
    finally:
        engine.dispose()


def newest_revision() -> str | None:
    """The revision that this program needs."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def revision_of(connection: Connection) -> str | None:
    """The revision at which a database stands."""
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config
