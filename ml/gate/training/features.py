"""The pooled features of pictures by the frozen network, each in its variants, and what each variant shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import keras
import numpy as np

from ml.data import DataError
from ml.gate.looks import INVERTED, TURNED, UPRIGHT, UPSIDE_DOWN, shown
from ml.gate.training.pictures import Picture
from ml.gate.training.variants import in_manner, varied
from ml.gate.view import view_of
from ml.networks.weights import settle

_VARIED = 2
_BATCH = 64
_READOUTS = ("look", "stored")


@dataclass(frozen=True)
class Features:
    """Of every variant of every picture.

    Args:
        values: (N, 1280) float32.
        picture: (N,) index of the picture; look: (N,) kind and manner that the variant shows.
    """

    values: np.ndarray
    picture: np.ndarray
    look: list[tuple[str, str]]


def features_of(pictures: Sequence[Picture], network: keras.Model, seed: int) -> Features:
    """Each picture as it is, varied twice, and in every other manner, as it is or varied.

    A picture of `OTHER` is other in whatever manner.
    """
    generator = np.random.default_rng(seed)
    pooled = keras.Model(network.inputs, network.get_layer("pool").output)
    stream = _variants(pictures, generator)
    values, picture, looks = [], [], []
    while batch := list(islice(stream, _BATCH)):
        values.append(
            np.asarray(pooled.predict_on_batch(np.stack([view for view, _, _ in batch])[..., None]))
        )
        picture += [index for _, index, _ in batch]
        looks += [look for _, _, look in batch]
    return Features(np.concatenate(values), np.asarray(picture), looks)


def put_backbone(network: keras.Model, file: Path) -> None:
    """Fills the frozen part of the network from `mobilenetv2_035_imagenet.npz`. Raises DataError where it is not there."""
    if not file.is_file():
        raise DataError(f"The gate starts from {file}, which is not there.")
    stored = np.load(file)
    values = [stored[key].astype(np.float32) for key in sorted(stored.files)]
    variables = [v for layer in network.layers if layer.name not in _READOUTS for v in layer.weights]
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    settle(network)


def _variants(
    pictures: Sequence[Picture], generator: np.random.Generator
) -> Iterator[tuple[np.ndarray, int, tuple[str, str]]]:
    for index, picture in enumerate(pictures):
        for manner, often in ((UPRIGHT, _VARIED + 1), (INVERTED, 1), (TURNED, 1), (UPSIDE_DOWN, 1)):
            look = shown(picture.kind, manner)
            pixels = in_manner(picture.pixels, manner, generator)
            for number in range(often):
                plain = number == 0 if often > 1 else generator.random() < 0.4
                yield view_of(pixels if plain else varied(pixels, generator)), index, look
