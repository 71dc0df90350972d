"""Attention U-Net (Oktay et al. 2018, arXiv 1804.03999) in the published size of the sacroiliac system: 7,869,572 parameters."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers


def attention_unet(size: int = 256) -> keras.Model:
    """Builds the network for a square input.

    Three levels of 64, 128 and 256 filters, a bottleneck of 512, additive attention gates on the skip connections.

    Args:
        size: side of the input, divisible by 8. The weights do not depend on it.

    Returns:
        (N, size, size, 1) float32 in [0, 1] to (N, size, size, 1) float32 in [0, 1], the share that belongs to the region.
    """
    inputs = layers.Input((size, size, 1), name="slice")
    x, skips = inputs, []
    for filters in (64, 128, 256):
        x = _two_convolutions(x, filters, f"encode{filters}")
        skips.append((filters, x))
        x = layers.MaxPooling2D(2, name=f"pool{filters}")(x)
    x = _two_convolutions(x, 512, "bottleneck")
    for filters, skip in reversed(skips):
        x = layers.UpSampling2D(2, name=f"upsample{filters}")(x)
        x = layers.Conv2D(filters, 2, padding="same", name=f"up{filters}")(x)
        x = layers.Concatenate(name=f"join{filters}")([x, _gated(skip, x, filters)])
        x = _two_convolutions(x, filters, f"decode{filters}")
    # The loss is taken in float32 whatever precision the rest is trained in.
    outputs = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32", name="region")(x)
    return keras.Model(inputs, outputs, name="attention_unet")


def _two_convolutions(x: Any, filters: int, name: str) -> Any:
    # There is no batch norm: with Glorot's initial weights the signal fades over eighteen layers and training stalls.
    for letter in "ab":
        x = layers.Conv2D(
            filters,
            3,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
            name=f"{name}{letter}",
        )(x)
    return x


def _gated(skip: Any, signal: Any, filters: int) -> Any:
    theta = layers.Conv2D(filters, 1, name=f"theta{filters}")(skip)
    phi = layers.Conv2D(filters, 1, name=f"phi{filters}")(signal)
    joined = layers.Activation("relu", name=f"gate{filters}")(layers.Add(name=f"sum{filters}")([theta, phi]))
    psi = layers.Conv2D(1, 1, activation="sigmoid", name=f"psi{filters}")(joined)
    return layers.Multiply(name=f"attend{filters}")([skip, psi])
