"""What the interface says of studies, readings and predictions: rows made into plain data."""

from __future__ import annotations

from typing import Any

from flask import url_for

from ml.tasks import TaskSpec, task
from webapp.readings.tables import Prediction, Reading
from webapp.studies.history import Page
from webapp.studies.slices import predictions_on
from webapp.studies.tables import Image, Study
from webapp.studies.view.stack import Findings, findings_of

PICTURES = ("region", "heatmap", "heatmap_focused")


def accepted(study: Study) -> dict[str, Any]:
    """The answer to an upload."""
    return {"uuid": study.uuid, "status": "queued", "url": _address(study)}


def listed(page: Page) -> dict[str, Any]:
    """One page of studies, newest first."""
    return {
        "studies": [_head(study, reading) for study, reading in page.rows],
        "page": page.number,
        "pages": page.pages,
        "total": page.total,
    }


def whole(study: Study, reading: Reading, *, sealed: bool) -> dict[str, Any]:
    """A study with its last reading. There are no predictions before all models have ended, and while they are sealed."""
    spec = task(study.task)
    told = reading.state == "done" and not sealed
    return {
        **_head(study, reading),
        "sentence": reading.error,
        "seconds": _seconds(reading),
        "models": reading.models,
        "gate": reading.gate,
        "slices": [_slice(image) for image in study.images],
        "predictions": _predictions(study, reading, spec) if told else [],
        "findings": [_findings(found) for found in findings_of(reading, spec)] if told else [],
        "sealed": sealed,
    }


def _head(study: Study, reading: Reading) -> dict[str, Any]:
    return {
        "uuid": study.uuid,
        "url": _address(study),
        "task": study.task,
        "patient_code": study.patient_code,
        "note": study.note,
        "created_at": study.created_at.isoformat(),
        "status": reading.state,
        "outside_validated_input": _anyway(reading),
    }


def _anyway(reading: Reading) -> dict[str, Any] | None:
    """Who wanted an image read that the gate had stopped, when and why. None where nobody had to."""
    if not reading.outside_validated_input:
        return None
    return {
        "by": reading.anyway_by,
        "at": reading.created_at.isoformat(),
        "reason": reading.anyway_reason,
    }


def _predictions(study: Study, reading: Reading, spec: TaskSpec) -> list[dict[str, Any]]:
    outside = {"outside_validated_input": reading.outside_validated_input}
    found = []
    for image in study.images:
        said = {prediction.model: prediction for prediction in predictions_on(reading, image)}
        found += [
            _prediction(study, image, said[key], spec) | outside for key in reading.models if key in said
        ]
    return found


def _slice(image: Image) -> dict[str, Any]:
    return {
        "slice": image.position + 1,
        "series": image.series + 1,
        "sequence": image.sequence,
        "rows": image.rows,
        "columns": image.columns,
        "pixel_mm": [image.pixel_mm_row, image.pixel_mm_column] if image.pixel_mm_row else None,
        "place_mm": image.place_mm,
    }


def _findings(found: Findings) -> dict[str, Any]:
    return {
        "model": found.model,
        "series": found.number,
        "slices": found.consecutive,
        "judged": found.judged,
        "lesion_area_mm2": found.area_mm2,
        "lesion_volume_mm3": found.volume_mm3,
    }


def _prediction(study: Study, image: Image, prediction: Prediction, spec: TaskSpec) -> dict[str, Any]:
    return {
        "slice": image.position + 1,
        "model": prediction.model,
        "version": prediction.version,
        "weights_sha256": prediction.weights_sha256,
        "state": prediction.state,
        "sentence": prediction.sentence,
        **{head.key: head.answer(prediction.labels.get(head.key)) for head in spec.heads},
        "scores": prediction.scores,
        "uncertainty": prediction.uncertainty,
        "risk": prediction.risk,
        "seconds": prediction.seconds,
        "precision": prediction.precision,
        "region_px": prediction.region_px,
        "area_mm2": prediction.area_mm2,
        "lesion": _lesion(study, image, prediction),
        "focus": prediction.focus,
        **{kind: _picture(study, image, prediction, kind) for kind in PICTURES},
    }


def _lesion(study: Study, image: Image, prediction: Prediction) -> dict[str, Any] | None:
    if prediction.lesion is None:
        return None
    return {**prediction.lesion, "mask": _picture(study, image, prediction, "lesion")}


def _picture(study: Study, image: Image, prediction: Prediction, kind: str) -> str | None:
    if kind not in prediction.files:
        return None
    name = f"{prediction.model}-{kind}.png"
    number = image.position + 1 if len(study.images) > 1 else None
    return url_for("api.file", uuid=study.uuid, name=name, slice=number, _external=True)


def _address(study: Study) -> str:
    return url_for("api.show", uuid=study.uuid, _external=True)


def _seconds(reading: Reading) -> float | None:
    """From the beginning of the reading to its end, as a clock on the wall tells it."""
    if reading.started_at is None or reading.ended_at is None:
        return None
    return (reading.ended_at - reading.started_at).total_seconds()
