"""The F2 score by threshold: how much depends on where the threshold lies."""

from __future__ import annotations

import io

import numpy as np

from ml.evaluation.label_figures import HeadAnswers


def f2_by_threshold(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """F2 when all from a score on are called positive: thresholds, ascending, and F2, both (k,) float.

    F2 = 5 TP / (5 TP + 4 FN + FP): a missed positive weighs four times a false alarm.

    Args:
        positive: (n,) bool, some of them true.
        scores: (n,) float in [0, 1].
    """
    thresholds = np.unique(scores)
    found = np.array([(positive & (scores >= each)).sum() for each in thresholds])
    alarms = np.array([(~positive & (scores >= each)).sum() for each in thresholds])
    missed = positive.sum() - found
    return thresholds, 5 * found / (5 * found + 4 * missed + alarms)


def f2_png(answers: HeadAnswers, threshold: float) -> bytes:
    """The curve of the head's positive label with the card's threshold in it, as PNG."""
    from matplotlib.figure import Figure

    thresholds, f2 = f2_by_threshold(answers.positive, answers.positive_score)
    figure = Figure(figsize=(5.5, 5.5), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    axes.step(thresholds, f2, where="pre", color="#1f4e79")
    axes.axvline(threshold, color="#8a8a8a", linestyle=":", label=f"threshold of the card, {threshold:.3f}")
    axes.set(
        title="F2 by threshold", xlabel=f"Called {answers.head.positive} from this score on", ylabel="F2"
    )
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.legend(loc="lower center")
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
