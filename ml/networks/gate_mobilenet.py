"""The gate's network: MobileNetV2 (Sandler et al. 2018) of width 0.35 with ImageNet weights, read out twice.

One softmax layer says what an image looks like; the cosine distance of its pooled features to the nearest of each kind's
stored ones says how strange it is for that kind (deep nearest neighbours, Sun et al. 2022, arXiv 2204.06507).
"""

from __future__ import annotations

import keras
from keras import layers, ops

SIZE = 160
STORED = 128
"""How many features of each kind are kept to compare with."""


def gate_mobilenet(looks: int, kinds: int, size: int = SIZE) -> keras.Model:
    """Builds the network.

    Args:
        looks: how many answers the softmax tells apart.
        kinds: to how many kinds of image the distance is taken.

    Returns:
        (N, size, size, 1) float32 in [0, 1] to `look`, (N, looks) scores that add up to 1, and `strangeness`, (N, kinds) cosine
        distance, from 0 on.
    """
    inputs = layers.Input((size, size, 1), name="picture")
    scaled = layers.Rescaling(2.0, offset=-1.0, name="scale")(inputs)
    colour = layers.Concatenate(name="grey_to_colour")([scaled, scaled, scaled])
    backbone = keras.applications.MobileNetV2(
        input_shape=(size, size, 3), alpha=0.35, include_top=False, weights=None, input_tensor=colour
    )
    features = layers.GlobalAveragePooling2D(name="pool")(backbone.output)
    look = layers.Dense(looks, activation="softmax", name="look")(features)
    length_one = layers.UnitNormalization(name="length_one")(features)
    likeness = layers.Dense(kinds * STORED, use_bias=False, name="stored")(length_one)
    strangeness = 1 - ops.max(layers.Reshape((kinds, STORED), name="by_kind")(likeness), axis=-1)
    return keras.Model(inputs, {"look": look, "strangeness": strangeness}, name="gate_mobilenet")
