"""Losses of region and classification networks, in Keras' backend-neutral operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

Loss = Callable[[Any, Any], Any]


def dice_bce(true: Any, score: Any) -> Any:
    """Binary cross-entropy plus one minus the soft Dice of each image (Milletari et al. 2016).

    Args:
        true, score: (N, S, S, 1) in [0, 1].

    Returns:
        (N,) losses.
    """
    overlap = ops.sum(true * score, axis=(1, 2, 3))
    size = ops.sum(true, axis=(1, 2, 3)) + ops.sum(score, axis=(1, 2, 3))
    dice = (2.0 * overlap + 1.0) / (size + 1.0)
    return _bce(true, score) + 1.0 - dice


def batch_dice_bce(true: Any, score: Any) -> Any:
    """Binary cross-entropy plus one minus the soft Dice of the whole batch (as in nnU-Net, Isensee et al. 2021).

    Where images without a mask are many, the Dice of each image rewards the network for marking nothing: an empty answer is
    then right at once on every second image. Taken over the batch, such images count by what is marked falsely only.

    Args:
        true, score: (N, S, S, 1) in [0, 1].

    Returns:
        (N,) losses.
    """
    dice = (2.0 * ops.sum(true * score) + 1.0) / (ops.sum(true) + ops.sum(score) + 1.0)
    return _bce(true, score) + 1.0 - dice


def _bce(true: Any, score: Any) -> Any:
    return ops.mean(keras.losses.binary_crossentropy(true, score), axis=(1, 2))


def focal(class_weights: list[float], gamma: float = 2.0) -> Loss:
    """Focal loss (Lin et al. 2017) over softmax scores, each label weighted.

    Args:
        class_weights: one weight a label; labels of -1 (unknown) count nothing.

    Returns:
        A loss of (N,) or (N, 1) label indices and (N, L) scores that gives (N,).
    """
    weights = ops.convert_to_tensor(class_weights, dtype="float32")
    labels = len(class_weights)

    def loss(true: Any, score: Any) -> Any:
        chosen = ops.one_hot(ops.cast(ops.reshape(true, (-1,)), "int32"), labels)
        score = ops.clip(score, 1e-6, 1.0)
        each = -ops.log(score) * weights * chosen
        # (1 - score) ** 0 is 1, but its gradient at a score of 1 is no number
        return ops.sum(each * ops.power(1.0 - score, gamma) if gamma else each, axis=-1)

    return loss


def mask_loss(name: str) -> Loss:
    """`dice_bce`, `batch_dice_bce` or `bce`."""
    return {"dice_bce": dice_bce, "batch_dice_bce": batch_dice_bce, "bce": _bce}[name]


def label_loss(name: str, class_weights: list[float]) -> Loss:
    """`focal` or weighted `cross_entropy` (which is focal loss with gamma 0)."""
    return focal(class_weights, gamma={"focal": 2.0, "cross_entropy": 0.0}[name])
