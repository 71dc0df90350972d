"""Labelled images in memory, and the augmented batches that an epoch is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np

from ml.data import Example
from ml.images.decode import decode
from ml.images.prepare import Preparation, prepare, prepare_mask
from ml.training.augmentation import augment
from ml.training.configuration import Augmentation


@dataclass(frozen=True)
class Prepared:
    """pixels: (N, S, S) float32 in [0, 1]; masks: the same or None; labels: head key to (N,) int32, -1 where unknown."""

    pixels: np.ndarray
    masks: np.ndarray | None
    labels: dict[str, np.ndarray]


def load_prepared(
    examples: Sequence[Example], preparation: Preparation, size: int, heads: Sequence[str], masks: bool
) -> Prepared:
    """Decodes and prepares all images of a set (a few hundred: they fit in memory)."""
    pixels, regions = [], []
    for example in examples:
        image = decode(example.path.read_bytes())
        pixels.append(prepare(image.pixels, preparation, size).pixels)
        if masks:
            mask = cv2.imread(str(example.region_path), cv2.IMREAD_GRAYSCALE)
            if mask is None:
                raise FileNotFoundError(f"No mask could be read. Received: region_path={example.region_path}")
            regions.append(prepare_mask(np.asarray(mask) > 127, preparation, size))
    labels = {h: np.array([e.labels.get(h, -1) for e in examples], np.int32) for h in heads}
    return Prepared(np.stack(pixels), np.stack(regions) if masks else None, labels)


class AugmentedBatches(keras.utils.PyDataset):
    """Every image once an epoch, in a new order and a new variant, from one seeded generator.

    Args:
        outputs: network output name to head key; None for a region network.
    """

    def __init__(
        self,
        prepared: Prepared,
        outputs: dict[str, str] | None,
        bounds: Augmentation,
        batch: int,
        seed: int,
    ) -> None:
        super().__init__()
        self._prepared, self._outputs, self._bounds, self._batch = prepared, outputs, bounds, batch
        self._generator = np.random.default_rng(seed)
        self._order = self._generator.permutation(len(prepared.pixels))

    def __len__(self) -> int:
        return -(-len(self._order) // self._batch)

    def __getitem__(self, index: int) -> tuple[np.ndarray, Any]:
        """Batch `index`: pixels (B, S, S, 1), and masks (B, S, S, 1) or output name to (B,) label indices."""
        chosen = self._order[index * self._batch : (index + 1) * self._batch]
        masks = self._prepared.masks
        pairs = [
            augment(
                self._prepared.pixels[i], None if masks is None else masks[i], self._bounds, self._generator
            )
            for i in chosen
        ]
        pixels = np.stack([pair[0] for pair in pairs])[..., None]
        if self._outputs is None:
            return pixels, np.stack([pair[1] for pair in pairs if pair[1] is not None])[..., None]
        return pixels, {name: self._prepared.labels[head][chosen] for name, head in self._outputs.items()}

    def on_epoch_end(self) -> None:
        """A new order for the next epoch."""
        self._generator.shuffle(self._order)
