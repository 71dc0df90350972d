"""A real worker process on the test's database, and studies for it to read."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from PIL import Image as Picture
from sqlalchemy import select

from tests.phantoms import sacroiliac_slice
from tests.webapp.patience import wait_until
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.readings.tables import Prediction, Reading, Worker
from webapp.settings import Settings
from webapp.studies.tables import Study
from webapp.studies.upload import Wish, upload, upload_one

ROOT = Path(__file__).resolve().parents[2]


def slice_png(seed: int = 1) -> bytes:
    """A drawn STIR slice as PNG."""
    file = io.BytesIO()
    Picture.fromarray(sacroiliac_slice(64, seed=seed)).save(file, "PNG")
    return file.getvalue()


def make_user(email: str = "reader@clinic.example", role: str = "clinician") -> User:
    """An active account, made without its pages."""
    user = User(email=email, password_hash="-", role=role, state="active")
    db.session.add(user)
    db.session.commit()
    return user


class Clinic:
    """Studies of one user, made and looked at from the test's own process."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            self.user_id = make_user().id

    def upload(self, *models: str, seed: int = 1, code: str = "", task: str = "sij_mri") -> str:
        """Store a slice, queue its reading; gives the study's uuid."""
        with self.app.app_context():
            user = db.session.get_one(User, self.user_id)
            return upload(user, slice_png(seed), Wish(task, models, code)).uuid

    def upload_stack(self, files: list[bytes], *models: str, task: str = "sij_mri") -> str:
        """Store the files of one examination, queue its reading; gives the study's uuid."""
        with self.app.app_context():
            user = db.session.get_one(User, self.user_id)
            return upload_one(user, [io.BytesIO(data) for data in files], Wish(task, models)).uuid

    def reading(self, uuid: str) -> Reading:
        """The study's last reading as it is now, with its predictions, detached."""
        with self.app.app_context():
            query = select(Reading).join(Study).where(Study.uuid == uuid, Reading.latest)
            reading = db.session.scalars(query).one()
            reading.predictions  # noqa: B018 - loaded while there is a session
            db.session.expunge_all()
            return reading

    def state(self, uuid: str) -> str:
        return self.reading(uuid).state

    def wait_for(self, uuid: str, state: str, seconds: float = 120.0) -> Reading:
        """The reading once it is in this state."""
        return wait_until(
            lambda: reading if (reading := self.reading(uuid)).state == state else None,
            f"the reading to be {state}",
            seconds,
        )

    def predictions(self, uuid: str) -> dict[str, Prediction]:
        """The stored predictions by model; fails where a model has two."""
        rows = self.reading(uuid).predictions
        found = {row.model: row for row in rows}
        assert len(found) == len(rows)
        return found

    def worker_pid(self) -> int | None:
        """The pid of the worker that beats."""
        with self.app.app_context():
            return db.session.scalar(select(Worker.pid).order_by(Worker.started_at.desc()).limit(1))


class Stage:
    """What the models shall do, and what they did: files between test and worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def set(self, cue: str) -> None:
        (self.folder / cue).touch()

    def clear(self, cue: str) -> None:
        (self.folder / cue).unlink()

    @property
    def calls(self) -> list[str]:
        """The models that ran, in order, over all workers."""
        path = self.folder / "calls"
        return path.read_text().split() if path.exists() else []

    def wait_for(self, model: str) -> None:
        """Return once this model has been entered."""
        wait_until(lambda: model in self.calls, f"{model} runs")


class Workers:
    """Starts worker processes, each in a process group of its own, and ends them all."""

    def __init__(self, settings: Settings, stage: Stage, log: Path) -> None:
        self.settings = settings
        self.stage = stage
        self.log = log
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, **more: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            **more,
            "DATA_DIR": str(self.settings.data_dir),
            "LEASE_SECONDS": str(self.settings.lease_seconds),
            "MIN_FREE_MB": "0",
            "STAGE": str(self.stage.folder),
            "PYTHONPATH": str(ROOT),
        }
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "tests/webapp/worker_script.py")],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def wait_for_log(self, words: str) -> None:
        """Return once a worker has said this."""
        wait_until(lambda: words in self.log.read_text(), f"“{words}” in the worker's log")

    def kill_all(self) -> None:
        """SIGKILL to each group: parent, worker and scheduler at once, as a power cut would."""
        for process in self.started:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            finally:
                process.wait()


@contextmanager
def workers(settings: Settings, stage: Stage, log: Path) -> Iterator[Workers]:
    """Workers that are gone at the end, whatever the test did."""
    made = Workers(settings, stage, log)
    try:
        yield made
    finally:
        made.kill_all()
        sys.stdout.write(log.read_text() if log.exists() else "")
