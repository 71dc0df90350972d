"""U-Net (Ronneberger et al. 2015, arXiv 1505.04597) whose encoder is EfficientNet-Lite0, so that it can start from ImageNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

LITE0_UNET = "lite0_unet"
_DECODER = (128, 64, 48, 32, 16)


@dataclass(frozen=True)
class _Stage:
    """Blocks of one resolution and width (Tan and Le 2019, table 1, without squeeze-and-excitation)."""

    blocks: int
    filters: int
    stride: int
    expansion: int
    kernel: int


_STAGES = (
    _Stage(1, 16, 1, 1, 3),
    _Stage(2, 24, 2, 6, 3),
    _Stage(2, 40, 2, 6, 5),
    _Stage(3, 80, 2, 6, 3),
    _Stage(3, 112, 1, 6, 5),
    _Stage(4, 192, 2, 6, 5),
    _Stage(1, 320, 1, 6, 3),
)


def lite0_unet(size: int = 256, channels: int = 1) -> keras.Model:
    """Builds the network for a square input.

    Args:
        size: side of the input, divisible by 32. The weights do not depend on it.
        channels: of the input; more than one bring what is known beside the slice (the region's share, for one).

    Returns:
        (N, size, size, channels) float32 in [0, 1] to (N, size, size, 1) float32 in [0, 1], each pixel's share.
    """
    inputs = layers.Input((size, size, channels), name="slice")
    colour = layers.Conv2D(3, 1, name="grey_to_colour")(inputs)
    x = _unit(layers.Conv2D(32, 3, 2, "same", use_bias=False, name="stem_conv")(colour), "stem")
    skips, number = [], 0
    for stage in _STAGES:
        for block in range(stage.blocks):
            stride = stage.stride if block == 0 else 1
            if stride == 2:
                skips.append(x)
            x = _block(x, f"encode{number:02d}", stage, stride)
            number += 1
    skips.append(None)
    for level, filters in enumerate(_DECODER):
        x = layers.UpSampling2D(2, name=f"enlarge{level}")(x)
        skip = skips[-2 - level] if level < len(skips) - 1 else None
        if skip is not None:
            x = layers.Concatenate(name=f"join{level}")([x, skip])
        for letter in "ab" if skip is not None else "a":
            name = f"decode{level}{letter}"
            x = _unit(layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv")(x), name)
    # The loss is taken in float32 whatever precision the rest is trained in.
    outputs = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32", name="share")(x)
    return keras.Model(inputs, outputs, name=LITE0_UNET)


def _block(x: Any, name: str, stage: _Stage, stride: int) -> Any:
    """Inverted bottleneck: widen, filter each channel by itself, project."""
    y = x
    if stage.expansion > 1:
        wide = x.shape[-1] * stage.expansion
        y = layers.Conv2D(wide, 1, use_bias=False, name=f"{name}_expand_conv")(y)
        y = _unit(y, f"{name}_expand")
    y = layers.DepthwiseConv2D(stage.kernel, stride, "same", use_bias=False, name=f"{name}_depth_conv")(y)
    y = _unit(y, f"{name}_depth")
    y = layers.Conv2D(stage.filters, 1, use_bias=False, name=f"{name}_project_conv")(y)
    y = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_project_norm")(y)
    return layers.Add(name=f"{name}_add")([x, y]) if stride == 1 and x.shape[-1] == stage.filters else y


def _unit(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_norm")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
