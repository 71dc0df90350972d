"""Temperature and threshold from validation patients: what turns a network's logits into scores that can be trusted."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.metrics import roc_curve


def temperature_of(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature that makes the scores fit best (Guo et al. 2017, arXiv 1706.04599): least negative log-likelihood.

    Args:
        logits: (N, L) float.
        labels: (N,) label indices.

    Returns:
        A number in [0.25, 8]; 1 where there is nothing to fit.
    """
    if len(labels) == 0:
        return 1.0

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        log_share = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-log_share[np.arange(len(labels)), labels].mean())

    found = minimize_scalar(loss, bounds=(np.log(0.25), np.log(8.0)), method="bounded")
    return round(float(np.exp(found.x)), 4)


def threshold_of(scores: np.ndarray, positive: np.ndarray) -> float:
    """The threshold of the largest Youden index (sensitivity + specificity - 1), midway between the scores around it.

    Args:
        scores: (N,) in [0, 1].
        positive: (N,) bool.

    Returns:
        A score strictly between 0 and 1; 0.5 where only one class is there.
    """
    if positive.all() or not positive.any():
        return 0.5
    false_rate, true_rate, thresholds = roc_curve(positive, scores, drop_intermediate=False)
    best = float(thresholds[int(np.argmax(true_rate - false_rate))])
    below = scores[scores < best]
    middle = (best + float(below.max())) / 2 if len(below) else best
    return round(float(np.clip(middle, 0.01, 0.99)), 4)
