"""What a network's frozen front makes of the images, computed once: the back then learns many times as fast.

Freezing a pre-trained front and caching its maps is the usual way to fine-tune on a processor; the random variants of an image
are limited to those that were cached.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from ml.training.configuration import Augmentation
from ml.training.inputs.augmentation import augment
from ml.training.inputs.batches import Prepared, order

_BATCH = 32


def divided(network: keras.Model, layer: str) -> tuple[keras.Model, keras.Model]:
    """A network cut behind a layer that every path passes: the front, frozen, and the back. Both share its variables."""
    cut = network.get_layer(layer).output
    front, back = keras.Model(network.inputs, cut), keras.Model(cut, network.outputs)
    front.trainable = False
    return front, back


def maps_of(front: keras.Model, pixels: np.ndarray) -> np.ndarray:
    """The front's maps of some images, (N, h, w, c) float16."""
    return np.asarray(front.predict(pixels, batch_size=_BATCH, verbose=0)).astype(np.float16)


class CachedBatches(keras.utils.PyDataset):
    """The maps of an epoch's images, of one variant each, in a new order.

    Args:
        front: of `divided`.
        prepared: images and labels.
        outputs: network output name to head key.
        bounds: of the variants; the first variant is the image as it is.
        variants, batch, seed, first_epoch, balanced: as in the configuration and in `AugmentedBatches`.
    """

    def __init__(
        self,
        front: keras.Model,
        prepared: Prepared,
        outputs: dict[str, str],
        bounds: Augmentation,
        variants: int,
        batch: int,
        seed: int,
        first_epoch: int = 0,
        balanced: str | None = None,
    ) -> None:
        super().__init__()
        generator = np.random.default_rng((seed, 0))
        self._maps = [maps_of(front, prepared.pixels)]
        for _ in range(variants - 1):
            varied = (augment(pixels, None, bounds, generator)[0] for pixels in prepared.pixels)
            self._maps.append(maps_of(front, np.stack(list(varied))))
        self._labels = {name: prepared.labels[head] for name, head in outputs.items()}
        self._balanced = None if balanced is None else prepared.labels[balanced]
        self._batch, self._seed, self._epoch = batch, seed, first_epoch
        self._begin()

    def __len__(self) -> int:
        return -(-len(self._order) // self._batch)

    def __getitem__(self, index: int) -> tuple[np.ndarray, Any]:
        """Batch `index`: maps (B, h, w, c), and output name to (B,) label indices."""
        places = slice(index * self._batch, (index + 1) * self._batch)
        chosen = self._order[places]
        maps = [self._maps[variant][i] for variant, i in zip(self._variant[places], chosen, strict=True)]
        return np.stack(maps).astype(np.float32), {n: values[chosen] for n, values in self._labels.items()}

    def on_epoch_end(self) -> None:
        """A new order for the next epoch."""
        self._epoch += 1
        self._begin()

    def _begin(self) -> None:
        generator = np.random.default_rng((self._seed, self._epoch))
        self._order = order(len(self._maps[0]), self._balanced, generator)
        self._variant = generator.integers(0, len(self._maps), len(self._order))
