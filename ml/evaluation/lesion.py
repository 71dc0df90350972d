"""How well a model finds lesions: its labels against those of the readers, its mask against what they outlined."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.data import Example
from ml.evaluation import metrics
from ml.evaluation.classification import evaluate_classification
from ml.evaluation.intervals import images_by_patient
from ml.evaluation.region import read_grey
from ml.evaluation.report import Answer, Evaluation, Report, Scores, with_interval
from ml.lesion import LESION_FROM
from ml.tasks import TaskSpec

_CONSENSUS = 2
_VALUE_OF_A_READING = 60


@dataclass(frozen=True)
class LesionAgreement:
    """An image's lesion, the model's and the readers'. The names are columns of `out_of_fold.csv`.

    Args:
        lesion_dice: of the two masks; 1 where both are empty.
        lesion_px: pixels of the model's mask; votes_px: of the readers'.
    """

    lesion_dice: float
    lesion_px: int | None = None
    votes_px: int | None = None


def evaluate_lesion(
    examples: Sequence[Example],
    predict: Callable[[Example], Answer[tuple[Scores, np.ndarray]] | None],
    task: TaskSpec,
    *,
    lesion_from: float = LESION_FROM,
    thresholds: Mapping[str, float] | None = None,
    trained_on: Iterable[str] | None = None,
) -> Evaluation:
    """Figures of the labels as `evaluate_classification` has them, and of the lesion where readers outlined it.

    Args:
        examples: images; those without any label of the task's heads are left out.
        predict: gives the scores by head, and the lesion's share of each pixel, (H, W) float32 in [0, 1], on the image's
            grid; None for an image that cannot be read, which is only counted.
        lesion_from: from which share on a pixel belongs to the lesion.
        task, thresholds, trained_on: as in `evaluate_classification`.

    Returns:
        Besides the labels' figures those of `lesion_figures`.

    Raises:
        DataError: a label that the head does not have, or votes that cannot be read.
    """
    found: list[tuple[Example, LesionAgreement]] = []

    def labels_of(example: Example) -> Answer[Scores] | None:
        answer = predict(example)
        if answer is None:
            return None
        scores, share = answer.value
        if example.votes_path is not None:
            found.append((example, lesion_agreement(example, share, lesion_from)))
        return Answer(scores, answer.gated)

    labels = evaluate_classification(examples, labels_of, task, thresholds=thresholds, trained_on=trained_on)
    return Evaluation(with_lesions(labels.report, found, task), labels.heads)


def lesion_agreement(
    example: Example, share: np.ndarray, lesion_from: float = LESION_FROM
) -> LesionAgreement:
    """Compares a lesion with the example's votes.

    share: (H, W) float in [0, 1], the lesion from `lesion_from` on. Raises DataError where the votes cannot be read.
    """
    lesion = share >= lesion_from
    consensus = read_lesion(example, (share.shape[0], share.shape[1]))
    return LesionAgreement(metrics.dice(consensus, lesion), int(lesion.sum()), int(consensus.sum()))


def read_lesion(example: Example, shape: tuple[int, int]) -> np.ndarray:
    """The consensus lesion, (H, W) bool of the shape given: what at least two of the four readings outlined.

    Raises DataError where the votes are no picture.
    """
    return np.asarray(read_grey(example.votes_path, shape) >= _CONSENSUS * _VALUE_OF_A_READING)


def with_lesions(report: Report, found: Sequence[tuple[Example, LesionAgreement]], task: TaskSpec) -> Report:
    """A report of labels with the lesions' figures, overall and by patient."""
    by_patient = dict(report.get("by_patient", {}))
    for patient, index in images_by_patient([example.patient_id for example, _ in found]).items():
        of_patient = lesion_figures([found[i] for i in index], task)
        by_patient[patient] = {**by_patient.get(patient, {}), **of_patient}
    return {**report, **lesion_figures(found, task), "by_patient": by_patient}


def lesion_figures(found: Sequence[tuple[Example, LesionAgreement]], task: TaskSpec) -> Report:
    """Dice of the lesion, with intervals `..._ci95`.

    Returns:
        `lesion_dice`, the mean over the `n_positive_with_votes` images of the positive label: without a lesion Dice says
        only whether a single pixel was marked. `lesion_dice_pooled`, over the pixels of all `n_with_votes` images together,
        where false alarms on negative images count too; None where the areas are not known.
    """
    positive = [pair for pair in found if _is_positive(pair[0], task)]
    dices = np.array([agreement.lesion_dice for _, agreement in positive])
    return {
        **with_interval("lesion_dice", [e.patient_id for e, _ in positive], lambda i: metrics.mean(dices[i])),
        **_pooled(found),
        "n_positive_with_votes": len(positive),
        "n_with_votes": len(found),
    }


def _pooled(found: Sequence[tuple[Example, LesionAgreement]]) -> Report:
    areas = np.array([(a.lesion_px, a.votes_px) for _, a in found], dtype=float).reshape(-1, 2).sum(axis=1)
    overlaps = np.array([agreement.lesion_dice for _, agreement in found]) * areas

    def pooled(index: np.ndarray) -> float | None:
        whole = areas[index].sum()
        return float(overlaps[index].sum() / whole) if whole > 0 else None

    return with_interval("lesion_dice_pooled", [example.patient_id for example, _ in found], pooled)


def _is_positive(example: Example, task: TaskSpec) -> bool:
    return any(
        example.labels.get(head.key) == head.labels.index(head.positive)
        for head in task.heads
        if head.positive is not None
    )
