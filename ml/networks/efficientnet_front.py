"""How grey pictures enter Keras' EfficientNets (Tan and Le 2019), and the front that both published hybrids share."""

from __future__ import annotations

from typing import Any

import keras
from keras import initializers, layers

HEATMAP_LAYER = "top_activation"


def grey_in_keras_range(size: int) -> tuple[Any, Any]:
    """Input (N, size, size, 1) in [0, 1], and the same in three channels of [0, 255], as Keras' EfficientNets want it."""
    inputs = layers.Input((size, size, 1), name="slice")
    scaled = layers.Rescaling(255.0, name="to_255")(inputs)
    return inputs, layers.Concatenate(name="grey_to_colour")([scaled, scaled, scaled])


def efficientnet_front(size: int) -> tuple[Any, Any]:
    """Input (N, size, size, 1) in [0, 1] and the pooled features (N, 1280) that follow from it.

    Keras' EfficientNet divides its input by 255. The 1x1 convolution starts at 255 to undo that; started at random, as
    published, the backbone sees almost nothing.
    """
    inputs = layers.Input((size, size, 1), name="slice")
    colour = layers.Conv2D(3, 1, kernel_initializer=initializers.Constant(255.0), name="grey_to_colour")(
        inputs
    )
    backbone = keras.applications.EfficientNetB0(include_top=False, weights=None, input_tensor=colour)
    return inputs, layers.GlobalAveragePooling2D(name="pool")(backbone.output)
