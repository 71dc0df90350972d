"""How the database is opened: SQLite beside the data for one machine, any other address for more."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import click
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine

from webapp.extensions import db
from webapp.settings import REPOSITORY, Settings

BUSY_SECONDS = 5
_PAUSE_SECONDS = 0.01


def init_app(app: Flask, settings: Settings) -> None:
    """Bind the database to `app`, and its migrations where a command runs."""
    # Values (patient codes, notes) stay out of error messages and so out of the log.
    options: dict[str, Any] = {"hide_parameters": True}
    if settings.database_address.startswith("sqlite"):
        # Reads take no lock; the first write of a transaction takes the write lock at once and waits for it,
        # so that a transaction that has read before cannot fail with "database is locked" half-way.
        options["connect_args"] = {"isolation_level": "IMMEDIATE", "timeout": BUSY_SECONDS}
    else:
        options["pool_pre_ping"] = True
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_address
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    if click.get_current_context(silent=True) is not None:
        bind_migrations(app)


def bind_migrations(app: Flask) -> None:
    """Give `app` its `flask db` commands. Under gunicorn nobody asks for them, and Alembic takes long to load."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(REPOSITORY / "migrations"), render_as_batch=True)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _: object) -> None:
    """Readers and the one writer do not wait for each other (WAL), and foreign keys are kept."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute(f"PRAGMA busy_timeout = {1000 * BUSY_SECONDS}")
        connection.execute("PRAGMA foreign_keys = ON")
        _switch_to_wal(connection)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Ask again while another process switches the same new file: SQLite does not wait there, it says "locked" at once."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= until:
                raise
            time.sleep(_PAUSE_SECONDS)
