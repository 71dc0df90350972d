"""A real worker process reads a stack: every slice once, whatever happens to the worker."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from ml.tasks import task
from tests.webapp.patience import wait_until
from tests.webapp.series import series
from tests.webapp.workers import Clinic, Stage, Workers, workers
from webapp.extensions import db, utc_now
from webapp.readings.tables import Reading
from webapp.settings import Settings
from webapp.studies.tables import Study
from webapp.studies.view import progress_of

REGION, STATUS, LESION = "unet_best", "cnn_classifier", "lesion_mlp"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", min_free_mb=0, lease_seconds=600)


@pytest.fixture
def clinic(app: Flask) -> Clinic:
    return Clinic(app)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "stage")


@pytest.fixture
def crew(settings: Settings, stage: Stage, tmp_path: Path) -> Iterator[Workers]:
    with workers(settings, stage, tmp_path / "worker.log") as made:
        yield made


def test_a_worker_killed_between_slices_redoes_only_what_is_missing(
    app: Flask, clinic: Clinic, crew: Workers, stage: Stage, settings: Settings
) -> None:
    uuid = clinic.upload_stack(series(4), REGION, STATUS)
    stage.set(f"{STATUS}.block")
    crew.start()
    stage.wait_for(STATUS)
    stage.set(f"{REGION}.block")
    stage.clear(f"{STATUS}.block")
    wait_until(lambda: stage.calls == [REGION, STATUS, REGION], "the second slice to be begun")

    with app.app_context():
        reading = db.session.scalars(select(Reading).join(Study).where(Study.uuid == uuid)).one()
        progress = progress_of(reading, task("sij_mri"), utc_now())
    os.kill(clinic.worker_pid() or 0, signal.SIGKILL)
    stage.clear(f"{REGION}.block")
    reading = clinic.wait_for(uuid, "done")

    assert (progress.slice, progress.slices, progress.done) == (2, 4, "25%")
    assert progress.sentence.startswith("Slice 2 of 4")
    assert "1 of 4 slices" in progress.models[1].word
    assert stage.calls == [REGION, STATUS, REGION, *(REGION, STATUS) * 3]
    assert reading.attempt == 2
    assert set(Counter((p.image_id, p.model) for p in reading.predictions).values()) == {1}
    assert len(reading.predictions) == 8
    assert (reading.summary_label, reading.summary_stage) == ("Positive", "Early")
    known = {name for p in reading.predictions for name in p.files.values()}
    there = {path.name for path in (settings.data_dir / "studies" / uuid).iterdir()}
    assert there == known | {"preview.png", "image.dcm", "image-2.dcm", "image-3.dcm", "image-4.dcm"}


def test_the_same_slices_again_are_answered_from_earlier(clinic: Clinic, crew: Workers, stage: Stage) -> None:
    first = clinic.upload_stack(series(3), STATUS)
    crew.start()
    clinic.wait_for(first, "done")

    again = clinic.upload_stack(series(4), STATUS)
    reading = clinic.wait_for(again, "done")

    assert len(reading.predictions) == 4
    assert stage.calls == [STATUS] * 4
