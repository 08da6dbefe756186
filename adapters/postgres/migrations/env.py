"""Alembic's environment: runs the migrations on the connection that migrate.py hands over."""

from alembic import context

from adapters.postgres.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
