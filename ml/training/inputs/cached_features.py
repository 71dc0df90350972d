"""What a network's frozen front makes of the images, computed once: the back then learns many times as fast.

Freezing a pre-trained front and caching its maps is the usual way to fine-tune on a processor; the random variants of an image
are limited to those that were cached.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

import keras
import numpy as np

from ml.training.configuration import Augmentation
from ml.training.inputs.augmentation import augment
from ml.training.inputs.batches import Prepared, answers, chances, order

_BATCH = 32
_AT_ONCE = 512


def divided(network: keras.Model, layer: str) -> tuple[keras.Model, keras.Model]:
    """A network cut behind a layer that every path passes: the front, frozen, and the back. Both share its variables."""
    cut = network.get_layer(layer).output
    front, back = keras.Model(network.inputs, cut), keras.Model(cut, network.outputs)
    front.trainable = False
    return front, back


class FrontMaps:
    """Maps of images and of their random variants, each computed once for all folds whose fronts are the same.

    Args:
        bounds: of the variants; variant 0 is the image as it is.
        seed: a variant follows from it, its number and the image alone.
    """

    def __init__(self, bounds: Augmentation, seed: int) -> None:
        self._bounds, self._seed = bounds, seed
        self._maps: dict[tuple[str, str, int], np.ndarray] = {}

    def of(self, front: keras.Model, prepared: Prepared, variant: int) -> list[np.ndarray]:
        """The maps (h, w, c) float16 of one variant of every image."""
        digest = _digest(front)
        keys = [(digest, image_id, variant) for image_id in prepared.image_ids]
        places = [place for place, key in enumerate(keys) if key not in self._maps]
        for first in range(0, len(places), _AT_ONCE):
            block = places[first : first + _AT_ONCE]
            pixels = np.stack([self._variant(prepared, place, variant) for place in block])
            maps = np.asarray(front.predict(pixels, batch_size=_BATCH, verbose=0)).astype(np.float16)
            self._maps.update((keys[place], each) for place, each in zip(block, maps, strict=True))
        return [self._maps[key] for key in keys]

    def _variant(self, prepared: Prepared, place: int, variant: int) -> np.ndarray:
        pixels: np.ndarray = prepared.pixels[place]
        if variant == 0:
            return pixels
        number = zlib.crc32(prepared.image_ids[place].encode())
        generator = np.random.default_rng((self._seed, variant, number))
        return np.asarray(augment(pixels, None, self._bounds, generator)[0])


def _digest(front: keras.Model) -> str:
    weights = hashlib.sha256(repr(front.input_shape).encode())
    for values in front.get_weights():
        weights.update(np.ascontiguousarray(values).tobytes())
    return weights.hexdigest()


class CachedBatches(keras.utils.PyDataset):
    """The maps of an epoch's images, of one variant each, in a new order.

    Args:
        front: of `divided`.
        maps: where maps are kept.
        prepared: images and labels.
        outputs: network output name to head key.
        variants, batch, seed, first_epoch, balanced: as in the configuration and in `AugmentedBatches`.
    """

    def __init__(
        self,
        front: keras.Model,
        maps: FrontMaps,
        prepared: Prepared,
        outputs: dict[str, str],
        variants: int,
        batch: int,
        seed: int,
        first_epoch: int = 0,
        balanced: str | None = None,
    ) -> None:
        super().__init__()
        self._maps = [maps.of(front, prepared, variant) for variant in range(variants)]
        self._labels = {name: prepared.labels[head] for name, head in outputs.items()}
        self._chances = None if balanced is None else chances(prepared, balanced)
        self._batch, self._seed, self._epoch = batch, seed, first_epoch
        self._begin()

    def __len__(self) -> int:
        return -(-len(self._order) // self._batch)

    def __getitem__(self, index: int) -> tuple[np.ndarray, Any]:
        """Batch `index`: maps (B, h, w, c), and label indices as in `AugmentedBatches`."""
        places = slice(index * self._batch, (index + 1) * self._batch)
        chosen = self._order[places]
        maps = [self._maps[variant][i] for variant, i in zip(self._variant[places], chosen, strict=True)]
        labels = answers({name: values[chosen] for name, values in self._labels.items()})
        return np.stack(maps).astype(np.float32), labels

    def on_epoch_end(self) -> None:
        """A new order for the next epoch."""
        self._epoch += 1
        self._begin()

    def _begin(self) -> None:
        generator = np.random.default_rng((self._seed, self._epoch))
        self._order = order(len(self._maps[0]), self._chances, generator)
        self._variant = generator.integers(0, len(self._maps), len(self._order))
