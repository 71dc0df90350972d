"""The two softmax heads that the published sacroiliac classifiers share."""

from __future__ import annotations

from typing import Any

from keras import layers

HEAD_OF_OUTPUT = {"binary_output": "as_status", "stage_output": "stage"}
"""Published output name to head key of the task."""


def status_and_stage(x: Any) -> list[Any]:
    """Logits go through a layer of their own, so that Grad-CAM can work on them and not on saturated softmax."""
    outputs = []
    for name, labels in (("binary_output", 2), ("stage_output", 4)):
        logits = layers.Dense(labels, dtype="float32", name=f"{name}_logits")(x)
        outputs.append(layers.Softmax(dtype="float32", name=name)(logits))
    return outputs
