"""The worker's sign of life: a row with a fresh id at each start, and the lease of the reading that it works on."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from flask import Flask
from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from webapp.extensions import db, utc_now
from webapp.readings import claims
from webapp.readings.tables import Worker
from webapp.transactions import committed

logger = logging.getLogger(__name__)


class Heartbeat:
    """Beats in a thread of its own, several times a lease, while the worker's main thread is deep in a network.

    Args:
        lease: how long a claim counts without a beat.
        orphaned: called when the process that started this worker is gone, so that nobody would ever stop it.
    """

    def __init__(self, app: Flask, lease: timedelta, orphaned: Callable[[], None]) -> None:
        self.id = str(uuid4())
        self.lease = lease
        self._app = app
        self._orphaned = orphaned
        self._parent = os.getppid()
        self._reading: int | None = None
        self._over = threading.Event()
        self._seconds = max(0.2, min(5.0, lease.total_seconds() / 3))
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Enter the worker's row and begin to beat."""
        committed(lambda: db.session.add(Worker(id=self.id, host=this_host(), pid=os.getpid())))
        self._thread.start()

    def stop(self) -> None:
        """End the beat and take the row away: this worker went in good order."""
        self._over.set()
        self._thread.join()
        committed(lambda: db.session.execute(delete(Worker).where(Worker.id == self.id)))

    @contextlib.contextmanager
    def holding(self, reading_id: int) -> Iterator[None]:
        """Renew the lease of this reading as long as the block runs."""
        self._reading = reading_id
        try:
            yield
        finally:
            self._reading = None

    def _run(self) -> None:
        while not self._over.wait(self._seconds):
            if os.getppid() != self._parent:
                self._orphaned()
            with self._app.app_context():
                try:
                    self._beat()
                except SQLAlchemyError as error:
                    # One missed beat does no harm: a lease lasts for several.
                    logger.warning("worker %s missed a beat: %s", self.id, error)

    def _beat(self) -> None:
        beat = update(Worker).where(Worker.id == self.id).values(heartbeat_at=utc_now())
        committed(lambda: db.session.execute(beat), patience_seconds=self._seconds)
        reading = self._reading
        if reading is not None:
            claims.renew(reading, self.id, self.lease)


def this_host() -> str:
    """A name for the set of processes among which a pid means one thing: the host, and its pid namespace."""
    space = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()}/{space.readlink()}" if space.exists() else socket.gethostname()


def dead_workers(own_id: str) -> list[Worker]:
    """Workers of this host whose process is gone; nobody has to wait for their leases to run out."""
    others = select(Worker).where(Worker.host == this_host(), Worker.id != own_id)
    return [row for row in db.session.scalars(others) if not _alive(row.pid)]


def forget_workers(dead: list[str]) -> None:
    """Take the rows of dead workers away, and of those that fell silent a day ago on other hosts."""
    long_ago = utc_now() - timedelta(days=1)
    gone = delete(Worker).where(or_(Worker.id.in_(dead), Worker.heartbeat_at < long_ago))
    committed(lambda: db.session.execute(gone))


def _alive(pid: int) -> bool:
    # A worker other than this one that had this pid is gone: pids start again when a container does.
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Whether the process has ended and only its parent does not know yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False
