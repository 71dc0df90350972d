"""The published bone tumour network: EfficientNet-B0 (Tan and Le 2019) and one softmax layer, 4,053,414 parameters."""

from __future__ import annotations

import keras
from keras import layers

from ml.networks.classification_heads import label_scores
from ml.networks.efficientnet_front import HEATMAP_LAYER, grey_in_keras_range

__all__ = ["HEATMAP_LAYER", "efficientnet_b0"]


def efficientnet_b0(size: int = 224) -> keras.Model:
    """Builds the network: (N, size, size, 1) float32 in [0, 1] to `label` (N, 3)."""
    inputs, colour = grey_in_keras_range(size)
    backbone = keras.applications.EfficientNetB0(include_top=False, weights=None, input_tensor=colour)
    x = layers.GlobalAveragePooling2D(name="pool")(backbone.output)
    x = layers.Dropout(0.2, name="dropout")(x)
    return keras.Model(inputs, label_scores(x, 3), name="efficientnet_b0")
