"""Temperature and thresholds from out-of-fold scores: for deployment from all patients, for figures from the others only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ml.data import Example
from ml.evaluation.calibration import temperature_of, threshold_of
from ml.evaluation.classification import label_index
from ml.evaluation.cross_validation.table import (
    HeldOut,
    out_of_fold_file,
    raw_scores,
    read_out_of_fold,
    read_validation,
    score_columns,
)
from ml.evaluation.intervals import images_by_patient
from ml.evaluation.label_figures import HeadAnswers, positive_place
from ml.scoring import DEFAULT_THRESHOLD, decided_label, tempered
from ml.tasks import Head, Kind, TaskSpec

_LEAST_SCORE = 1e-7


def calibration_from_out_of_fold(
    task: TaskSpec, model: str, examples: Sequence[Example]
) -> tuple[dict[str, float], dict[str, float]]:
    """What the deployed model's scores are calibrated with: all patients' out-of-fold scores stand in for new patients'.

    Args:
        task, model: of the registry; its `out_of_fold.csv` is read.
        examples: the data set that the folds were trained on.

    Returns:
        Temperature by head (1 throughout for a lesion model), and threshold, by the task's rule, by head with a positive label.
        From the validation images where the task's protocol keeps some apart, else from all images that its folds held out.

    Raises:
        DataError: the file cannot be joined with the data set.
    """
    kind = task.model(model).kind
    file, columns = out_of_fold_file(task.key, model), score_columns(task.heads)
    validation = [] if kind == "lesion" else read_validation(file, examples, columns)
    rows = validation or read_out_of_fold(file, examples, columns)
    temperature, thresholds = {}, {}
    for head in task.heads:
        _, true, raw = _labelled(rows, head)
        temperature[head.key], threshold = _calibration(kind, head, task.threshold_rule, true, raw)
        if head.positive is not None:
            thresholds[head.key] = threshold
    return temperature, thresholds


def held_out_answers(
    kind: Kind, rows: Sequence[HeldOut], head: Head, rule: str = "youden", validation: Sequence[HeldOut] = ()
) -> HeadAnswers:
    """A head's answers, calibrated with the fold's validation images, or each patient's with the other held-out patients.

    No patient's label has part in the own temperature or threshold. Those scores of others do come from networks that learned
    from this patient, as the folds are no deeper nested; one number of a head carries little of it.

    The images are ranked by the raw scores (a lesion model's by `burden`, the one number that its status follows from): a
    temperature or a readout of its own for each patient would move the patients against each other, which no reader of one
    picture ever meets, for the deployed model has one of them, and that changes no rank.
    Where a patient is unknown, nobody can say who the others are: scores stay raw, and the threshold is the default.

    Args:
        kind: of the model.
        rows: what its folds held out.
        rule: by which a threshold is chosen (`threshold_of`).
        validation: rows of images that the folds kept for validation; without them the other patients calibrate.
    """
    labelled, true, raw = _labelled(rows, head)
    patients = tuple(row.example.patient_id for row in labelled)
    scores = raw.copy()
    thresholds = np.full(len(labelled), DEFAULT_THRESHOLD)
    for own, known, known_raw in _calibrated_by(labelled, true, raw, head, validation):
        temperature, thresholds[own] = _calibration(kind, head, rule, known, known_raw)
        scores[own] = tempered(_logits(raw[own]), temperature)
    decided = [
        head.labels.index(decided_label(head, dict(zip(head.labels, given, strict=True)), threshold))
        for given, threshold in zip(scores.tolist(), thresholds.tolist(), strict=True)
    ]
    images = tuple(row.example.image_id for row in labelled)
    called = scores[:, positive_place(head)] >= thresholds
    ranks = _ranks(labelled, head, raw)
    return HeadAnswers(
        head, patients, true, scores, ranks, np.array(decided, dtype=int), called=called, images=images
    )


def _calibrated_by(
    rows: Sequence[HeldOut], true: np.ndarray, raw: np.ndarray, head: Head, validation: Sequence[HeldOut]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Places of rows that are calibrated alike, with the labels and raw scores that they are calibrated by."""
    if validation:
        for fold in sorted({row.fold for row in rows}):
            _, known, known_raw = _labelled([row for row in validation if row.fold == fold], head)
            yield np.flatnonzero([row.fold == fold for row in rows]), known, known_raw
        return
    patients = [row.example.patient_id for row in rows]
    if None in patients:
        return
    for own in images_by_patient(patients).values():
        others = np.setdiff1d(np.arange(len(rows)), own)
        yield own, true[others], raw[others]


def _labelled(rows: Sequence[HeldOut], head: Head) -> tuple[list[HeldOut], np.ndarray, np.ndarray]:
    """The rows with a label of this head, their labels (n,) int, and their raw scores (n, L)."""
    labelled = [row for row in rows if head.key in row.example.labels]
    true = np.array([label_index(row.example, head) for row in labelled], dtype=int)
    return labelled, true, raw_scores(labelled, head)


def _ranks(rows: Sequence[HeldOut], head: Head, raw: np.ndarray) -> np.ndarray:
    burdens = [burden for row in rows if (burden := row.said.get("burden")) is not None]
    if head.positive is None or not rows or len(burdens) < len(rows):
        return raw
    signs = np.where(np.arange(len(head.labels)) == positive_place(head), 1, -1)
    return np.array(burdens)[:, None] * signs


def _calibration(kind: Kind, head: Head, rule: str, true: np.ndarray, raw: np.ndarray) -> tuple[float, float]:
    """Temperature and threshold of a head. A lesion model's scores are a fitted regression's: they get no temperature."""
    temperature = 1.0 if kind == "lesion" else temperature_of(_logits(raw), true)
    if head.positive is None:
        return temperature, DEFAULT_THRESHOLD
    place = positive_place(head)
    return temperature, threshold_of(tempered(_logits(raw), temperature)[:, place], true == place, rule)


def _logits(raw: np.ndarray) -> np.ndarray:
    """Softmax scores back to logits, up to a constant that softmax does not see."""
    return np.asarray(np.log(np.clip(raw, _LEAST_SCORE, None)))
