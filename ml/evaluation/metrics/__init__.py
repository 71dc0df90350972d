"""The figures themselves, each from plain arrays. What cannot be computed is None, never NaN."""

from ml.evaluation.metrics import weighted
from ml.evaluation.metrics.labels import (
    BINS,
    accuracy,
    auc,
    calibration_bins,
    confusion,
    mean,
)
from ml.evaluation.metrics.masks import dice, hausdorff95_mm, iou

__all__ = [
    "BINS",
    "accuracy",
    "auc",
    "calibration_bins",
    "confusion",
    "dice",
    "hausdorff95_mm",
    "iou",
    "mean",
    "weighted",
]
