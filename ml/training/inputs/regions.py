"""The regions that a fold's networks may see: found by a region network that never saw the fold's patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ml.cards import models_dir
from ml.data import DataError, Example
from ml.data.split import parts_and_complement
from ml.images.decode import decode
from ml.images.prepare import prepare_image
from ml.networks import build
from ml.networks.weights import load_weights
from ml.tasks import ModelSpec, TaskSpec

COMPLEMENT = "complement.safetensors"
"""Weights of the task's region network that learned from other patients than the deployed one (`parts_and_complement`)."""


class Regions:
    """What one region network finds on a data set's images, each found once.

    Args:
        task, model: a region model of the registry.
        weights: of that network.

    Attributes:
        network: with these weights.
    """

    def __init__(self, task: TaskSpec, model: ModelSpec, weights: Path) -> None:
        if not weights.is_file():
            raise DataError(f"The region network {weights} is not there: train it first.")
        self._task, self._model = task, model
        self.network = build(self._model.network, size=self._model.input_size)
        load_weights(self.network, weights)
        self._found: dict[Path, np.ndarray] = {}

    def of(self, example: Example) -> np.ndarray:
        """The region's share of each pixel, (H, W) float32 in [0, 1] on the image's grid."""
        if example.path not in self._found:
            image = replace(decode(example.path.read_bytes()), prepared=example.prepared)
            prepared = prepare_image(image, self._task.preparation, self._model.input_size)
            both = np.stack([prepared.pixels, prepared.pixels[:, ::-1]])[..., None]
            straight, mirrored = np.asarray(self.network.predict(both, verbose=0))[..., 0]
            self._found[example.path] = prepared.geometry.to_image((straight + mirrored[:, ::-1]) / 2)
        return self._found[example.path]


def deployed_regions(task: TaskSpec) -> Regions:
    """Those of the region model as it is deployed."""
    model = _region_model(task)
    return Regions(task, model, models_dir() / task.key / model.key / "weights.safetensors")


class RegionsOfFolds:
    """The right region network for each patient that is left out."""

    def __init__(self, task: TaskSpec, examples: Sequence[Example]) -> None:
        model = _region_model(task)
        folder = models_dir() / task.key / model.key
        names = {"parts": folder / "weights.safetensors", "complement": folder / COMPLEMENT}
        self._held_out = {
            fold.name: {e.patient_id for e in fold.held_out}
            for fold in parts_and_complement(examples, task.heads[0].key)
        }
        self._regions = {name: Regions(task, model, file) for name, file in names.items()}

    def without(self, patients: set[str]) -> Regions:
        """The regions of a network that saw none of these patients.

        Raises:
            DataError: every network saw one of them.
        """
        for name, held_out in self._held_out.items():
            if patients <= held_out:
                return self._regions[name]
        raise DataError(f"Each region network saw one of the patients {', '.join(sorted(patients))}.")


def _region_model(task: TaskSpec) -> ModelSpec:
    if task.region_model is None:
        raise DataError(f"The task {task.key} has no region model.")
    return task.model(task.region_model)
