"""The figures of a model's labels and scores, wherever the answers come from: a reading, or out-of-fold scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.evaluation import metrics
from ml.evaluation.intervals import SEED, images_by_patient, patient_weights
from ml.evaluation.metrics import weighted
from ml.evaluation.report import Report, told, told_by, with_interval
from ml.tasks import Head

MOST_PATIENTS_TOLD = 100
"""Of more patients nobody reads a table of each."""


@dataclass(frozen=True)
class HeadAnswers:
    """What a model answered to one question, over the images that carry its label.

    Args:
        head: the question, of L labels.
        patients: of each image, (n,).
        true: (n,) int, the readers' label.
        scores: (n, L) float in [0, 1], calibrated.
        ranks: (n, L) float, by which AUCs order the images for each label: on one scale for all, higher for that label.
        decided: (n,) int, the label that the model answers.
        called: (n,) bool, whether the positive label's score reaches its threshold. Of two labels that decides the answer.
        images: their ids, (n,); empty where nobody asks for single images.
    """

    head: Head
    patients: tuple[str | None, ...]
    true: np.ndarray
    scores: np.ndarray
    ranks: np.ndarray
    decided: np.ndarray
    called: np.ndarray
    images: tuple[str, ...] = ()

    @property
    def positive(self) -> np.ndarray:
        """(n,) bool: the images with the positive label."""
        return np.asarray(self.true == self._place)

    @property
    def rank(self) -> np.ndarray:
        """(n,) float: the ranks for the positive label."""
        return np.asarray(self.ranks[:, self._place])

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


def leading(heads: Sequence[HeadAnswers]) -> HeadAnswers | None:
    """The head whose figures have plain names: the first with a positive label, else the first."""
    return next((each for each in heads if each.head.positive is not None), heads[0] if heads else None)


def label_figures(heads: Sequence[HeadAnswers], specificities: Sequence[float] = ()) -> Report:
    """The figures of a model's heads, each with its interval `..._ci95` (bootstrap by patient); None where one does not apply.

    Args:
        heads: the answers, by head.
        specificities: at which the sensitivity is told.

    Returns:
        Of the leading head: `accuracy`, `balanced_accuracy`, `auc` (of the positive label where there are two, else the mean
        over the labels, each against the rest), `auc_by_label`, `recall_by_label`, `n_by_label`; `auc_by_block`: the same AUC
        where a patient's score for a label is the mean over that patient's images of one label, None where most patients'
        images carry several; `expected_calibration_error` of the highest score (Guo et al. 2017).
        Of its positive label: `auc_within_patients`: the mean of the AUCs of the `n_patients_with_both_labels` patients who have
        it and another, its interval by drawing among those; `sensitivity`, `specificity`, `ppv`, `npv`, `f1`, `f2`,
        `calibration_error`, `sensitivity_at_specificity`; and `by_patient`, of up to `MOST_PATIENTS_TOLD` patients.
        Of an ordinal head: `<head>_accuracy`, `<head>_quadratic_kappa`, `recall_by_<head>`, `n_by_<head>`.
        `confusion_matrix` of the ordinal head, else of the first one: `head`, `labels`, and `counts`, whose rows are the
        readers' labels and whose columns are the model's.
    """
    first = leading(heads)
    if first is None:
        return {}
    report = _of_labels(first) | _of_positive(first, specificities)
    for answers in heads:
        if answers.head.ordinal:
            report |= _of_order(answers)
    shown = next((answers for answers in heads if answers.head.ordinal), heads[0])
    return report | {"confusion_matrix": _confusion(shown), "by_patient": _by_patient(first)}


def aucs_over_draws(answers: HeadAnswers, seed: int = SEED) -> np.ndarray:
    """`auc` of the head over the images and over each draw of patients, (1 + draws,); NaN where it has no value."""
    weights = patient_weights(answers.patients, seed=seed)
    return _one_auc(answers.head, _aucs(answers.true, answers.ranks, weights))


def _of_labels(answers: HeadAnswers) -> Report:
    head, true, patients = answers.head, answers.true, answers.patients
    weights = patient_weights(patients)
    confusion = weighted.confusions(true, answers.decided, len(head.labels), weights)
    recalls = weighted.recalls(confusion)
    aucs = _aucs(true, answers.ranks, weights)
    right = answers.scores.argmax(axis=1) == true
    return (
        told("accuracy", weighted.accuracy(confusion))
        | told("balanced_accuracy", _mean_of_known(recalls))
        | told("auc", _one_auc(head, aucs))
        | told_by("auc_by_label", dict(zip(head.labels, aucs.T, strict=True)))
        | _by_block(answers)
        | told_by("recall_by_label", dict(zip(head.labels, recalls.T, strict=True)))
        | {"n_by_label": _counts(answers)}
        | told(
            "expected_calibration_error",
            weighted.calibration_error(right, answers.scores.max(axis=1, initial=0), weights),
        )
    )


def _aucs(true: np.ndarray, ranks: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(D, L): each label's AUC against all others."""
    return np.stack(
        [weighted.auc(true == label, ranks[:, label], weights) for label in range(ranks.shape[1])], axis=1
    )


def _one_auc(head: Head, aucs: np.ndarray) -> np.ndarray:
    return np.asarray(aucs[:, positive_place(head)]) if len(head.labels) == 2 else _mean_of_known(aucs)


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    """(D, L) to (D,): the mean of what is no NaN."""
    known = np.isfinite(values)
    return weighted.share(np.where(known, values, 0).sum(axis=1), known.sum(axis=1))


def _by_block(answers: HeadAnswers) -> Report:
    blocks: dict[tuple[str, int], list[int]] = {}
    for index, (patient, label) in enumerate(zip(answers.patients, answers.true.tolist(), strict=True)):
        if patient is not None:
            blocks.setdefault((patient, label), []).append(index)
    patients = [patient for patient, _ in blocks]
    several = len(patients) - len(set(patients))
    if not blocks or None in answers.patients or several > len(set(patients)) / 2:
        return {"auc_by_block": None, "auc_by_block_ci95": None}
    ranks = np.stack([answers.ranks[images].mean(axis=0) for images in blocks.values()])
    true = np.array([label for _, label in blocks])
    return told("auc_by_block", _one_auc(answers.head, _aucs(true, ranks, patient_weights(patients))))


def _of_positive(answers: HeadAnswers, specificities: Sequence[float]) -> Report:
    names = ("sensitivity", "specificity", "ppv", "npv", "f1", "f2", "calibration_error")
    at = [f"{specificity:g}" for specificity in specificities]
    if answers.head.positive is None:
        nothing = dict.fromkeys((*names, "auc_within_patients", "sensitivity_at_specificity"))
        return {key: None for name in nothing for key in (name, f"{name}_ci95")}
    positive, weights = answers.positive, patient_weights(answers.patients)
    confusion = weighted.confusions(positive.astype(int), answers.called.astype(int), 2, weights)
    recalls, precisions = weighted.recalls(confusion), weighted.precisions(confusion)
    values = (
        recalls[:, 1],
        recalls[:, 0],
        precisions[:, 1],
        precisions[:, 0],
        weighted.f_score(confusion, 1),
        weighted.f_score(confusion, 2),
        weighted.calibration_error(positive, answers.positive_score, weights),
    )
    report = _within_patients(answers)
    for name, each in zip(names, values, strict=True):
        report |= told(name, each)
    if not at:
        return report | {"sensitivity_at_specificity": None, "sensitivity_at_specificity_ci95": None}
    found = [weighted.sensitivity_at(positive, answers.rank, s, weights) for s in specificities]
    return report | told_by("sensitivity_at_specificity", dict(zip(at, found, strict=True)))


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
    """Figures of each patient's images; within one patient there is nothing to draw an interval from."""
    of_patient = images_by_patient(answers.patients)
    if len(of_patient) > MOST_PATIENTS_TOLD:
        return {}
    return {patient: _of_patient(answers, i) for patient, i in of_patient.items()}


def _of_patient(answers: HeadAnswers, i: np.ndarray) -> Report:
    counts = {"n_images": len(i), "n_patients": 1}
    if answers.head.positive is None:
        right = metrics.accuracy(answers.true[i], answers.decided[i])
        return {"accuracy": right, "accuracy_ci95": None, **counts}
    return {
        "auc": metrics.auc(answers.positive[i], answers.rank[i]),
        "auc_ci95": None,
        "n_positive": int(answers.positive[i].sum()),
        **counts,
    }


def _of_order(answers: HeadAnswers) -> Report:
    head = answers.head
    weights = patient_weights(answers.patients)
    confusion = weighted.confusions(answers.true, answers.decided, len(head.labels), weights)
    recalls = weighted.recalls(confusion)
    return (
        told(f"{head.key}_accuracy", weighted.accuracy(confusion))
        | told(f"{head.key}_quadratic_kappa", weighted.quadratic_kappa(confusion))
        | told_by(f"recall_by_{head.key}", dict(zip(head.labels, recalls.T, strict=True)))
        | {f"n_by_{head.key}": _counts(answers)}
    )


def _counts(answers: HeadAnswers) -> dict[str, int]:
    return {name: int((answers.true == label).sum()) for label, name in enumerate(answers.head.labels)}


def _confusion(answers: HeadAnswers) -> Report:
    labels = answers.head.labels
    counts = metrics.confusion(answers.true, answers.decided, len(labels))
    return {"head": answers.head.key, "labels": list(labels), "counts": counts.tolist()}
