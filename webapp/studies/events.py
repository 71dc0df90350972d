"""The progress of a reading as server-sent events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from flask import Flask
from sqlalchemy import select

from ml.tasks import task
from webapp.extensions import db, utc_now
from webapp.readings.tables import Reading
from webapp.studies.tables import Study
from webapp.studies.view.progress import Progress, progress_of

POLL_SECONDS = 0.5
FOLLOW_SECONDS = 25.0


def follow(app: Flask, study_id: int) -> Iterator[str]:
    """Tell the progress of a study's last reading whenever it changes, until it ends, for 25 s at most.

    The browser connects again by itself. Each look is one short session: nothing is held while waiting.
    """
    until = time.monotonic() + FOLLOW_SECONDS
    told = None
    yield "retry: 1000\n\n"
    while True:
        progress = _look(app, study_id)
        if progress is None:
            return
        text = json.dumps(progress.to_json())
        if text != told:
            yield f"data: {text}\n\n"
            told = text
        if not progress.moving or time.monotonic() >= until:
            return
        time.sleep(POLL_SECONDS)


def _look(app: Flask, study_id: int) -> Progress | None:
    with app.app_context():
        query = select(Reading, Study.task).join(Reading.study).where(Study.id == study_id, Reading.latest)
        found = db.session.execute(query).first()
        return progress_of(found[0], task(found[1]), utc_now()) if found else None
