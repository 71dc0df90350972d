"""The figures themselves, each from plain arrays. What cannot be computed is None, never NaN."""

from __future__ import annotations

import numpy as np


def iou(true: np.ndarray, predicted: np.ndarray) -> float:
    """Intersection over union of two masks, (H, W) bool; two empty masks agree wholly (1.0)."""
    union = np.count_nonzero(true | predicted)
    return np.count_nonzero(true & predicted) / union if union else 1.0


def dice(true: np.ndarray, predicted: np.ndarray) -> float:
    """Dice coefficient of two masks, (H, W) bool; two empty masks agree wholly (1.0)."""
    total = np.count_nonzero(true) + np.count_nonzero(predicted)
    return 2 * np.count_nonzero(true & predicted) / total if total else 1.0


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


def sensitivity(positive: np.ndarray, called: np.ndarray) -> float | None:
    """Share of the positives that are called positive, both (n,) bool; None without positives."""
    return accuracy(positive[positive], called[positive])


def specificity(positive: np.ndarray, called: np.ndarray) -> float | None:
    """Share of the negatives that are called negative, both (n,) bool; None without negatives."""
    return accuracy(positive[~positive], called[~positive])


def recall(true: np.ndarray, predicted: np.ndarray, label: int) -> float | None:
    """Share of the entries of one label that are given this label, both (n,) int; None where none has it."""
    return accuracy(true[true == label], predicted[true == label])


def quadratic_kappa(true: np.ndarray, predicted: np.ndarray, labels: int) -> float | None:
    """Cohen's kappa with quadratic weights over the labels 0 .. labels - 1; true, predicted: (n,) int.

    In [-1, 1]; None where both say one and the same label throughout, or where there is nothing to compare.
    """
    if not true.size:
        return None
    observed = np.bincount(true * labels + predicted, minlength=labels * labels).reshape(labels, labels)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / true.size
    rows, columns = np.indices((labels, labels))
    weights = (rows - columns) ** 2
    by_chance = float((weights * expected).sum())
    return 1 - float((weights * observed).sum()) / by_chance if by_chance else None
