"""From a network's logits to calibrated scores, labels, uncertainty and risk of error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from ml.cards import Card
from ml.tasks import Head, TaskSpec

Risk = Literal["LOW", "MEDIUM", "HIGH"]

DEFAULT_THRESHOLD = 0.5


class NotANumber(ArithmeticError):
    """A network answered with something that is no number."""


def scores_of(head: Head, logits: np.ndarray, card: Card) -> dict[str, float]:
    """Softmax scores of a head's labels after temperature scaling (Guo et al. 2017).

    Args:
        logits: (L,) float32.
        card: whose `temperature` of this head divides the logits.

    Raises:
        NotANumber: the network's answer is not finite.
    """
    if not np.isfinite(logits).all():
        raise NotANumber(f"{card.key} answers {head.key} with no number.")
    shares = tempered(logits, card.temperature.get(head.key, 1.0))
    return {label: float(share) for label, share in zip(head.labels, shares, strict=True)}


def tempered(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Softmax of logits / temperature over the last axis: (..., L) to (..., L) float64 in [0, 1]."""
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    shares: np.ndarray = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return shares


def label_of(head: Head, scores: dict[str, float], card: Card) -> str:
    """The label that a model answers a head with, by the card's threshold."""
    return decided_label(head, scores, card.thresholds.get(head.key, DEFAULT_THRESHOLD))


def decided_label(head: Head, scores: Mapping[str, float], threshold: float = DEFAULT_THRESHOLD) -> str:
    """The one rule from scores to a label, for readings and for figures alike.

    The positive label from the threshold on, where a head of two labels has one. Of labels with an order the median: the one at
    which half of the scores is reached, which has the least expected distance. Otherwise the label of the highest score.
    """
    if head.positive is not None and len(head.labels) == 2:
        negative = next(label for label in head.labels if label != head.positive)
        return head.positive if scores[head.positive] >= threshold else negative
    if head.ordinal:
        reached = np.cumsum([scores[label] for label in head.labels])
        return head.labels[int(np.argmax(reached >= reached[-1] / 2))]
    return max(head.labels, key=lambda label: scores[label])


def uncertainty_of(task: TaskSpec, scores: dict[str, dict[str, float]]) -> float:
    """Entropy of the ordinal head's scores (the first head's where there is none), over the log of its label count; 0 to 1."""
    shares = np.array(list(scores[_leading_head(task).key].values()))
    shares = shares[shares > 0]
    labels = len(_leading_head(task).labels)
    return float(abs(-(shares * np.log(shares)).sum() / np.log(labels)))


def risk_of(task: TaskSpec, scores: dict[str, dict[str, float]]) -> Risk:
    """Risk of error as the published chest system has it: from the highest score and the uncertainty."""
    highest = max(scores[_leading_head(task).key].values())
    uncertainty = uncertainty_of(task, scores)
    if highest > 0.8 and uncertainty < 0.3:
        return "LOW"
    return "MEDIUM" if highest > 0.6 and uncertainty < 0.5 else "HIGH"


def _leading_head(task: TaskSpec) -> Head:
    return next((head for head in task.heads if head.ordinal), task.heads[0])
