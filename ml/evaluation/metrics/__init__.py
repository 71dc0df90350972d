"""The figures themselves, each from plain arrays. What cannot be computed is None, never NaN."""

from ml.evaluation.metrics import weighted
from ml.evaluation.metrics.labels import (
    BINS,
    accuracy,
    auc,
    calibration_bins,
    calibration_error,
    confusion,
    f1,
    mean,
    npv,
    ppv,
    quadratic_kappa,
    recall,
    sensitivity,
    specificity,
)
from ml.evaluation.metrics.masks import dice, hausdorff95_mm, iou

__all__ = [
    "BINS",
    "accuracy",
    "auc",
    "calibration_bins",
    "calibration_error",
    "confusion",
    "dice",
    "f1",
    "hausdorff95_mm",
    "iou",
    "mean",
    "npv",
    "ppv",
    "quadratic_kappa",
    "recall",
    "sensitivity",
    "specificity",
    "weighted",
]
