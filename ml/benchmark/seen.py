"""What each network is fed of one picture."""

from __future__ import annotations

import numpy as np

from ml.images.decode import DecodedImage
from ml.images.lesion_planes import lesion_view
from ml.images.prepare import prepare
from ml.tasks import ModelSpec, TaskSpec


def seen(spec: TaskSpec, model: ModelSpec, image: DecodedImage) -> np.ndarray:
    """(S, S) or (S, S, C) float32. A lesion model is shown the middle of the picture as its region: time does not ask which."""
    if model.kind != "lesion":
        return prepare(image.pixels, spec.preparation, model.input_size).pixels
    rows, columns = image.pixels.shape[:2]
    region = np.zeros((rows, columns), np.float32)
    region[rows // 4 : -rows // 4, columns // 4 : -columns // 4] = 1.0
    view = lesion_view(image.pixels, region, image.pixel_mm)
    assert view is not None
    return view.planes
