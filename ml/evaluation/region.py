"""How well a model's region agrees with the one that was drawn by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ml.data import DataError, Example
from ml.evaluation import metrics
from ml.evaluation.report import Answer, Figure, Report, patients_seen, sizes, with_interval


@dataclass(frozen=True)
class _Overlap:
    example: Example
    iou: float
    dice: float


def evaluate_region(
    examples: Sequence[Example],
    predict: Callable[[Example], Answer[np.ndarray] | None],
    *,
    threshold: float = 0.5,
    trained_on: Iterable[str] | None = None,
) -> Report:
    """Mean IoU and Dice over the images that have a region mask, on each image's own grid.

    Args:
        examples: images; those without a mask are left out.
        predict: gives a probability map, (H, W) float32 in [0, 1], on the image's grid; None for an image
            that cannot be read, which is only counted.
        threshold: from which probability on a pixel belongs to the region.
        trained_on: patients that the model was trained or stopped on; None where that is not known.

    Returns:
        `iou`, `dice` with their intervals `..._ci95`, `n_images`, `n_patients`; the same `by_region_kind` and
        `by_sequence`; `n_patients_seen_in_training`, `n_gated`, `n_unreadable`.

    Raises:
        DataError: a mask cannot be read.
    """
    with_mask = [example for example in examples if example.region_path is not None]
    overlaps, gated = [], 0
    for example in with_mask:
        answer = predict(example)
        if answer is None:
            continue
        gated += answer.gated
        predicted = answer.value >= threshold
        true = read_region(example, (predicted.shape[0], predicted.shape[1]))
        overlaps.append(_Overlap(example, metrics.iou(true, predicted), metrics.dice(true, predicted)))
    return {
        **_figures(overlaps),
        "n_patients_seen_in_training": patients_seen([o.example for o in overlaps], trained_on),
        "n_gated": gated,
        "n_unreadable": len(with_mask) - len(overlaps),
        "by_region_kind": _by(overlaps, lambda example: example.region_kind or "region"),
        "by_sequence": _by(overlaps, lambda example: example.sequence or "unknown"),
    }


def read_region(example: Example, shape: tuple[int, int]) -> np.ndarray:
    """An example's region mask, (H, W) bool of the shape given; a mask of another size is brought to it.

    Masks of 0 / 255 and of 0 / 1 are understood. Raises DataError where the file is no picture.
    """
    mask = cv2.imread(str(example.region_path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise DataError(f"The mask {example.region_path} cannot be read.")
    if mask.shape != shape:
        mask = cv2.resize(mask, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
    region: np.ndarray = mask > (127 if mask.max() > 1 else 0)
    return region


def _by(overlaps: Sequence[_Overlap], group_of: Callable[[Example], str]) -> Report:
    groups = sorted({group_of(overlap.example) for overlap in overlaps})
    return {group: _figures([o for o in overlaps if group_of(o.example) == group]) for group in groups}


def _mean_of(values: np.ndarray) -> Figure:
    return lambda index: metrics.mean(values[index])


def _figures(overlaps: Sequence[_Overlap]) -> Report:
    patients = [overlap.example.patient_id for overlap in overlaps]
    report: Report = {}
    for name in ("iou", "dice"):
        values = np.array([getattr(overlap, name) for overlap in overlaps])
        report |= with_interval(name, patients, _mean_of(values))
    return report | sizes([overlap.example for overlap in overlaps])
