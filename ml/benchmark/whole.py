"""One whole reading, as the worker does it after the gate, of a picture drawn from numbers, as large as a slice often is."""

from __future__ import annotations

from functools import cache

import numpy as np

from ml.images.decode import DecodedImage
from ml.reading import GateFindings, read
from ml.registry import Registry
from ml.tasks import TaskSpec

_SIDE = 512


def whole_reading(spec: TaskSpec, models: Registry | None = None) -> None:
    """Reads the picture with every model of the task. Raises what made a model fail: a quick failure is no good time."""
    passed = GateFindings(spec.image_kinds[0], {}, "passed")
    for answer in read(picture(), spec.key, [model.key for model in spec.models], passed, models):
        if answer.state != "done":
            raise RuntimeError(answer.detail or answer.sentence)


@cache
def picture() -> DecodedImage:
    """Soft spots in the dark. The networks' time does not depend on what they see."""
    down, across = np.mgrid[-1 : 1 : _SIDE * 1j, -1 : 1 : _SIDE * 1j]
    spots = np.exp(-3 * (down**2 + across**2)) * (1 + 0.4 * np.sin(9 * down) * np.cos(7 * across))
    return DecodedImage(pixels=(170 * spots).astype(np.uint8), format="PNG", pixel_mm=(0.5, 0.5))
