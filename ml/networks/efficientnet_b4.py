"""The published kidney stone network: EfficientNet-B4 (Tan and Le 2019) and two dense layers, 18,600,033 parameters."""

from __future__ import annotations

import keras
from keras import layers

from ml.networks.classification_heads import label_scores
from ml.networks.efficientnet_front import HEATMAP_LAYER, grey_in_keras_range

__all__ = ["HEATMAP_LAYER", "efficientnet_b4"]


def efficientnet_b4(size: int = 224) -> keras.Model:
    """Builds the network: (N, size, size, 1) float32 in [0, 1] to `label` (N, 2)."""
    inputs, colour = grey_in_keras_range(size)
    backbone = keras.applications.EfficientNetB4(include_top=False, weights=None, input_tensor=colour)
    x = layers.GlobalAveragePooling2D(name="pool")(backbone.output)
    x = layers.BatchNormalization(name="pool_norm")(x)
    x = layers.Dropout(0.4, name="pool_dropout")(x)
    x = layers.Dense(512, activation="gelu", name="dense")(x)
    x = layers.Dropout(0.3, name="dropout")(x)
    return keras.Model(inputs, label_scores(x, 2), name="efficientnet_b4")
