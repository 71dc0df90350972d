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


def threshold_of(scores: np.ndarray, positive: np.ndarray, rule: str = "youden") -> float:
    """From which score on the positive label is called, midway between the scores around it.

    Args:
        scores: (N,) in [0, 1].
        positive: (N,) bool.
        rule: `youden`, the largest sensitivity + specificity - 1; `f2`, the largest F2 score, for which a missed positive weighs
            four times a false alarm; `sensitivity:0.97`, the highest threshold that finds this share of the positives.

    Returns:
        A score strictly between 0 and 1; 0.5 where only one class is there.

    Raises:
        ValueError: no such rule.
    """
    if positive.all() or not positive.any():
        return 0.5
    false_rate, true_rate, thresholds = roc_curve(positive, scores, drop_intermediate=False)
    best = float(thresholds[_place(rule, true_rate, false_rate, float(positive.mean()))])
    below = scores[scores < best]
    middle = (best + float(below.max())) / 2 if len(below) else best
    return round(float(np.clip(middle, 0.01, 0.99)), 4)


def _place(rule: str, true_rate: np.ndarray, false_rate: np.ndarray, share: float) -> int:
    """Where on a ROC curve, (n,) each, from the highest threshold down, a rule is met; share: of positives, in (0, 1)."""
    name, _, at_least = rule.partition(":")
    if name == "youden":
        return int(np.argmax(true_rate - false_rate))
    if name == "f2":
        found, alarms = share * true_rate, (1 - share) * false_rate
        return int(np.argmax(5 * found / (4 * share + found + alarms)))
    if name == "sensitivity":
        return int(np.argmax(true_rate >= float(at_least)))
    raise ValueError(f"There is no rule for a threshold called {rule!r}.")
