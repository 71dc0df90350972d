"""The published primary classifier of the sacroiliac system: three convolutions and one dense layer, 16,870,790 parameters."""

from __future__ import annotations

import keras
from keras import layers

from ml.networks.classification_heads import status_and_stage

HEATMAP_LAYER = "block128"


def cnn_classifier(size: int = 256) -> keras.Model:
    """Builds the network.

    Args:
        size: side of the input; the dense layer's weights depend on it (published: 256).

    Returns:
        (N, size, size, 1) float32 in [0, 1] to two softmax outputs, `binary_output` (N, 2) and `stage_output` (N, 4).
    """
    inputs = layers.Input((size, size, 1), name="slice")
    x = inputs
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"block{filters}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{filters}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(128, activation="relu", name="dense")(x)
    x = layers.Dropout(0.5, name="dropout")(x)
    return keras.Model(inputs, status_and_stage(x), name="cnn_classifier")
