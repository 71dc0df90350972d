"""/healthz: the process answers. /readyz: a study that is uploaded now would be read."""

from __future__ import annotations

import shutil
from datetime import timedelta

from flask import Blueprint, Response, jsonify
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from ml import cards
from ml.tasks import offered
from webapp.extensions import db, utc_now
from webapp.readings.tables import Worker
from webapp.settings import current_settings

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """200 as long as the web process answers."""
    return jsonify(state="alive")


@bp.get("/readyz")
def readyz() -> Response:
    """200 where database, disk, worker and weights are well, else 503; each check says why in a sentence."""
    checks = {"database": _database(), "disk": _disk(), "worker": _worker(), "weights": _weights()}
    ready = all(sentence is None for sentence in checks.values())
    answer = jsonify(
        state="ready" if ready else "not ready",
        checks={
            name: {"ok": sentence is None, "detail": sentence or ""} for name, sentence in checks.items()
        },
    )
    answer.status_code = 200 if ready else 503
    return answer


def _database() -> str | None:
    try:
        db.session.execute(text("SELECT 1 FROM alembic_version"))
    except SQLAlchemyError:
        db.session.rollback()
        return "The database cannot be read, or is not prepared."
    return None


def _disk() -> str | None:
    settings = current_settings()
    free = shutil.disk_usage(settings.data_dir).free // 2**20
    return (
        None
        if free >= settings.min_free_mb
        else f"Only {free} MB are free; {settings.min_free_mb} MB are needed."
    )


def _worker() -> str | None:
    """A worker renews its heartbeat at least once in the time of a lease."""
    oldest = utc_now() - timedelta(seconds=2 * current_settings().lease_seconds)
    try:
        alive = db.session.scalar(select(Worker.id).where(Worker.heartbeat_at > oldest).limit(1))
    except SQLAlchemyError:
        db.session.rollback()
        return "The worker's heartbeat cannot be read."
    return None if alive else "No worker has given a sign of life; readings wait."


def _weights() -> str | None:
    """Every offered task's models and the gate, against the hashes on their cards."""
    folder = current_settings().models_dir
    needed = [(task.key, model.key) for task in offered() for model in task.models]
    wrong = [
        f"{task}/{key}: {state}"
        for task, key in [*needed, (cards.GATE, cards.GATE)]
        if (state := cards.weights_state(task, key, folder)) != "intact"
    ]
    return "; ".join(wrong) or None
