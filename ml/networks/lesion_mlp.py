"""The lesion network: two small perceptrons that judge each pixel by its planes (`ml.images.lesion_planes`), and their mean."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from ml.images.lesion_planes import PLANES, SIDE

PLANE_STATISTICS = "planes"
"""Layer that holds mean and variance of the planes."""


def lesion_mlp(size: int = SIDE) -> keras.Model:
    """Builds the network. As 1x1 convolutions it reads a whole slice at once, and single pixels where `size` is 1.

    With seven patients a network that looks at shapes learns the patients by heart; one that sees single pixels cannot.

    Args:
        size: side of the input. The weights do not depend on it.

    Returns:
        (N, size, size, PLANES) float32 to (N, size, size, 1) float32 in [0, 1]: how sure a pixel is to be lesion. Trained on
        as many lesion pixels as others, it is no share of readings.
    """
    inputs = layers.Input((size, size, PLANES), name="slice")
    x = layers.Normalization(axis=-1, name=PLANE_STATISTICS)(inputs)
    x = ops.clip(x, -4.0, 4.0)
    outputs = layers.Average(name="share")([_perceptron(x, member) for member in "ab"])
    return keras.Model(inputs, outputs, name="lesion_mlp")


def _perceptron(x: Any, member: str) -> Any:
    x = layers.Conv2D(32, 1, activation="relu", name=f"{member}1")(x)
    x = layers.Dropout(0.2, name=f"{member}_dropout")(x)
    x = layers.Conv2D(16, 1, activation="relu", name=f"{member}2")(x)
    return layers.Conv2D(1, 1, activation="sigmoid", dtype="float32", name=f"{member}3")(x)
