"""Labelled images in memory, and the augmented batches that an epoch is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from ml.data import Example
from ml.data.region_mask import read_region_mask
from ml.images.decode import decode
from ml.images.prepare import prepare_image, prepare_mask
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
    image = replace(decode(example.path.read_bytes()), prepared=example.prepared)
    pixels = prepare_image(image, task.preparation, size).pixels[..., None]
    if model.kind != "region":
        return pixels, None
    mask = read_region_mask(example, (image.pixels.shape[0], image.pixels.shape[1]))
    return pixels, prepare_mask(mask, task.preparation, size)


class AugmentedBatches(keras.utils.PyDataset):
    """The images of an epoch, in a new order and new variants.

    Order and variants follow from seed and epoch alone, so that a run that was interrupted goes on as it would have.

    Args:
        outputs: network output name to head key; None for a network that gives a mask.
        first_epoch: number of the epoch that comes first.
        balanced: head whose labels are drawn equally often; None takes every image once.
    """

    def __init__(
        self,
        prepared: Prepared,
        outputs: dict[str, str] | None,
        bounds: Augmentation,
        batch: int,
        seed: int,
        first_epoch: int = 0,
        balanced: str | None = None,
    ) -> None:
        super().__init__()
        self._prepared, self._outputs, self._bounds, self._batch = prepared, outputs, bounds, batch
        self._seed, self._epoch, self._balanced = seed, first_epoch, balanced
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
        labels = None if self._balanced is None else self._prepared.labels[self._balanced]
        self._order = order(len(self._prepared.pixels), labels, self._generator)


def order(count: int, labels: np.ndarray | None, generator: np.random.Generator) -> np.ndarray:
    """The places of an epoch's images, (count,) int: each once, or drawn so that all labels come equally often."""
    if labels is None:
        return generator.permutation(count)
    share = 1.0 / np.bincount(labels)[labels]
    return np.asarray(generator.choice(count, count, p=share / share.sum()))
