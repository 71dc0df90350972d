"""From a network's logits to calibrated scores, labels, uncertainty and risk of error."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ml.cards import Card
from ml.tasks import Head, TaskSpec

Risk = Literal["LOW", "MEDIUM", "HIGH"]


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
    scaled = logits.astype(np.float64) / card.temperature.get(head.key, 1.0)
    exponentials = np.exp(scaled - scaled.max())
    shares = exponentials / exponentials.sum()
    return {label: float(share) for label, share in zip(head.labels, shares, strict=True)}


def label_of(head: Head, scores: dict[str, float], card: Card) -> str:
    """The positive label from the card's threshold on, where the head has one; otherwise the label of the highest score."""
    if head.positive is not None and len(head.labels) == 2:
        negative = next(label for label in head.labels if label != head.positive)
        return head.positive if scores[head.positive] >= card.thresholds.get(head.key, 0.5) else negative
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
