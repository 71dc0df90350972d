"""What nobody works on is put back, what wore out its attempts is failed, files without rows are removed."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import select

from ml.tasks import UnknownModel, UnknownTask, task
from webapp.extensions import db
from webapp.readings import claims, heartbeat
from webapp.readings.queue import ring, rung
from webapp.readings.tables import ACTIVE, Prediction, Reading
from webapp.reviews.tables import Verdict
from webapp.studies import files
from webapp.studies.tables import Image, Study

logger = logging.getLogger(__name__)
_HOUR = 3600.0
_CHUNK = 500


def put_back_and_ring(own_id: str) -> None:
    """Give every waiting reading its bell, also those whose worker died, and fail those that wear workers out."""
    dead = [row.id for row in heartbeat.dead_workers(own_id)]
    _fail_worn_out(dead)
    if count := claims.put_back_silent(dead):
        logger.warning("%s readings put back whose worker fell silent", count)
    heartbeat.forget_workers(dead)
    waiting = set(db.session.scalars(select(Reading.id).where(Reading.state == "queued")))
    db.session.rollback()
    for reading_id in sorted(waiting - rung()):
        ring(reading_id)


def remove_stray_files(older_than_seconds: float = _HOUR) -> int:
    """Remove files and folders of studies that no row names, as a killed process leaves them. How many.

    Young ones stay: their row may be about to come.
    """
    before = time.time() - older_than_seconds
    folders = [entry for entry in _entries(files.studies_folder()) if entry.is_dir()]
    removed = 0
    for start in range(0, len(folders), _CHUNK):
        chunk = folders[start : start + _CHUNK]
        known = _files_of([folder.name for folder in chunk])
        for folder in chunk:
            removed += _remove_strays(folder, known.get(folder.name), before)
    if removed:
        logger.warning("%s stray files or folders removed", removed)
    return removed


def _fail_worn_out(dead: Sequence[str]) -> None:
    query = (
        select(Reading.id, Reading.current_model, Study.uuid, Study.task)
        .join(Reading.study)
        .where(Reading.state.in_(ACTIVE), Reading.attempt >= claims.ATTEMPTS)
    )
    for reading_id, model, uuid, task_key in db.session.execute(query).all():
        if claims.fail_worn_out(reading_id, worn_out(task_key, model), dead):
            logger.error("reading %s of study %s failed: its attempts are used up", reading_id, uuid)


def worn_out(task_key: str, model: str | None) -> str:
    """The sentence for a reading that ended its worker each time."""
    during = f", the last time while {_name(task_key, model)} was reading" if model else ""
    return (
        f"This reading was begun {claims.ATTEMPTS} times and broke off each time{during}. The image is kept. "
        "Upload it again without this model, or ask the administrator: the server may have too little memory."
    )


def _name(task_key: str, model: str) -> str:
    try:
        return task(task_key).model(model).name
    except (UnknownTask, UnknownModel):
        return model


def _files_of(uuids: Sequence[str]) -> dict[str, set[str]]:
    """Study uuid to the names of the files that rows know, for those studies that have a row."""
    known: dict[str, set[str]] = {
        uuid: {files.PREVIEW, files.THUMBNAIL}
        for uuid in db.session.scalars(select(Study.uuid).where(Study.uuid.in_(uuids)))
    }
    images = select(Study.uuid, Image.file).join(Study.images).where(Study.uuid.in_(uuids))
    for uuid, name in db.session.execute(images):
        known[uuid].add(name)
    pictures = select(Study.uuid, Prediction.files).join(Study.images)
    pictures = pictures.join(Prediction, Prediction.image_id == Image.id).where(Study.uuid.in_(uuids))
    for uuid, names in db.session.execute(pictures):
        known[uuid].update(names.values())
    drawn = select(Study.uuid, Verdict.outline_file).join(Verdict, Verdict.study_id == Study.id)
    drawn = drawn.where(Study.uuid.in_(uuids), Verdict.outline_file.is_not(None))
    for uuid, outline in db.session.execute(drawn):
        known[uuid].add(str(outline))
    db.session.rollback()
    return known


def _remove_strays(folder: Path, known: set[str] | None, before: float) -> int:
    if known is None:
        if _changed_at(folder) >= before:
            return 0
        shutil.rmtree(folder, ignore_errors=True)
        return 1
    strays = [path for path in _entries(folder) if path.name not in known and _changed_at(path) < before]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(strays)


def _entries(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
