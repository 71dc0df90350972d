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


def sensitivity(positive: np.ndarray, called: np.ndarray) -> float | None:
    """Share of the positives that are called positive, both (n,) bool; None without positives."""
    return accuracy(positive[positive], called[positive])


def specificity(positive: np.ndarray, called: np.ndarray) -> float | None:
    """Share of the negatives that are called negative, both (n,) bool; None without negatives."""
    return accuracy(positive[~positive], called[~positive])


def ppv(positive: np.ndarray, called: np.ndarray) -> float | None:
    """Share of those called positive that are positive, both (n,) bool; None where none is called so.

    It holds for the share of positives in these images, not for another clinic's.
    """
    return mean(positive[called])


def npv(positive: np.ndarray, called: np.ndarray) -> float | None:
    """Share of those called negative that are negative, as `ppv`; None where none is called so."""
    return mean(~positive[~called])


def f1(positive: np.ndarray, called: np.ndarray) -> float | None:
    """Harmonic mean of sensitivity and PPV, both (n,) bool; None where none is positive and none is called so."""
    marked = np.count_nonzero(positive) + np.count_nonzero(called)
    return 2 * np.count_nonzero(positive & called) / marked if marked else None


def calibration_error(positive: np.ndarray, scores: np.ndarray) -> float | None:
    """Expected calibration error of the positive label's score, in [0, 1]; None of no images.

    Scores are sorted into ten bins of equal width over [0, 1]; in each, the share of positives is compared with the mean
    score, and the absolute differences are averaged by the bins' numbers of images. This is the binary form of Naeini
    et al. 2015 (doi 10.1609/aaai.v29i1.9602), about the score of one label; Guo et al. 2017 (arXiv 1706.04599) have it
    about the highest score of many. Of few images it is too large, and of images drawn again from them still larger, so its
    bootstrap interval lies high.

    Args:
        positive: (n,) bool.
        scores: (n,) float in [0, 1], of the positive label.
    """
    if not positive.size:
        return None
    difference = np.bincount(calibration_bins(scores), positive - scores)
    return float(np.abs(difference).sum() / positive.size)


def calibration_bins(scores: np.ndarray) -> np.ndarray:
    """The bin of each score, (n,) in [0, 1] to (n,) int from 0; a score of 1 belongs to the last."""
    return np.asarray(np.minimum((scores * BINS).astype(int), BINS - 1))


def recall(true: np.ndarray, predicted: np.ndarray, label: int) -> float | None:
    """Share of the entries of one label that are given this label, both (n,) int; None where none has it."""
    return accuracy(true[true == label], predicted[true == label])


def confusion(true: np.ndarray, predicted: np.ndarray, labels: int) -> np.ndarray:
    """(labels, labels) int: how many entries of the row's label are given the column's; true, predicted: (n,) int."""
    return np.bincount(true * labels + predicted, minlength=labels * labels).reshape(labels, labels)


def quadratic_kappa(true: np.ndarray, predicted: np.ndarray, labels: int) -> float | None:
    """Cohen's kappa with quadratic weights over the labels 0 .. labels - 1; true, predicted: (n,) int.

    In [-1, 1]; None where both say one and the same label throughout, or where there is nothing to compare.
    """
    if not true.size:
        return None
    observed = confusion(true, predicted, labels)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / true.size
    rows, columns = np.indices((labels, labels))
    weights = (rows - columns) ** 2
    by_chance = float((weights * expected).sum())
    return 1 - float((weights * observed).sum()) / by_chance if by_chance else None
