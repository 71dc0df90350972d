"""Which slice of a study is asked for: addresses count them from 1 through the whole study."""

from __future__ import annotations

from flask import abort, request

from webapp.readings.tables import Prediction, Reading
from webapp.studies.files import middle_of
from webapp.studies.tables import Image, Study


def slice_asked_for(study: Study) -> Image:
    """The slice that `?slice=` names; without it the middle one, which is the preview's. 404 where there is no such slice."""
    text = request.args.get("slice", "")
    if not text:
        return middle_of(study)
    if not text.isdecimal() or not 1 <= int(text) <= len(study.images):
        abort(404)
    return study.images[int(text) - 1]


def predictions_on(reading: Reading, image: Image) -> list[Prediction]:
    """What the models say of one slice: at most one prediction a model."""
    if len(reading.study.images) == 1:
        return list(reading.predictions)
    return [prediction for prediction in reading.predictions if prediction.image_id == image.id]
