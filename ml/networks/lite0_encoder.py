"""EfficientNet-Lite0 without its top (Tan and Le 2019, without squeeze-and-excitation and with ReLU6), to start from ImageNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras import layers

ENCODER_LAYERS = ("stem", "encode", "head")
"""How the names of its layers begin; their variables come in the order of the published weights."""


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


def lite0_encoder(picture: Any) -> tuple[Any, list[Any]]:
    """From a picture (N, S, S, channels) in [0, 1] to the last block's maps (N, S / 32, S / 32, 320).

    Returns:
        The maps, and those before each halving, finest first: (N, S / 2, ...), ... (N, S / 16, ...).
    """
    colour = layers.Conv2D(3, 1, name="grey_to_colour")(picture)
    x = unit(layers.Conv2D(32, 3, 2, "same", use_bias=False, name="stem_conv")(colour), "stem")
    skips, number = [], 0
    for stage in _STAGES:
        for block in range(stage.blocks):
            stride = stage.stride if block == 0 else 1
            if stride == 2:
                skips.append(x)
            x = _block(x, f"encode{number:02d}", stage, stride)
            number += 1
    return x, skips


def lite0_head(x: Any) -> Any:
    """The last convolution of the published network: (N, h, w, 320) to (N, h, w, 1280)."""
    return unit(layers.Conv2D(1280, 1, use_bias=False, name="head_conv")(x), "head")


def _block(x: Any, name: str, stage: _Stage, stride: int) -> Any:
    """Inverted bottleneck: widen, filter each channel by itself, project."""
    y = x
    if stage.expansion > 1:
        wide = x.shape[-1] * stage.expansion
        y = layers.Conv2D(wide, 1, use_bias=False, name=f"{name}_expand_conv")(y)
        y = unit(y, f"{name}_expand")
    y = layers.DepthwiseConv2D(stage.kernel, stride, "same", use_bias=False, name=f"{name}_depth_conv")(y)
    y = unit(y, f"{name}_depth")
    y = layers.Conv2D(stage.filters, 1, use_bias=False, name=f"{name}_project_conv")(y)
    y = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_project_norm")(y)
    return layers.Add(name=f"{name}_add")([x, y]) if stride == 1 and x.shape[-1] == stage.filters else y


def unit(x: Any, name: str) -> Any:
    """Batch norm and ReLU6."""
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_norm")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
