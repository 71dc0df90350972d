"""What the models of a reading mark on its image: their stored masks, and the map of how many mark each pixel."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from flask import Response, abort, send_file

from ml.images.overlap import votes
from ml.images.store import indexed_png, read_mask
from ml.tasks import TaskSpec
from webapp.studies.files import study_folder
from webapp.studies.view.vote_colours import vote_colours

if TYPE_CHECKING:
    from webapp.readings.tables import Reading
    from webapp.studies.tables import Image

MarkKind = Literal["region", "lesion"]
KINDS: tuple[MarkKind, ...] = ("region", "lesion")


@dataclass(frozen=True)
class Marks:
    """The masks that the models of one kind left on one image: keys of the models in the task's order, (H, W) bool each."""

    kind: MarkKind
    models: tuple[str, ...]
    masks: tuple[np.ndarray, ...]


def marks_of(reading: Reading, spec: TaskSpec, image: Image) -> tuple[Marks, ...]:
    """What can be compared on an image: the kinds of mask that two models or more left.

    A mask counts where its model ended well, also where it is empty. A model that failed or could not judge the image is in
    no denominator, and neither is the outline that a classification model was focused on: it is another model's.
    """
    found = (_of_kind(reading, spec, image, kind) for kind in KINDS)
    return tuple(marks for marks in found if len(marks.masks) > 1)


def send_map(marks: Sequence[Marks], kind: str, *, sealed: bool) -> Response:
    """The agreement map of one kind of mask as PNG on the image's grid, transparent where no model marks anything.

    404 where fewer than two models left such a mask, or `sealed`: what the models say is hidden.
    """
    chosen = next((one for one in marks if one.kind == kind), None)
    if chosen is None or sealed:
        abort(404)
    picture = indexed_png(votes(chosen.masks), vote_colours(len(chosen.masks)))
    return send_file(io.BytesIO(picture), mimetype="image/png", max_age=0)


def _of_kind(reading: Reading, spec: TaskSpec, image: Image, kind: MarkKind) -> Marks:
    stored = {
        p.model: p.files[kind]
        for p in reading.predictions
        if p.image_id == image.id and p.state == "done" and kind in p.files
    }
    folder = study_folder(reading.study.uuid)
    masks = {
        model.key: read_mask((folder / stored[model.key]).read_bytes())
        for model in spec.models
        if model.kind == kind and model.key in stored and (folder / stored[model.key]).is_file()
    }
    return Marks(kind, tuple(masks), tuple(masks.values()))
