"""`flask --app webapp worker`: Huey's consumer with one worker process, and that process's beginning and end.

The parent imports no network framework: it only forks, replaces a dead child, and passes on the wish to stop.
"""

from __future__ import annotations

import logging
import signal
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, current_app
from huey.consumer import Consumer
from sqlalchemy.exc import SQLAlchemyError

from webapp.extensions import db
from webapp.readings import sweep
from webapp.readings.heartbeat import Heartbeat
from webapp.readings.queue import queue
from webapp.settings import current_settings

logger = logging.getLogger(__name__)
bp = Blueprint("readings", __name__, cli_group=None)


@bp.cli.command("worker")
def worker() -> None:
    """Read the studies that wait, one at a time, until stopped."""
    _log_the_consumer()
    run()


def run() -> None:
    """Run the consumer until SIGTERM or SIGINT; the model that is reading then is waited for."""
    consumer = _Consumer(queue().huey)
    current_app.extensions["stop_flag"] = consumer.stop_flag
    # A connection that the child shared with its parent would corrupt the database.
    db.session.remove()
    db.engine.dispose()
    consumer.run()


def begin_work() -> None:
    """In a worker process that has just been forked: fresh connections, a fresh id, and what was left behind.

    Without a database there is no work: the process ends, and its parent starts another one a moment later.
    """
    try:
        _begin_work()
    except SQLAlchemyError as error:
        logger.error("the worker cannot begin: %s", error)
        raise SystemExit(1) from error


def _begin_work() -> None:
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the parent tells us to stop
    db.engine.dispose(close=False)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    lease = timedelta(seconds=current_settings().lease_seconds)
    heartbeat = Heartbeat(app, lease, orphaned=app.extensions["stop_flag"].set)
    app.extensions["heartbeat"] = heartbeat
    heartbeat.start()
    sweep.put_back_and_ring(heartbeat.id)


def finish_work() -> None:
    """In a worker process that ends in good order."""
    if "heartbeat" in current_app.extensions:
        current_heartbeat().stop()


def current_heartbeat() -> Heartbeat:
    """The sign of life of this worker process."""
    heartbeat: Heartbeat = current_app.extensions["heartbeat"]
    return heartbeat


def is_stopping() -> bool:
    """Whether this worker has been told to stop."""
    return bool(current_app.extensions["stop_flag"].is_set())


def _log_the_consumer() -> None:
    """Write what Huey says of its processes beside the application's own log, but not each bell."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("huey").addHandler(handler)
    logging.getLogger("huey").setLevel(logging.WARNING)
    logging.getLogger("huey.consumer").setLevel(logging.INFO)
    logging.getLogger("huey.consumer.Scheduler").setLevel(logging.WARNING)


class _Consumer(Consumer):
    """One worker process, looked after each second; both SIGTERM and SIGINT let it finish its model."""

    def __init__(self, huey: Any) -> None:
        super().__init__(
            huey,
            workers=1,
            worker_type="process",
            # Half a second is what an idle worker may take to hear a bell.
            max_delay=0.5,
            health_check_interval=1,
            graceful_signal="TERM",
        )
        self._signal_actions[signal.SIGINT] = (False, True)
