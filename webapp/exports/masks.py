"""The stored pictures of a study as arrays, on the image's own grid."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ml.images.store import read_heatmap, read_mask
from webapp.exports.content import Content, NotExported
from webapp.studies.files import PREVIEW, study_folder
from webapp.studies.files import preview_of as preview_png_of
from webapp.words import gettext as _


def preview_of(content: Content) -> np.ndarray:
    """(H, W) uint8: the image in the window of its 0.5th to 99.5th percentile. Raises NotExported."""
    stored_file(content, content.image.file if content.result.stack else PREVIEW)
    with Image.open(io.BytesIO(preview_png_of(content.study, content.image)), formats=["PNG"]) as image:
        return np.asarray(image.convert("L"))


def mask_of(content: Content, model: str, kind: str) -> np.ndarray | None:
    """(H, W) bool: what a model outlined as `region` or `lesion`; None where it outlined nothing. Raises NotExported."""
    mask = _stored(content, model, kind, read_mask)
    return mask if mask is not None and mask.any() else None


def heatmap_of(content: Content, model: str, kind: str) -> np.ndarray | None:
    """(H, W) float32 in [0, 1]: `heatmap` or `heatmap_focused` of a model; None without one. Raises NotExported."""
    return _stored(content, model, kind, read_heatmap)


def _stored(
    content: Content, model: str, kind: str, read: Callable[[bytes], np.ndarray]
) -> np.ndarray | None:
    prediction = content.prediction(model)
    name = prediction.files.get(kind) if prediction else None
    return None if name is None else read(stored_file(content, name).read_bytes())


def stored_file(content: Content, name: str) -> Path:
    """The place of a stored file of the study. Raises NotExported where it is gone."""
    path = study_folder(content.study.uuid) / name
    if not path.is_file():
        raise NotExported(
            _("A stored file of this study is missing, so nothing was exported. Tell the administrator.")
        )
    return path
