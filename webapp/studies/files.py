"""Stored files of studies: DATA_DIR/studies/<uuid>/. Written beside their place, made durable, then renamed."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Response, abort, send_file
from sqlalchemy import select

from ml.images.decode import decode
from ml.images.errors import Limits
from ml.images.store import preview_png, smaller_png
from webapp.extensions import db
from webapp.readings.tables import Prediction
from webapp.settings import current_settings

if TYPE_CHECKING:
    from webapp.readings.tables import Reading
    from webapp.studies.tables import Image, Study

PREVIEW = "preview.png"
THUMBNAIL = "thumbnail.png"
PLAIN = (PREVIEW, THUMBNAIL)
"""The pictures that tell nothing of the models."""
_THUMBNAIL_PIXELS = 96
_INCOMING = ".incoming-"


class DiskFull(Exception):
    """No room for what should be stored; nothing was stored."""

    status = 507
    sentence = (
        "The server's disk is nearly full, so nothing was stored. "
        "Please tell the administrator; what was stored before is safe."
    )

    def __init__(self) -> None:
        super().__init__(self.sentence)


def studies_folder() -> Path:
    """The folder of all studies' folders."""
    return current_settings().data_dir.resolve() / "studies"


def study_folder(uuid: str) -> Path:
    """The folder of one study."""
    return studies_folder() / uuid


def check_room() -> None:
    """Raises DiskFull where less than MIN_FREE_MB is free."""
    settings = current_settings()
    if shutil.disk_usage(settings.data_dir).free < settings.min_free_mb * 2**20:
        raise DiskFull


@dataclass(frozen=True)
class Arriving:
    """A study's folder before it is in its place."""

    folder: Path

    def add(self, name: str, data: bytes) -> None:
        """Write a file. Raises DiskFull."""
        with _disk_full_told():
            _write(self.folder / name, data)

    def read(self, name: str) -> bytes:
        """A file that was added."""
        return (self.folder / name).read_bytes()


@contextlib.contextmanager
def arriving(uuid: str) -> Iterator[Arriving]:
    """Make a study's folder with all files that the block adds, or, where it raises, not at all. Raises DiskFull."""
    folder = studies_folder() / f"{_INCOMING}{uuid}"
    try:
        with _disk_full_told():
            folder.mkdir(parents=True, mode=0o700)
        yield Arriving(folder)
        with _disk_full_told():
            _sync(folder)
            folder.rename(study_folder(uuid))
            _sync(studies_folder())
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def send_picture(study: Study, reading: Reading, image: Image, name: str, *, sealed: bool) -> Response:
    """A picture of a slice: `preview.png`, or `<model>-<kind>.png` of a reading that is done; `thumbnail.png` of the study.

    404 for others.

    Args:
        sealed: whether what the models say is hidden: then there are preview and thumbnail only.
    """
    if name == THUMBNAIL:
        return _send_thumbnail(study_folder(study.uuid))
    if name == PREVIEW and image is not middle_of(study):
        return Response(preview_of(study, image), mimetype="image/png")
    stored = PREVIEW if name == PREVIEW else None if sealed else _stored_name(reading, image, name)
    path = study_folder(study.uuid) / stored if stored else None
    if path is None or not path.is_file():
        abort(404)
    return send_file(path, mimetype="image/png", max_age=0)


def middle_of(study: Study) -> Image:
    """The slice that stands for the study where only one is shown."""
    return study.images[len(study.images) // 2]


def preview_of(study: Study, image: Image) -> bytes:
    """The preview of a slice as PNG. Only that of the middle slice is stored. 404 where its file is gone."""
    is_stored = image is middle_of(study)
    path = study_folder(study.uuid) / (PREVIEW if is_stored else image.file)
    if not path.is_file():
        abort(404)
    data = path.read_bytes()
    return data if is_stored else preview_png(decode(data, Limits(max_bytes=len(data))).pixels)


def _send_thumbnail(folder: Path) -> Response:
    """The preview, small enough for a list. Made when it is first asked for, then kept."""
    kept = folder / THUMBNAIL
    if kept.is_file():
        return send_file(kept, mimetype="image/png", max_age=0)
    try:
        small = smaller_png((folder / PREVIEW).read_bytes(), _THUMBNAIL_PIXELS)
    except FileNotFoundError:
        abort(404)
    beside = folder / f".{THUMBNAIL}-{secrets.token_hex(4)}.part"
    # Without room it is made again each time; a list does not fail for that.
    with contextlib.suppress(OSError):
        _write(beside, small)
        beside.rename(kept)
    return send_file(io.BytesIO(small), mimetype="image/png", max_age=0)


def _stored_name(reading: Reading, image: Image, name: str) -> str | None:
    model, _, kind = name.removesuffix(".png").rpartition("-")
    if reading.state != "done":
        return None
    query = select(Prediction.files).where(
        Prediction.reading_id == reading.id, Prediction.image_id == image.id, Prediction.model == model
    )
    return (db.session.scalar(query) or {}).get(kind)


def remove_study(uuid: str) -> None:
    """Take a study's folder away, if there is one."""
    shutil.rmtree(study_folder(uuid), ignore_errors=True)


def add_file(uuid: str, stem: str, suffix: str, data: bytes) -> str:
    """Add a file to a study's folder under a new name that begins with `stem`. Returns the name. Raises DiskFull.

    The name is new each time, so that a worker which lost its claim can never overwrite what its successor wrote.
    """
    name = f"{stem}-{secrets.token_hex(4)}{suffix}"
    folder = study_folder(uuid)
    beside = folder / f".{name}.part"
    try:
        with _disk_full_told():
            _write(beside, data)
            beside.rename(folder / name)
            _sync(folder)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return name


def remove_files(uuid: str, names: Iterator[str] | list[str]) -> None:
    """Take files of a study away, those that are there."""
    for name in names:
        (study_folder(uuid) / name).unlink(missing_ok=True)


class _disk_full_told:  # noqa: N801 - read as a phrase after `with`
    """Turns the system's "no space left" into DiskFull."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull from error


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make the names in a folder durable, not only the files' contents."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
