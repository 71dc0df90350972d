"""Grad-CAM++ (Chattopadhay et al. 2018, arXiv 1710.11063), in the same compiled function as the scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from ml.explain.grad_cam import with_weighted_maps


def with_grad_cam_plus_plus(
    network: keras.Model, layer: str, output: str, offsets: list[float]
) -> Callable[..., Any]:
    """As `with_grad_cam`, but each place of a feature map counts by itself, and only where it speaks for the label.

    The mean gradient of Grad-CAM lets places that speak against the label cancel those that speak for it, and favours a map
    that answers over a large area over one that answers at a small one.

    Args, Returns: as of `with_grad_cam`.
    """
    return with_weighted_maps(network, layer, output, offsets, _weighted_gradients)


def _weighted_gradients(features: Any, gradients: Any) -> Any:
    """Equations 5 and 19 of the paper, with g for a gradient and A for a map: the sum of g * g^2 / (2 g^2 + sum(A) g^3), g > 0.

    Divided by g^2, so that small gradients do not underflow. The paper's score is the exponential of the logit: its factor is the
    same at all places, and vanishes when the heatmap is brought to a maximum of 1. The paper's maps follow a ReLU; where a
    swish goes below zero they are taken for zero, or a weight could turn its sign.
    """
    speaking_for = tf.nn.relu(gradients)
    of_map = tf.reduce_sum(tf.nn.relu(features), axis=(1, 2), keepdims=True)
    return tf.reduce_sum(speaking_for / (2.0 + of_map * speaking_for), axis=(1, 2), keepdims=True)
