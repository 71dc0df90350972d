"""Stacks as they look after the worker was there, without a worker."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from flask import Flask

from ml.images.store import heatmap_png, mask_png
from ml.tasks import task
from tests.webapp.reading_room import last_reading, scores_of
from webapp.extensions import db, utc_now
from webapp.readings.stack import answers_on_stack
from webapp.readings.store import Place, store
from webapp.readings.summary import summarise
from webapp.readings.tables import Prediction, Reading
from webapp.studies.tables import Image

AREA_MM2 = 50.0


def finish_stack(
    app: Flask, uuid: str, found: Mapping[str, Collection[int]], not_judged: Collection[int] = ()
) -> None:
    """The models of a reading of the sacroiliac task have answered on all slices.

    Args:
        found: model to the numbers of the slices on which it finds something.
        not_judged: numbers of the slices on which no model that judges may.
    """
    with app.app_context():
        reading = last_reading(uuid)
        reading.state, reading.worker, reading.attempt = "running", "w", 1
        reading.started_at = utc_now()
        reading.gate = {"state": "passed", "kind": "STIR", "scores": {"STIR": 1.0}, "sentence": None}
        db.session.commit()
        for image in reading.study.images:
            number = image.position + 1
            for model in reading.models:
                _answer(reading, image, model, number in found.get(model, ()), number in not_judged)
        db.session.refresh(reading)
        answers = answers_on_stack(task("sij_mri"), reading.predictions, reading.study.images)
        summary = summarise(task("sij_mri"), answers)
        reading.state, reading.ended_at = "done", utc_now()
        reading.summary_label, reading.summary_stage = summary.label, summary.stage
        db.session.commit()


def _answer(reading: Reading, image: Image, model: str, finds: bool, refused: bool) -> None:
    spec = task(reading.study.task)
    kind = spec.model(model).kind
    place = Place(reading.id, image.id, reading.study.uuid, "w")
    said = Prediction(model=model, version="1.2.0", weights_sha256="a" * 64, state="done", seconds=1.5)
    said.precision, said.labels, said.scores = "float32", {}, {}
    shape = (image.rows, image.columns)
    mask = np.zeros(shape, bool)
    # Each slice's mask lies in another row, so that pictures of slices can be told apart.
    mask[8 + image.position, 8:24] = True
    pictures = {}
    if refused and kind != "region":
        said.state, said.sentence = "not_applicable", "Not for such a slice."
        store(place, said, {})
        return
    if kind == "region":
        said.region_px = 16
        pictures["region"] = mask_png(mask)
    else:
        said.labels = {
            "as_status": "Positive" if finds else "Negative",
            "stage": "Early" if finds else "Normal",
        }
        said.scores = {key: scores_of(spec.head(key), label) for key, label in said.labels.items()}
        said.risk, said.uncertainty = "LOW", 0.25
    if kind == "lesion":
        area = AREA_MM2 if finds and image.pixel_mm_row else 0.0 if image.pixel_mm_row else None
        said.lesion = {
            "pixels": 16 if finds else 0,
            "share_of_region": 0.1 if finds else 0.0,
            "area_mm2": area,
            "near_joint_share": 0.5 if finds else None,
            "burden": 0.02 if finds else 0.0,
        }
        pictures["lesion"] = mask_png(mask if finds else np.zeros(shape, bool))
    elif kind == "classification":
        said.focus = "box"
        pictures["heatmap"] = pictures["heatmap_focused"] = heatmap_png(mask.astype(np.float32))
    store(place, said, pictures)
