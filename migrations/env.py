"""How revisions run: in one transaction, so that a stopped or a second `db upgrade` leaves no half-made schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context
from flask import current_app

from webapp.extensions import UtcDateTime, db


def render_type(kind: str, column_type: object, _: object) -> str | bool:
    """Revisions name SQLAlchemy's own types, so that they do not change with the application."""
    return "sa.DateTime()" if kind == "type" and isinstance(column_type, UtcDateTime) else False


def leave_out_empty_revisions(migration: object, revision: object, directives: list) -> None:
    """`db migrate` makes no file where nothing changed."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def run(connection: sa.Connection) -> None:
    """Run what is missing. SQLite gets its transaction by hand: its driver would begin none before DDL.

    A batch operation drops and renames tables; foreign keys rest, so that rows that point there stay.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    options = current_app.extensions["migrate"].configure_args
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_item=render_type,
        process_revision_directives=leave_out_empty_revisions,
        transactional_ddl=True,
        **options,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")


with db.engine.connect() as connection:
    run(connection)
