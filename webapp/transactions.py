"""Short transactions that wait for a busy database instead of failing half-way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from webapp.extensions import db

T = TypeVar("T")
_PAUSE_SECONDS = 0.2


def is_busy(error: Exception) -> bool:
    """Whether another process holds the database, so that the same transaction may pass a moment later."""
    text = str(getattr(error, "orig", error)).lower()
    return isinstance(error, OperationalError) and (
        "is locked" in text or "deadlock" in text or "could not serialize" in text
    )


def is_disk_full(error: BaseException) -> bool:
    """Whether the database could not write because the disk is full."""
    return isinstance(error, OperationalError) and "disk is full" in str(error.orig).lower()


def committed(work: Callable[[], T], patience_seconds: float = 60.0) -> T:
    """Run `work` on `db.session` and commit. Runs it again while the database is busy, for `patience_seconds`.

    `work` has to be one whole transaction: it starts from nothing each time. Raises what `work` raises, after a
    rollback, and OperationalError when the database stays busy.
    """
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            result = work()
            db.session.commit()
            return result
        except OperationalError as error:
            db.session.rollback()
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
        except BaseException:
            db.session.rollback()
            raise
