"""One whole reading, as the worker does it after the gate, of a picture drawn from numbers, as large as a slice often is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import cast

import numpy as np

from ml.images.decode import DecodedImage
from ml.reading import GateFindings, read
from ml.registry import ReadyModel, Registry, registry
from ml.tasks import TaskSpec

_SIDE = 512


def whole_reading(spec: TaskSpec, models: Registry | None = None) -> None:
    """Reads the picture with every model of the task. Raises what made a model fail: a quick failure is no good time."""
    passed = GateFindings(spec.image_kinds[0] if spec.image_kinds else "", {}, "passed")
    sees_bone = cast("Registry", _SeesBone(spec, models or registry()))
    for answer in read(picture(), spec.key, [model.key for model in spec.models], passed, sees_bone):
        if answer.state != "done":
            raise RuntimeError(answer.detail or answer.sentence)


def with_bone(shares: np.ndarray) -> np.ndarray:
    """A region's shares, (H, W), with the middle added: the picture shows no bone, and a lesion model judges nothing else."""
    rows, columns = shares.shape
    shares = shares.copy()
    shares[rows // 4 : -rows // 4, columns // 4 : -columns // 4] = 1.0
    return shares


class _SeesBone:
    """A registry whose region model finds bone in the picture; it runs all the same."""

    def __init__(self, spec: TaskSpec, models: Registry) -> None:
        self._spec, self._models = spec, models

    def model(self, task: str, key: str) -> ReadyModel:
        ready = self._models.model(task, key)
        if key != self._spec.region_model:
            return ready
        return replace(ready, run=lambda pixels: with_bone(ready.run(pixels)))


@cache
def picture() -> DecodedImage:
    """Soft spots in the dark. The networks' time does not depend on what they see."""
    down, across = np.mgrid[-1 : 1 : _SIDE * 1j, -1 : 1 : _SIDE * 1j]
    spots = np.exp(-3 * (down**2 + across**2)) * (1 + 0.4 * np.sin(9 * down) * np.cos(7 * across))
    return DecodedImage(pixels=(170 * spots).astype(np.uint8), format="PNG", pixel_mm=(0.5, 0.5))
