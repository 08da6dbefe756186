"""Makes databases for tests: one template that is migrated once, and copies of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from adapters.postgres.migrate import migrate
from adapters.postgres.roles import OWNER, prepare_roles, url_as

_numbers = count()


@dataclass(frozen=True, slots=True)
class Databases:
    """A server in which databases may be made.

    maintenance_url: of a database that is there already. template: the migrated one. own: whether this
    process made the template and has to remove it.
    """

    maintenance_url: str
    template: str
    own: bool

    @classmethod
    def prepared(cls, maintenance_url: str, *, name: str) -> Databases:
        """Make and migrate the template."""
        made = cls(maintenance_url, name, own=True)
        made._run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        prepare_roles(made.url(name))
        migrate(url_as(OWNER, made.url(name)))
        return made

    @classmethod
    def at(cls, address: tuple[str, str]) -> Databases:
        """The databases that another process prepared."""
        return cls(*address, own=False)

    @property
    def address(self) -> tuple[str, str]:
        return self.maintenance_url, self.template

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of a database on this server."""
        return make_url(self.maintenance_url).set(database=name).render_as_string(hide_password=False)

    @contextmanager
    def copy(self) -> Iterator[str]:
        """A fresh copy of the template, as its superuser reaches it; dropped at the end, whoever is still connected."""
        name = f"{self.template}_{os.getpid()}_{next(_numbers)}"
        identifiers = (sql.Identifier(name), sql.Identifier(self.template))
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(*identifiers))
        try:
            yield self.url(name)
        finally:
            self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def drop_all(self) -> None:
        """Drop the template and every copy that is left."""
        with self._connected() as connection:
            rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{self.template}%",))
            for (name,) in rows.fetchall():
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        with self._connected() as connection:
            connection.execute(statement)

    def _connected(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(plain_url(self.maintenance_url), autocommit=True)


def plain_url(url: str) -> str:
    """The address as psycopg itself takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
