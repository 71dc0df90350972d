"""How well a model's region agrees with the one that was drawn by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ml.data import DataError, Example
from ml.data.region_mask import read_region_mask
from ml.evaluation import metrics
from ml.evaluation.report import Answer, Evaluation, Figure, Report, patients_seen, sizes, with_interval

_NAMES = ("iou", "dice", "hausdorff95_mm")


@dataclass(frozen=True)
class MaskAgreement:
    """An image's figures. `hausdorff95_mm` is None where the pixel's size is unknown or a mask is empty."""

    example: Example
    iou: float
    dice: float
    hausdorff95_mm: float | None


def evaluate_region(
    examples: Sequence[Example],
    predict: Callable[[Example], Answer[np.ndarray] | None],
    *,
    threshold: float = 0.5,
    trained_on: Iterable[str] | None = None,
    normal: Sequence[Example] = (),
) -> Evaluation:
    """Mean IoU, Dice and 95 % Hausdorff distance over the images that have a region mask, on each image's own grid.

    Args:
        examples: images; those without a mask are left out.
        predict: gives a probability map, (H, W) float32 in [0, 1], on the image's grid; None for an image
            that cannot be read, which is only counted.
        threshold: from which probability on a pixel belongs to the region.
        trained_on: patients that the model was trained or stopped on; None where that is not known.
        normal: images that show nothing to outline, where there are such: those that get a region all the same are counted.

    Returns:
        The figures of `mask_figures`, and `n_patients_seen_in_training`, `n_gated`, `n_unreadable`; of `normal` images
        `n_normal`, `n_normal_with_mask` and the share of the latter.

    Raises:
        DataError: a mask cannot be read.
    """
    with_mask = [example for example in examples if example.region_path is not None]
    agreements, gated = [], 0
    for example in with_mask:
        answer = predict(example)
        if answer is None:
            continue
        gated += answer.gated
        agreements.append(_agreement(example, answer.value >= threshold))
    figures = mask_figures(agreements)
    groups = {name: figures.pop(name) for name in list(figures) if name.startswith("by_")}
    return Evaluation(
        {
            **figures,
            "n_patients_seen_in_training": patients_seen([a.example for a in agreements], trained_on),
            "n_gated": gated,
            "n_unreadable": len(with_mask) - len(agreements),
            **_outlined_for_nothing(normal, predict, threshold),
            **groups,
        }
    )


def _outlined_for_nothing(
    normal: Sequence[Example], predict: Callable[[Example], Answer[np.ndarray] | None], threshold: float
) -> Report:
    if not normal:
        return {}
    answers = [(example, predict(example)) for example in normal]
    patients = [example.patient_id for example, answer in answers if answer is not None]
    outlined = np.array(
        [bool((answer.value >= threshold).any()) for _, answer in answers if answer is not None]
    )
    return {
        "n_normal": len(outlined),
        "n_normal_with_mask": int(outlined.sum()),
        **with_interval("share_of_normal_with_mask", patients, lambda index: metrics.mean(outlined[index])),
    }


def mask_figures(agreements: Sequence[MaskAgreement]) -> Report:
    """Means over images, each with its interval `..._ci95`.

    Returns:
        `iou`, `dice`, `hausdorff95_mm`, the last one over the images that have one: `n_without_hausdorff95` have none;
        `n_images`, `n_patients`; the same `by_region_kind`, `by_sequence` and `by_patient` (no interval within a patient).
    """
    return {
        **_means(agreements),
        "by_region_kind": _by(agreements, lambda example: example.region_kind or "region"),
        "by_sequence": _by(agreements, lambda example: example.sequence or "unknown"),
        "by_patient": _by(agreements, lambda example: example.patient_id),
    }


def read_grey(file: Path | None, shape: tuple[int, int]) -> np.ndarray:
    """A grey picture, (H, W) uint8, brought to the shape given without new values. Raises DataError where it is none."""
    picture: np.ndarray | None = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise DataError(f"The mask {file} cannot be read.")
    if picture.shape != shape:
        picture = cv2.resize(picture, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.asarray(picture)


def _agreement(example: Example, predicted: np.ndarray) -> MaskAgreement:
    true = read_region_mask(example, (predicted.shape[0], predicted.shape[1]))
    return MaskAgreement(
        example,
        metrics.iou(true, predicted),
        metrics.dice(true, predicted),
        metrics.hausdorff95_mm(true, predicted, example.pixel_mm),
    )


def _by(agreements: Sequence[MaskAgreement], group_of: Callable[[Example], str | None]) -> Report:
    groups = sorted({group for agreement in agreements if (group := group_of(agreement.example)) is not None})
    return {group: _means([a for a in agreements if group_of(a.example) == group]) for group in groups}


def _means(agreements: Sequence[MaskAgreement]) -> Report:
    patients = [agreement.example.patient_id for agreement in agreements]
    report: Report = {}
    for name in _NAMES:
        values = np.array([getattr(agreement, name) for agreement in agreements], dtype=float)
        report |= with_interval(name, patients, _mean_of_known(values))
    without = sum(agreement.hausdorff95_mm is None for agreement in agreements)
    return (
        report | {"n_without_hausdorff95": without} | sizes([agreement.example for agreement in agreements])
    )


def _mean_of_known(values: np.ndarray) -> Figure:
    known = ~np.isnan(values)
    return lambda index: metrics.mean(values[index[known[index]]])
