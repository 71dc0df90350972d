"""`dataset_info.txt`: what a prepared data set holds, where its labels come from, and what it must not be used for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ml.data.dataset_layout import label_column
from ml.data.patients import count_of_patients
from ml.data.preparing.pictures import Found, Picture
from ml.data.square import side_of
from ml.tasks import Head, TaskSpec


def information_of(
    task: TaskSpec, source: str, pictures: Sequence[Picture], found: Found, rule: int | None
) -> dict[str, Any]:
    """Counts and words. `n_patients` is None where an image's patient is unknown.

    Args:
        source: name of the folder that the images came from.
        rule: the pixel rule that labelled them, None for the labels of the source.
    """
    examples = [picture.example for picture in pictures]
    parts = Counter(example.part for example in examples if example.part is not None)
    return {
        "task": task.key,
        "source": source,
        "n_images": len(pictures),
        "n_patients": count_of_patients(examples),
        "n_masks": sum(picture.mask is not None for picture in pictures),
        "n_broken_images": len(found.broken_images),
        "n_broken_masks": len(found.broken_masks),
        "parts": dict(sorted(parts.items())),
        **{label_column(head.key): _counts(head, pictures) for head in task.heads},
        "labels": _labels(rule),
        "split": _split(pictures, rule),
        "preparation": _preparation(task, rule),
        "bounding_box": "first and last column and row of the mask, counted from 0; empty without a mask",
        "broken_images": found.broken_images,
        "broken_masks": found.broken_masks,
    }


def _counts(head: Head, pictures: Sequence[Picture]) -> dict[str, int]:
    found = Counter(picture.example.labels.get(head.key) for picture in pictures)
    return {
        **{label: found[index] for index, label in enumerate(head.labels)},
        "not known": found[None],
    }


def _labels(rule: int | None) -> str:
    if rule is None:
        return "those of the source; empty where it has none"
    return f"published pixel rule {rule}, over the images of this data set: no reading, and of no disease"


def _split(pictures: Sequence[Picture], rule: int | None) -> str:
    examples = [picture.example for picture in pictures]
    unknown = count_of_patients(examples) is None
    no_patients = (
        " The source does not name all patients, so it cannot be split by patient." if unknown else ""
    )
    if not any(example.part for example in examples):
        why = "none: a label has too few images for the published split." if rule else "none."
        return why + no_patients
    if rule is None:
        return f"the parts of the source.{no_patients}"
    return (
        "published: 80 to 20 by image, stratified by status, seed 42. Leaky: a patient's slices stand on both sides."
        + no_patients
    )


def _preparation(task: TaskSpec, rule: int | None) -> str:
    prepared = task.preparation
    side = side_of(prepared)
    fitted = "padded to a square" if prepared.fit == "pad" else "squashed to a square"
    size = f"{fitted}, {side} x {side} by {'area' if prepared.sampled is None else prepared.sampling + ' sampling'}"
    if rule is not None:
        return f"{size}; 8-bit grey values as they came, deeper ones from darkest to brightest"
    if prepared.grey == "percentiles":
        return f"{size}; grey values from the {prepared.low} to the {prepared.high} percentile of the slice"
    equalised = f"; then CLAHE, clip limit {prepared.clahe}, 8 x 8 tiles" if prepared.clahe else ""
    return f"grey values as a viewer shows them; {size}{equalised}; what the source had prepared is not prepared twice"
