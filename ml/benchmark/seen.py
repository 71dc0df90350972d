"""What each network is fed of one picture."""

from __future__ import annotations

import numpy as np

from ml.benchmark.whole import with_bone
from ml.images.decode import DecodedImage
from ml.images.lesion_planes import lesion_view
from ml.images.prepare import prepare_image
from ml.tasks import ModelSpec, TaskSpec


def seen(spec: TaskSpec, model: ModelSpec, image: DecodedImage) -> np.ndarray:
    """(S, S) or (S, S, C) float32.

    A lesion model is shown the middle of the picture as its region, and a model that is shown its map the slice: time does not
    ask which.
    """
    if model.kind != "lesion":
        return prepare_image(image, spec.preparation, model.input_size).pixels
    view = lesion_view(image.pixels, with_bone(np.zeros(image.pixels.shape, np.float32)), image.pixel_mm)
    assert view is not None
    return view.planes
