"""Which exports the result page offers for a reading."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from ml.tasks import TaskSpec, UnknownModel
from webapp.readings.tables import Prediction, Reading
from webapp.studies.slices import predictions_on
from webapp.studies.tables import Image, Study
from webapp.words import gettext as _


@dataclass(frozen=True)
class Link:
    """One file to download. `icon`: a symbol of static/icons.svg."""

    address: str
    words: str
    icon: str


def links_of(study: Study, reading: Reading, spec: TaskSpec, image: Image) -> tuple[Link, ...]:
    """The downloads of a study whose last reading is done, of a stack those of the slice `image`; none for others."""
    if reading.state != "done":
        return ()
    found = [
        ("exports.report", _("Report (PDF)"), "report"),
        ("exports.table", _("Table (CSV)"), "download"),
        ("exports.data", _("Data (JSON)"), "download"),
    ]
    if _has_dicom(image, reading, spec):
        found.append(("exports.dicom", _("DICOM SEG and SR (ZIP)"), "download"))
    if len(study.images) == 1:
        return tuple(Link(url_for(endpoint, uuid=study.uuid), words, icon) for endpoint, words, icon in found)
    number = image.position + 1
    return tuple(
        Link(
            url_for(endpoint, uuid=study.uuid, slice=number),
            _("%(words)s, slice %(k)s", words=words, k=number),
            icon,
        )
        for endpoint, words, icon in found
    )


def _has_dicom(image: Image, reading: Reading, spec: TaskSpec) -> bool:
    """Whether there is a mask, and a DICOM image that says where it lies, as far as the database knows."""
    placed = image.format == "DICOM" and image.orientation and image.pixel_mm_row
    return bool(placed) and any(_outlines(prediction, spec) for prediction in predictions_on(reading, image))


def _outlines(prediction: Prediction, spec: TaskSpec) -> bool:
    try:
        kind = spec.model(prediction.model).kind
    except UnknownModel:
        return False
    found = prediction.region_px if kind == "region" else (prediction.lesion or {}).get("pixels")
    return kind in ("region", "lesion") and kind in prediction.files and bool(found)
