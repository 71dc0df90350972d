"""The queue: a bell that tells a worker to look at a reading. The reading's row is the truth.

The web process rings it without TensorFlow: the worker is imported where the task runs.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app
from huey import Huey, PostgresHuey, PriorityRedisHuey, SqliteHuey, crontab
from huey.exceptions import ConfigurationError

from webapp.settings import Settings, SettingsError

logger = logging.getLogger(__name__)
_NAME = "sidelight"


@dataclass(frozen=True)
class Queue:
    """Huey with Sidelight's one task for readings."""

    huey: Huey
    read_reading: Any


def queue() -> Queue:
    """The queue of the running application, made at first use."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if "queue" not in app.extensions:
        app.extensions["queue"] = _make(app)
    made: Queue = app.extensions["queue"]
    return made


def ring(reading_id: int) -> None:
    """Tell a worker that this reading waits. A bell that cannot be rung is rung by the next sweep."""
    try:
        queue().read_reading(reading_id)
    except Exception:
        # Which errors a broker raises depends on the broker, and none of them may undo a stored upload.
        logger.exception("the bell for reading %s could not be rung", reading_id)


def rung() -> set[int]:
    """The readings whose bell waits to be heard."""
    return {task.args[0] for task in queue().huey.pending() if task.name == "read_reading"}


def _make(app: Flask) -> Queue:
    huey = _storage(app.extensions["settings"])

    @huey.task(name="read_reading")
    def read_reading(reading_id: int) -> None:
        with app.app_context():
            from webapp.readings import worker

            worker.read_reading(reading_id)

    # A sweep that waited behind long readings is worth nothing once the next one is due.
    @huey.periodic_task(crontab(minute="*"), name="sweep", expires=60)
    def sweep() -> None:
        with app.app_context():
            from webapp.readings import consumer, sweep

            sweep.put_back_and_ring(consumer.current_heartbeat().id)

    @huey.periodic_task(crontab(minute="17"), name="tidy", expires=600)
    def tidy() -> None:
        with app.app_context():
            from webapp.readings import sweep

            sweep.remove_stray_files()

    @huey.on_startup(name="begin")
    def begin() -> None:
        with app.app_context():
            from webapp.readings import consumer

            consumer.begin_work()

    @huey.on_shutdown(name="finish")
    def finish() -> None:
        with app.app_context():
            from webapp.readings import consumer

            consumer.finish_work()

    return Queue(huey, read_reading)


def _storage(settings: Settings) -> Huey:
    scheme = urlsplit(settings.queue_url).scheme
    try:
        if not scheme:
            return SqliteHuey(_NAME, filename=str(settings.huey_path), results=False, utc=True)
        if scheme in ("postgresql", "postgres"):
            return PostgresHuey(_NAME, dsn=settings.queue_url, results=False, utc=True)
        if scheme in ("redis", "rediss"):
            return PriorityRedisHuey(_NAME, url=settings.queue_url, results=False, utc=True)
    except ConfigurationError as error:
        raise SettingsError(f"QUEUE_URL needs one more package: {error}") from error
    raise SettingsError(
        f'QUEUE_URL has to begin with redis:// or postgresql://. Received: "{settings.queue_url}".'
    )
