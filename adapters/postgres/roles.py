"""The database's roles: who owns the tables, and as whom the processes of the platform connect.

roles.sql makes them and says what each is for. What each may do is granted table by table in migrations/.
"""

from __future__ import annotations

from pathlib import Path

from psycopg import sql
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

OWNER = "lingkar_owner"
APP = "lingkar_app"
DELIVERY = "lingkar_delivery"

_SCRIPT = (Path(__file__).parent / "roles.sql").read_text()

_HELD = """
    SELECT r.rolsuper OR r.rolbypassrls OR EXISTS (
        SELECT FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND pg_has_role(c.relowner, 'MEMBER'))
    FROM pg_roles r WHERE r.rolname = current_user"""


class RoleTooStrong(Exception):
    """The platform is connected as a role that row security does not hold."""


def prepare_roles(url: str) -> None:
    """Make the roles, and make the database the owner's; a second time changes nothing.

    url: of the database, for one who may create roles. Where its password is needed, the roles get the same one:
    for development and tests only.
    """
    password = make_url(url).password
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            # By the driver's own hand: SQLAlchemy would take the script's percent signs for parameters.
            hand = connection.connection.cursor()
            hand.execute(_SCRIPT)
            for role in (OWNER, APP, DELIVERY) if password else ():
                change = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
                hand.execute(change.as_string())
    finally:
        engine.dispose()


def url_as(role: str, url: str) -> str:
    """The address of the same database for another role."""
    return make_url(url).set(username=role).render_as_string(hide_password=False)


async def check_held_by_row_security(connection: AsyncConnection) -> None:
    """Raises RoleTooStrong for a superuser, a role that bypasses row security, and an owner of tables."""
    if (await connection.execute(text(_HELD))).scalar_one():
        raise RoleTooStrong("connect as lingkar_app or lingkar_delivery; docs/guide/operator.md says how")
