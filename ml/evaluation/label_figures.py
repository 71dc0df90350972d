"""The figures of a model's labels and scores, wherever the answers come from: a reading, or out-of-fold scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ml.evaluation import metrics
from ml.evaluation.intervals import images_by_patient
from ml.evaluation.report import Report, with_interval
from ml.tasks import Head


@dataclass(frozen=True)
class HeadAnswers:
    """What a model answered to one question, over the images that carry its label.

    Args:
        head: the question, of L labels.
        patients: of each image, (n,).
        true: (n,) int, the readers' label.
        scores: (n, L) float in [0, 1], calibrated.
        rank: (n,) float, by which the AUC orders the images: on one scale for all, higher for the positive label.
        decided: (n,) int, the label that the model answers.
    """

    head: Head
    patients: tuple[str | None, ...]
    true: np.ndarray
    scores: np.ndarray
    rank: np.ndarray
    decided: np.ndarray

    @property
    def positive(self) -> np.ndarray:
        """(n,) bool: the images with the positive label."""
        return np.asarray(self.true == self._place)

    @property
    def called(self) -> np.ndarray:
        """(n,) bool: the images that the model calls positive."""
        return np.asarray(self.decided == self._place)

    @property
    def positive_score(self) -> np.ndarray:
        """(n,) float in [0, 1]: the positive label's calibrated score."""
        return np.asarray(self.scores[:, self._place])

    @property
    def _place(self) -> int:
        return positive_place(self.head)


def positive_place(head: Head) -> int:
    """Where a head's positive label stands among its labels; the last one where none is called positive."""
    return len(head.labels) - 1 if head.positive is None else head.labels.index(head.positive)


def label_figures(heads: Sequence[HeadAnswers]) -> Report:
    """The figures of each head, each with its interval `..._ci95`.

    Returns:
        Of the head with a positive label: `accuracy`, `auc` over all images, `auc_within_patients`: the mean of the AUCs
        of the `n_patients_with_both_labels` patients who have both labels, its interval by drawing among those;
        `sensitivity`, `specificity`, `ppv`, `npv`, `f1`, `calibration_error`; and `by_patient`.
        Of an ordinal head: `<head>_accuracy`, `<head>_quadratic_kappa`, `recall_by_<head>`, `n_by_<head>`.
        `confusion_matrix` of the ordinal head, else of the first one: `head`, `labels`, and `counts`, whose rows are the
        readers' labels and whose columns are the model's.
    """
    report: Report = {}
    for answers in heads:
        if answers.head.positive is not None:
            report |= _of_positive(answers)
        if answers.head.ordinal:
            report |= _of_order(answers)
    if heads:
        leading = next((answers for answers in heads if answers.head.ordinal), heads[0])
        report |= {"confusion_matrix": _confusion(leading)}
    with_positive = next((answers for answers in heads if answers.head.positive is not None), None)
    if with_positive is not None:
        report |= {"by_patient": _by_patient(with_positive)}
    return report


def _of_positive(answers: HeadAnswers) -> Report:
    positive, called = answers.positive, answers.called
    score, rank = answers.positive_score, answers.rank
    figures = {
        "accuracy": lambda i: metrics.accuracy(positive[i], called[i]),
        "auc": lambda i: metrics.auc(positive[i], rank[i]),
        "sensitivity": lambda i: metrics.sensitivity(positive[i], called[i]),
        "specificity": lambda i: metrics.specificity(positive[i], called[i]),
        "ppv": lambda i: metrics.ppv(positive[i], called[i]),
        "npv": lambda i: metrics.npv(positive[i], called[i]),
        "f1": lambda i: metrics.f1(positive[i], called[i]),
        "calibration_error": lambda i: metrics.calibration_error(positive[i], score[i]),
    }
    report: Report = {}
    for name, figure in figures.items():
        report |= with_interval(name, answers.patients, figure)
        if name == "auc":
            report |= _within_patients(answers)
    return report


def _within_patients(answers: HeadAnswers) -> Report:
    aucs = {
        patient: found
        for patient, i in images_by_patient(answers.patients).items()
        if (found := metrics.auc(answers.positive[i], answers.rank[i])) is not None
    }
    values = np.array(list(aucs.values()))
    return {
        **with_interval("auc_within_patients", list(aucs), lambda i: metrics.mean(values[i])),
        "n_patients_with_both_labels": len(aucs),
    }


def _by_patient(answers: HeadAnswers) -> Report:
    """AUC of each patient's images; within one patient there is nothing to draw an interval from."""
    return {
        patient: {
            "auc": metrics.auc(answers.positive[i], answers.rank[i]),
            "auc_ci95": None,
            "n_positive": int(answers.positive[i].sum()),
            "n_images": len(i),
            "n_patients": 1,
        }
        for patient, i in images_by_patient(answers.patients).items()
    }


def _of_order(answers: HeadAnswers) -> Report:
    head, true, decided, patients = answers.head, answers.true, answers.decided, answers.patients

    def kappa(index: np.ndarray) -> float | None:
        return metrics.quadratic_kappa(true[index], decided[index], len(head.labels))

    def recall_of(label: int) -> Callable[[np.ndarray], float | None]:
        return lambda index: metrics.recall(true[index], decided[index], label)

    recalls: Report = {}
    for label, name in enumerate(head.labels):
        recalls |= with_interval(name, patients, recall_of(label))
    return (
        with_interval(f"{head.key}_accuracy", patients, lambda i: metrics.accuracy(true[i], decided[i]))
        | with_interval(f"{head.key}_quadratic_kappa", patients, kappa)
        | {f"recall_by_{head.key}": {name: recalls[name] for name in head.labels}}
        | {f"recall_by_{head.key}_ci95": {name: recalls[f"{name}_ci95"] for name in head.labels}}
        | {f"n_by_{head.key}": {name: int((true == label).sum()) for label, name in enumerate(head.labels)}}
    )


def _confusion(answers: HeadAnswers) -> Report:
    labels = answers.head.labels
    counts = metrics.confusion(answers.true, answers.decided, len(labels))
    return {"head": answers.head.key, "labels": list(labels), "counts": counts.tolist()}
