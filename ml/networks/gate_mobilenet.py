"""The gate's network: MobileNetV2 (Sandler et al. 2018) of width 0.35 with ImageNet weights, read out twice.

One softmax layer says what an image looks like; the Mahalanobis distance of the pooled features to those of each kind's
training images (Lee et al. 2018, arXiv 1807.03888) says whether it is typical of them.
"""

from __future__ import annotations

import keras
from keras import layers, ops

SIZE = 160
AXES = 64
"""Principal axes of the features in which the distances are taken."""


def gate_mobilenet(looks: int, kinds: int, size: int = SIZE) -> keras.Model:
    """Builds the network.

    Args:
        looks: how many answers the softmax tells apart.
        kinds: to how many kinds of image the distance is taken.

    Returns:
        (N, size, size, 1) float32 in [0, 1] to `look`, (N, looks) scores that add up to 1, and `strangeness`, (N, kinds):
        mean squared distance along the axes, as a share of that kind's limit.
    """
    inputs = layers.Input((size, size, 1), name="picture")
    scaled = layers.Rescaling(2.0, offset=-1.0, name="scale")(inputs)
    colour = layers.Concatenate(name="grey_to_colour")([scaled, scaled, scaled])
    backbone = keras.applications.MobileNetV2(
        input_shape=(size, size, 3), alpha=0.35, include_top=False, weights=None, input_tensor=colour
    )
    features = layers.GlobalAveragePooling2D(name="pool")(backbone.output)
    look = layers.Dense(looks, activation="softmax", name="look")(features)
    axes = layers.Dense(AXES, name="axes")(features)
    whitened = layers.Reshape((kinds, AXES), name="by_kind")(layers.Dense(kinds * AXES, name="whitened")(axes))
    strangeness = ops.mean(ops.square(whitened), axis=-1)
    return keras.Model(inputs, {"look": look, "strangeness": strangeness}, name="gate_mobilenet")
