"""How well labels and scores agree with those of the readers."""

from __future__ import annotations

import numpy as np

BINS = 10


def mean(values: np.ndarray) -> float | None:
    """Mean of (n,) numbers; None of none."""
    return float(values.mean()) if values.size else None


def accuracy(true: np.ndarray, predicted: np.ndarray) -> float | None:
    """Share of equal entries of two (n,) arrays."""
    return mean(true == predicted)


def auc(positive: np.ndarray, scores: np.ndarray) -> float | None:
    """Area under the ROC curve by ranks, ties counting half (Mann-Whitney).

    positive: (n,) bool, scores: (n,) float. None without both positives and negatives.
    """
    positives = np.count_nonzero(positive)
    negatives = positive.size - positives
    if not positives or not negatives:
        return None
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def calibration_bins(scores: np.ndarray) -> np.ndarray:
    """The bin of each score, (n,) in [0, 1] to (n,) int from 0; a score of 1 belongs to the last."""
    return np.asarray(np.minimum((scores * BINS).astype(int), BINS - 1))


def confusion(true: np.ndarray, predicted: np.ndarray, labels: int) -> np.ndarray:
    """(labels, labels) int: how many entries of the row's label are given the column's; true, predicted: (n,) int."""
    return np.bincount(true * labels + predicted, minlength=labels * labels).reshape(labels, labels)
