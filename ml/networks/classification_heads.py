"""Softmax heads of the classification networks, and which question of the task each output answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras import layers

if TYPE_CHECKING:
    import keras

    from ml.tasks import TaskSpec


def status_and_stage(x: Any) -> list[Any]:
    """The two heads that the published sacroiliac classifiers share."""
    return [_softmax(x, "binary_output", 2), _softmax(x, "stage_output", 4)]


def label_scores(x: Any, labels: int) -> Any:
    """The one head of a network that answers one question: (N, labels) scores that add up to 1."""
    return _softmax(x, "label", labels)


def head_of_output(network: keras.Model, task: TaskSpec) -> dict[str, str]:
    """Output name to head key: a network's outputs come in the order of its task's heads."""
    return {name: head.key for name, head in zip(network.output_names, task.heads, strict=True)}


def output_of_head(network: keras.Model, task: TaskSpec, head: str) -> str:
    """Name of the output that answers this head."""
    return next(name for name, key in head_of_output(network, task).items() if key == head)


def _softmax(x: Any, name: str, labels: int) -> Any:
    """Logits go through a layer of their own, so that Grad-CAM can work on them and not on saturated softmax."""
    logits = layers.Dense(labels, dtype="float32", name=f"{name}_logits")(x)
    return layers.Softmax(dtype="float32", name=name)(logits)
