"""What a lesion network finds on a data set's images: the pictures that models learn from which are shown its map."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ml.cards import models_dir
from ml.data import DataError, Example
from ml.data.split import folds
from ml.networks import build
from ml.networks.weights import load_weights
from ml.tasks import TaskSpec
from ml.training.inputs.lesion_pixels import view_of
from ml.training.inputs.regions import Regions, RegionsOfFolds, deployed_regions

FOLDS = "folds"
"""Folder of the lesion network's folds, `<fold>.safetensors`, beside its deployed weights."""

_REGION_FROM = 0.5


class LesionMaps:
    """What one lesion network finds, each image looked at once.

    Args:
        task: whose lesion model it is.
        weights: of that network.
        regions: in which it looks.
    """

    def __init__(self, task: TaskSpec, weights: Path, regions: Regions) -> None:
        if not weights.is_file():
            raise DataError(f"The lesion network {weights} is not there: train it first.")
        model = task.lesion_model
        self._network = build(model.network, size=model.input_size)
        load_weights(self._network, weights)
        self._regions = regions
        self._found: dict[Path, tuple[np.ndarray, float]] = {}

    def of(self, example: Example) -> np.ndarray:
        """How sure each pixel is to be lesion, (H, W) float32 in [0, 1] on the image's grid, zero outside the region."""
        return self.found(example)[0]

    def found(self, example: Example) -> tuple[np.ndarray, float]:
        """`of`, and the region's bright share (`LesionView`); zeros where no region was found."""
        if example.path not in self._found:
            region = self._regions.of(example)
            view = view_of(example, self._regions)
            shares, bright_share = np.zeros(region.shape, np.float32), 0.0
            if view is not None:
                said = np.asarray(self._network(view.planes[None], training=False))[0, ..., 0]
                shares = np.where(region >= _REGION_FROM, view.geometry.to_image(said), 0.0).astype(
                    np.float32
                )
                bright_share = view.bright_share
            self._found[example.path] = shares, bright_share
        return self._found[example.path]


def deployed_lesion_maps(task: TaskSpec) -> LesionMaps:
    """Those of the lesion model as it is deployed."""
    return LesionMaps(
        task, models_dir() / task.key / task.lesion_model.key / "weights.safetensors", deployed_regions(task)
    )


class LesionMapsOfFolds:
    """The right lesion network for each patient that is left out."""

    def __init__(self, task: TaskSpec, examples: Sequence[Example]) -> None:
        self._task = task
        self._regions = RegionsOfFolds(task, examples)
        self._held_out = {
            fold.name: {e.patient_id for e in fold.held_out}
            for fold in folds(examples, task.protocol, task.heads[0].key)
        }

    def without(self, patients: set[str]) -> LesionMaps:
        """The maps of a network that saw none of these patients, in regions of one that did not either.

        Raises:
            DataError: every network saw one of them.
        """
        folder = models_dir() / self._task.key / self._task.lesion_model.key / FOLDS
        for name, held_out in self._held_out.items():
            if patients <= held_out:
                return LesionMaps(self._task, folder / f"{name}.safetensors", self._regions.without(patients))
        raise DataError(f"Each lesion network saw one of the patients {', '.join(sorted(patients))}.")
