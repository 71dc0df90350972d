"""The gate's network: MobileNetV2 (Sandler et al. 2018) of width 0.35 with ImageNet weights, and one softmax layer."""

from __future__ import annotations

import keras
from keras import layers

SIZE = 160


def gate_mobilenet(kinds: int, size: int = SIZE) -> keras.Model:
    """Builds the network: (N, size, size, 1) float32 in [0, 1] to (N, kinds) scores that add up to 1."""
    inputs = layers.Input((size, size, 1), name="slice")
    scaled = layers.Rescaling(2.0, offset=-1.0, name="scale")(inputs)
    colour = layers.Concatenate(name="grey_to_colour")([scaled, scaled, scaled])
    backbone = keras.applications.MobileNetV2(
        input_shape=(size, size, 3), alpha=0.35, include_top=False, weights=None, input_tensor=colour
    )
    features = layers.GlobalAveragePooling2D(name="pool")(backbone.output)
    return keras.Model(
        inputs, layers.Dense(kinds, activation="softmax", name="kind")(features), name="gate_mobilenet"
    )
