"""Runs a task's gate on one image."""

from __future__ import annotations

from collections.abc import Sequence

from ml.gate.findings import COLOUR, GateFindings, conclude, stopped
from ml.images.decode import DecodedImage
from ml.images.prepare import prepare
from ml.registry import Registry
from ml.tasks import TaskSpec


def check_image(
    image: DecodedImage, task: TaskSpec, models: Sequence[str], registry: Registry
) -> GateFindings:
    """What the image looks like, and which of the chosen models may judge it.

    Where the DICOM itself says T1 or STIR, that word counts, provided that the picture looks like such an MRI at all. A task
    without a gate takes every image.

    Raises:
        ModelUnavailable: the gate's weights are missing or not those of its card.
    """
    if not task.image_kinds:
        return GateFindings("", {}, "passed")
    if image.colour:
        return stopped(task, {}, COLOUR.format(task=task.name))
    # Keras stays outside until there is something to read: who imports this module need not load a network.
    from ml.networks.gate_mobilenet import SIZE

    scores = registry.gate(task.key).run(prepare(image.pixels, task.preparation, SIZE).pixels)
    kind = task.image_kinds[int(scores.argmax())]
    if kind != task.image_kinds[-1] and image.sequence in task.image_kinds:
        kind = image.sequence or kind
    named = {name: round(float(score), 4) for name, score in zip(task.image_kinds, scores, strict=True)}
    return conclude(task, kind, named, models)
