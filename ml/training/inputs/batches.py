"""Labelled images in memory, and the augmented batches that an epoch is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np

from ml.data import DataError, Example
from ml.images.decode import decode
from ml.images.prepare import prepare, prepare_mask
from ml.tasks import ModelSpec, TaskSpec
from ml.training.configuration import Augmentation
from ml.training.inputs.augmentation import augment


@dataclass(frozen=True)
class Prepared:
    """pixels: (N, S, S, C) float32 in [0, 1]; masks: (N, S, S) or None; labels: head key to (N,) int32, -1 where unknown."""

    pixels: np.ndarray
    masks: np.ndarray | None
    labels: dict[str, np.ndarray]


def load_prepared(examples: Sequence[Example], task: TaskSpec, model: ModelSpec, size: int) -> Prepared:
    """Decodes and prepares all images of a set as the model sees them (a few hundred: they fit in memory).

    Raises:
        DataError: a mask cannot be read.
    """
    pairs = [_prepared(example, task, model, size) for example in examples]
    masks = [mask for _, mask in pairs if mask is not None]
    labels = {h.key: np.array([e.labels.get(h.key, -1) for e in examples], np.int32) for h in task.heads}
    return Prepared(np.stack([pixels for pixels, _ in pairs]), np.stack(masks) if masks else None, labels)


def _prepared(
    example: Example, task: TaskSpec, model: ModelSpec, size: int
) -> tuple[np.ndarray, np.ndarray | None]:
    image = decode(example.path.read_bytes())
    pixels = prepare(image.pixels, task.preparation, size).pixels[..., None]
    if model.kind != "region":
        return pixels, None
    mask = cv2.imread(str(example.region_path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise DataError(f"The mask {example.region_path} cannot be read.")
    return pixels, prepare_mask(np.asarray(mask) > 127, task.preparation, size)


class AugmentedBatches(keras.utils.PyDataset):
    """Every image once an epoch, in a new order and a new variant.

    Order and variants follow from seed and epoch alone, so that a run that was interrupted goes on as it would have.

    Args:
        outputs: network output name to head key; None for a network that gives a mask.
        first_epoch: number of the epoch that comes first.
    """

    def __init__(
        self,
        prepared: Prepared,
        outputs: dict[str, str] | None,
        bounds: Augmentation,
        batch: int,
        seed: int,
        first_epoch: int = 0,
    ) -> None:
        super().__init__()
        self._prepared, self._outputs, self._bounds, self._batch = prepared, outputs, bounds, batch
        self._seed, self._epoch = seed, first_epoch
        self._begin()

    def __len__(self) -> int:
        return -(-len(self._order) // self._batch)

    def __getitem__(self, index: int) -> tuple[np.ndarray, Any]:
        """Batch `index`: pixels (B, S, S, C), and masks (B, S, S, 1) or output name to (B,) label indices."""
        chosen = self._order[index * self._batch : (index + 1) * self._batch]
        masks = self._prepared.masks
        pairs = [
            augment(
                self._prepared.pixels[i], None if masks is None else masks[i], self._bounds, self._generator
            )
            for i in chosen
        ]
        pixels = np.stack([pair[0] for pair in pairs])
        if self._outputs is None:
            return pixels, np.stack([pair[1] for pair in pairs if pair[1] is not None])[..., None]
        return pixels, {name: self._prepared.labels[head][chosen] for name, head in self._outputs.items()}

    def on_epoch_end(self) -> None:
        """A new order for the next epoch."""
        self._epoch += 1
        self._begin()

    def _begin(self) -> None:
        self._generator = np.random.default_rng((self._seed, self._epoch))
        self._order = self._generator.permutation(len(self._prepared.pixels))
