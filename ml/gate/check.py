"""Runs the gate on one image: may the models of a task judge it, and which task reads it at all?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from ml.gate.findings import GateFindings, conclude, found_task, stopped
from ml.gate.looks import OTHER, Look, look_of
from ml.gate.sentences import BLANK, COLOUR, NO_TASK, no_reader
from ml.gate.view import gate_view, is_blank
from ml.images.decode import DecodedImage
from ml.registry import Registry
from ml.tasks import TaskSpec


def check_image(
    image: DecodedImage, task: TaskSpec, models: Sequence[str], registry: Registry
) -> GateFindings:
    """What the image looks like, and which of the chosen models may judge it. A task without a gate takes every image.

    Raises:
        ModelUnavailable: the gate's weights are missing or not those of its card.
    """
    if not task.image_kinds:
        return GateFindings("", {}, "passed")
    if refused := plainly_stopped(image, task.name):
        return refused
    return conclude(task, look_at(image, registry, task.image_kinds), models)


def find_task(image: DecodedImage, registry: Registry) -> tuple[TaskSpec | None, GateFindings]:
    """Which offered task reads the image, and what its models may judge; no task and a sentence where none does.

    Raises:
        ModelUnavailable: the gate's weights are missing or not those of its card.
    """
    if refused := plainly_stopped(image, "Every task here"):
        return None, refused
    look = look_at(image, registry)
    task = found_task(look)
    if task is None:
        known = look.kind != OTHER
        return None, stopped("other", no_reader(look.kind) if known else NO_TASK, look)
    return task, conclude(task, look, [model.key for model in task.models])


def look_at(image: DecodedImage, registry: Registry, expected: Collection[str] = ()) -> Look:
    """What the image looks like. Where the DICOM itself says T1 or STIR, that word counts if it looks like such an MRI at all.

    Args:
        expected: kinds that the chosen task reads; none where nobody chose.

    Raises:
        ModelUnavailable: the gate's weights are missing or not those of its card.
    """
    gate = registry.gate()
    scores, distances = gate.run(gate_view(image))
    look = look_of(scores, distances, gate.card.thresholds, expected)
    if image.sequence is not None and look.kind in ("STIR", "T1W"):
        return replace(look, kind=image.sequence)
    return look


def plainly_stopped(image: DecodedImage, reader: str) -> GateFindings | None:
    """What needs no network to be refused: a colour picture, a blank one. `reader` is who does not read it."""
    if image.colour:
        return stopped("colour", COLOUR.format(task=reader))
    return stopped("blank", BLANK) if is_blank(image) else None
