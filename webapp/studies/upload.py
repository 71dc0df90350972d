"""The one way in, for page and API alike: bytes checked, stored, entered in the database, and a worker told.

The file is in its place before its rows are committed; whatever goes wrong on the way, nothing is left.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any
from uuid import uuid4

from flask import request
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from ml.images.errors import ImageError
from ml.tasks import FIND_TASK, TaskSpec, UnknownModel, UnknownTask, offered_task
from webapp.accounts.tables import User
from webapp.extensions import db, utc_now
from webapp.readings.queue import ring
from webapp.readings.tables import Reading
from webapp.settings import current_settings, secret_key
from webapp.studies import files, parcel
from webapp.studies.storing import store_slices
from webapp.studies.tables import Image, Study
from webapp.transactions import committed, is_busy, is_disk_full
from webapp.words import gettext as _

logger = logging.getLogger(__name__)
PATIENT_CODE = re.compile(r"[A-Za-z0-9-]{1,64}")
NOTE_LENGTH = 2000
REASON_LENGTH = 1000
_PATIENCE_SECONDS = 10.0


class Refused(Exception):
    """An upload that is not taken; nothing of it was kept.

    `sentence` is for the clinician, `status` the HTTP status, `field` the part of the form that it is about.
    """

    def __init__(self, status: int, sentence: str, field: str = "image") -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.field = field


@dataclass(frozen=True)
class Wish:
    """What is asked for with an image. No models means all models of the task; with `FIND_TASK` it always does."""

    task: str
    models: tuple[str, ...] = ()
    patient_code: str = ""
    note: str = ""


def allow_stack(endpoint: str | None, values: object) -> None:
    """Let a request that brings files be larger than others; called before anything reads the form."""
    if endpoint in ("studies.create", "api.create"):
        request.max_content_length = current_settings().max_stack_bytes + 2**20
        request.max_form_parts = current_settings().max_slices + 100


@dataclass(frozen=True)
class Taken:
    """What came of the files of one study: the study, or why it was not taken."""

    study: Study | None = None
    refused: Refused | None = None


def upload(user: User, data: bytes, wish: Wish) -> Study:
    """Store one file as a new study of `user` and queue its reading. Raises Refused."""
    return _upload(user, [parcel.whole(data)], wish)


def upload_one(user: User, sent: Sequence[IO[bytes]], wish: Wish) -> Study:
    """Store files that make one study: one image, or a stack. Raises Refused, also where they make more."""
    groups = _groups(sent)
    if len(groups) > 1:
        raise Refused(422, _("These files are more than one study. Send each image by itself."))
    return _upload(user, groups[0], wish)


def upload_all(user: User, sent: Sequence[IO[bytes]], wish: Wish) -> list[Taken]:
    """Store files that may make several studies, each taken or refused by itself.

    Raises Refused where they are not taken together, or the only study is refused.
    """
    groups = _groups(sent)
    if len(groups) == 1:
        return [Taken(_upload(user, groups[0], wish))]
    taken = []
    for group in groups:
        try:
            taken.append(Taken(_upload(user, group, wish)))
        except Refused as refused:
            taken.append(Taken(refused=refused))
    return taken


def _groups(sent: Sequence[IO[bytes]]) -> list[list[parcel.Part]]:
    settings = current_settings()
    try:
        return parcel.groups_of(sent, parcel.Allowance(settings.max_slices, settings.max_stack_bytes))
    except parcel.NotTaken as error:
        raise Refused(error.status, error.sentence) from error


def _upload(user: User, parts: Sequence[parcel.Part], wish: Wish) -> Study:
    spec, models = _chosen(wish.task, wish.models)
    patient_code, note = _checked_words(wish)
    _check_limits(user)
    uuid = str(uuid4())
    user_id = user.id
    slices = _stored(uuid, parts)

    def rows() -> tuple[Study, Reading]:
        study = Study(uuid=uuid, user_id=user_id, task=spec.key, patient_code=patient_code, note=note)
        study.images = [Image(**values) for values in slices]
        reading = Reading(models=list(models))
        study.readings = [reading]
        db.session.add(study)
        return study, reading

    try:
        study, reading = committed(rows, _PATIENCE_SECONDS)
    except OperationalError as error:
        files.remove_study(uuid)
        raise _not_committed(error) from error
    except BaseException:
        files.remove_study(uuid)
        raise
    ring(reading.id)
    logger.info("study %s: %s slices stored, reading %s queued", uuid, len(slices), reading.id)
    return study


def read_again(study: Study, models: tuple[str, ...]) -> Reading:
    """Queue a new reading of a study whose last reading has ended. Raises Refused."""
    _spec, chosen = _chosen(study.task, models)
    if not latest_reading(study).ended:
        raise Refused(409, _("This study is being read. Wait for the end, or stop the reading."), "models")
    study_id = study.id
    return _queued(study_id, lambda: Reading(study_id=study_id, models=list(chosen)))


def read_anyway(user: User, study: Study, reason: str, task_key: str = "") -> Reading:
    """Queue a reading of a study that the gate stopped, and keep who wanted it and why. Raises Refused.

    Args:
        task_key: what to read it for, where the gate had to find the task and found none.
    """
    stopped = latest_reading(study)
    reason, by, study_id = reason.strip(), user.email, study.id
    if stopped.state != "stopped":
        raise Refused(409, _("Only what the gate has stopped can be read anyway."), "reason")
    if not reason:
        raise Refused(400, _("Say why this image is to be read all the same."), "reason")
    if len(reason) > REASON_LENGTH:
        raise Refused(400, _("A reason has at most %(n)s characters.", n=REASON_LENGTH), "reason")
    unknown = study.task == FIND_TASK.key
    if unknown and task_key in ("", FIND_TASK.key):
        raise Refused(422, _("No task was found for this image. Choose one."), "task")
    spec, models = _chosen(task_key if unknown else study.task, () if unknown else tuple(stopped.models))

    def reading() -> Reading:
        if unknown:
            db.session.execute(update(Study).where(Study.id == study_id).values(task=spec.key))
        return Reading(study_id=study_id, models=list(models), anyway_reason=reason, anyway_by=by)

    return _queued(study_id, reading)


def _queued(study_id: int, made: Callable[[], Reading]) -> Reading:
    """The new latest reading of a study, its bell rung. Raises Refused."""
    _check_queue()

    def rows() -> Reading:
        earlier = update(Reading).where(Reading.study_id == study_id, Reading.latest).values(latest=False)
        db.session.execute(earlier)
        reading = made()
        db.session.add(reading)
        return reading

    try:
        reading = committed(rows, _PATIENCE_SECONDS)
    except OperationalError as error:
        raise _not_committed(error) from error
    ring(reading.id)
    return reading


def latest_reading(study: Study) -> Reading:
    """The newest reading of a study: the one that pages show."""
    query = select(Reading).where(Reading.study_id == study.id, Reading.latest)
    return db.session.scalars(query).one()


def _chosen(task_key: str, models: tuple[str, ...]) -> tuple[TaskSpec, tuple[str, ...]]:
    if task_key == FIND_TASK.key:
        return FIND_TASK, ()
    try:
        spec = offered_task(task_key)
        return spec, tuple(m.key for m in (spec.chosen(models) if models else spec.models))
    except UnknownTask as error:
        raise Refused(422, error.sentence, "task") from error
    except UnknownModel as error:
        raise Refused(422, error.sentence, "models") from error


def _checked_words(wish: Wish) -> tuple[str | None, str | None]:
    code, note = wish.patient_code.strip(), wish.note.strip()
    if code and not PATIENT_CODE.fullmatch(code):
        raise Refused(
            400,
            _("A patient code has at most 64 letters, digits and dashes. Use a pseudonym, never a name."),
            "patient_code",
        )
    if len(note) > NOTE_LENGTH:
        raise Refused(400, _("A note has at most %(n)s characters.", n=NOTE_LENGTH), "note")
    return code or None, note or None


def _check_limits(user: User) -> None:
    _check_queue()
    since = utc_now() - timedelta(minutes=1)
    recent = select(func.count()).select_from(Study).where(Study.user_id == user.id, Study.created_at > since)
    limit = current_settings().uploads_per_minute
    if (db.session.scalar(recent) or 0) >= limit:
        raise Refused(429, _("At most %(n)s uploads a minute are taken. Wait a minute, then go on.", n=limit))
    try:
        files.check_room()
    except files.DiskFull as error:
        raise Refused(error.status, error.sentence) from error


def _check_queue() -> None:
    waiting = select(func.count()).select_from(Reading).where(Reading.state == "queued")
    if (db.session.scalar(waiting) or 0) >= current_settings().max_queue:
        raise Refused(
            503, _("Too many readings are waiting, so nothing was stored. Try again in a few minutes.")
        )


def _stored(uuid: str, parts: Sequence[parcel.Part]) -> list[dict[str, Any]]:
    settings = current_settings()
    key = hmac.digest(secret_key(settings).encode(), uuid.encode(), "sha256")
    try:
        return store_slices(uuid, parts, key, settings)
    except (ImageError, parcel.NotTaken, files.DiskFull) as error:
        raise Refused(error.status, error.sentence) from error


def _not_committed(error: OperationalError) -> Exception:
    if is_busy(error):
        return Refused(503, _("The database is busy, so nothing was stored. Try again in a moment."))
    if is_disk_full(error):
        return Refused(files.DiskFull.status, files.DiskFull.sentence)
    return error
