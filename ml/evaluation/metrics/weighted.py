"""The figures of labels for many weightings of the same images at once: a bootstrap draw is a weighting by whole numbers.

Each function takes `weights`, (D, n) float, and gives (D, ...); a figure without value is NaN.
"""

from __future__ import annotations

import numpy as np

from ml.evaluation.metrics.labels import BINS, calibration_bins


def confusions(true: np.ndarray, predicted: np.ndarray, labels: int, weights: np.ndarray) -> np.ndarray:
    """(D, labels, labels): the weight of the images of the row's label that are given the column's; true, predicted: (n,) int."""
    cell = np.eye(labels * labels)[true * labels + predicted]
    return np.asarray((weights @ cell).reshape(-1, labels, labels))


def accuracy(confusion: np.ndarray) -> np.ndarray:
    """Share on the diagonal of confusion matrices, (D, L, L)."""
    return share(np.trace(confusion, axis1=1, axis2=2), confusion.sum(axis=(1, 2)))


def recalls(confusion: np.ndarray) -> np.ndarray:
    """(D, L): the share of each label's images that are given it, of confusion matrices (D, L, L)."""
    return share(np.diagonal(confusion, axis1=1, axis2=2), confusion.sum(axis=2))


def precisions(confusion: np.ndarray) -> np.ndarray:
    """(D, L): the share of those given each label that have it, of confusion matrices (D, L, L)."""
    return share(np.diagonal(confusion, axis1=1, axis2=2), confusion.sum(axis=1))


def f_score(confusion: np.ndarray, beta: float) -> np.ndarray:
    """F score of the second label of (D, 2, 2), recall weighing beta times as much as precision (van Rijsbergen 1979)."""
    found, missed, alarms = confusion[:, 1, 1], confusion[:, 1, 0], confusion[:, 0, 1]
    return share((1 + beta**2) * found, (1 + beta**2) * found + beta**2 * missed + alarms)


def quadratic_kappa(confusion: np.ndarray) -> np.ndarray:
    """Cohen's kappa with quadratic weights, in [-1, 1], of (D, L, L)."""
    rows, columns = np.indices(confusion.shape[1:])
    distance = (rows - columns) ** 2
    observed = (distance * confusion).sum(axis=(1, 2))
    by_chance = np.einsum("di,dj,ij->d", confusion.sum(axis=2), confusion.sum(axis=1), distance)
    return 1 - share(observed * confusion.sum(axis=(1, 2)), by_chance)


def auc(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(D,) area under the ROC curve, ties counting half (Mann-Whitney); positive: (n,) bool, scores: (n,) float."""
    found, alarms = _by_score(positive, scores, weights)
    below = np.cumsum(alarms, axis=1) - alarms / 2
    return share((found * below).sum(axis=1), found.sum(axis=1) * alarms.sum(axis=1))


def sensitivity_at(
    positive: np.ndarray, scores: np.ndarray, specificity: float, weights: np.ndarray
) -> np.ndarray:
    """(D,) the highest sensitivity that a threshold with at least this specificity reaches; arguments as in `auc`."""
    found, alarms = _by_score(positive, scores, weights)
    negatives = alarms.sum(axis=1, keepdims=True)
    spared = np.cumsum(alarms, axis=1) >= (specificity - 1e-9) * negatives
    missed = np.where(spared, np.cumsum(found, axis=1), np.inf).min(axis=1, initial=np.inf)
    sensitivity = 1 - share(missed, found.sum(axis=1))
    return np.where((negatives[:, 0] > 0) & np.isfinite(sensitivity), sensitivity, np.nan)


def calibration_error(right: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(D,) expected calibration error, in [0, 1].

    Scores are sorted into ten bins of equal width over [0, 1]; in each, the share of what is right is compared with the mean
    score, and the absolute differences are averaged by the bins' weights. About the score of one label this is the binary form
    of Naeini et al. 2015 (doi 10.1609/aaai.v29i1.9602); Guo et al. 2017 (arXiv 1706.04599) have it about the highest score of
    many. Of few images it is too large, and of images drawn again from them still larger, so its bootstrap interval lies high.

    Args:
        right: (n,) bool, whether the scored label is the readers'.
        scores: (n,) float in [0, 1].
    """
    difference = np.eye(BINS)[calibration_bins(scores)] * (right - scores)[:, None]
    return share(np.abs(weights @ difference).sum(axis=1), weights.sum(axis=1))


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where there is no whole."""
    none = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    return np.asarray(np.divide(part, whole, out=none, where=whole > 0))


def _by_score(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the positives and of the negatives at each distinct score, (D, distinct), from the lowest score up."""
    order = np.argsort(scores, kind="stable")
    first = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    ordered, of_positive = weights[:, order], positive[order]
    if not first.size:
        return ordered, ordered
    found, alarms = (np.add.reduceat(ordered * side, first, axis=1) for side in (of_positive, ~of_positive))
    return found, alarms
