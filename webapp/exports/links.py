"""Which exports the result page offers for a reading."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from ml.tasks import TaskSpec, UnknownModel
from webapp.readings.tables import Prediction, Reading
from webapp.studies.tables import Study
from webapp.words import gettext as _


@dataclass(frozen=True)
class Link:
    """One file to download. `icon`: a symbol of static/icons.svg."""

    address: str
    words: str
    icon: str


def links_of(study: Study, reading: Reading, spec: TaskSpec) -> tuple[Link, ...]:
    """The downloads of a study whose last reading is done; none for others."""
    if reading.state != "done":
        return ()
    found = [
        ("exports.report", _("Report (PDF)"), "report"),
        ("exports.table", _("Table (CSV)"), "download"),
        ("exports.data", _("Data (JSON)"), "download"),
    ]
    if _has_dicom(study, reading, spec):
        found.append(("exports.dicom", _("DICOM SEG and SR (ZIP)"), "download"))
    return tuple(Link(url_for(endpoint, uuid=study.uuid), words, icon) for endpoint, words, icon in found)


def _has_dicom(study: Study, reading: Reading, spec: TaskSpec) -> bool:
    """Whether there is a mask, and a DICOM image that says where it lies, as far as the database knows."""
    image = study.images[0]
    placed = image.format == "DICOM" and image.orientation and image.pixel_mm_row
    return bool(placed) and any(_outlines(prediction, spec) for prediction in reading.predictions)


def _outlines(prediction: Prediction, spec: TaskSpec) -> bool:
    try:
        kind = spec.model(prediction.model).kind
    except UnknownModel:
        return False
    found = prediction.region_px if kind == "region" else (prediction.lesion or {}).get("pixels")
    return kind in ("region", "lesion") and kind in prediction.files and bool(found)
