"""Networks as compiled TensorFlow functions: the reference and the fallback."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from ml.explain.methods import EXPLAINING
from ml.tasks.spec import Heatmap

RegionFunction = Callable[[np.ndarray], np.ndarray]
GateFunction = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
ScoreFunction = Callable[[np.ndarray, int], tuple[dict[str, np.ndarray], np.ndarray]]


def region_function(network: keras.Model) -> RegionFunction:
    """Compiles a network that gives a mask: (S, S) or (S, S, C) float32 in [0, 1] to (S, S) float32 in [0, 1]."""
    signature = [tf.TensorSpec((1, *network.input_shape[1:]), tf.float32)]
    compiled = tf.function(
        lambda pixels: network(pixels, training=False), input_signature=signature, jit_compile=False
    )

    def run(pixels: np.ndarray) -> np.ndarray:
        picture = pixels.reshape((1, *network.input_shape[1:]))
        return np.asarray(compiled(tf.constant(picture)))[0, :, :, 0]

    return run


def score_function(
    network: keras.Model, layer: str, output: str, offsets: list[float], heatmap: Heatmap = "grad_cam"
) -> ScoreFunction:
    """Compiles a classification network with its heatmap, made in the way that is named.

    Returns:
        A function of pixels (S, S) float32 in [0, 1] and the label to explain (negative: the decided one) that gives output name
        to (L,) logits, and the heatmap (h, w) float32 in [0, 1].
    """
    compiled = EXPLAINING[heatmap](network, layer, output, offsets)

    def run(pixels: np.ndarray, label: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        picture = pixels.reshape((1, *network.input_shape[1:]))
        logits, heatmap = compiled(tf.constant(picture), tf.constant(label, tf.int32))
        return {name: np.asarray(values) for name, values in logits.items()}, np.asarray(heatmap)

    return run


def gate_function(network: keras.Model) -> GateFunction:
    """Compiles the gate: (S, S) float32 in [0, 1] to (looks,) scores and (kinds,) distances, float32."""
    signature = [tf.TensorSpec((1, *network.input_shape[1:]), tf.float32)]
    compiled = tf.function(
        lambda pixels: network(pixels, training=False), input_signature=signature, jit_compile=False
    )

    def run(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        said = compiled(tf.constant(pixels[None, :, :, None]))
        return np.asarray(said["look"])[0], np.asarray(said["strangeness"])[0]

    return run
