"""The published kidney network of four labels: MobileNetV2 (Sandler et al. 2018) of width 0.35, 451,332 parameters."""

from __future__ import annotations

import keras
from keras import layers

from ml.networks.classification_heads import label_scores

MOBILENET_V2 = "mobilenet_v2"
HEATMAP_LAYER = "out_relu"


def mobilenet_v2(size: int = 96) -> keras.Model:
    """Builds the network: (N, size, size, 1) float32 in [0, 1] to `label` (N, 4)."""
    inputs = layers.Input((size, size, 1), name="slice")
    scaled = layers.Rescaling(2.0, offset=-1.0, name="scale")(inputs)
    colour = layers.Concatenate(name="grey_to_colour")([scaled, scaled, scaled])
    backbone = keras.applications.MobileNetV2(
        input_shape=(size, size, 3), alpha=0.35, include_top=False, weights=None, input_tensor=colour
    )
    x = layers.GlobalAveragePooling2D(name="pool")(backbone.output)
    x = layers.Dense(32, activation="relu", name="dense")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    return keras.Model(inputs, label_scores(x, 4), name=MOBILENET_V2)
