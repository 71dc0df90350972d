"""How many floating-point operations a network's forward pass has."""

from __future__ import annotations

from typing import Any

import keras


def gflop_of_forward_pass(network: keras.Model) -> float:
    """Two for each product of a convolution or dense layer on one image, as the network is written; in 1e9."""
    return sum(_operations(layer) for layer in network._flatten_layers(include_self=False)) / 1e9


def _operations(layer: Any) -> float:
    layers = keras.layers
    match layer:
        case layers.DepthwiseConv2D():
            places = _places(layer.output.shape)
        case layers.Conv2D():
            places = _places(layer.output.shape) / layer.groups
        case layers.Dense() | layers.EinsumDense():
            places = 1.0
        case _:
            return 0.0
    kernel = 1.0
    for side in layer.kernel.shape:
        kernel *= side
    return 2 * places * kernel


def _places(shape: tuple[int | None, ...]) -> float:
    return float((shape[1] or 1) * (shape[2] or 1))
