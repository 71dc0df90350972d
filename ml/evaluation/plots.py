"""ROC, precision-recall, calibration and confusion as PNG files, each with its figure, interval and n.

`Figure` draws by Agg without pyplot: no window system, no state that outlives a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ml.evaluation import metrics
from ml.evaluation.label_figures import HeadAnswers
from ml.evaluation.report import Evaluation, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIDE_INCHES = 5.5
_DPI = 150
_INK, _FAINT = "#1f4e79", "#8a8a8a"
_OF_LABEL = ("#1f4e79", "#b3541e", "#3c7d3c", "#7a4f9a", "#8a6d1f", "#2f7f86")

Draw = Callable[["Axes", HeadAnswers, Report], None]


def draw_figures(evaluation: Evaluation, folder: Path, stem: str) -> list[Path]:
    """Writes `<stem>-roc.png`, `-precision_recall.png`, `-calibration.png`, `-confusion_<head>.png` and `..._by_row.png`.

    The curves are those of the positive label of two; of more labels without an order there is one for each, against the rest,
    and the calibration is that of the highest score. A head without images, and curves of a head of whose labels only one
    is there, are left out.

    Args:
        evaluation: with the answers behind its report; a model without labels has none, and gets no pictures.
        folder: is made if need be.

    Returns:
        The files, in that order.

    Raises:
        OSError: a file cannot be written.
    """
    drawn = []
    for name, answers, draw in _wanted(evaluation):
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{stem}-{name}.png"
        _save(file, answers, evaluation.report, draw)
        drawn.append(file)
    return drawn


def _wanted(evaluation: Evaluation) -> Iterator[tuple[str, HeadAnswers, Draw]]:
    for answers in evaluation.heads:
        if answers.head.ordinal or len(np.unique(answers.true)) < 2:
            continue
        two = answers.head.binary
        yield "roc", answers, _roc if two else _rocs
        yield "precision_recall", answers, _precision_recall if two else _precision_recalls
        yield "calibration", answers, _calibration if two else _calibration_of_highest
    for answers in evaluation.heads:
        if answers.true.size:
            yield f"confusion_{answers.head.key}", answers, _confusion
            yield f"confusion_{answers.head.key}_by_row", answers, _confusion_by_row


def _save(file: Path, answers: HeadAnswers, report: Report, draw: Draw) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_SIDE_INCHES, _SIDE_INCHES), dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    draw(axes, answers, report)
    figure.suptitle(" · ".join(_whose(answers, report)), fontsize=8, color=_FAINT)
    figure.savefig(file, format="png")


def _whose(answers: HeadAnswers, report: Report) -> Iterator[str]:
    yield f"{report['task']}/{report['model']}"
    if report.get("protocol"):
        yield report["protocol"].replace("_", " ") + (" (leaky)" if report["leaky"] else "")
    if report.get("part"):
        yield f"part {report['part']}"
    if report.get("every", 1) > 1:
        yield f"one image of {report['every']}"
    patients = set(answers.patients)
    yield f"{answers.true.size} images of {'unknown' if None in patients else len(patients)} patients"
    yield "95 % intervals by patient"


def _roc(axes: Axes, answers: HeadAnswers, report: Report) -> None:
    from sklearn.metrics import roc_curve

    false_rate, true_rate, _ = roc_curve(answers.positive, answers.rank)
    axes.plot([0, 1], [0, 1], color=_FAINT, linestyle=":", linewidth=1)
    axes.plot(false_rate, true_rate, color=_INK)
    sensitivity, specificity = report["sensitivity"], report["specificity"]
    axes.plot(1 - specificity, sensitivity, "o", color=_INK, label="at the threshold")
    axes.set_title(_said("AUC", "auc", report))
    axes.set_xlabel(_said("1 - specificity; specificity", "specificity", report))
    axes.set_ylabel(_said("Sensitivity", "sensitivity", report))
    axes.legend(loc="lower right")
    _unit_square(axes)


def _precision_recall(axes: Axes, answers: HeadAnswers, report: Report) -> None:
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(answers.positive, answers.rank)
    share = float(answers.positive.mean())
    axes.axhline(share, color=_FAINT, linestyle=":", linewidth=1, label="share of positives")
    axes.step(recall, precision, where="post", color=_INK)
    if report["ppv"] is not None:
        axes.plot(report["sensitivity"], report["ppv"], "o", color=_INK, label="at the threshold")
    axes.set_title(_said("F1", "f1", report))
    axes.set_xlabel(_said("Sensitivity (recall)", "sensitivity", report))
    axes.set_ylabel(_said("PPV (precision)", "ppv", report))
    axes.legend(loc="lower left")
    _unit_square(axes)


def _rocs(axes: Axes, answers: HeadAnswers, report: Report) -> None:
    from sklearn.metrics import roc_curve

    axes.plot([0, 1], [0, 1], color=_FAINT, linestyle=":", linewidth=1)
    for label, name, colour in _labels_there(answers):
        false_rate, true_rate, _ = roc_curve(answers.true == label, answers.ranks[:, label])
        axes.plot(false_rate, true_rate, color=colour, label=_said(name, "auc_by_label", report, name))
    axes.set_title(_said("Macro AUC, one label against the rest:", "auc", report))
    axes.set_xlabel("1 - specificity")
    axes.set_ylabel("Sensitivity")
    axes.legend(loc="lower right", fontsize=8)
    _unit_square(axes)


def _precision_recalls(axes: Axes, answers: HeadAnswers, report: Report) -> None:
    from sklearn.metrics import precision_recall_curve

    for label, name, colour in _labels_there(answers):
        of_label = answers.true == label
        precision, recall, _ = precision_recall_curve(of_label, answers.ranks[:, label])
        axes.axhline(float(of_label.mean()), color=colour, linestyle=":", linewidth=1)
        axes.step(
            recall, precision, where="post", color=colour, label=_said(name, "recall_by_label", report, name)
        )
    axes.set_title(_said("Balanced accuracy", "balanced_accuracy", report))
    axes.set_xlabel("Recall; in the legend that of the label shown")
    axes.set_ylabel("Precision; dotted: share of the label")
    axes.legend(loc="lower left", fontsize=8)
    _unit_square(axes)


def _labels_there(answers: HeadAnswers) -> Iterator[tuple[int, str, str]]:
    """Place, name and colour of each label that some images have."""
    for label, name in enumerate(answers.head.labels):
        if (answers.true == label).any():
            yield label, name, _OF_LABEL[label % len(_OF_LABEL)]


def _calibration(axes: Axes, answers: HeadAnswers, report: Report) -> None:
    label = str(answers.head.positive)
    _bins(axes, answers.positive_score, answers.positive, f"score of {label}", f"is {label}")
    axes.set_title(_said("Calibration error", "calibration_error", report))


def _calibration_of_highest(axes: Axes, answers: HeadAnswers, report: Report) -> None:
    right = answers.scores.argmax(axis=1) == answers.true
    _bins(axes, answers.scores.max(axis=1), right, "highest score", "is right")
    axes.set_title(_said("Expected calibration error", "expected_calibration_error", report))


def _bins(axes: Axes, score: np.ndarray, positive: np.ndarray, scored: str, shared: str) -> None:
    bin_of = metrics.calibration_bins(score)
    axes.plot([0, 1], [0, 1], color=_FAINT, linestyle=":", linewidth=1)
    for place in np.unique(bin_of):
        inside = bin_of == place
        mean_score, share = float(score[inside].mean()), float(positive[inside].mean())
        axes.plot([mean_score, mean_score], [mean_score, share], color=_FAINT, linewidth=1)
        axes.plot(mean_score, share, "o", color=_INK)
        axes.annotate(
            f"{inside.sum()}", (mean_score, share), xytext=(5, 5), textcoords="offset points", fontsize=8
        )
    axes.set_xlabel(f"Mean {scored}, in bins of {1 / metrics.BINS:.1f}; numbers are images")
    axes.set_ylabel(f"Share that {shared}")
    _unit_square(axes)


def _confusion(axes: Axes, answers: HeadAnswers, report: Report) -> None:
    _matrix(axes, answers, report, by_row=False)


def _confusion_by_row(axes: Axes, answers: HeadAnswers, report: Report) -> None:
    _matrix(axes, answers, report, by_row=True)


def _matrix(axes: Axes, answers: HeadAnswers, report: Report, by_row: bool) -> None:
    head = answers.head
    counts = metrics.confusion(answers.true, answers.decided, len(head.labels))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        colour = "white" if shares[row, column] > 0.5 else "black"
        said = f"{shares[row, column]:.0%}" if by_row else f"{counts[row, column]}"
        axes.text(column, row, said, ha="center", va="center", color=colour)
    places = range(len(head.labels))
    axes.set_xticks(places, head.labels)
    axes.set_yticks(
        places, [f"{name}\nn {n}" for name, n in zip(head.labels, counts.sum(axis=1), strict=True)]
    )
    axes.set_xlabel("Model")
    axes.set_ylabel("Readers")
    axes.set_title(
        _said(f"{head.name}: accuracy", f"{head.key}_accuracy" if head.ordinal else "accuracy", report)
    )


def _said(words: str, name: str, report: Report, label: str | None = None) -> str:
    """A figure in words with its interval; `label`: of a figure that is told by label."""
    value, interval = report.get(name), report.get(f"{name}_ci95")
    if label is not None:
        value, interval = (value or {}).get(label), (interval or {}).get(label)
    if value is None:
        return f"{words} not known"
    if interval is None:
        return f"{words} {value:.2f}"
    return f"{words} {value:.2f} ({interval[0]:.2f} to {interval[1]:.2f})"


def _unit_square(axes: Axes) -> None:
    axes.set_xlim(-0.05, 1.05)
    axes.set_ylim(-0.05, 1.05)
    axes.set_aspect("equal")
