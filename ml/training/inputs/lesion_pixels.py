"""Single pixels for the lesion network to learn from: the readers' lesions, and as many others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ml.data import DataError, Example
from ml.images.decode import decode
from ml.images.lesion_planes import LesionView, lesion_view
from ml.training.inputs.regions import Regions

_LESION, _OTHER = 250, 500
_CONSENSUS, _ONE_READING = 120, 60
_LESION_WEIGHT = 20.0


@dataclass(frozen=True)
class Pixels:
    """planes: (N, 1, 1, PLANES) float32; lesion: (N, 1, 1, 1) float32, 0 or 1; weights: (N,) float32."""

    planes: np.ndarray
    lesion: np.ndarray
    weights: np.ndarray


def view_of(example: Example, regions: Regions) -> LesionView | None:
    """What the lesion network sees of an example; None where no region was found. The spacing is left out: uploads lack it."""
    return lesion_view(decode(example.path.read_bytes()).pixels, regions.of(example), None)


def sampled_pixels(examples: Sequence[Example], regions: Regions, seed: int) -> Pixels:
    """Up to 250 pixels of each slice's consensus lesion and 500 that no reading marked, all in the region.

    A slice's lesion counts by the root of its sampled pixels, so that a large lesion does not drown the small ones, which are
    the ones that readers miss.

    Raises:
        DataError: the votes cannot be read, or no slice has a lesion.
    """
    generator = np.random.default_rng(seed)
    planes, lesion, weights = [], [], []
    for example in examples:
        view = view_of(example, regions)
        if view is None:
            continue
        votes = _votes(example, view)
        for chosen, label in (
            (_some(view.region & (votes >= _CONSENSUS), _LESION, generator), 1.0),
            (_some(view.region & (votes < _ONE_READING), _OTHER, generator), 0.0),
        ):
            planes.append(view.planes.reshape(-1, view.planes.shape[-1])[chosen])
            lesion.append(np.full(len(chosen), label))
            weight = _LESION_WEIGHT / np.sqrt(len(chosen)) if label and len(chosen) else 1.0
            weights.append(np.full(len(chosen), weight))
    if not any(each.any() for each in lesion):
        raise DataError("None of the images has a lesion that two readings outlined.")
    return Pixels(
        np.concatenate(planes).astype(np.float32)[:, None, None],
        np.concatenate(lesion).astype(np.float32)[:, None, None, None],
        np.concatenate(weights).astype(np.float32),
    )


def _votes(example: Example, view: LesionView) -> np.ndarray:
    votes = cv2.imread(str(example.votes_path), cv2.IMREAD_GRAYSCALE)
    if votes is None:
        raise DataError(f"The readings {example.votes_path} cannot be read.")
    return view.geometry.to_square(np.asarray(votes, np.float32))


def _some(mask: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Places, flattened, of up to `count` pixels of a mask."""
    places = np.flatnonzero(mask)
    return generator.choice(places, min(len(places), count), replace=False) if len(places) else places
