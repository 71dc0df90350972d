"""Hybrid v2 of the sacroiliac system: EfficientNet-B0 and two dense layers, 4,838,319 parameters."""

from __future__ import annotations

import keras
from keras import layers

from ml.networks.classification_heads import status_and_stage
from ml.networks.efficientnet_front import HEATMAP_LAYER, efficientnet_front

__all__ = ["HEATMAP_LAYER", "hybrid_dense"]


def hybrid_dense(size: int = 256) -> keras.Model:
    """Builds the network: (N, size, size, 1) in [0, 1] to `binary_output` (N, 2) and `stage_output` (N, 4)."""
    inputs, x = efficientnet_front(size)
    for width, rate in ((512, 0.4), (256, 0.3)):
        x = layers.Dense(width, activation="relu", name=f"dense{width}")(x)
        x = layers.Dropout(rate, name=f"dropout{width}")(x)
    return keras.Model(inputs, status_and_stage(x), name="hybrid_dense")
