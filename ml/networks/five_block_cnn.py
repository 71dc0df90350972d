"""The published chest network: five blocks of two convolutions with batch norm, 4,852,002 parameters."""

from __future__ import annotations

import keras
from keras import layers

from ml.networks.classification_heads import label_scores

HEATMAP_LAYER = "block512_relu1"


def five_block_cnn(size: int = 224) -> keras.Model:
    """Builds the network, Glorot uniform throughout: (N, size, size, 1) float32 in [0, 1] to `label` (N, 2)."""
    inputs = layers.Input((size, size, 1), name="radiograph")
    x = layers.Concatenate(name="grey_to_colour")([inputs, inputs, inputs])
    for filters in (32, 64, 128, 256, 512):
        for number in (0, 1):
            name = f"block{filters}"
            x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_conv{number}")(x)
            x = layers.BatchNormalization(name=f"{name}_norm{number}")(x)
            x = layers.ReLU(name=f"{name}_relu{number}")(x)
        x = layers.MaxPooling2D(2, name=f"{name}_pool")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dense(256, activation="relu", name="dense")(x)
    x = layers.Dropout(0.5, name="dropout")(x)
    return keras.Model(inputs, label_scores(x, 2), name="five_block_cnn")
