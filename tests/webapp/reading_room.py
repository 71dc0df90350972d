"""Studies as they look after the worker was there, without a worker; and a browser's way to upload."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from ml.images.store import heatmap_png, mask_png
from ml.tasks import Head, task
from tests.webapp.conftest import csrf_token
from tests.webapp.workers import slice_png
from webapp.extensions import db, utc_now
from webapp.readings.store import Place, store
from webapp.readings.summary import summarise
from webapp.readings.tables import Prediction, Reading
from webapp.studies.tables import Study

STATUS, REGION, LESION = "cnn_classifier", "unet_best", "lesion_mlp"
OUTLINED: dict[str, float | None] = {
    "pixels": 200,
    "share_of_region": 0.031,
    "area_mm2": 182.3,
    "near_joint_share": 0.74,
    "burden": 0.02,
}


def upload(client: FlaskClient, data: bytes | None = None, **fields: Any) -> TestResponse:
    """Send the upload form as a browser does; by default a drawn slice for one model."""
    form = {"task": "sij_mri", "models": [STATUS], "csrf_token": csrf_token(client, "/studies/new"), **fields}
    form["image"] = (io.BytesIO(slice_png() if data is None else data), "slice.png")
    return client.post("/studies", data=form)


def uploaded(client: FlaskClient, **fields: Any) -> str:
    """Upload a slice; gives the new study's uuid."""
    answer = upload(client, **fields)
    assert answer.status_code == 303, answer.text
    return answer.location.rsplit("/", 1)[-1]


def last_reading(uuid: str) -> Reading:
    """The last reading of a study. Inside an application context."""
    return db.session.scalars(select(Reading).join(Study).where(Study.uuid == uuid, Reading.latest)).one()


def begin(app: Flask, uuid: str) -> None:
    """A worker has the reading, and its first model has answered."""
    with app.app_context():
        reading = last_reading(uuid)
        reading.state, reading.worker, reading.attempt = "running", "w", 1
        reading.started_at = utc_now()
        reading.lease_until = utc_now()
        reading.gate = {"state": "passed", "kind": "STIR", "scores": {"STIR": 1.0}, "sentence": None}
        db.session.commit()
        _answer(reading, reading.models[0], {"as_status": "Positive", "stage": "Moderate"})


def finish(app: Flask, uuid: str, label: str = "Positive", stage: str = "Early", state: str = "done") -> None:
    """All models of a reading of the sacroiliac task have answered the same."""
    labels = {"as_status": label, "stage": stage}
    finish_with(app, uuid, {model.key: labels for model in task("sij_mri").models}, "STIR", state)


def finish_with(
    app: Flask,
    uuid: str,
    answers: Mapping[str, Mapping[str, str]],
    kind: str = "",
    state: str = "done",
    masks: Mapping[str, np.ndarray] | None = None,
) -> None:
    """The models of the reading have answered: model key to head key to label. `kind`: what the gate saw.

    `masks`: model key to what it outlines, (H, W) bool; without, models outline a diagonal or the lesion of `outlined`.
    """
    with app.app_context():
        reading = last_reading(uuid)
        reading.state, reading.worker, reading.attempt = "running", "w", 1
        reading.started_at = utc_now()
        scores = {kind: 1.0} if kind else {}
        reading.gate = {"state": "passed", "kind": kind, "scores": scores, "sentence": None}
        db.session.commit()
        for model in reading.models:
            _answer(reading, model, answers.get(model, {}), (masks or {}).get(model))
        db.session.refresh(reading)
        summary = summarise(task(reading.study.task), reading.predictions)
        reading.state, reading.ended_at = state, utc_now()
        reading.summary_label, reading.summary_stage = summary.label, summary.stage
        reading.summary_risk, reading.summary_agreement = summary.risk, summary.agreement
        db.session.commit()


def _answer(reading: Reading, model: str, labels: Mapping[str, str], mask: np.ndarray | None = None) -> None:
    spec = task(reading.study.task)
    image = reading.study.images[0]
    place = Place(reading.id, image.id, reading.study.uuid, "w")
    shape = (image.rows, image.columns)
    said = Prediction(model=model, version="1.2.0", weights_sha256="a" * 64, state="done", seconds=1.5)
    said.precision, said.labels, said.scores = "float32", {}, {}
    kind = spec.model(model).kind
    if kind == "region":
        mask = np.eye(*shape, dtype=bool) if mask is None else mask
        said.region_px = int(mask.sum())
        pictures = {"region": mask_png(mask)}
    else:
        said.labels = dict(labels)
        said.scores = {key: scores_of(spec.head(key), label) for key, label in labels.items()}
        said.risk, said.uncertainty = "LOW", 0.25
    if kind == "lesion":
        said.lesion = OUTLINED
        pictures = {"lesion": mask_png(outlined(shape) if mask is None else mask)}
    elif kind == "classification":
        said.focus = "box"
        heatmap = heatmap_png(np.ones(shape, np.float32))
        pictures = {"heatmap": heatmap, "heatmap_focused": heatmap}
    store(place, said, pictures)


def scores_of(head: Head, label: str) -> dict[str, float]:
    """Scores that say this label: 0.7 for it, the rest for the others in equal parts."""
    rest = 0.3 / (len(head.labels) - 1)
    return {name: 0.7 if name == label else rest for name in head.labels}


def outlined(shape: tuple[int, int]) -> np.ndarray:
    """The lesion that the lesion model outlines: 10 rows of 20 pixels."""
    mask = np.zeros(shape, dtype=bool)
    mask[20:30, 12:32] = True
    return mask
