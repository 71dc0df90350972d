"""U-Net (Ronneberger et al. 2015, arXiv 1505.04597) whose encoder is EfficientNet-Lite0, so that it can start from ImageNet."""

from __future__ import annotations

import keras
from keras import layers

from ml.networks.lite0_encoder import lite0_encoder, unit

LITE0_UNET = "lite0_unet"
_DECODER = (128, 64, 48, 32, 16)


def lite0_unet(size: int = 256, channels: int = 1) -> keras.Model:
    """Builds the network for a square input.

    Args:
        size: side of the input, divisible by 32. The weights do not depend on it.
        channels: of the input; more than one bring what is known beside the slice (the region's share, for one).

    Returns:
        (N, size, size, channels) float32 in [0, 1] to (N, size, size, 1) float32 in [0, 1], each pixel's share.
    """
    inputs = layers.Input((size, size, channels), name="slice")
    x, skips = lite0_encoder(inputs)
    for level, filters in enumerate(_DECODER):
        x = layers.UpSampling2D(2, name=f"enlarge{level}")(x)
        skip = skips[-1 - level] if level < len(skips) else None
        if skip is not None:
            x = layers.Concatenate(name=f"join{level}")([x, skip])
        for letter in "ab" if skip is not None else "a":
            name = f"decode{level}{letter}"
            x = unit(layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv")(x), name)
    # The loss is taken in float32 whatever precision the rest is trained in.
    outputs = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32", name="share")(x)
    return keras.Model(inputs, outputs, name=LITE0_UNET)
