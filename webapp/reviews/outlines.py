"""The outline that a clinician draws where a model's is wrong: checked, stored beside the study's image, sent again."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
from flask import Response, abort, send_file
from PIL import Image as Picture

from ml.images.store import mask_png
from ml.tasks import TaskSpec, UnknownModel
from webapp.extensions import db
from webapp.reviews.tables import Verdict
from webapp.studies.files import study_folder
from webapp.studies.tables import Image, Study
from webapp.words import gettext as _

MAX_BYTES = 4 * 2**20
"""A mask of 16 megapixels of noise fits in; what a hand draws takes some kilobytes."""


class NoOutline(ValueError):
    """What was sent is no outline of this image; `sentence` says why. Nothing was stored."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Outline:
    """A checked outline. `data`: 1-bit PNG; `pixels`: how many lie inside, 0 where there is nothing to outline."""

    data: bytes
    pixels: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def outline_kind(spec: TaskSpec, model: str) -> str | None:
    """What a model outlines, `region` or `lesion`; None where it outlines nothing, or left the task."""
    try:
        kind = spec.model(model).kind
    except UnknownModel:
        return None
    return None if kind == "classification" else kind


def checked_outline(data: bytes, image: Image) -> Outline:
    """An outline as a browser draws or a program sends it: a PNG of black (outside) and white (inside), as large as the image.

    Raises NoOutline.
    """
    if len(data) > MAX_BYTES:
        raise NoOutline(
            _("The outline is larger than %(mb)s MB, so it was not stored.", mb=MAX_BYTES // 2**20)
        )
    mask = _mask(data, image)
    return Outline(mask_png(mask), int(mask.sum()))


def send_outline(study: Study, verdict_id: int, *, sealed: bool) -> Response:
    """The outline that was signed with a verdict on this study. 404 where there is none, and while the study is sealed."""
    verdict = None if sealed else db.session.get(Verdict, verdict_id)
    if verdict is None or verdict.study_id != study.id or verdict.outline_file is None:
        abort(404)
    path = study_folder(study.uuid) / verdict.outline_file
    if not path.is_file():
        abort(404)
    return send_file(path, mimetype="image/png", max_age=0)


def _mask(data: bytes, image: Image) -> np.ndarray:
    """(H, W) bool. The size is checked before any pixel is decoded."""
    try:
        with Picture.open(io.BytesIO(data), formats=["PNG"]) as picture:
            if picture.size != (image.columns, image.rows):
                raise NoOutline(
                    _(
                        "The outline has %(columns)s × %(rows)s pixels, its image %(wide)s × %(high)s. "
                        "Draw it on this image.",
                        columns=picture.size[0],
                        rows=picture.size[1],
                        wide=image.columns,
                        high=image.rows,
                    )
                )
            seen = np.asarray(picture.convert("RGBA"))
    except NoOutline:
        raise
    except (OSError, SyntaxError, ValueError, Picture.DecompressionBombError) as error:
        raise NoOutline(_("The outline is no PNG that can be read, so it was not stored.")) from error
    grey = seen[..., 0]
    is_grey = (seen[..., :3] == grey[..., None]).all()
    if not (is_grey and (seen[..., 3] == 255).all() and np.isin(grey, (0, 255)).all()):
        raise NoOutline(_("An outline is black outside and white inside, without any grey or colour."))
    return np.asarray(grey == 255)
