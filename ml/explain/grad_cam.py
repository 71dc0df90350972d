"""Grad-CAM (Selvaraju et al. 2017, arXiv 1610.02391) on logits, in the same compiled function as the scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import keras
import tensorflow as tf

LOGITS = "_logits"
"""Layers of this name ending give the logits of an output."""

WeightsOf = Callable[[Any, Any], Any]
"""From feature maps and the score's gradients at them, both (1, h, w, C), to a weight of each map, (1, 1, 1, C)."""


def with_grad_cam(network: keras.Model, layer: str, output: str, offsets: list[float]) -> Callable[..., Any]:
    """One TensorFlow function from prepared pixels to all logits and to the heatmap of one label.

    Args:
        network: its outputs named NAME have logits in a layer NAME_logits.
        layer: whose feature maps the heatmap is made of.
        output: the output whose label is explained.
        offsets: added to that output's logits before the label is decided (this is how a threshold moves the decision).

    Returns:
        A function of pixels (1, S, S, 1) float32 and a label index (negative: the decided one) that gives a dict of output name
        to (L,) logits, and the heatmap (h, w) float32 in [0, 1] on the layer's grid.
    """
    return with_weighted_maps(network, layer, output, offsets, _mean_gradients)


def with_weighted_maps(
    network: keras.Model, layer: str, output: str, offsets: list[float], weights_of: WeightsOf
) -> Callable[..., Any]:
    """As `with_grad_cam`; the heatmap is what `weights_of` makes the sum of feature maps count for."""
    names = [name for name in network.output_names if network.get_layer(name + LOGITS)]
    tensors = [network.get_layer(layer).output] + [network.get_layer(name + LOGITS).output for name in names]
    inner = keras.Model(network.inputs, tensors)
    shape = (1, *network.input_shape[1:])
    explained = names.index(output)
    moved = tf.constant(offsets, tf.float32)

    @tf.function(
        input_signature=[tf.TensorSpec(shape, tf.float32), tf.TensorSpec((), tf.int32)], jit_compile=False
    )
    def run(pixels: Any, label: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(pixels)
            features, *logits = inner(pixels, training=False)
            decided = tf.argmax(logits[explained][0] + moved, output_type=tf.int32)
            target = logits[explained][0, tf.where(label < 0, decided, label)]
        weights = weights_of(features, tape.gradient(target, features))
        heatmap = tf.nn.relu(tf.reduce_sum(features * weights, axis=-1))[0]
        heatmap = tf.math.divide_no_nan(heatmap, tf.reduce_max(heatmap))
        return {name: values[0] for name, values in zip(names, logits, strict=True)}, heatmap

    return cast("Callable[..., Any]", run)


def _mean_gradients(features: Any, gradients: Any) -> Any:
    return tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
